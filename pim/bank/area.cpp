#include "pim/bank/area.h"

#include <algorithm>

#include "pim/bank/sa_mac.h"

namespace wattlas::pim {

void AreaParams::bind(Binder& b) {
  const FieldRule small{0, 1, {}};
  const auto with = [&](const char* fallback) { return FieldRule{0, 1, fallback}; };
  b.quantity("lane", lane, with("130 um2"), "an 8-bit lane and its part of the adders, in logic");
  b.quantity("registerBit", registerBit, with("2 um2"), "one bit of a register, in logic");
  b.quantity("bufferBit", bufferBit, with("0.2 um2"), "one bit of the activation buffer, in logic");
  b.quantity("dramPenalty", dramPenalty, {1, 100, "10"}, "area in a DRAM process over logic");
  b.quantity("wiring", wiring, {0, 10, "0.5"}, "routing and control over the sum of the parts");
  b.quantity("bankShare", bankShare, {0.01, 1, "0.6"}, "share of a chip that is banks");
  b.choice("die", die, {"grows", "fixed"}, {.fallback = "grows"},
           "the chip gets larger, or the units take the place of cells");
}

MacArea areaOf(const SaMacParams& mac, SquareMm chip, std::int64_t banks) {
  MacArea out;
  const AreaParams& a = mac.area;
  out.bank = chip * (a.bankShare.value.value / static_cast<double>(banks));
  if (!mac.enabled()) return out;
  const double penalty = a.dramPenalty.value.value;
  out.lanes = a.lane.value * (static_cast<double>(mac.lanes) * penalty);
  const double slice = mac.where() == Placement::rowAmps
                           ? static_cast<double>(mac.lanes)  // one bit of each activation
                           : mac.width.value.value;
  const double bits = static_cast<double>(mac.accumulators * mac.accumulatorBits) *
                          (mac.reduction == "lanes" ? static_cast<double>(mac.lanes) : 1.0) +
                      static_cast<double>(mac.inputRegisters) * slice;
  out.registers = a.registerBit.value * (bits * penalty);
  out.buffer = a.bufferBit.value * (mac.inputBuffer.value.value * penalty);
  if (mac.ecc.before()) {
    const double decoders =
        std::max(1.0, mac.width.value.value / static_cast<double>(mac.ecc.word));
    out.ecc = mac.ecc.area.value * (static_cast<double>(mac.ecc.word) * decoders * penalty);
  }
  out.wiring = (out.lanes + out.registers + out.buffer + out.ecc) * a.wiring.value.value;
  out.cells = out.bank * mac.ecc.extraCells();
  if (a.die == "fixed") out.capacityLost = std::min(1.0, out.overhead());
  return out;
}

}  // namespace wattlas::pim
