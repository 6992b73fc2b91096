#include "pim/dpu/kernels/prim.h"

#include <array>
#include <cstring>
#include <ctime>
#include <functional>
#include <numeric>
#include <vector>

#include "models/base/error.h"
#include "models/base/random.h"
#include "pim/dpu/kernels/mix.h"

namespace wattlas::dpu {

const Program& KernelLibrary::program(const std::string& name, unsigned tasklets,
                                      const Defines& defines) {
  std::string key = name + " " + std::to_string(tasklets);
  for (const auto& [symbol, value] : defines) key += " " + symbol + "=" + std::to_string(value);
  const auto known = programs_.find(key);
  if (known != programs_.end()) return known->second;
  const auto file = path_.findPart("kernels/dpu/" + name + ".s");
  if (!file) throw InputError("DPU kernel '" + name + "' not found", "a file of kernels/dpu");
  AssembleOptions options;
  options.defines = defines;
  options.tasklets = static_cast<int>(tasklets);
  return programs_.emplace(key, assembleFile(*file, options)).first->second;
}

namespace {

template <class T>
std::span<const std::uint8_t> bytesOf(const std::vector<T>& data) {
  return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size() * sizeof(T)};
}

template <class T>
std::vector<T> readMram(const DpuMachine& machine, std::uint32_t offset, std::size_t count) {
  std::vector<T> data(count);
  machine.readMram(offset, {reinterpret_cast<std::uint8_t*>(data.data()), count * sizeof(T)});
  return data;
}

template <class T>
std::vector<T> readSymbol(const DpuMachine& machine, const char* name, std::size_t count) {
  const auto raw = machine.readSymbol(name, static_cast<std::uint32_t>(count * sizeof(T)));
  std::vector<T> data(count);
  std::memcpy(data.data(), raw.data(), raw.size());
  return data;
}

/// Multiple of 1,024 at or after `bytes`.
std::uint32_t aligned(std::uint64_t bytes) {
  const std::uint64_t up = (bytes + 1023) / 1024 * 1024;
  if (up > kMramBytes) {
    throw InputError(std::to_string(bytes) + " bytes of kernel data", "at most 64 MiB per DPU");
  }
  return static_cast<std::uint32_t>(up);
}

std::uint64_t shareOf(std::uint64_t total, unsigned parts) {
  return (total + parts - 1) / parts;
}

std::uint64_t queriesPerTasklet(const PrimShare& s) {
  return shareOf(s.parameter / 8, s.dpus * s.tasklets);
}

class PrimRunner {
 public:
  PrimRunner(const PrimShare& share, KernelLibrary& library, const DpuRunOptions& options)
      : share_(share), options_(options), library_(library) {
    if (share.dpus == 0 || share.dpu >= share.dpus || share.tasklets < 1 ||
        share.tasklets > kTasklets) {
      throw InputError("impossible share of a benchmark",
                       "DPU below the number of DPUs, "
                       "1 to 24 tasklets");
    }
    options_.tasklets = share.tasklets;
  }

  PrimRun run() {
    switch (share_.benchmark) {
      case PrimBenchmark::va:
        vectorAdd();
        break;
      case PrimBenchmark::red:
        reduce();
        break;
      case PrimBenchmark::gemv:
      case PrimBenchmark::mlp:
        matrixVector();
        break;
      case PrimBenchmark::hstS:
        histogram();
        break;
      case PrimBenchmark::bs:
        search();
        break;
    }
    return std::move(run_);
  }

 private:
  void load(const char* kernel, const std::vector<std::uint32_t>& args) {
    constexpr std::array builds = {"-compiled", "-tuned", "-measured", "-measured"};
    const std::string name =
        std::string(kernel) + builds.at(static_cast<std::size_t>(share_.build));
    Defines defines;
    if (share_.build == KernelBuild::apart) defines["FIRST"] = 0;
    machine_.loadKeepingMram(library_.program(name, share_.tasklets, defines));
    machine_.writeSymbol("args", bytesOf(args));
  }

  bool tuned() const { return share_.build == KernelBuild::tuned; }

  /// Runs the program; true when it ended well.
  bool execute() {
    const std::clock_t begin = std::clock();
    run_.result = machine_.run(options_);
    run_.cpuS = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    if (run_.result.error) run_.problem = run_.result.error->text();
    return run_.problem.empty();
  }

  void wrong(std::uint64_t index, std::int64_t is, std::int64_t should) {
    if (run_.problem.empty()) {
      run_.problem = nameOf(share_.benchmark) + ": result " + std::to_string(index) + " is " +
                     std::to_string(is) + ", should be " + std::to_string(should);
    }
  }

  void vectorAdd() {
    const std::uint64_t count = elementsOf(share_);
    std::vector<std::uint32_t> a(count + count % 2), b(a.size());
    for (auto& x : a) x = static_cast<std::uint32_t>(random_.below(1U << 31));
    for (auto& x : b) x = static_cast<std::uint32_t>(random_.below(1U << 31));
    const std::uint32_t at = aligned(4 * a.size());
    aligned(std::uint64_t{at} * 2);
    machine_.writeMram(0, bytesOf(a));
    machine_.writeMram(at, bytesOf(b));
    load("va", {static_cast<std::uint32_t>(4 * a.size()), 0, at});
    if (!execute()) return;
    const auto sum = readMram<std::uint32_t>(machine_, at, a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (sum[i] != a[i] + b[i]) return wrong(i, sum[i], a[i] + b[i]);
    }
  }

  void reduce() {
    std::vector<std::int64_t> a(elementsOf(share_));
    for (auto& x : a) x = random_.between(0, 100);
    aligned(8 * a.size());
    machine_.writeMram(0, bytesOf(a));
    load("red", {static_cast<std::uint32_t>(8 * a.size()), 0});
    if (!execute()) return;
    const auto total = readSymbol<std::int64_t>(machine_, "total", 1)[0];
    const auto expected = std::accumulate(a.begin(), a.end(), std::int64_t{0});
    if (total != expected) wrong(0, total, expected);
  }

  void histogram() {
    constexpr std::uint32_t bins = 256;
    const std::uint64_t count = elementsOf(share_);
    if (count % 2 != 0) throw InputError("odd number of pixels", "an even number per DPU");
    std::vector<std::uint32_t> pixels(count), expected(bins);
    for (auto& x : pixels) {
      x = static_cast<std::uint32_t>(random_.below(4096));
      ++expected[x * bins >> 12];
    }
    const std::uint32_t at = aligned(4 * count);
    aligned(at + 4 * bins);
    machine_.writeMram(0, bytesOf(pixels));
    load("hst", {static_cast<std::uint32_t>(4 * count), 0, bins, at});
    if (!execute()) return;
    const auto found = readMram<std::uint32_t>(machine_, at, bins);
    for (std::size_t i = 0; i < bins; ++i) {
      if (found[i] != expected[i]) return wrong(i, found[i], expected[i]);
    }
  }

  void matrixVector() {
    const bool mlp = share_.benchmark == PrimBenchmark::mlp;
    const std::uint64_t columns = mlp ? share_.parameter : share_.columns;
    const std::uint64_t rows = shareOf(share_.parameter, share_.dpus);
    if (rows % 2 != 0 || (columns > 256 && columns % 256 != 0) || columns % 2 != 0) {
      throw InputError(std::to_string(rows) + " rows of " + std::to_string(columns) + " columns",
                       "an even number of rows, and up to 256 or a multiple of 256 columns");
    }
    if (mlp && tuned() && (columns % 256 != 0 || columns > 2048)) {
      throw InputError(std::to_string(columns) + " columns",
                       "a multiple of 256 up to 2,048 for the tuned MLP kernel");
    }
    const std::uint32_t xAt = aligned(4 * rows * columns + 1024);
    const std::uint32_t yAt = aligned(std::uint64_t{xAt} + 4 * columns + 1024);
    aligned(std::uint64_t{yAt} + 4 * rows);
    std::vector<std::uint32_t> a(rows * columns), x(columns), expected(rows);
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = mlp ? (i % 100 >= 98 ? 1U : 0U) : static_cast<std::uint32_t>(random_.below(50));
    }
    Random draw(kVectorSeed);
    for (std::size_t j = 0; j < columns; ++j) {
      x[j] = mlp ? static_cast<std::uint32_t>(j % 2) : static_cast<std::uint32_t>(draw.below(50));
    }
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) expected[i] += a[i * columns + j] * x[j];
    }
    machine_.writeMram(0, bytesOf(a));
    machine_.writeMram(xAt, bytesOf(x));
    const auto pairs = static_cast<std::uint32_t>(rows / 2);
    load(mlp && tuned() ? "mlp" : "gemv", {static_cast<std::uint32_t>(columns), 0, xAt, yAt,
                                           pairs / share_.tasklets, pairs % share_.tasklets});
    if (!execute()) return;
    const auto y = readMram<std::uint32_t>(machine_, yAt, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      if (y[i] != expected[i]) return wrong(i, y[i], expected[i]);
    }
  }

  void search() {
    const std::uint64_t keys = share_.parameter, each = queriesPerTasklet(share_);
    const std::uint64_t count = each * share_.tasklets, first = share_.dpu * count;
    if (keys < 2048 || (keys & (keys - 1)) != 0) {
      throw InputError(std::to_string(keys) + " keys", "a power of two from 2,048");
    }
    std::vector<std::int64_t> sorted(keys), queries(count), expected(share_.tasklets);
    std::iota(sorted.begin(), sorted.end(), 0);
    for (std::uint64_t i = 0; i < count; ++i) {
      queries[i] = static_cast<std::int64_t>(first + i);
      expected[i / each] += first + i < keys ? queries[i] : -1;
    }
    const std::uint32_t end = aligned(8 * keys);
    aligned(end + 8 * count);
    machine_.writeMram(0, bytesOf(sorted));
    machine_.writeMram(end, bytesOf(queries));
    load("bs", {0, end, end / 2, end, static_cast<std::uint32_t>(each)});
    if (!execute()) return;
    const auto sums = readSymbol<std::int64_t>(machine_, "sums", share_.tasklets);
    for (std::size_t t = 0; t < sums.size(); ++t) {
      // The kernel keeps pairs of words, the upper one first in registers, not in memory.
      if (sums[t] != expected[t]) return wrong(t, sums[t], expected[t]);
    }
  }

  static constexpr std::uint64_t kVectorSeed = 496;

  PrimShare share_;
  DpuRunOptions options_;
  KernelLibrary& library_;
  DpuMachine machine_;
  Random random_{20210831};
  PrimRun run_;
};

constexpr std::array<std::pair<PrimBenchmark, const char*>, 6> kNames{
    {{PrimBenchmark::va, "VA"},
     {PrimBenchmark::red, "RED"},
     {PrimBenchmark::gemv, "GEMV"},
     {PrimBenchmark::hstS, "HST-S"},
     {PrimBenchmark::bs, "BS"},
     {PrimBenchmark::mlp, "MLP"}}};

}  // namespace

std::string nameOf(PrimBenchmark benchmark) {
  return kNames[static_cast<std::size_t>(benchmark)].second;
}

PrimBenchmark primBenchmark(const std::string& text) {
  for (const auto& [benchmark, name] : kNames) {
    if (text == name) return benchmark;
  }
  throw InputError("unknown benchmark '" + text + "'", "VA, RED, GEMV, HST-S, BS or MLP");
}

std::uint64_t elementsOf(const PrimShare& s) {
  switch (s.benchmark) {
    case PrimBenchmark::gemv:
      return shareOf(s.parameter, s.dpus) * s.columns;
    case PrimBenchmark::mlp:
      return shareOf(s.parameter, s.dpus) * s.parameter;
    case PrimBenchmark::bs:
      return queriesPerTasklet(s) * s.tasklets;
    default:
      return shareOf(s.parameter, s.dpus);
  }
}

unsigned launchesOf(PrimBenchmark benchmark) {
  return benchmark == PrimBenchmark::mlp ? 3 : 1;
}

PrimRun runPrim(const PrimShare& share, KernelLibrary& library, const DpuRunOptions& options) {
  return PrimRunner(share, library, options).run();
}

InstructionMix compiledMix(PrimBenchmark benchmark, KernelLibrary& library) {
  PrimShare share;
  share.benchmark = benchmark;
  share.parameter = benchmark == PrimBenchmark::gemv  ? 2048
                    : benchmark == PrimBenchmark::mlp ? 1024
                    : benchmark == PrimBenchmark::bs  ? 131072
                                                      : 65536;
  const auto mixOf = [&](unsigned dpus) {
    share.dpus = dpus;
    InstructionMix mix;
    DpuRunOptions options;
    options.trace = [&mix](const TraceEvent& e) { mix.count(*e.instruction); };
    const PrimRun run = runPrim(share, library, options);
    if (!run.problem.empty()) throw InputError("kernel failed: " + run.problem);
    return std::pair(mix, static_cast<double>(elementsOf(share)));
  };
  const auto small = mixOf(16);
  auto [mix, elements] = mixOf(8);
  mix -= small.first;
  mix /= elements - small.second;
  return mix;
}

namespace {

double InstructionMix::*classOf(const Instruction& in) {
  using enum Operation;
  const Form& form = *in.form;
  switch (form.issue) {
    case IssueClass::loadStore:
      return form.second == Source::none ? &InstructionMix::loads : &InstructionMix::stores;
    case IssueClass::dma:
      return &InstructionMix::dma;
    case IssueClass::thread:
    case IssueClass::lock:
      return &InstructionMix::synchronisation;
    default:
      break;
  }
  if (form.operation == mulStep) return &InstructionMix::mulSteps;
  if (form.operation == divStep) return &InstructionMix::divSteps;
  const bool jumps =
      form.branches && in.condition != Condition::false_ && form.destination == Destination::none;
  return jumps || form.operation == call ? &InstructionMix::branches : &InstructionMix::other;
}

constexpr double InstructionMix::*kClasses[] = {
    &InstructionMix::loads,    &InstructionMix::stores,         &InstructionMix::mulSteps,
    &InstructionMix::divSteps, &InstructionMix::branches,       &InstructionMix::other,
    &InstructionMix::dma,      &InstructionMix::synchronisation};

}  // namespace

void InstructionMix::count(const Instruction& instruction) {
  this->*classOf(instruction) += 1;
}

InstructionMix& InstructionMix::operator-=(const InstructionMix& o) {
  for (const auto member : kClasses) this->*member -= o.*member;
  return *this;
}

InstructionMix& InstructionMix::operator/=(double divisor) {
  for (const auto member : kClasses) this->*member /= divisor;
  return *this;
}

}  // namespace wattlas::dpu
