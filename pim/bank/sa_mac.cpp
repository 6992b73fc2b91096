#include "pim/bank/sa_mac.h"

namespace wattlas::pim {

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
