// Timing as whole numbers, in one unit throughout: command clocks for memories with a clock, or
// picoseconds where nothing is to be rounded.
#pragma once

#include "models/dram/spec.h"

namespace wattlas::dram {

using Clock = std::int64_t;  ///< in the unit of the timing

/// Rounds up as the standards do, with the hundredth of a clock that they forgive.
Clock clocksOf(Seconds time, Hertz clock);

struct Timing {
  Hertz clock;
  Clock cl = 0, cwl = 0, burst = 0, rcdRead = 0, rcdWrite = 0, rp = 0, rpAll = 0, ras = 0, rc = 0;
  Clock ccdS = 0, ccdL = 0, ccdLWrite = 0, rrdS = 0, rrdL = 0, faw = 0, rtp = 0;
  Clock readToWrite = 0;                     ///< read command to write command, same rank
  Clock writeToReadS = 0, writeToReadL = 0;  ///< write command to read command
  Clock sameOtherRank = 0;                   ///< column to column of the same direction, other rank
  Clock readToWriteOther = 0, writeToReadOther = 0;
  Clock writeToPrecharge = 0;
  Clock rfc = 0, rfcBank = 0, bankRefreshToActivate = 0, bankRefreshToRefresh = 0;
  Clock activateClocks = 1, columnClocks = 1;
  bool separateRowBus = false, splitActivate = false;
  bool commandBus = true;         ///< false: who issues commands finds them a slot, in any order
  Clock refi = 0;                 ///< tREFI, rounded down: refreshes never come late on average
  std::int64_t refreshUnits = 0;  ///< bank-wise refreshes that cover a rank; 0 = none
  int ranks = 1, groups = 1, banksPerGroup = 1;

  int banksPerRank() const { return groups * banksPerGroup; }
  int banks() const { return ranks * banksPerRank(); }
  int rankOf(int bank) const { return bank / banksPerRank(); }
  /// Group counted over all ranks.
  int groupOf(int bank) const { return bank / banksPerGroup; }
  /// Which bank-wise refresh covers the bank.
  int unitOf(int bank) const {
    return static_cast<int>(bank % banksPerRank() % static_cast<int>(refreshUnits));
  }
  auto operator<=>(const Timing&) const = default;
};

Timing timingOf(const DramSpec& spec);

}  // namespace wattlas::dram
