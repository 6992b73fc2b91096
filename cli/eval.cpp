// wattlas eval
#include "explorer/eval.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "accuracy/oracle.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "models/sim/platform_model.h"
#include "models/simulate.h"

namespace wattlas {
namespace {

struct EvalCommand {
  std::string study;
  std::vector<std::string> sets;
  bool jsonl = false;

  void run(Context& context) const {
    std::optional<Study> loaded;
    StudyOverrides overrides;
    for (const std::string& text : sets) overrides.sets.push_back(parseAssignment(text));
    if (!study.empty()) loaded = loadStudy(study, context.path, overrides);
    const auto oracle =
        loaded ? makeOracle(loaded->accuracy, context.path) : std::unique_ptr<AccuracyOracle>();
    ProfileCache cache;
    ExperimentMaker maker(context.registry, context.path);
    EvalSession session(loaded ? &*loaded : nullptr, [&](const ExperimentSpec& asked) {
      ExperimentSpec spec = asked;
      if (!loaded)  // what the line says wins
        spec.sets.insert(spec.sets.begin(), overrides.sets.begin(), overrides.sets.end());
      const Experiment experiment = maker.make(spec);
      cache.trim();
      RunResult result = simulate(experiment, cache, platformSimulator);
      if (oracle && result.feasible) result.accuracy = oracle->of(experiment);
      return result;
    });
    std::ios::sync_with_stdio(false);
    while (const auto line = nextEvalLine(std::cin)) {
      fmt::print("{}\n", line->tooLong ? session.tooLong() : session.answer(line->text));
      // Whoever asked waits for this line.
      if (std::fflush(stdout) != 0) break;
    }
  }
};

}  // namespace

void addEval(CLI::App& app, Context& context) {
  auto command = std::make_shared<EvalCommand>();
  CLI::App* sub =
      app.add_subcommand("eval", "Evaluate points from standard input, one JSON line each");
  sub->footer(
      "Example:\n  echo '{\"platform\": \"upmem-dimm\", \"workload\": \"ecg-dscnn1d\"}' | wattlas "
      "eval --jsonl");
  sub->add_flag("--jsonl", command->jsonl, "One JSON object a line (the only form there is)");
  sub->add_option("-s,--study", command->study,
                  "Study whose genes, objectives and constraints the lines refer to");
  repeated(sub->add_option("--set", command->sets, "KEY=VALUE for every point"));
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
