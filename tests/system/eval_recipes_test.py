"""eval_recipes_test.py DOCUMENT WATTLAS: runs the Python recipes of docs/explorer-eval.md as they stand.

The optimisers themselves need not be installed: stand-ins with the few calls that the recipes make
ask for random points, so what is tested is the line protocol, with python3's standard library alone.
"""
import os
import random
import re
import sys
import tempfile
import types

document, wattlas = sys.argv[1:3]


class TrialPruned(Exception):
    pass


class Trial:
    def suggest_categorical(self, name, choices):
        return random.choice(choices)


class OptunaStudy:
    def __init__(self, directions):
        self.directions, self.values, self.pruned = directions, [], 0

    def optimize(self, objective, n_trials):
        for _ in range(n_trials):
            try:
                self.values.append(objective(Trial()))
            except TrialPruned as why:
                assert str(why), "a pruned trial has a reason"
                self.pruned += 1


class ElementwiseProblem:
    def __init__(self, n_var, n_obj, xl, xu, vtype):
        self.n_var, self.n_obj, self.xl, self.xu = n_var, n_obj, xl, xu


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(members)
    return sys.modules[name]


module("optuna", TrialPruned=TrialPruned, create_study=OptunaStudy)
module("pymoo")
module("pymoo.core")
module("pymoo.core.problem", ElementwiseProblem=ElementwiseProblem)
module("numpy")  # imported by the recipe for its users

with open(document, encoding="utf-8") as file:
    recipes = re.findall(r"```python\n(.*?)```", file.read(), re.S)
assert len(recipes) == 2, "two recipes in the document"

random.seed(1)
with tempfile.TemporaryDirectory() as folder:
    os.symlink(os.path.abspath(wattlas), os.path.join(folder, "wattlas"))
    os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    optuna, pymoo = {}, {}
    exec(recipes[0], optuna)
    exec(recipes[1], pymoo)

    study = optuna["study"]
    assert len(study.values) + study.pruned == 200, "every trial is answered"
    assert len(set(study.values)) > 10, "different points have different objectives"
    assert all(time > 0 and energy > 0 for time, energy in study.values)
    print("optuna's loop:", len(study.values), "points,", study.pruned, "pruned, fastest",
          min(study.values)[0], "s")

    problem, out = pymoo["Chips"](), {}
    for chips in range(problem.xl, problem.xu[0] + 1):
        for channels in range(problem.xl, problem.xu[1] + 1):
            problem._evaluate([float(chips), float(channels)], out)
            assert len(out["F"]) == problem.n_obj and all(f > 0 for f in out["F"])
    fastest = out["F"][0]
    problem._evaluate([0.0, 0.0], out)
    assert out["F"][0] > fastest, "one chip with two channels is slower than sixteen with sixteen"
    print("pymoo's loop: 20 points, fastest", fastest, "s")

    for process in (optuna["w"], problem.w):
        process.stdin.close()
        assert process.wait(timeout=30) == 0, "the end of the input ends the command"
        process.stdout.close()
