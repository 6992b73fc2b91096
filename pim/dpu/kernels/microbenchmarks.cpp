#include "pim/dpu/kernels/microbenchmarks.h"

#include <bit>
#include <functional>
#include <map>
#include <span>

#include "models/base/error.h"
#include "models/base/random.h"
#include "pim/dpu/kernels/prim.h"

namespace wattlas::dpu {

namespace {

constexpr unsigned kPrimTasklets = 16;

struct Bench {
  KernelLibrary& library;
  DpuTiming timing;

  DpuRunResult run(const std::string& kernel, unsigned tasklets, const Defines& defines,
                   const std::function<void(DpuMachine&)>& prepare = {}) const {
    DpuMachine machine(library.program(kernel, tasklets, defines));
    if (prepare) prepare(machine);
    DpuRunOptions options;
    options.tasklets = tasklets;
    options.timing = timing;
    DpuRunResult result = machine.run(options);
    if (result.error) throw InputError("kernel '" + kernel + "' failed: " + result.error->text());
    return result;
  }
};

void writeWords(DpuMachine& machine, const char* symbol, const std::vector<std::uint32_t>& words) {
  machine.writeSymbol(symbol, {reinterpret_cast<const std::uint8_t*>(words.data()),
                               words.size() * sizeof(words[0])});
}

double compat(const Bench& bench, const char* kernel, unsigned tasklets) {
  Bench rule = bench;
  rule.timing.registerFile = RegisterFileRule::compat;
  return static_cast<double>(rule.run(kernel, tasklets, {{"COUNT", 2000}}).cycles);
}

/// Million operations per second on 16 buffers of random words. Multiplication and division depend
/// on their operands and change them in place, so they go over the buffer once.
double throughput(const Bench& bench, int operation, int elementBytes, unsigned scalarBits) {
  const int repeat = operation < 4 ? 20 : 1;
  const auto result = bench.run(
      "arithmetic", kPrimTasklets, {{"OP", operation}, {"REPEAT", repeat}}, [&](DpuMachine& m) {
        Random random(7);
        std::vector<std::uint32_t> words(kPrimTasklets * 256);
        for (auto& word : words) word = static_cast<std::uint32_t>(random.next());
        writeWords(m, "buffers", words);
        const auto scalar = static_cast<std::uint32_t>(random.next()) >> (32 - scalarBits);
        writeWords(m, "scalar", {scalar | 1U, 0});
      });
  return kPrimTasklets * repeat * (1024 / elementBytes) / result.timeS * 1e-6;
}

/// As throughput(), for the library routines: floats between 1 and 1,000; 64-bit integers of
/// any bits divided by one of 32 bits.
double libraryThroughput(const Bench& bench, int operation) {
  const bool wide = operation == 7 || operation >= 12;
  const auto result = bench.run(
      "arithmetic", kPrimTasklets, {{"OP", operation}, {"REPEAT", 1}}, [&](DpuMachine& m) {
        Random random(7);
        const auto draw = [&](std::vector<std::uint32_t>& words) {
          const double number = 1 + 999 * random.uniform();
          if (operation == 7) {
            words.push_back(static_cast<std::uint32_t>(random.next()));
            words.push_back(static_cast<std::uint32_t>(random.next()));
          } else if (wide) {
            const auto bits = std::bit_cast<std::uint64_t>(number);
            words.push_back(static_cast<std::uint32_t>(bits));
            words.push_back(static_cast<std::uint32_t>(bits >> 32));
          } else {
            words.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(number)));
          }
        };
        std::vector<std::uint32_t> words, scalar;
        while (words.size() < kPrimTasklets * 256) draw(words);
        draw(scalar);
        scalar.resize(2);
        if (operation == 7) scalar = {scalar[0] | 1U, 0};
        writeWords(m, "buffers", words);
        writeWords(m, "scalar", scalar);
      });
  return kPrimTasklets * (wide ? 128 : 256) / result.timeS * 1e-6;
}

double wramStream(const Bench& bench, int operation, int bytesPerElement) {
  const int repeat = operation < 2 ? 100 : 10;
  const auto result =
      bench.run("wram-stream", kPrimTasklets, {{"OP", operation}, {"REPEAT", repeat}});
  return kPrimTasklets * repeat * 128 * bytesPerElement / result.timeS * 1e-6;
}

double mramCopy(const Bench& bench, unsigned bytes) {
  const auto result =
      bench.run("mram-copy", kPrimTasklets,
                {{"COUNT", 200}, {"SIZE", bytes}, {"FROM", 0}, {"TO", kMramBytes / 2}});
  return static_cast<double>(result.dma.bytes()) / result.timeS * 1e-6;
}

double mramStrided(const Bench& bench) {
  const auto result =
      bench.run("mram-strided", kPrimTasklets,
                {{"COUNT", 1000}, {"STRIDE", 16}, {"FROM", 0}, {"TO", kMramBytes / 2}});
  return static_cast<double>(result.dma.bytes()) / result.timeS * 1e-6;
}

/// Useful bytes, read and written, of coarse-grained access to every 16th element.
double mramStridedCoarse(const Bench& bench) {
  const auto result =
      bench.run("mram-strided-coarse", kPrimTasklets,
                {{"COUNT", 160}, {"STRIDE", 16}, {"FROM", 0}, {"TO", kMramBytes / 2}});
  return 2 * static_cast<double>(result.dma.writeBytes) / result.timeS * 1e-6;
}

double mramRandom(const Bench& bench) {
  const auto result = bench.run("mram-random", kPrimTasklets, {{"COUNT", 1000}, {"BITS", 20}});
  return static_cast<double>(result.dma.bytes()) / result.timeS * 1e-6;
}

/// A DPU that issues in every cycle and keeps its DMA engine busy: GEMV.
double busyPower(const Bench& bench) {
  PrimShare share;
  share.benchmark = PrimBenchmark::gemv;
  share.parameter = 2048;
  DpuRunOptions options;
  options.timing = bench.timing;
  const PrimRun run = runPrim(share, bench.library, options);
  if (!run.problem.empty()) throw InputError("kernel failed: " + run.problem);
  return run.result.energyJ.value / run.result.timeS;
}

double single2048(const Bench& bench, bool write) {
  return 2048 / transferCycles(2048, write, bench.library, bench.timing) * bench.timing.clockHz *
         1e-6;
}

using Figure = std::function<double(const Bench&)>;

const std::map<std::string, Figure>& figures() {
  static const std::map<std::string, Figure> table = {
      {"compat-alu-1", [](const Bench& b) { return compat(b, "alu", 1); }},
      {"compat-alu-8", [](const Bench& b) { return compat(b, "alu", 8); }},
      {"compat-alu-11", [](const Bench& b) { return compat(b, "alu", 11); }},
      {"compat-alu-16", [](const Bench& b) { return compat(b, "alu", 16); }},
      {"compat-same-bank-16", [](const Bench& b) { return compat(b, "alu-same-bank", 16); }},
      {"throughput-int32-add", [](const Bench& b) { return throughput(b, 0, 4, 32); }},
      {"throughput-int32-sub", [](const Bench& b) { return throughput(b, 1, 4, 32); }},
      {"throughput-int64-add", [](const Bench& b) { return throughput(b, 2, 8, 32); }},
      {"throughput-int64-sub", [](const Bench& b) { return throughput(b, 3, 8, 32); }},
      {"throughput-int32-mul", [](const Bench& b) { return throughput(b, 4, 4, 32); }},
      {"throughput-int32-div", [](const Bench& b) { return throughput(b, 5, 4, 16); }},
      {"throughput-int64-mul", [](const Bench& b) { return throughput(b, 6, 8, 32); }},
      {"throughput-int64-div", [](const Bench& b) { return libraryThroughput(b, 7); }},
      {"throughput-float-add", [](const Bench& b) { return libraryThroughput(b, 8); }},
      {"throughput-float-sub", [](const Bench& b) { return libraryThroughput(b, 9); }},
      {"throughput-float-mul", [](const Bench& b) { return libraryThroughput(b, 10); }},
      {"throughput-float-div", [](const Bench& b) { return libraryThroughput(b, 11); }},
      {"throughput-double-add", [](const Bench& b) { return libraryThroughput(b, 12); }},
      {"throughput-double-sub", [](const Bench& b) { return libraryThroughput(b, 13); }},
      {"throughput-double-mul", [](const Bench& b) { return libraryThroughput(b, 14); }},
      {"throughput-double-div", [](const Bench& b) { return libraryThroughput(b, 15); }},
      {"mram-copy-1024", [](const Bench& b) { return mramCopy(b, 1024); }},
      {"mram-read-2048", [](const Bench& b) { return single2048(b, false); }},
      {"mram-write-2048", [](const Bench& b) { return single2048(b, true); }},
      {"mram-strided-fine", mramStrided},
      {"mram-random", mramRandom},
      {"mram-strided-coarse-1", [](const Bench& b) { return mramCopy(b, 1024); }},
      {"mram-strided-coarse-16", mramStridedCoarse},
      {"wram-copy", [](const Bench& b) { return wramStream(b, 0, 16); }},
      {"wram-add", [](const Bench& b) { return wramStream(b, 1, 24); }},
      {"wram-scale", [](const Bench& b) { return wramStream(b, 2, 16); }},
      {"wram-triad", [](const Bench& b) { return wramStream(b, 3, 24); }},
      {"power-dpu-busy", busyPower},
      {"power-dimm-busy", [](const Bench& b) { return 128 * busyPower(b); }},
  };
  return table;
}

}  // namespace

std::vector<std::string> figureNames() {
  std::vector<std::string> names;
  for (const auto& [name, figure] : figures()) names.push_back(name);
  return names;
}

double figureOf(const std::string& name, KernelLibrary& library, const DpuTiming& timing) {
  const auto found = figures().find(name);
  if (found == figures().end()) {
    throw InputError("unknown figure '" + name.substr(0, 60) + "'",
                     "a figure of the DPU microbenchmarks", didYouMean(name, figureNames()));
  }
  return found->second({library, timing});
}

double transferCycles(unsigned bytes, bool write, KernelLibrary& library, const DpuTiming& timing) {
  const Bench bench{library, timing};
  const auto cycles = [&](int count) {
    const auto result =
        bench.run("dma-latency", 1, {{"COUNT", count}, {"SIZE", bytes}, {"WRITE", write ? 1 : 0}});
    return static_cast<double>(result.cycles);
  };
  // The loop has one instruction beside the transfer.
  return (cycles(300) - cycles(100)) / 200 - timing.revolver;
}

double cyclesPerInstruction(KernelLibrary& library) {
  const Bench bench{library, {}};
  const auto one = bench.run("alu", 1, {{"COUNT", 1000}}),
             two = bench.run("alu", 1, {{"COUNT", 2000}});
  return static_cast<double>(two.cycles - one.cycles) /
         static_cast<double>(two.instructions - one.instructions);
}

}  // namespace wattlas::dpu
