#include "gpu/parameters.h"

#include <algorithm>

namespace wattlas::gpu {
namespace {
constexpr double us = 1e-6;
constexpr double pj = 1e-12;
}  // namespace

void MacRates::bind(Binder& b) {
  b.integer("cluster", cluster, {1, 16, "1"},
            "CTAs of a cluster that share the operands they load (multicast); 1 = none");
  b.quantity("fp32", fp32, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: fp32 products; 0 = none");
  b.quantity("tf32", tf32, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: tf32 products; 0 = none");
  b.quantity(
      "fp16", fp16, {0, 65536, "0"},
      "MACs per clock and SM on the matrix units: fp16 products, fp32 accumulators; 0 = none");
  b.quantity("bf16", bf16, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: bf16 products; 0 = none");
  b.quantity("fp8", fp8, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: fp8 products; 0 = none");
  b.quantity("fp4", fp4, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: fp4 products; 0 = none");
  b.quantity("int8", int8, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: int8 products; 0 = none");
  b.quantity("int4", int4, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: int4 products; 0 = none");
  b.quantity("binary", binary, {0, 65536, "0"},
             "MACs per clock and SM on the matrix units: 1-bit products (XOR and population "
             "count); 0 = none");
}

void VectorRates::bind(Binder& b) {
  b.quantity("fp32", fp32, {1, 4096, "128"}, "operations per clock and SM: fp32 multiply-adds");
  b.quantity("fp16", fp16, {1, 4096, "256"},
             "operations per clock and SM: fp16 multiply-adds outside the matrix units");
  b.quantity("int32", int32, {1, 4096, "64"},
             "operations per clock and SM: 32-bit integer multiply-adds");
  b.quantity("logic", logic, {1, 4096, "16"},
             "operations per clock and SM: 32-bit XOR and population counts");
  b.quantity("special", special, {1, 4096, "16"},
             "operations per clock and SM: exponentials and reciprocals");
}

void MemorySystem::bind(Binder& b) {
  b.text("type", type, {.fallback = "DRAM"}, "memory technology, for people");
  b.quantity("capacity", capacity, {8e6, 8e13}, "device memory");
  b.quantity("bandwidth", bandwidth, {8e9, 8e14}, "peak DRAM bandwidth");
  b.quantity("reach", reach, {0.3, 3, "1"},
             "reachable share of the peak over that of the part whose constants are used");
  b.quantity("l2Size", l2Size, {0, 8e10}, "level-2 cache");
  b.quantity("l2Bandwidth", l2Bandwidth, {8e9, 8e15}, "level-2 bandwidth at the nominal clock");
  b.quantity("l2ResidentShare", l2ResidentShare, {0, 1, "0.7"},
             "share of the level-2 cache at which half of a loop still hits");
  b.quantity("l2Steepness", l2Steepness, {1, 40, "6"},
             "how sharply hits fall around that size: hits = 1 / (1 + (loop / size)^steepness)");
  b.quantity("sharedMemory", sharedMemory, {8192, 8e7},
             "shared memory of an SM that a kernel can use");
}

void MatrixFit::bind(Binder& b) {
  b.quantity("start", start, {0, 1000 * us}, "fixed time of a kernel on the device (t0)");
  b.quantity("efficiency", efficiency, {0.01, 1},
             "share of the peak MAC rate that the largest tile reaches (eta)");
  b.quantity("dramEfficiency", dramEfficiency, {0.01, 1},
             "share of the DRAM peak that is reached (eta_d)");
  b.quantity("latency", latency, {0, 100 * us},
             "memory latency under load; fill of the pipeline (lat)");
  b.quantity("tilePenalty", tilePenalty, {0, 20}, "loss of tiles smaller than 256x128 (pen)");
  b.quantity("overlapLoss", overlapLoss, {0, 1},
             "share of the shorter of compute and memory time that stays exposed (ov)");
  b.quantity("ctasToFill", ctasToFill, {0.1, 8, "1"}, "CTAs that an SM needs to reach its rate");
  b.flag(
      "finerTiles", finerTiles, {.fallback = "false"},
      "the library also has matrix tiles of 192, 160 and 96 rows or columns for 16-bit products");
  b.integer("batchedRows", batchedRows, {0, 512, "0"},
            "rows of the tile of the library's only kernel for batched products; 0 = it chooses");
  b.integer("batchedColumns", batchedColumns, {0, 512, "0"}, "columns of that tile");
}

void ConvolutionFit::bind(Binder& b) {
  b.quantity("start", start, {0, 1000 * us, "4 us"}, "fixed time of a convolution on the device");
  b.quantity("efficiency", efficiency, {0.01, 1, "0.7"},
             "share of the peak MAC rate of the implicit product over windows");
  b.quantity("winograd", winograd, {0, 1, "0.4"},
             "share of the peak that the fused Winograd kernel F(2x2, 3x3) reaches in its own "
             "multiplications; 0 = the library has none");
  b.quantity("winogradStored", winogradStored, {0, 1, "0.65"},
             "share of the peak in the product of Winograd F(4x4, 3x3) with stored transforms; 0 = "
             "none");
  b.quantity("memory", memory, {0.01, 1, "0.8"}, "share of the DRAM peak");
  b.quantity("tilePenalty", tilePenalty, {0, 20, "0.12"}, "loss of tiles smaller than 256x128");
  b.quantity("ctasToFill", ctasToFill, {0.1, 8, "2"}, "CTAs that an SM needs to reach its rate");
  b.integer("fewestChannels", fewestChannels, {1, 4096, "8"},
            "input channels below which Winograd is not chosen");
}

void StackRules::bind(Binder& b) {
  b.quantity("quantiseStart", quantiseStart, {0, 1000 * us, "0 us"},
             "fixed time of the kernels that quantise activations before a narrow product");
  b.quantity("quantiseBytes", quantiseBytes, {0, 256, "0"},
             "bytes that these kernels move for each element; 0 = no kernels (static or fused)");
  b.flag("graph", graph, {.fallback = "false"}, "kernels are replayed as a CUDA graph");
  b.flag(
      "fusedAttention", fusedAttention, {.fallback = "true"},
      "attention is one kernel; false: scores are stored, with kernels for scale, mask, softmax");
  b.integer("scoreKernels", scoreKernels, {0, 16, "2"},
            "element kernels over stored scores beside the soft-max");
  b.integer("geluKernels", geluKernels, {1, 16, "1"}, "element kernels of one GELU");
  b.integer("epilogues", epilogues, {0, 8, "0"},
            "element operators (activation, residual, folded norm) that ride in the kernel of the "
            "product or convolution before them, at most");
  b.quantity("rest", rest, {0, 10, "0 us"},
             "idle time between two measured calls of a single operator: the power limit holds for "
             "the average, so that short kernels keep their clock; networks do not rest");
  b.integer(
      "streams", streams, {1, 16, "1"},
      "operators, next to each other and independent, that are launched into streams of their "
      "own; the event model lets them share the chip, the closed form adds them up");
  b.flag("normWithAdd", normWithAdd, {.fallback = "false"},
         "the kernel of a norm adds the residual before it");
  b.quantity(
      "cacheWriteToken", cacheWriteToken, {0, 100 * us, "0 us"},
      "life of the CTA that writes keys and values of one token to the cache, in a kernel of "
      "its own before the prefill; 0 = attention does it");
  b.quantity("cacheWriteRound", cacheWriteRound, {0, 100 * us, "0 us"},
             "added by each round of its 512 threads over the values of the token");
}

void AttentionFit::bind(Binder& b) {
  b.quantity("prefillStart", prefillStart, {0, 1000 * us}, "fixed time of a prefill kernel");
  b.quantity("decodeStart", decodeStart, {0, 1000 * us}, "fixed time of a decode kernel");
  b.quantity("prefillEfficiency", prefillEfficiency, {0.01, 1},
             "share of the peak MAC rate in the blocks of a prefill");
  b.quantity("decodeEfficiency", decodeEfficiency, {0.01, 1},
             "share of the DRAM peak for keys and values");
  b.quantity("smBandwidth", smBandwidth, {8e8, 8e12},
             "keys and values that one CTA, alone on an SM, works through");
  b.quantity("appendBandwidth", appendBandwidth, {0, 8e12, "0 B/s"},
             "rate at which every CTA of a prefill copies the new keys and values to the cache; "
             "0 = a kernel of its own does");
  b.quantity("blockTime", blockTime, {0, 100 * us}, "start and end of one decode CTA on an SM");
  b.quantity("queryBlockTime", queryBlockTime, {0, 100 * us},
             "start and end of one query block of a prefill on an SM");
  b.quantity("combine", combine, {0, 100 * us}, "extra kernel that merges split keys");
  b.quantity("regroup", regroup, {0, 100 * us, "0 us"},
             "extra kernels that bring the query heads of one key head together");
  b.integer("queryRows", queryRows, {16, 256, "64"}, "queries of a CTA in prefill");
  b.integer("slots", slots, {1, 8, "2"}, "attention CTAs that an SM holds at the same time");
  b.choice("splitRule", splitRule, {"waves", "work"}, {.fallback = "waves"},
           "how decode splits the keys: until the SMs are full, or into equal shares of work");
  b.integer("splitSlots", splitSlots, {1, 8, "1"}, "CTAs per SM that the rule 'waves' wants");
  b.integer("splitLength", splitLength, {0, 1 << 24, "0"},
            "longest sequence the splits are planned for; 0 = the sequence at hand");
  b.integer("splitHeads", splitHeads, {0, 1 << 16, "0"},
            "key heads the splits are planned for; 0 = those of the operator");
  b.flag("splitSingle", splitSingle, {.fallback = "true"},
         "keys are split also when every query head has keys of its own");
}

void StreamFit::bind(Binder& b) {
  b.quantity("start", start, {0, 1000 * us}, "fixed time of a kernel on the device");
  b.quantity("efficiency", efficiency, {0.01, 1},
             "share of the peak bandwidth of DRAM or level-2 cache");
  b.quantity("rowTime", rowTime, {0, 1000 * us}, "time of one CTA for a row of 4,096 elements");
}

void StreamFits::bind(Binder& b) {
  b.integer(
      "elementBits", elementBits, {1, 64, "16"},
      "width of the elements that `rowTime` was measured with; a CTA moves bits, so that others "
      "take their share");
  b.quantity("measuredPerSm", measuredPerSm, {0, 1000, "0"},
             "GB/s of memory bandwidth for each SM of the part that `rowTime` was measured on; "
             "parts with more keep "
             "as much more in flight; 0 = not scaled");
  b.section("add", "two inputs, one output", [this](Binder& s) { add.bind(s); });
  b.section("gated", "gated activations (silu x up)", [this](Binder& s) { gated.bind(s); });
  b.section("activation", "plain activations", [this](Binder& s) { activation.bind(s); });
  b.section("norm", "layer, RMS and batch norms", [this](Binder& s) { norm.bind(s); });
  b.section("rope", "rotary embedding", [this](Binder& s) { rope.bind(s); });
  b.section("softmax", "soft-max of stored scores", [this](Binder& s) { softmax.bind(s); });
  b.section("gather", "embedding, pooling, direct and depthwise convolution",
            [this](Binder& s) { gather.bind(s); });
}

void CollectiveFit::bind(Binder& b) {
  b.quantity("start", start, {0, 1, "8 us"}, "fixed time");
  b.quantity("perDevice", perDevice, {0, 1, "1 us"}, "time added by each device of the group");
  b.quantity("rootPerMegabyte", rootPerMegabyte, {0, 1, "10 us"},
             "term that grows with the square root of the size, at 1 MB");
  b.quantity("bandwidth", bandwidth, {0, 8e13, "0 B/s"},
             "bandwidth of the group (0 = devices are not linked)");
}

void CallCost::bind(Binder& b) {
  b.quantity("before", before, {0, 1, "16 us"},
             "time between the record of the first event and the start of the kernel");
  b.quantity("least", least, {0, 1, "30 us"}, "least time between two events around the call");
  b.quantity("sync", sync, {0, 1, "20 us"}, "added by timing at the host with synchronisation");
}

void CallCosts::bind(Binder& b) {
  b.section("element", "operators on tensors (add, tanh)", [this](Binder& s) { element.bind(s); });
  b.section("module", "functions of a library (relu, gelu, rope)",
            [this](Binder& s) { module.bind(s); });
  b.section("softmax", "soft-max", [this](Binder& s) { softmax.bind(s); });
  b.section("norm", "norms", [this](Binder& s) { norm.bind(s); });
  b.section("product", "products with weights", [this](Binder& s) { product.bind(s); });
  b.section("batched", "batched products", [this](Binder& s) { batched.bind(s); });
  b.section("convolution", "convolutions, with their workspace",
            [this](Binder& s) { convolution.bind(s); });
  b.section("attention", "fused attention", [this](Binder& s) { attention.bind(s); });
}

void LaunchParameters::bind(Binder& b) {
  b.quantity("perKernel", perKernel, {0, 1000 * us, "3 us"}, "host time to launch one kernel");
  b.quantity("perGraphNode", perGraphNode, {0, 1000 * us, "0.8 us"},
             "the same inside a CUDA graph");
  b.quantity("hostSync", hostSync, {0, 1000 * us, "20 us"},
             "added by a call that a host thread issues and waits for");
  b.section("calls", "what measurements see of the host, by kind of call",
            [this](Binder& s) { calls.bind(s); });
  b.flag("graph", graph, {.fallback = "false"}, "kernels are launched as one CUDA graph");
}

void EnergyParameters::bind(Binder& b) {
  b.quantity("macFp32", macFp32, {0, 1000 * pj},
             "energy of an fp32 MAC, operand delivery included");
  b.quantity("macFp16", macFp16, {0, 1000 * pj},
             "energy of an fp16 or bf16 MAC on the matrix units, operand delivery included");
  b.quantity("macFp8", macFp8, {0, 1000 * pj}, "energy of an fp8 MAC, operand delivery included");
  b.quantity("macFp4", macFp4, {0, 1000 * pj}, "energy of an fp4 MAC, operand delivery included");
  b.quantity("macInt8", macInt8, {0, 1000 * pj},
             "energy of an int8 MAC, operand delivery included");
  b.quantity("macInt4", macInt4, {0, 1000 * pj},
             "energy of an int4 MAC, operand delivery included");
  b.quantity("macBinary", macBinary, {0, 1000 * pj},
             "energy of a 1-bit MAC, operand delivery included");
  b.quantity("vectorOp", vectorOp, {0, 1000 * pj},
             "energy of an operation of the vector lanes, operand delivery included");
  b.quantity("dram", dram, {0, 1000 * pj}, "energy of moving a bit through device memory");
  b.quantity("l2", l2, {0, 1000 * pj}, "energy of moving a bit through the level-2 cache");
  b.quantity("shared", shared, {0, 1000 * pj}, "energy of moving a bit through shared memory");
  b.quantity("link", link, {0, 1000 * pj},
             "energy of moving a bit through the link between devices");
  b.quantity("launch", launch, {0, 1}, "energy of starting a kernel");
}

void PowerParameters::bind(Binder& b) {
  b.quantity("tdp", tdp, {0.5, 100000}, "power limit of the board");
  b.quantity("idle", idle, {0, 10000}, "power that always flows");
  b.quantity("active", active, {0, 10000},
             "added while a kernel runs: clocks, leakage at operating temperature");
  b.quantity("uncore", uncore, {0, 10000, "0 W"},
             "added while a kernel runs, whatever the clock: memory, fabric");
  b.quantity("voltageExponent", voltageExponent, {0, 2, "0.7"},
             "supply voltage follows clock^exponent");
  b.quantity("voltageFloor", voltageFloor, {0, 1, "0.7"},
             "lowest supply voltage over that at the nominal clock");
  b.quantity("lowestClock", lowestClock, {0.01, 1, "0.3"},
             "lowest clock as a share of the nominal one");
  b.flag("capped", capped, {.fallback = "true"}, "the clock falls until the power limit is kept");
}

void Calibration::bind(Binder& b) {
  b.text("stack", stack, {.fallback = "generic"}, "software stack that the constants describe");
  b.texts("aliases", aliases, "further names of this stack");
  b.section("gemm", "products on the matrix units", [this](Binder& s) { gemm.bind(s); });
  b.section("lanes", "products on the ordinary lanes", [this](Binder& s) { lanes.bind(s); });
  b.section("convolution", "convolutions", [this](Binder& s) { convolution.bind(s); });
  b.section("attention", "attention kernels", [this](Binder& s) { attention.bind(s); });
  b.section("stream", "streaming kernels", [this](Binder& s) { stream.bind(s); });
  b.section("collective", "collectives", [this](Binder& s) { collective.bind(s); });
  b.section("launches", "what the stack launches beside library kernels",
            [this](Binder& s) { launches.bind(s); });
}

const Calibration* Parameters::findFit(const std::string& wanted) const {
  const auto named = [&](const Calibration& c) {
    return std::find(c.aliases.begin(), c.aliases.end(), wanted) != c.aliases.end();
  };
  if (const auto at = otherFits.find(wanted); at != otherFits.end()) return &at->second;
  for (const auto& [name, other] : otherFits)
    if (named(other)) return &other;
  return wanted.empty() || wanted == "none" || named(fit) ? &fit : nullptr;
}

std::vector<std::string> Parameters::stackNames() const {
  std::vector<std::string> names;
  for (const auto& [name, other] : otherFits) names.push_back(name);
  return names;
}

double Parameters::groupBandwidth() const {
  const double own = groupLink.value.value;
  return own > 0 ? own : fit.collective.bandwidth.value.value;
}

void Parameters::bind(Binder& b) {
  b.text("title", title, {.fallback = "GPU"}, "name for tables");
  b.text("architecture", architecture, {.fallback = ""}, "architecture, for people");
  b.text("stack", stack, {.fallback = "none"},
         "software stack that runs, one of `stacks`; none = library kernels alone");
  b.integer("sms", sms, {1, 100000}, "streaming multiprocessors (compute units)");
  b.quantity("clock", clock, {1e6, 1e10}, "boost clock for which the rates are quoted");
  b.section("matrix", "matrix units", [this](Binder& s) { matrix.bind(s); });
  b.section("vector", "ordinary lanes", [this](Binder& s) { vector.bind(s); });
  b.section("memory", "memories", [this](Binder& s) { memory.bind(s); });
  b.quantity("hostLink", hostLink, {8e6, 8e13}, "link to the host, per direction");
  b.quantity("groupLink", groupLink, {0, 8e13, "0 B/s"},
             "bandwidth in a group of these devices; 0 = that of the constants");
  b.quantity("copyLatency", copyLatency, {0, 1, "10 us"},
             "fixed time of a copy from or to the host");
  b.quantity("area", area, {0, 1e5, "0 mm2"}, "die area; 0 = unknown");
  b.section("calibration", "constants of the library kernels alone",
            [this](Binder& s) { fit.bind(s); });
  b.named("stacks", "software stacks: what they launch, and their constants",
          [this](Binder& s, const std::string& name) { otherFits[name].bind(s); });
  b.section("launch", "host side", [this](Binder& s) { launch.bind(s); });
  b.section("energy", "energy per event", [this](Binder& s) { energy.bind(s); });
  b.section("power", "power", [this](Binder& s) { power.bind(s); });
}

}  // namespace wattlas::gpu
