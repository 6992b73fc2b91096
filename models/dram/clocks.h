// A specification in whole command clocks: what both fidelities count in.
#pragma once

#include "models/dram/spec.h"

namespace wattlas::dram {

using Clock = std::int64_t;

/// Rounds up as the standards do, with the hundredth of a clock that they forgive.
Clock clocksOf(Seconds time, Hertz clock);

struct Clocks {
  Hertz clock;
  Clock cl, cwl, burst, rcdRead, rcdWrite, rp, rpAll, ras, rc;
  Clock ccdS, ccdL, ccdLWrite, rrdS, rrdL, faw, wr, rtp, wtrS, wtrL;
  Clock readToWrite;                 ///< read command to write command, same rank
  Clock writeToReadS, writeToReadL;  ///< write command to read command
  Clock sameOtherRank;               ///< column to column of the same direction, other rank
  Clock readToWriteOther, writeToReadOther;
  Clock writeToPrecharge;
  Clock rfc, rfcBank, bankRefreshToActivate, bankRefreshToRefresh;
  Clock activateClocks, columnClocks;
  bool separateRowBus;
  Clock refi;                     ///< tREFI, rounded down: refreshes never come late on average
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
};

Clocks clocksOf(const DramSpec& spec);

}  // namespace wattlas::dram
