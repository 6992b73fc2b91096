#include "pim/pimai/parameters.h"

namespace wattlas::pim {

void PimAiParams::bind(Binder& b) {
  const FieldRule rate{1e6, 1e16, {}};
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
    if (m.reading() && !allBank() && tRFCpb.value > 0.9 * bank.tREFI.value)
      m.problem("tRFCpb", "refresh takes more than nine tenths of a bank's time",
                "tRFCpb up to 0.9 x tREFI");
  });
  b.section("compute", "the logic die of a chip", [&](Binder& c) {
    bindRates(c);
    c.quantity("tileBuffer", tileBuffer, {4096, 1e12, {}}, "weights in flight, two halves");
    c.quantity("sram", sram, {0, 1e12, {}}, "activations kept on the die");
    bindElements(c);
  });
  b.section("link", "how chips exchange activations", [&](Binder& l) {
    l.quantity("chip", chipLink, rate, "host link of one chip");
    l.quantity("broadcast", broadcastLink, rate, "one payload to all chips");
    l.quantity("latency", exchangeLatency, {0, 1, {}}, "one exchange among the chips");
    l.quantity("energy", linkEnergy, {0, 1e-6, {}}, "one bit over one link");
    l.integer("broadcastLinks", broadcastLinks, {0, 100000, "0"},
              "links that a broadcast drives: one a chip (0) or one a DIMM");
    l.quantity("launch", launchTime, {0, 1, {}}, "start of a program by the host");
  });
  b.section("energy", "energy and power of a chip", [&](Binder& e) {
    energy.bind(e);
    bindEnergy(e);
    e.quantity("chipStatic", chipStatic, {0, 1000, {}}, "standing power of a chip");
  });
  b.integer("keyBlock", keyBlock, {1, 1 << 20, "256"},
            "keys of a head that a chip takes before a spare chip takes the next");
  b.quantity("chipArea", chipArea, {0, 1e5, {}}, "area of a chip");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "simulate equal chips and channels once, or each of them");
}

}  // namespace wattlas::pim
