// Area of the MACs of a bank, part by part, in the process of the DRAM.
#pragma once

#include "models/base/parameter.h"

namespace wattlas::pim {

struct SaMacParams;

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

/// `chip`: area of a chip without units; `banks`: banks of a chip.
MacArea areaOf(const SaMacParams& mac, SquareMm chip, std::int64_t banks);

}  // namespace wattlas::pim
