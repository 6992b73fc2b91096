#include "pim/pimai/parameters.h"

#include <algorithm>

namespace wattlas::pim {

void PimAiParams::bind(Binder& b) {
  const FieldRule rate{1e6, 1e16, {}}, ops{1e6, 1e18, {}}, each{0, 1e-3, {}}, joules{0, 1e-6, {}};
  b.integer("chips", chips, {1, 100000, {}}, "chips of the device");
  b.section("memory", "the DRAM stack of a chip", [&](Binder& m) {
    m.quantity("capacity", capacity, {8e6, 1e15, {}}, "memory of one chip");
    m.integer("channels", channels, {1, 1024, {}}, "channels of a chip");
    m.integer("banks", banks, {1, 1024, {}}, "banks of a channel");
    m.quantity("channelRate", channelRate, rate, "peak rate of a channel");
    m.choice("refresh", refreshMode, {"perBank", "allBank"}, {.fallback = "perBank"},
             "one bank at a time, or the whole channel");
    m.quantity("tRFCpb", tRFCpb, {1e-9, 1e-3, {}}, "refresh of one bank");
    m.section("bank", "timing of a bank", [this](Binder& s) { bank.bind(s); });
  });
  b.section("compute", "the logic die of a chip", [&](Binder& c) {
    c.quantity("fp32", fp32, ops, "single precision");
    c.quantity("fp16", fp16, ops, "half precision and bfloat16");
    c.quantity("int8", int8, ops, "8-bit integers");
    c.quantity("int4", int4, ops, "4-bit integers");
    c.quantity("efficiency", efficiency, {0.01, 1, "1"}, "share of the peak that is reached");
    c.quantity("tileBuffer", tileBuffer, {4096, 1e12, {}}, "weights in flight, two halves");
    c.quantity("sram", sram, {0, 1e12, {}}, "activations kept on the die");
    c.quantity("softmax", softmax, each, "softmax, per element");
    c.quantity("silu", silu, each, "activation functions, per element");
    c.quantity("norm", norm, each, "normalisation, per element");
    c.quantity("other", other, each, "additions, rotations, copies, per element");
  });
  b.section("link", "how chips exchange activations", [&](Binder& l) {
    l.quantity("chip", chipLink, rate, "host link of one chip");
    l.quantity("broadcast", broadcastLink, rate, "one payload to all chips");
    l.quantity("latency", exchangeLatency, {0, 1, {}}, "one exchange among the chips");
    l.quantity("launch", launchTime, {0, 1, {}}, "start of a program by the host");
  });
  b.section("energy", "energy and power of a chip", [&](Binder& e) {
    energy.bind(e);
    e.quantity("flop", flop, joules, "one floating-point operation");
    e.quantity("int8Op", int8Op, joules, "one 8-bit operation");
    e.quantity("int4Op", int4Op, joules, "one 4-bit operation");
    e.quantity("vectorFlops", vectorFlops, {0, 1e6, {}}, "FLOPs of energy per non-linear element");
    e.quantity("chipStatic", chipStatic, {0, 1000, {}}, "standing power of a chip");
  });
  b.quantity("chipArea", chipArea, {0, 1e5, {}}, "area of a chip");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "simulate equal chips and channels once, or each of them");
}

Datapath datapathOf(const NumberFormat& weight, const NumberFormat& activation,
                    const PimAiParams& p) {
  const auto at = [&](const Sourced<OpRate>& rate) {
    return OpRate(rate.value.value * p.efficiency.value.value);
  };
  if (weight.isFloat() || activation.isFloat()) {
    const bool wide = std::max(weight.isFloat() ? weight.bits : 0,
                               activation.isFloat() ? activation.bits : 0) > 16;
    Datapath path{at(wide ? p.fp32 : p.fp16), 0, true, "floating-point units"};
    if (weight.bits < 16 || activation.bits < 16) {
      path.native = false;
      path.how = "expanded to fp16 beside the multiplier, at the fp16 rate";
    }
    return path;
  }
  const int bits = std::max(weight.bits, activation.bits);
  if (bits > 16) return {at(p.fp32), 0, false, "32-bit integers on the fp32 units"};
  if (bits > 8) {
    Datapath path{at(p.int8), 1, false, "four 8-bit products for each 16-bit product"};
    path.rate = OpRate(path.rate.value / 4);
    return path;
  }
  if (bits > 4) return {at(p.int8), 1, weight.bits == activation.bits, "8-bit integer units"};
  if (bits == 4) return {at(p.int4), 2, weight.bits == activation.bits, "4-bit integer units"};
  return {at(p.int4), 2, false, "expanded to 4 bit, at the 4-bit rate"};
}

}  // namespace wattlas::pim
