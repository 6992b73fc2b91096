"""Malformed inputs for every entry point, made from a seed; see check_hostile.

A generator gives a Case: words of a command, its files, and whether the input is `invalid` (accepting
it is a failure), `valid` (refusing it is one) or `any`.
"""
import random
import re
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLATFORMS = ["upmem-dimm", "gpu-h100-sxm", "fpga-zcu104", "pim-ai-1chip", "hbm-pim", "roofline-h100"]
STUDY = """name: small
workloads: [jet-mlp]
genes:
  platform: {categorical: [gpu-h100-sxm, upmem-dimm]}
  workload.batch: {ordinal: [1, 2]}
derived: {twice: workload.batch * 2}
constraints: ["power_peak_w < 1500", "twice <= 4"]
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
fidelity: analytic
"""
OPS = "op,impl,dtype,M,N,K,batch,hq,hkv,hd,q_len,kv_len\n" + "\n".join(
    ["gemm,,fp16,64,256,256,1,,,,,", "gemv,,int8,,512,512,1,,,,,", "attn_decode,,fp16,,,,1,8,8,64,1,128",
     "norm,,fp16,4,1024,,1,,,,,"]) + "\n"
TRACE = "time,command,address\n" + "".join(f"{i * 10},{'RW'[i % 3 == 0]},{i * 64}\n" for i in range(40))
MEASURED = ("platform,workload,format,measured_us,measured_j,split\nupmem-dimm,gemv:512x512,int8,900,0.01,fit\n"
            "upmem-dimm,gemv:1024x1024,int8,1400,0.02,fit\nupmem-dimm,gemv:2048x2048,int8,3000,,test\n")
LAUNCH = """program: alu.s
dpus: 2
tasklets: 1
steps:
  - {do: to, file: in.npy}
  - {do: launch, times: 2}
  - {do: from, bytes: 64, file: "out-{dpu}"}
"""
ASSEMBLY = (ROOT / "tests/data/dpu/alu.s").read_bytes().replace(b"NTASKLETS", b"1").replace(b"COUNT", b"10")
NAMES = ["../../etc/passwd", "/dev/zero", "/", ".", "", " ", "-", "--", "a" * 5000, "\x1b[2J\x1b]0;x\x07",
         "x\ny", "%s%n%x", "$(id)", "`id`", "\udcff\udcfe", "\u202egnp", "NaN", "inf", "-1", "1e308",
         "18446744073709551616", "0x10", "null", "~", "[]", "{}", "'", '"', ":", "a: b", "*x", "&x", "!!int"]
NUMBERS = ["-1", "0", "NaN", "inf", "1e308", "-1e308", "1e-308", "99999999999999999999", "0.5", "1e9", "''",
           "[]", "{}", "~", "true", "2 bananas", "1 GHz", "1e308 pJ/bit", "-5 ns", "1e300 s", "0 Hz", "1 W"]


class Case:
    """One call: words, files for its folder, standard input, and what must not happen."""

    def __init__(self, kind, label, words, files=None, stdin=b""):
        self.kind, self.label, self.words = kind, label, words
        self.files, self.stdin = files or {}, stdin


def text_mutation(rng, text):
    """Any damage to a text: characters, lines, parts."""
    data = bytearray(text if isinstance(text, bytes) else text.encode())
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        action = rng.randrange(7)
        if action == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif action == 1:
            del data[at:at + rng.randint(1, 40)]
        elif action == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
        elif action == 3:
            data[at:at] = rng.choice(NAMES + NUMBERS).encode("utf-8", "surrogateescape")
        elif action == 4:
            data[at:at] = rng.choice([b"[", b"{", b"- ", b"\t", b"\n", b": ", b"&a ", b"*a", b"#"]) * rng.choice(
                [1, 2, 50, 3000])
        elif action == 5:
            lines = bytes(data).split(b"\n")
            rng.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        else:
            data = data[:at]
    return bytes(data)


def yaml_case(rng, kind, text, call):
    """A damaged YAML file; `call(name)` gives the words. Labelled where the damage is known."""
    choice = rng.randrange(12)
    label, files = "invalid", {}
    if choice == 0:
        data = text + f"\nnobody-knows-{rng.randrange(1000)}: 1\n"
    elif choice == 1:
        data = text + "\n" + re.search(r"^[\w-]+:", text, re.M)[0] + " 1\n"  # a key twice
    elif choice == 2:
        data = "a: [" * rng.choice([50, 200, 5000]) + text
    elif choice == 3:
        data = "x-a: &a [" + "1, " * 9 + "1]\n" + "".join(
            f"x-{i}: &b{i} [{', '.join(['*' + ('a' if i == 0 else f'b{i - 1}')] * 10)}]\n" for i in range(9)) + text
    elif choice == 4:
        data = "".join(f"k{i}: 1\n" for i in range(20000)) + text
    elif choice == 5:
        data = text.encode() + bytes([rng.randrange(8)])
    elif choice == 6:
        data = "x-title: \"\\e[31m\\a\"\n" + text
    elif choice == 7:
        for level in range(8):
            part = "x-v: 1\n" if level == 0 else "".join(f"x-k{i}: {{from: p{level - 1}.yaml}}\n" for i in range(10))
            files[f"p{level}.yaml"] = part.encode()
        data = "from: p7.yaml\n" + text
    elif choice == 8:
        data, label = "# a comment\n\n" + text + "\n# the end\n", "valid"
    elif choice == 9:
        data = text + "\n---\n" + text
    else:
        data, label = text_mutation(rng, text), "any"
    files["in.yaml"] = data if isinstance(data, bytes) else data.encode()
    return Case(kind, label, call("in.yaml"), files)


def platforms(rng):
    name = rng.choice(PLATFORMS)
    text = (ROOT / f"configs/platforms/{name}.yaml").read_text()
    return yaml_case(rng, "platform file", text,
                     lambda f: ["run", "-p", f, "-w", "gemv:64x64", "--fidelity", "analytic", "--json"])


def devices(rng):
    name = rng.choice(["upmem-dimm", "gpu-h100-sxm", "fpga-zcu104", "pim-ai-1chip", "hbm-pim"])
    text = (ROOT / f"configs/devices/{name}.yaml").read_text()
    case = yaml_case(rng, "device file", text,
                     lambda f: ["run", "-p", "p.yaml", "-w", "gemv:64x64", "--fidelity", "analytic", "--json"])
    platform = (ROOT / f"configs/platforms/{name}.yaml").read_text()
    case.files["p.yaml"] = platform.replace(f"devices/{name}.yaml", "in.yaml").encode()
    return case


def workloads(rng):
    name = rng.choice(["jet-mlp", "ecg-dscnn1d", "llama2-7b", "bert-base"])
    text = (ROOT / f"workloads/library/{name}.yaml").read_text()
    return yaml_case(rng, "workload file", text,
                     lambda f: ["run", "-p", "gpu-h100-sxm", "-w", f, "--fidelity", "analytic", "--json"])


def studies(rng):
    words = rng.choice([["explore", "in.yaml", "--dry-run"], ["explore", "in.yaml", "-j", "1"],
                        ["campaign", "plan", "in.yaml", "-o", "sweep"]])
    return yaml_case(rng, "study", STUDY, lambda f: words)


def expressions(rng):
    """Constraints and derived values: arithmetic without an answer, endless chains, nesting."""
    bad = rng.choice(["1 +", "((", "time_s <", "nobody > 1", "time_s < 'a'", "'a' + 1", "x" * 5000, "(" * 200 + "1",
                      "- " * 500 + "1", "1 < 2 < 3", "time_s in []", "min()", "sqrt(1, 2)", "a.b.c > 1", "1e999 > 2",
                      "fits() > 1", "time_s == 350 MHz", "[1, 2]", "\x01", "noise(1)"])
    undefined = rng.choice(["sqrt(0 - workload.batch) > 0", "log2(workload.batch - workload.batch) > 5",
                            "time_s < 1 / 0", "0 / 0 > 1", "workload.batch / (time_s - time_s) > 0"])
    choice = rng.randrange(4)
    if choice == 0:
        text, label = STUDY.replace("twice <= 4", bad.replace('"', "")), "invalid"
    elif choice == 1:
        text, label = STUDY.replace("twice <= 4", undefined), "valid"
    elif choice == 2:
        chain = "".join(f"  d{i}: d{i - 1} + d{i - 1}\n" for i in range(1, rng.choice([40, 400])))
        text = STUDY.replace("derived: {twice: workload.batch * 2}", "derived:\n  twice: workload.batch\n  d0: twice\n" + chain)
        label = "valid"
    else:
        text, label = STUDY.replace("workload.batch * 2", rng.choice([bad, undefined])), "any"
    return Case("expression", label, ["explore", "in.yaml", "--dry-run"], {"in.yaml": text.encode()})


def settings(rng):
    """--set KEY=VALUE: values that nothing physical has, keys that nobody knows."""
    keys = {"upmem-dimm": ["device.dpu.clock", "link.rate", "link.energyPerBit"],
            "gpu-h100-sxm": ["device.memory.bandwidth", "link.latency"], "pim-ai-1chip": ["device.memory.tREFI"]}
    platform = rng.choice(list(keys))
    key, value, label = rng.choice(keys[platform]), rng.choice(NUMBERS + NAMES), "any"
    if rng.random() < 0.4:
        value, label = rng.choice(["NaN", "inf", "2 bananas", "[]", "1e300 s", "-1e308", "1e308 pJ/bit", "true"]), "invalid"
    elif rng.random() < 0.3:
        key, label = rng.choice(["nobody", "device.nobody", "workload.nobody", "device..x", "."]), "invalid"
    return Case("--set", label, ["run", "-p", platform, "-w", "gemv:64x64", "--fidelity", "analytic", "--json", "--set",
                                 f"{key}={value}"])


def arguments(rng):
    commands = ["run", "compare", "banks", "predict", "explore", "campaign", "eval", "validate", "devices", "platforms",
                "workloads", "formats", "schema", "pareto", "diff", "plot", "report", "dpu", "dram", "calibrate"]
    words = [rng.choice(commands)] + [rng.choice(NAMES + NUMBERS + ["-p", "-w", "-o", "--json", "--set", "--format"])
                                      for _ in range(rng.randint(1, 5))]
    if words[0] in ("validate", "banks", "eval"):
        words.append("--nobody-knows")  # by themselves they work for long
        return Case("arguments", "invalid", words)
    if rng.random() < 0.3:
        return Case("arguments", "invalid", ["run", "-p", rng.choice(NAMES[6:]), "-w", "gemv:64x64"])
    if rng.random() < 0.3:
        micro = rng.choice(["gemv:", "gemv:1", "gemv:-1x1", "gemv:0x0", "gemm:1x1", "attn:1x1x1x1", "gemv:99999999999x999999999999",
                            "conv1d:1x1x1", "gemv:1e3x4", "x:1x1"])
        return Case("arguments", "invalid", ["run", "-p", "upmem-dimm", "-w", micro])
    return Case("arguments", "any", [w for w in words if "\0" not in w])


def special_files(rng):
    """Folders, devices, pipes, empty and missing files, where a file is expected."""
    path = rng.choice(["folder", "/dev/zero", "/dev/null", "pipe", "missing", "empty", "/proc/self/mem", "loop"])
    calls = [["run", "-p", path, "-w", "gemv:64x64"], ["run", "-p", "upmem-dimm", "-w", "./" + path],
             ["explore", path], ["campaign", "plan", path, "-o", "sweep"], ["pareto", path], ["report", path, "-o", "r.html"],
             ["diff", path, path], ["plot", "pareto", path, "-o", "a.svg"], ["dpu", "run", path], ["dpu", "objdump", path],
             ["dram", "run", "--spec", path], ["campaign", "status", path], ["campaign", "merge", path, "-o", "m.h5"],
             ["predict", "-p", "upmem-dimm", "--ops", path, "-o", "out.csv"],
             ["calibrate", "banks", "--data", path]]
    return Case("special file", "invalid", rng.choice(calls))


def outputs(rng):
    """Where nothing can be written."""
    path = rng.choice(["folder", "/dev/full", "missing/a.h5", "/proc/a.h5", "pipe", "dangling", "folder/"])
    return Case("output", "invalid", ["run", "-p", "gpu-h100-sxm", "-w", "gemv:64x64", "--fidelity", "analytic", "-o", path])


def operators(rng):
    label, data = "any", text_mutation(rng, OPS)
    if rng.random() < 0.25:
        data, label = rng.choice([b"", b"\n", b"M,N,K\n1,2,3\n", b"\0\0\0", b"op,op\ngemm,gemm\n"]), "invalid"
    return Case("predict", label, ["predict", "-p", rng.choice(PLATFORMS), "--ops", "in.csv", "-o", "out.csv", "--fidelity",
                                   "analytic"], {"in.csv": data})


def points(rng):
    line = '{"platform": "upmem-dimm", "workload": "gemv:64x64", "set": {"run.fidelity": "analytic"}}'
    lines = b"\n".join(text_mutation(rng, line).replace(b"\n", b" ") for _ in range(4))
    return Case("eval", "any", ["eval", "--jsonl"], stdin=lines + b"\n")


def programs(rng):
    data = text_mutation(rng, ASSEMBLY)
    words = rng.choice([["run", "in.s", "--max-cycles", "100000", "--tasklets", "1"], ["asm", "in.s", "-o", "out.elf"],
                        ["objdump", "in.s"]])
    return Case("dpu program", "any", ["dpu"] + words, {"in.s": data})


def executables(rng, elf):
    label, data = "any", text_mutation(rng, elf)
    if rng.random() < 0.3:
        data, label = elf[:rng.randrange(4, 50)], "invalid"
    return Case("dpu executable", label, ["dpu", "run", "in.elf", "--max-cycles", "100000", "--tasklets", "1"], {"in.elf": data})


def traces(rng):
    return Case("dram trace", "any", ["dram", "run", "--spec", "ddr4-2400", "--trace-in", "in.csv", "--json"],
                {"in.csv": text_mutation(rng, TRACE)})


def results(rng, stored):
    """Damage behind an end mark that no longer fits: always found."""
    data = stored
    while data == stored:
        data = text_mutation(rng, stored) if rng.random() < 0.5 else stored[:rng.randrange(len(stored))]
    words = rng.choice([["pareto", "in.h5"], ["diff", "in.h5", "in.h5"], ["plot", "pareto", "in.h5", "-o", "a.svg"],
                        ["report", "in.h5", "-o", "r.html"]])
    return Case("results file", "invalid", words, {"in.h5": data})


def campaigns(rng, folder):
    """A campaign with one damaged file. Damage to a journal costs rows, so merge asks for more (75)."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    name = rng.choice(sorted(files))
    damaged = text_mutation(rng, files[name])
    label = "any"
    if name.endswith(".journal") and rng.random() < 0.3:
        damaged = b"\xf7WJ1" * rng.choice([1, 1000, 200000])
    if name.endswith("settings.json"):
        damaged = rng.choice([b'{"shards": -1}', b'{"shards": 2, "time": "1\\ntouch /tmp/x"}', b'{"shards": 2, "sbatch": ["\\nid"]}',
                              b'{"shards": 2, "run": "a\\nid"}', b"[" * 100000, b'{"shards": 1e99}', b'{"shards": 0}'])
        label = "invalid" if damaged != b"[" * 100000 else "any"
        words = ["campaign", "slurm", "sweep"]
    else:
        words = rng.choice([["campaign", "merge", "sweep", "-o", "m.h5"], ["campaign", "status", "sweep"],
                            ["campaign", "status", "sweep", "--json"], ["campaign", "run", "sweep", "-j", "1"]])
    files[name] = damaged
    return Case("campaign", label, words, {"sweep/" + n: d for n, d in files.items()})


def part_files(rng):
    """Files that a command takes beside its platform: instructions, memories, timing, tasks, kernels' sets."""
    choice = rng.randrange(6)
    if choice == 0:
        name = rng.choice(["dot4x8", "ternary-add", "zero-loop", "fast-mul"])
        text, words = (ROOT / f"configs/isa/{name}.yaml").read_text(), ["dpu", "isa-report", "--isa", "./in.yaml"]
    elif choice == 1:
        text = (ROOT / f"configs/memories/dram-{rng.choice(['ddr4-2400', 'hbm2', 'lpddr5-6400'])}.yaml").read_text()
        words = ["dram", "run", "--spec", "./in.yaml", "--requests", "200", "--json"]
    elif choice == 2:
        text = (ROOT / "configs/dpu/timing.yaml").read_text()
        words = ["dpu", "run", "alu.s", "--tasklets", "1", "--max-cycles", "100000", "--timing", "in.yaml"]
    elif choice == 3:
        name = rng.choice(["pipeline", "two-on-a-bus", "heft"])
        text = (ROOT / f"tests/data/schedules/{name}.yaml").read_text()
        words = ["run", "-p", "p.yaml", "-w", "./in.yaml", "--json"]
    elif choice == 4:
        text, words = LAUNCH, ["dpu", "launch", "in.yaml"]
    else:
        text = "host: [gemm, softmax]\n"
        words = ["run", "-p", "upmem-dimm", "-w", "gemv:64x64", "--fidelity", "analytic", "--mapping", "in.yaml"]
    case = yaml_case(rng, words[0] + " " + words[1] + " part", text, lambda _: words)
    case.files |= {"alu.s": ASSEMBLY, "in.npy": array(range(64))}
    if choice == 3:
        case.files["p.yaml"] = (ROOT / f"tests/data/schedules/{name}.platform.yaml").read_bytes()
    return case


def array(values):
    """Bytes as numpy.save writes them."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(values)


def arrays(rng):
    """A .npy file as the input of a set of DPUs."""
    label, data = "any", text_mutation(rng, array(range(64)))
    if rng.random() < 0.4:
        data, label = rng.choice([b"\x93NUMPY\x01\x00\xff\xff" + b" " * 20, b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 8,
                                  array(range(64)).replace(b"False", b"True ")]), "invalid"
    return Case("npy", label, ["dpu", "launch", "set.yaml"], {"set.yaml": LAUNCH.encode(), "alu.s": ASSEMBLY, "in.npy": data})


def measurements(rng):
    words = rng.choice([["validate", "--data", "in.csv"], ["validate", "--data", "in.csv", "--json"], ["calibrate", "dpu", "--data", "in.csv", "-o", "mine.yaml"]])
    label, data = "any", text_mutation(rng, MEASURED)
    if rng.random() < 0.4:
        data, label = rng.choice([b"", b"platform\n", b"platform,workload,measured_us\nupmem-dimm,gemv:8x8,-1\n",
                                  b"platform,workload,measured_us\nnobody,gemv:8x8,1\n",
                                  b"platform,workload,measured_us\nupmem-dimm,gemv:8x8,NaN\n",
                                  b"platform,workload,measured_us\nupmem-dimm,gemv:8x8,1e999\n"]), "invalid"
    return Case("measurements", label, words, {"in.csv": data})


def keys(rng, folder):
    """A signed campaign asks for a key of 16 to 4,096 bytes, and for the right one."""
    files = {"sweep/" + str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    files["key"] = rng.choice([b"", b"short", b"x" * 5000, bytes(rng.randrange(256) for _ in range(32))])
    words = rng.choice([["campaign", "merge", "sweep", "-o", "m.h5"], ["campaign", "status", "sweep"]])
    key = rng.choice(["key", "folder", "/dev/zero", "missing", "key"])
    # A possible key, but nothing is signed: status says so, and merge misses all rows.
    possible = key == "key" and len(files["key"]) == 32 and words[1] == "status"
    return Case("key", "any" if possible else "invalid", words + ["--sign", key], files)


def networks(rng):
    """Networks from elsewhere, where `import` can read them."""
    seeds = sorted(p for p in (ROOT / "tests/data").rglob("*") if p.suffix == ".onnx" or p.name.endswith("config.json"))
    if seeds and rng.random() < 0.7:
        seed = rng.choice(seeds)
        return Case("network", "any", ["import", seed.name, "-o", "out.yaml"],
                    {seed.name: text_mutation(rng, seed.read_bytes())})
    name, data = rng.choice([("in.onnx", b""), ("in.onnx", b"\xff" * 64), ("in.onnx", b"\x3a\xff\xff\xff\xff\x0f"),
                             ("config.json", b"{"), ("config.json", b"[" * 100000), ("config.json", b'{"model_type": 7}'),
                             ("config.json", b'{"model_type": "llama", "num_hidden_layers": 1e99}'),
                             ("config.json", b'{"model_type": "llama", "hidden_size": -1}')])
    return Case("network", "invalid", ["import", name], {name: data})
