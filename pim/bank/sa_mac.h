// Multiply-accumulate units at the sense amplifiers of a bank (SA-MAC): parameters.
#pragma once

#include <algorithm>
#include <string>

#include "models/base/parameter.h"
#include "models/dram/spec.h"

namespace wattlas::pim {

// Area of the MACs of a bank, part by part, in the process of the DRAM.

struct AreaParams {
  Sourced<SquareMm> lane;         ///< an 8-bit lane with its part of the adder tree, logic process
  Sourced<SquareMm> registerBit;  ///< one bit of registers and accumulators, logic process
  Sourced<SquareMm> bufferBit;    ///< one bit of the activation buffer, logic process
  Sourced<Ratio> dramPenalty;     ///< area in the DRAM's process over that of a logic process
  Sourced<Ratio> wiring;          ///< routing and control added to the sum of the parts
  Sourced<Ratio> bankShare;       ///< share of a chip that is banks
  /// `grows`: the chip gets larger; `fixed`: the units take the place of cells.
  std::string die = "grows";
  void bind(Binder& binder);
};

/// Of one bank.
struct MacArea {
  SquareMm lanes, registers, buffer, ecc, wiring, cells;  ///< cells: check bits beside the rows
  SquareMm bank;                                          ///< the bank without units
  SquareMm total() const { return lanes + registers + buffer + ecc + wiring + cells; }
  double overhead() const { return total().value / bank.value; }
  /// Share of the bank's cells that are given up when the die keeps its size.
  double capacityLost = 0;
};

/// Error correction of the weights that a bank's MACs read: where it sits, and what it costs in
/// time, bandwidth, cells and energy.
struct EccParams {
  /// `none`; `before_mac`: every word is corrected on its way to the units; `after_mac`: the units
  /// read raw cells, a checksum output per group is held against the sum of the group.
  std::string placement = "none";
  std::int64_t word = 128;  ///< data bits of a code word
  std::int64_t check = 8;   ///< check bits of a code word
  std::string storage =
      "side";                ///< `side`: cells beside the row (area); `inline`: cells of the row
  bool pipelined = true;     ///< a word enters the decoder while another one leaves it
  Sourced<Seconds> latency;  ///< one word through the decoder
  Sourced<Joules> decode;    ///< one word through the decoder
  Sourced<SquareMm> area;    ///< decoder, in a logic process, per data bit

  void bind(Binder& binder);
  bool before() const { return placement == "before_mac"; }
  bool after() const { return placement == "after_mac"; }
  /// Share of a row's bits that hold weights (check bits may live in the row).
  double useful() const;
  /// Bits read from cells per bit of weights.
  double readFactor() const;
  /// Share of cells beside those for weights.
  double extraCells() const;
  /// Added between activation and the first MAC of a row: the first word is fetched by accesses of
  /// `width` bits, one each `issue`, and corrected.
  Seconds atOpen(double width, Seconds issue) const;
  /// Added to each access of `width` bits when the decoder takes one word after the other.
  Seconds perAccess(double width) const;
  /// Share of single-bit errors in weights of `weightBits` that are noticed before a wrong sum
  /// leaves the DPU. Before the MACs: all, and they are corrected. After them: the checksum is kept
  /// modulo 2^weightBits, so an error of 2^k times an activation that is a multiple of
  /// 2^(weightBits - k) hides; uniform activations give 1 - mean over k of 2^-(weightBits - k).
  double coverage(int weightBits) const;
};

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

/// `chip`: area of a chip without units; `banks`: banks of a chip.
MacArea areaOf(const SaMacParams& mac, SquareMm chip, std::int64_t banks);

}  // namespace wattlas::pim
