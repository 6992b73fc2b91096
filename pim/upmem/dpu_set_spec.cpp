#include <filesystem>

#include "models/base/data_path.h"
#include "pim/dpu/program/program.h"
#include "pim/upmem/dpu_set.h"

namespace wattlas::pim {

constexpr std::size_t mostSteps = 1000;  ///< each takes memory for every DPU

void DpuSetSpec::bind(Binder& b) {
  b.text("program", program, {}, "ELF executable or assembly source");
  b.text("device", device, {.fallback = "upmem-server"},
         "device file: timing, transfers, launches");
  b.integer("dpus", dpus, {1, 2560, "64"}, "DPUs of the set");
  b.integer("tasklets", tasklets, {1, 24, "16"}, "tasklets of each");
  b.integer("threads", threads, {1, 256, "1"}, "threads of this machine");
  b.texts("isa", isa, "instruction files");
  b.texts("defines", defines, "symbols of the source: NAME=VALUE");
  b.flag("raceCheck", raceCheck, {.fallback = "false"}, "report unsynchronised sharing of WRAM");
  b.list("steps", "what the host does, in order", [this](Binder& s, std::size_t index) {
    if (steps.size() <= index) steps.resize(index + 1);
    DpuSetStep& step = steps[index];
    s.choice("do", step.kind, {"to", "from", "launch"}, {.fallback = "launch"},
             "copy to the DPUs, copy from them, or launch");
    s.text("symbol", step.symbol, {.fallback = "-"}, "symbol of the program; without: MRAM");
    s.integer("offset", step.offset, {0, dpu::kMramBytes - 1.0, "0"}, "bytes into it");
    s.integer("bytes", step.bytes, {0, dpu::kMramBytes, "0"}, "bytes of each DPU");
    s.text("file", step.file, {.fallback = "-"}, "raw or .npy; `{dpu}` is the DPU's number");
    s.text("expect", step.expect, {.fallback = "-"}, "what must have been read");
    s.texts("words", step.words, "32-bit values, `dpu` for its number");
    s.flag("scatter", step.scatter, {.fallback = "false"}, "cut one file into parts of `bytes`");
    s.text("program", step.program, {.fallback = "-"}, "another program; MRAM stays");
    s.integer("times", step.times, {1, 1000000, "1"}, "launches in a row");
    if (!s.reading()) return;
    if (index == mostSteps) s.problem("", "more than 1,000 steps", "fewer, or `times`");
    for (std::string* text : {&step.symbol, &step.file, &step.expect, &step.program})
      if (*text == "-") text->clear();  // not given
    if (step.kind == "to" && step.file.empty() == step.words.empty())
      s.problem("file", "a copy to the DPUs needs one source", "`file` or `words`");
    if (step.kind == "from" && step.bytes == 0)
      s.problem("bytes", "a copy from the DPUs needs a size", "bytes of each DPU");
    if (step.scatter && step.bytes == 0)
      s.problem("bytes", "parts of a file need a size", "bytes of each DPU");
  });
}

DpuSetSpec DpuSetSpec::read(const std::string& file) {
  DpuSetSpec spec;
  Problems problems;
  bindConfig(loadConfig(file, dataPath()), "", problems, [&](Binder& b) { spec.bind(b); });
  problems.finish();
  spec.folder = std::filesystem::path(file).parent_path().string();
  if (spec.folder.empty()) spec.folder = ".";
  return spec;
}

}  // namespace wattlas::pim
