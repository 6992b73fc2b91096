// Timing and energy of one DRAM bank, as far as bank programs need them.
#pragma once

#include "models/base/parameter.h"

namespace wattlas::pim {

/// One bank. Times in seconds, sizes in bits; sources stand in configs/memories/*.yaml.
struct BankTiming {
  Sourced<Seconds> tRCD;   ///< activate to column command
  Sourced<Seconds> tRP;    ///< precharge to activate
  Sourced<Seconds> tRAS;   ///< activate to precharge
  Sourced<Seconds> tRTP;   ///< column read to precharge
  Sourced<Seconds> tRFC;   ///< duration of a refresh
  Sourced<Seconds> tREFI;  ///< interval between refreshes
  Sourced<Bits> rowBits;   ///< one row of the bank

  void bind(Binder& binder);
  /// Share of time that refresh leaves to work.
  double available() const { return 1.0 - tRFC.value / tREFI.value; }
};

/// Joules of the bank's events.
struct BankEnergy {
  Sourced<JoulesPerBit> access;  ///< column access, cell array to the unit beside it
  Sourced<Joules> activation;    ///< activate + precharge of one row
  Sourced<Joules> refresh;       ///< one refresh of one bank

  void bind(Binder& binder);
};

/// `seconds` as whole picoseconds, rounded to nearest: DRAM timings are given to the picosecond.
Ticks nearestTicks(Seconds seconds);

}  // namespace wattlas::pim
