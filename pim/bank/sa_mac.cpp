#include "pim/bank/sa_mac.h"

#include <algorithm>
#include <cmath>

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

void EccParams::bind(Binder& b) {
  b.choice("placement", placement, {"none", "before_mac", "after_mac"}, {.fallback = "none"},
           "no correction, correction on the way to the MACs, or a checksum of their sums");
  b.integer("word", word, {8, 8192, "128"}, "data bits of a code word");
  b.integer("check", check, {1, 1024, "8"}, "check bits of a code word");
  b.choice("storage", storage, {"side", "inline"}, {.fallback = "side"},
           "check bits in cells beside the row, or inside it");
  b.flag("pipelined", pipelined, {.fallback = "true"}, "a word may enter while another one leaves");
  b.quantity("latency", latency, {0, 1e-6, "2 ns"}, "one word through the decoder");
  b.quantity("decode", decode, {0, 1e-9, "0.5 pJ"}, "energy of one word in the decoder");
  b.quantity("area", area, {0, 1, "6 um2"}, "decoder in a logic process, per data bit");
}

double EccParams::useful() const {
  if (!before() || storage != "inline") return 1.0;
  return static_cast<double>(word) / static_cast<double>(word + check);
}

double EccParams::readFactor() const {
  return before() ? static_cast<double>(word + check) / static_cast<double>(word) : 1.0;
}

double EccParams::extraCells() const {
  if (!before() || storage != "side") return 0.0;
  return static_cast<double>(check) / static_cast<double>(word);
}

Seconds EccParams::atOpen(double width, Seconds issue) const {
  if (!before()) return Seconds(0);
  const double fetches = std::max(1.0, std::ceil(static_cast<double>(word) / width));
  return latency.value + issue * (fetches - 1);
}

Seconds EccParams::perAccess(double width) const {
  if (!before() || pipelined) return Seconds(0);
  // Words of one access go through as many decoders; narrower accesses share a word.
  return latency.value * std::min(1.0, width / static_cast<double>(word));
}

double EccParams::coverage(int weightBits) const {
  if (before()) return 1.0;
  if (!after()) return 0.0;
  double hidden = 0;
  for (int k = 0; k < weightBits; ++k) hidden += std::ldexp(1.0, k - weightBits);
  return 1.0 - hidden / weightBits;
}

void SaMacParams::bind(Binder& b) {
  b.choice(
      "placement", placement, {"col_sa", "row_sa", "dpu"}, {.fallback = "col_sa"},
      "MACs behind the column multiplexer, at the row of sense amplifiers, or none (DPU only)");
  b.integer("lanes", lanes, {0, 65536, "0"}, "8-bit lanes per access; 0 = no MACs in the bank");
  b.quantity("widthPerAccess", width, {8, 1e6, "64 bit"}, "bits of one column access");
  b.quantity("macIssue", macIssue, {0.1e-9, 1e-6, "5 ns"}, "column access to column access");
  b.quantity("bitTime", bitTime, {0.1e-9, 1e-6, "2.5 ns"}, "row_sa: one bit of the activations");
  b.integer("inputRegisters", inputRegisters, {1, 64, "2"}, "slices of activations held");
  b.quantity("inputBuffer", inputBuffer, {0, 1e9, "0 bit"}, "activation buffer per bank");
  b.integer("accumulators", accumulators, {1, 4096, "8"}, "sums per bank");
  b.integer("accumulatorBits", accumulatorBits, {8, 64, "32"}, "bits of a sum");
  b.choice("reduction", reduction, {"tree", "lanes"}, {.fallback = "tree"},
           "adders join the lanes, or every lane keeps its own sum for the DPU to add");
  b.integer("narrowestWeight", narrowestWeight, {1, 8, "1"},
            "bits; narrower weights are stored that wide");
  b.integer("activationBits", maxActivationBits, {1, 16, "8"}, "widest activations");
  b.choice(
      "commandQueue", commandQueue, {"bank", "chip"}, {.fallback = "bank"},
      "every DPU commands its own bank, or one stream drives all banks of a chip in lock-step");
  b.integer("transfersPerRow", transfersPerRow, {1, 4096, "1"},
            "DMA transfers of the DPU that the bank serves between two rows");
  b.choice("overlap", overlap, {"none", "subarray"}, {.fallback = "none"},
           "whether the next row opens in another subarray meanwhile");
  b.integer("activeRowsPerChip", activeRowsPerChip, {1, 64, "8"}, "MAC rows open at once");
  b.quantity("tFAW", tFAW, {0, 1e-6, "0 ns"}, "window of four activations; 0 = none");
  b.quantity("powerCap", powerCap, {0, 1e3, "0 W"}, "power of a chip's row passes; 0 = no cap");
  b.quantity("mac", mac, {0, 1e-9, "0.2 pJ"}, "energy of one 8 x 8 bit MAC");
  b.quantity("inputWrite", inputWrite, {0, 1000, "3"}, "DPU instructions per 8 bytes written");
  b.quantity("accumulatorRead", accumulatorRead, {0, 1000, "3"}, "DPU instructions per sum read");
  b.quantity("rowCommand", rowCommand, {0, 1000, "2"}, "DPU instructions per row pass");
  b.section("ecc", "error correction of the weights", [this](Binder& s) { ecc.bind(s); });
  b.section("area", "area of the units", [this](Binder& s) { area.bind(s); });
  if (b.reading() && ecc.after() && accumulators < 2)
    b.problem("accumulators", "leave none for the checksum of ecc.placement after_mac",
              "2 or more accumulators");
}

bool SaMacParams::runs(int weightBits, int activationBits) const {
  return enabled() && weightBits <= 8 && activationBits <= maxActivationBits &&
         storedBits(weightBits) + activationBits <= accumulatorBits;
}

}  // namespace wattlas::pim
