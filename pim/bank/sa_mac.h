// Multiply-accumulate units at the sense amplifiers of a bank (SA-MAC): parameters.
#pragma once

#include <algorithm>
#include <string>

#include "models/dram/bank_timing.h"
#include "pim/bank/area.h"
#include "pim/bank/ecc.h"

namespace wattlas::pim {

using dram::BankEnergy;
using dram::BankTiming;
using dram::nearestTicks;

enum class Placement {
  columnAmps,  ///< `col_sa`: behind the column multiplexer, one column access at a time
  rowAmps,     ///< `row_sa`: at the row of sense amplifiers, activations bit by bit
  none,        ///< `dpu`: no units, the DPU multiplies
};

struct SaMacParams {
  std::string placement = "col_sa";
  std::int64_t lanes = 0;           ///< 8-bit lanes per access; 0 = the bank has no MACs (DPU only)
  Sourced<Bits> width;              ///< bits per column access
  Sourced<Seconds> macIssue;        ///< column access to column access
  Sourced<Seconds> bitTime;         ///< row_sa: one bit of the activations
  std::int64_t inputRegisters = 2;  ///< slices of activations, ping-pong at 2
  Sourced<Bits> inputBuffer;        ///< activations kept per bank besides the registers (0 = none)
  std::int64_t accumulators = 8;    ///< sums, one per interleaved output row
  std::int64_t accumulatorBits = 32;  ///< longer inner products are read out in parts
  std::string reduction = "tree";     ///< `lanes`: no adder tree, the DPU adds the lanes' sums
  std::int64_t narrowestWeight = 1;   ///< bits; narrower weights are stored that wide
  std::int64_t maxActivationBits = 8;
  std::string commandQueue = "bank";  ///< `chip`: one stream for all banks of a chip, in lock-step
  std::int64_t transfersPerRow = 1;   ///< DMA transfers of the DPU served between two rows
  std::string overlap = "none";       ///< `subarray` hides precharge and activation of the next row
  std::int64_t activeRowsPerChip = 8;  ///< cap on MAC rows open at once in a chip
  Sourced<Seconds> tFAW;           ///< window of four activations in a chip; 0 = no common pumps
  Sourced<Watts> powerCap;         ///< of the row passes of a chip; 0 = none
  Sourced<Joules> mac;             ///< one 8 x 8 bit MAC
  Sourced<Ratio> inputWrite;       ///< DPU instructions to write 8 bytes of activations (WR_IN)
  Sourced<Ratio> accumulatorRead;  ///< DPU instructions to read and clear one sum (RD_ACC)
  Sourced<Ratio> rowCommand;       ///< DPU instructions that start one row pass
  EccParams ecc;
  AreaParams area;

  void bind(Binder& binder);
  bool enabled() const { return lanes > 0 && where() != Placement::none; }
  Placement where() const {
    return placement == "row_sa" ? Placement::rowAmps
           : placement == "dpu"  ? Placement::none
                                 : Placement::columnAmps;
  }
  bool lockStep() const { return commandQueue == "chip"; }
  /// Bits that a weight takes in the rows.
  int storedBits(int weightBits) const {
    return std::max(weightBits, static_cast<int>(narrowestWeight));
  }
  /// Whether weights of `weightBits` and activations of `activationBits` run on the units.
  bool runs(int weightBits, int activationBits) const;
};

}  // namespace wattlas::pim
