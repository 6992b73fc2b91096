#include "gpu/parameters.h"

#include <algorithm>

namespace wattlas::gpu {
namespace {
constexpr double us = 1e-6;
constexpr double pj = 1e-12;

template <class Part>
void section(Binder& b, const char* key, const char* doc, Part& part) {
  b.section(key, doc, [&part](Binder& s) { part.bind(s); });
}

template <class Q>
struct Entry {
  const char* key;
  Sourced<Q>& target;
  const char* what;
};
/// Values of one kind, with the same limits and like meanings.
template <class Q>
void each(Binder& b, const FieldRule& rule, const std::string& before, const std::string& after,
          std::initializer_list<Entry<Q>> entries) {
  for (const Entry<Q>& e : entries) b.quantity(e.key, e.target, rule, before + e.what + after);
}
}  // namespace

void MacRates::bind(Binder& b) {
  b.integer("cluster", cluster, {1, 16, "1"},
            "CTAs of a cluster that share the operands they load (multicast); 1 = none");
  each<Ratio>(b, {0, 65536, "0"}, "MACs per clock and SM on the matrix units: ", "; 0 = none",
              {{"fp32", fp32, "fp32 products"},
               {"tf32", tf32, "tf32 products"},
               {"fp16", fp16, "fp16 products, fp32 accumulators"},
               {"bf16", bf16, "bf16 products"},
               {"fp8", fp8, "fp8 products"},
               {"fp4", fp4, "fp4 products"},
               {"int8", int8, "int8 products"},
               {"int4", int4, "int4 products"},
               {"binary", binary, "1-bit products (XOR and population count)"}});
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
  b.integer("geluKernels", geluKernels, {1, 16, "1"},
            "element kernels of one GELU; eight where the network writes out its tanh form");
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
  section(b, "add", "two inputs, one output", add);
  section(b, "gated", "gated activations (silu x up)", gated);
  section(b, "activation", "plain activations", activation);
  section(b, "norm", "layer, RMS and batch norms", norm);
  section(b, "rope", "rotary embedding", rope);
  section(b, "softmax", "soft-max of stored scores", softmax);
  section(b, "gather", "embedding, pooling, direct and depthwise convolution", gather);
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
  section(b, "element", "operators on tensors (add, tanh)", element);
  section(b, "module", "functions of a library (relu, gelu, rope)", module);
  section(b, "softmax", "soft-max", softmax);
  section(b, "norm", "norms", norm);
  section(b, "product", "products with weights", product);
  section(b, "batched", "batched products", batched);
  section(b, "convolution", "convolutions, with their workspace", convolution);
  section(b, "attention", "fused attention", attention);
}

void LaunchParameters::bind(Binder& b) {
  b.quantity("perKernel", perKernel, {0, 1000 * us, "3 us"}, "host time to launch one kernel");
  b.quantity("perGraphNode", perGraphNode, {0, 1000 * us, "0.8 us"},
             "the same inside a CUDA graph");
  b.quantity("hostSync", hostSync, {0, 1000 * us, "20 us"},
             "added by a call that a host thread issues and waits for");
  section(b, "calls", "what measurements see of the host, by kind of call", calls);
  b.flag("graph", graph, {.fallback = "false"}, "kernels are launched as one CUDA graph");
}

void EnergyParameters::bind(Binder& b) {
  each<Joules>(b, {0, 1000 * pj}, "energy of ", ", operand delivery included",
               {{"macFp32", macFp32, "an fp32 MAC"},
                {"macFp16", macFp16, "an fp16 or bf16 MAC on the matrix units"},
                {"macFp8", macFp8, "an fp8 MAC"},
                {"macFp4", macFp4, "an fp4 MAC"},
                {"macInt8", macInt8, "an int8 MAC"},
                {"macInt4", macInt4, "an int4 MAC"},
                {"macBinary", macBinary, "a 1-bit MAC"},
                {"vectorOp", vectorOp, "an operation of the vector lanes"}});
  each<JoulesPerBit>(b, {0, 1000 * pj}, "energy of moving a bit through ", "",
                     {{"dram", dram, "device memory"},
                      {"l2", l2, "the level-2 cache"},
                      {"shared", shared, "shared memory"},
                      {"link", link, "the link between devices"}});
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
  section(b, "gemm", "products on the matrix units", gemm);
  section(b, "lanes", "products on the ordinary lanes", lanes);
  section(b, "convolution", "convolutions", convolution);
  section(b, "attention", "attention kernels", attention);
  section(b, "stream", "streaming kernels", stream);
  section(b, "collective", "collectives", collective);
  section(b, "launches", "what the stack launches beside library kernels", launches);
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
  section(b, "matrix", "matrix units", matrix);
  section(b, "vector", "ordinary lanes", vector);
  section(b, "memory", "memories", memory);
  b.quantity("hostLink", hostLink, {8e6, 8e13}, "link to the host, per direction");
  b.quantity("groupLink", groupLink, {0, 8e13, "0 B/s"},
             "bandwidth in a group of these devices; 0 = that of the constants");
  b.quantity("copyLatency", copyLatency, {0, 1, "10 us"},
             "fixed time of a copy from or to the host");
  b.quantity("area", area, {0, 1e5, "0 mm2"}, "die area; 0 = unknown");
  section(b, "calibration", "constants of the library kernels alone", fit);
  b.named("stacks", "software stacks: what they launch, and their constants",
          [this](Binder& s, const std::string& name) { otherFits[name].bind(s); });
  section(b, "launch", "host side", launch);
  section(b, "energy", "energy per event", energy);
  section(b, "power", "power", power);
}

}  // namespace wattlas::gpu
