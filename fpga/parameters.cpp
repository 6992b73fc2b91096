#include "fpga/parameters.h"

#include <algorithm>
#include <charconv>

namespace wattlas::fpga {
namespace {

constexpr double many = 1e9;

void bindSupply(Binder& b, const std::string& key, Supply& supply, const std::string& usable,
                const std::string& doc) {
  b.section(key, doc, [&](Binder& s) {
    s.integer("total", supply.total, {0, many, {}}, "on the device");
    s.quantity("usable", supply.usable, {0.01, 1, usable},
               "share that a design can fill before routing fails");
  });
}

void bindRequest(Binder& b, FoldingRequest& request) {
  b.integer("pe", request.pe, {0, many, "0"}, "output lanes (FINN), 0 = chosen");
  b.integer("simd", request.simd, {0, many, "0"}, "input lanes (FINN), 0 = chosen");
  b.integer("reuse", request.reuse, {0, many, "0"}, "reuse factor (hls4ml), 0 = chosen");
  b.choice("strategy", request.strategy, {"auto", "latency", "resource", "distributed"},
           {.fallback = "auto"}, "hls4ml: auto = latency at reuse 1, resource above");
  b.choice("products", request.products, {"auto", "dsp", "lut", "shift"}, {.fallback = "auto"},
           "where products are computed: auto = by width and what is left; shift = the network was "
           "trained with weights that are powers of two");
  b.choice("weights", request.weights, {"auto", "distributed", "block", "ultra", "streamed"},
           {.fallback = "auto"},
           "memory of the weights (ram_style); streamed = from the board's memory for each vector");
  b.choice("pumping", request.pumping, {"none", "memory", "products"}, {.fallback = "none"},
           "FINN: weight memory or DSP blocks at twice the clock, of half the width or number");
}

void bindFabric(Parameters& p, Binder& binder) {
  binder.section("fabric", "programmable logic", [&](Binder& b) {
    bindSupply(b, "lut", p.lut, "70 %", "six-input look-up tables");
    bindSupply(b, "ff", p.ff, "50 %", "flip-flops");
    bindSupply(b, "dsp", p.dsp, "80 %", "DSP48 blocks");
    bindSupply(b, "bram36", p.bram36, "80 %", "36 Kibit block RAMs");
    bindSupply(b, "uram", p.uram, "80 %", "288 Kibit UltraRAMs");
    b.quantity("clock", p.clock, {1e6, 1e9, {}}, "clock of the pipeline");
    b.quantity("maxClock", p.maxClock, {1e6, 2e9, {}},
               "slowest limit of the data sheet: block RAM, DSP block, clock tree");
    b.quantity("derating", p.derating, {0, 0.95, "40 %"},
               "share of maxClock that routing takes when the device is full");
    b.section("shell", "resources of the platform shell", [&](Binder& s) {
      s.integer("lut", p.shellLut, {0, many, "0"}, "look-up tables");
      s.integer("ff", p.shellFf, {0, many, "0"}, "flip-flops");
      s.integer("bram18", p.shellBram18, {0, many, "0"}, "18 Kibit block RAMs");
    });
  });
}

void bindMemoryAndHost(Parameters& p, Binder& binder) {
  binder.section("memory", "memory of the board, for inputs and results", [&](Binder& b) {
    b.quantity("bandwidth", p.memoryBandwidth, {1e3, 1e14, {}}, "peak bandwidth");
    b.quantity("capacity", p.memoryCapacity, {8e3, 1e14, {}}, "size");
    b.quantity("energy", p.memoryEnergy, {0, 1e-9, {}}, "energy of a transferred bit");
    b.integer("dmaWidth", p.dmaWidth, {1, 4096, "64"}, "bits that a DMA engine moves in a cycle");
    b.quantity("dmaClock", p.dmaClock, {0, 1e9, "0 Hz"},
               "clock of DMA engines and buses, 0 = that of the pipeline");
  });
  binder.section("host", "what a call from the host costs", [&](Binder& b) {
    b.quantity("callOverhead", p.callOverhead, {0, 1, "0 s"},
               "of one call, beside driver and registers (a runtime, a PCIe card)");
    b.quantity("callInstructions", p.callInstructions, {0, many, "0"},
               "instructions of the driver in one call");
    b.quantity("cyclesPerInstruction", p.cyclesPerInstruction, {0.1, 100, "1"},
               "of the processor that calls");
    b.quantity("clock", p.hostClock, {1e5, 1e10, "1 GHz"}, "of the processor that calls");
    b.quantity("registerAccesses", p.registerAccesses, {0, many, "0"},
               "registers of accelerator and DMA engines written and read in one call");
    b.quantity("registerAccess", p.registerAccess, {0, 1e-3, "0 s"}, "one of them");
    b.quantity("copyLatency", p.copyLatency, {0, 1, "0 s"},
               "fixed part of a copy between host and board memory");
    b.quantity("lineFlush", p.lineFlush, {0, 1e-3, "0 s"},
               "cache maintenance of one line of a buffer that a DMA engine shares");
    b.integer("lineBytes", p.lineBytes, {1, 4096, "32"}, "bytes of a cache line");
  });
}

void bindGenerator(Parameters& p, Binder& binder) {
  binder.section("folding", "parallelism", [&](Binder& b) {
    bindRequest(b, p.everywhere);
    b.integer("targetCycles", p.targetCycles, {0, 1e12, "0"},
              "initiation interval to aim at, 0 = as short as fits");
    b.named("layers", "requests for single layers, by operator name",
            [&](Binder& l, const std::string& name) { bindRequest(l, p.layers[name]); });
  });
  binder.choice("style", p.style, {"auto", "finn", "hls4ml"}, {.fallback = "auto"},
                "generator: auto = finn up to 8-bit weights, hls4ml above");
  binder.section("fifo", "streams between layers", [&](Binder& b) {
    b.text("depth", p.fifoDepth, {.fallback = "auto"},
           "tokens (pixels with all channels), or auto: what an unbounded run fills");
    p.fixedFifoDepth = 0;
    if (!b.reading() || p.fifoDepth == "auto") return;
    const char* end = p.fifoDepth.data() + p.fifoDepth.size();
    const auto [rest, error] = std::from_chars(p.fifoDepth.data(), end, p.fixedFifoDepth);
    if (error != std::errc() || rest != end || p.fixedFifoDepth < 1 || p.fixedFifoDepth > 1 << 24)
      b.problem("depth", "'" + p.fifoDepth + "' is no depth", "auto or 1 to 16777216 tokens");
  });
  binder.section("multiplier", "where products are computed", [&](Binder& b) {
    b.integer("dspThreshold", p.dspThreshold, {1, 64, "6"},
              "both operands have so many bits where a DSP block multiplies");
    b.integer("dspProduct", p.dspProduct, {2, 128, "16"}, "and their product has so many");
    b.flag("dspPacking", p.dspPacking, {.fallback = "false"},
           "two products of at most 8 bits (four of at most 4) in one DSP block");
  });
  binder.section("law", "coefficients of the generators' resource and cycle laws", [&](Binder& b) {
    b.quantity("lutScale", p.lutScale, {0.1, 10, "1.1"}, "FINN: LUTs placed per LUT counted");
    b.integer("unitLuts", p.unitLuts, {0, 1e5, "300"}, "FINN: control LUTs of one unit");
    b.quantity("ffPerLut", p.ffPerLut, {0, 10, {}},
               "FINN: flip-flops for each LUT that is no product");
    b.quantity("hlsLutScale", p.lutFromHls, {0.01, 10, {}},
               "hls4ml, reuse above 1: LUTs placed per LUT counted");
    b.integer("pixelCycles", p.pixelCycles, {1, 100, "4"},
              "hls4ml: cycles of a line buffer for each pixel beside the products");
    b.integer("sourceCycles", p.sourceCycles, {1, 100, "3"},
              "hls4ml: cycles of the input reader for each pixel");
    b.choice("windows", p.windows, {"rows", "pixels"}, {.fallback = "rows"},
             "FINN: window generators wait for whole rows (HLS, to 2022) or pixels (RTL)");
    b.choice("weightMemory", p.weightMemory, {"unit", "lanes"}, {.fallback = "unit"},
             "FINN: a memory for each PE (embedded weights) or one for all lanes (decoupled)");
    b.quantity("adder", p.adder, {1e-12, 1e-7, "0.59 ns"}, "delay of an addition, fixed part");
    b.quantity("adderBit", p.adderBit, {0, 1e-8, "22.5 ps"}, "delay of an addition, each bit");
    b.quantity("multiplier", p.multiplier, {1e-12, 1e-7, "2.4 ns"},
               "delay of a product in a DSP block without inner registers");
  });
}

void bindPower(Parameters& p, Binder& binder) {
  binder.section("power", "power that flows all the time", [&](Binder& b) {
    b.quantity("static", p.staticPower, {0, 1000, {}}, "leakage of the programmable logic");
    b.quantity("board", p.boardPower, {0, 1000, {}},
               "processing system, idle memory and regulators of the board");
  });
  binder.section(
      "energy", "dynamic energy at the vendor tools' toggle rate of 12.5 %", [&](Binder& b) {
        b.quantity("lutLogic", p.lutLogic, {0, 1e-9, {}}, "one LUT in a busy cycle");
        b.quantity("lutRouting", p.lutRouting, {0, 1e-9, {}}, "wires of one LUT in a busy cycle");
        b.quantity("ffClock", p.ffClock, {0, 1e-9, {}}, "one flip-flop in a busy cycle");
        b.quantity("bram36", p.bramCycle, {0, 1e-6, {}}, "one 36 Kibit block RAM in a busy cycle");
        b.quantity("uram", p.uramCycle, {0, 1e-6, {}}, "one UltraRAM in a busy cycle");
        b.quantity("dsp", p.dspCycle, {0, 1e-6, {}}, "one DSP block in a busy cycle");
        b.quantity("technology", p.technology, {0.01, 100, {}},
                   "factor of the process on all dynamic energy (1 = 16 nm)");
        b.quantity("toggleRate", p.toggleRate, {0.001, 1, "12.5 %"},
                   "share of signals that change in a busy cycle");
      });
}

}  // namespace

const char* nameOf(Style style) {
  return style == Style::finn ? "finn" : "hls4ml";
}

void Parameters::bind(Binder& binder) {
  binder.text("title", title, {.fallback = title}, "name for people");
  binder.text("part", part, {.fallback = part}, "vendor's name of the chip");
  bindFabric(*this, binder);
  bindMemoryAndHost(*this, binder);
  bindGenerator(*this, binder);
  bindPower(*this, binder);
}

Seconds Parameters::callTime() const {
  const double driver =
      callInstructions.value.value * cyclesPerInstruction.value.value / hostClock.value.value;
  return Seconds(callOverhead.value.value + driver +
                 registerAccesses.value.value * registerAccess.value.value);
}

Hash128 Parameters::coefficientsOf(ConfigNode complete) {
  // What is left out is named, so that a new parameter counts.
  for (const char* other : {"title", "host", "power", "energy"}) complete.erase(other);
  if (ConfigNode* fabric = complete.find("fabric")) fabric->erase("clock");
  if (ConfigNode* memory = complete.find("memory"))
    for (const char* other : {"bandwidth", "capacity", "energy", "dmaClock"}) memory->erase(other);
  return complete.hash();
}

}  // namespace wattlas::fpga
