#include "pim/upmem/dpu_set.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <thread>

#include "models/base/atomic_file.h"
#include "models/base/config.h"
#include "models/base/data_path.h"
#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

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

namespace {

namespace fs = std::filesystem;
using Data = std::vector<std::uint8_t>;

constexpr std::size_t largestFile = 512U << 20;
constexpr std::int64_t largestGather = std::int64_t{1} << 30;  ///< bytes of one file

std::string nameFor(std::string name, std::int64_t dpu) {
  for (std::size_t at = name.find("{dpu}"); at != std::string::npos; at = name.find("{dpu}", at))
    name.replace(at, 5, std::to_string(dpu));
  return name;
}

/// The bytes of a file; of .npy the data behind the header.
Data contentOf(const std::string& file) {
  const std::string bytes = readTextFile(file, largestFile);
  Data data(bytes.begin(), bytes.end());
  if (data.size() >= 12 && std::memcmp(data.data(), "\x93NUMPY", 6) == 0) {
    const std::size_t wide = data[6] >= 2 ? 12 : 10;
    std::size_t header = data[8] | std::size_t{data[9]} << 8;
    if (wide == 12) header |= std::size_t{data[10]} << 16 | std::size_t{data[11]} << 24;
    const std::string text(
        data.begin() + static_cast<std::ptrdiff_t>(wide),
        data.begin() + static_cast<std::ptrdiff_t>(std::min(data.size(), wide + header)));
    if (wide + header > data.size() || text.find("'fortran_order': True") != std::string::npos)
      throw InputError("'" + file + "' is no array in C order", "numpy.save of a contiguous array");
    data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(wide + header));
  }
  return data;
}

/// The work of all DPUs; each goes through every step by itself, so that memory stays small.
class DpuSet {
 public:
  DpuSet(const DpuSetSpec& spec, const UpmemParams& params) : spec_(spec), params_(params) {
    isa_ = dpu::loadIsa(spec.isa);
    if (spec.dpus > params.dpus())
      throw InputError(std::to_string(spec.dpus) + " DPUs on '" + spec.device + "'",
                       "at most its " + std::to_string(params.dpus()));
    programs_.push_back(load(spec.program));
    for (const DpuSetStep& step : spec.steps) {
      programOf_.push_back(step.program.empty() ? (programOf_.empty() ? 0 : programOf_.back())
                                                : programs_.size());
      if (!step.program.empty()) programs_.push_back(load(step.program));
      const bool common =
          step.kind == "to" && step.words.empty() && step.file.find("{dpu}") == std::string::npos;
      common_.push_back(common ? contentOf(path(step.file)) : Data{});
    }
    cycles_.resize(spec.steps.size(),
                   std::vector<std::uint64_t>(static_cast<std::size_t>(spec.dpus)));
    bytes_.resize(spec.steps.size(),
                  std::vector<std::int64_t>(static_cast<std::size_t>(spec.dpus)));
    printed_.resize(static_cast<std::size_t>(spec.dpus));
    gathered_.resize(spec.steps.size());
    for (std::size_t i = 0; i < spec.steps.size(); ++i)
      if (gathersInOne(spec.steps[i]) && spec.dpus * spec.steps[i].bytes > largestGather)
        throw InputError("'" + spec.steps[i].file + "' would gather more than 1 GiB",
                         "a file of each DPU, with {dpu} in its name");
      else if (gathersInOne(spec.steps[i]))
        gathered_[i].resize(static_cast<std::size_t>(spec.dpus * spec.steps[i].bytes));
  }

  DpuSetResult run() {
    std::atomic<std::int64_t> next{0};
    const auto work = [&] {
      for (std::int64_t d = next++; d < spec_.dpus; d = next++) one(d);
    };
    std::vector<std::thread> others;
    for (std::int64_t i = 1; i < std::min(spec_.threads, spec_.dpus); ++i)
      others.emplace_back(work);
    work();
    for (auto& thread : others) thread.join();
    for (std::size_t i = 0; i < gathered_.size(); ++i)
      if (gathersInOne(spec_.steps[i])) write(path(spec_.steps[i].file), gathered_[i]);
    timeline();
    for (std::string& text : printed_) result_.printed += text;
    std::sort(result_.problems.begin(), result_.problems.end());
    if (result_.problems.size() > 20) result_.problems.resize(20);
    return std::move(result_);
  }

 private:
  static bool gathersInOne(const DpuSetStep& s) {
    return s.kind == "from" && !s.file.empty() && s.file.find("{dpu}") == std::string::npos;
  }
  std::string path(const std::string& name) const {
    return fs::path(name).is_absolute() ? name : (fs::path(spec_.folder) / name).string();
  }
  dpu::Program load(const std::string& name) const {
    dpu::AssembleOptions options;
    options.tasklets = static_cast<int>(spec_.tasklets);
    for (const std::string& define : spec_.defines) dpu::addDefine(define, options.defines);
    if (isa_) options.set = &isa_->set();
    return dpu::loadProgram(path(name), options);
  }
  static void write(const std::string& file, const Data& data) {
    writeFileAtomically(file, {reinterpret_cast<const char*>(data.data()), data.size()});
  }

  Data source(const DpuSetStep& step, std::size_t index, std::int64_t d) const {
    if (!step.words.empty()) {
      Data data;
      for (const std::string& word : step.words) {
        std::uint32_t value = static_cast<std::uint32_t>(d);
        std::size_t used = 0;
        if (word != "dpu") value = static_cast<std::uint32_t>(std::stoll(word, &used, 0));
        if (word != "dpu" && used != word.size())
          throw InputError("'" + word + "' is no 32-bit value", "a number or dpu");
        for (unsigned k = 0; k < 4; ++k) data.push_back(static_cast<std::uint8_t>(value >> 8 * k));
      }
      return data;
    }
    if (step.file.find("{dpu}") != std::string::npos) return contentOf(path(nameFor(step.file, d)));
    const Data& all = common_[index];
    if (!step.scatter) return all;
    const auto first = std::min(all.size(), static_cast<std::size_t>(d * step.bytes));
    const auto last = std::min(all.size(), static_cast<std::size_t>((d + 1) * step.bytes));
    return {all.begin() + static_cast<std::ptrdiff_t>(first),
            all.begin() + static_cast<std::ptrdiff_t>(last)};
  }

  void one(std::int64_t d) {
    try {
      dpu::DpuMachine machine(programs_[0], isa_);
      std::size_t loaded = 0;
      for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
        if (programOf_[i] != loaded) machine.loadKeepingMram(programs_[loaded = programOf_[i]]);
        step(machine, i, d);
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      result_.problems.push_back("DPU " + std::to_string(d) + ": " + error.what());
      ++result_.failed;
    }
  }

  void step(dpu::DpuMachine& machine, std::size_t i, std::int64_t d) {
    const DpuSetStep& step = spec_.steps[i];
    const auto offset = static_cast<std::uint32_t>(step.offset);
    const auto at = static_cast<std::size_t>(d);
    if (step.kind == "to") {
      const Data data = source(step, i, d);
      bytes_[i][at] = static_cast<std::int64_t>(data.size());
      if (step.symbol.empty())
        machine.writeMram(offset, data);
      else
        machine.writeSymbol(step.symbol, data, offset);
      return;
    }
    if (step.kind == "from") {
      Data data(static_cast<std::size_t>(step.bytes));
      if (step.symbol.empty())
        machine.readMram(offset, data);
      else
        data = machine.readSymbol(step.symbol, static_cast<std::uint32_t>(step.bytes), offset);
      bytes_[i][at] = step.bytes;
      if (gathersInOne(step))
        std::copy(data.begin(), data.end(),
                  gathered_[i].begin() + static_cast<std::ptrdiff_t>(d * step.bytes));
      else if (!step.file.empty())
        write(path(nameFor(step.file, d)), data);
      if (!step.expect.empty() && data != contentOf(path(nameFor(step.expect, d))))
        throw InputError("what it gave differs from '" + nameFor(step.expect, d) + "'",
                         "equal bytes");
      return;
    }
    dpu::DpuRunOptions options;
    options.tasklets = static_cast<unsigned>(spec_.tasklets);
    options.timing = timingOf(params_);
    options.raceCheck = spec_.raceCheck;
    options.maxCycles = 50000000000;
    for (std::int64_t n = 0; n < step.times; ++n) {
      const dpu::DpuRunResult r = machine.run(options);
      if (r.error) throw InputError(r.error->text(), "a program that ends");
      cycles_[i][at] = std::max(cycles_[i][at], r.cycles);
      const std::lock_guard lock(mutex_);
      result_.energyJ += r.energyJ.value;
      result_.instructions += r.instructions;
      result_.races += static_cast<std::int64_t>(r.races.size());
      if (r.exitValue != 0) result_.exitValue = r.exitValue;
      printed_[at] += r.printed;
    }
  }

  /// Transfers and kernels one after the other, as a host with blocking calls does it.
  void timeline() {
    const dpu::LaunchModel launch = launchModelOf(params_);
    const std::int64_t ranks = (spec_.dpus + params_.dpusPerRank() - 1) / params_.dpusPerRank();
    bool banksWithHost = true;
    double now = 0;
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      const DpuSetStep& s = spec_.steps[i];
      DpuSetEvent e;
      e.kind = s.kind;
      e.startS = now;
      if (s.kind == "launch") {
        std::vector<std::uint64_t> sorted = cycles_[i];
        e.worst = std::max_element(sorted.begin(), sorted.end()) - sorted.begin();
        std::sort(sorted.begin(), sorted.end());
        e.least = sorted.front();
        e.median = sorted[sorted.size() / 2];
        e.most = sorted.back();
        e.mean =
            std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
        const double kernel = static_cast<double>(e.most) / params_.dpu.clock.value.value;
        double time = launch.time(kernel, s.times, false, ranks);
        if (!banksWithHost)  // the first of these follows another launch
          time -= (1 - launch.againShare) *
                  (launch.firstS + launch.perRankS * static_cast<double>(ranks - 1));
        e.what = spec_.steps[i].program.empty() ? "kernel" : s.program;
        banksWithHost = false;
        now += time;
        result_.kernelS += time;
      } else {
        const std::int64_t most = *std::max_element(bytes_[i].begin(), bytes_[i].end());
        e.bytes = std::accumulate(bytes_[i].begin(), bytes_[i].end(), std::int64_t{0});
        const bool wram = inWram(s, i);
        const bool broadcast = s.kind == "to" && !s.scatter && s.words.empty() &&
                               s.file.find("{dpu}") == std::string::npos;
        const auto pattern = broadcast        ? CopyPattern::broadcast
                             : s.kind == "to" ? CopyPattern::scatter
                                              : CopyPattern::gather;
        const double time =
            params_.host.copy(pattern, s.kind == "to", spec_.dpus, (most + 7) / 8 * 8).value;
        e.what = s.symbol.empty() ? "MRAM" : s.symbol;
        banksWithHost = banksWithHost || !wram;
        now += time;
        result_.transferS += time;
      }
      e.endS = now;
      result_.events.push_back(e);
    }
    result_.timeS = now;
  }

  bool inWram(const DpuSetStep& s, std::size_t i) const {
    if (s.symbol.empty()) return false;
    const dpu::Symbol* symbol = programs_[programOf_[i]].symbol(s.symbol);
    return symbol != nullptr && symbol->memory == dpu::Memory::wram;
  }

  const DpuSetSpec& spec_;
  const UpmemParams& params_;
  std::shared_ptr<const dpu::IsaExtension> isa_;
  std::vector<dpu::Program> programs_;
  std::vector<std::size_t> programOf_;  ///< by step
  std::vector<Data> common_, gathered_;
  std::vector<std::vector<std::uint64_t>> cycles_;
  std::vector<std::vector<std::int64_t>> bytes_;
  std::vector<std::string> printed_;
  std::mutex mutex_;
  DpuSetResult result_;
};

}  // namespace

DpuSetResult runDpuSet(const DpuSetSpec& spec, const UpmemParams& params) {
  return DpuSet(spec, params).run();
}

}  // namespace wattlas::pim
