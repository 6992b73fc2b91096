// One row pass of a bank's MACs, and the peak rates that follow from it.
#pragma once

#include <algorithm>

#include "pim/bank/sa_mac.h"

namespace wattlas::pim {

/// How a bank handles one row.
struct RowPass {
  std::int64_t columns = 1;  ///< column accesses (row_sa: 1)
  Ticks column;              ///< one column access with its MACs (row_sa: all bits)
  Ticks open;                ///< activate to the first column command, ECC included
  Ticks recover;             ///< end of the last column to precharge (tRTP; row_sa: 0)
  Ticks close;               ///< precharge to the next activate of the subarray
  Ticks minimumOpen;         ///< least time a row is open (tRAS)
  bool overlap = false;      ///< two subarrays alternate behind one column path
  Ticks pitch;               ///< least time from row to row because banks share a chip
  Ticks powerPitch;          ///< the part of it that the power cap asks for
  /// Banks that take turns because fewer rows may be open at once in the chip; equal = no cap.
  std::int64_t sharers = 1, slots = 1;
  /// How long a row is open when its last column ends `busy` after its activate.
  Ticks openFor(Ticks busy) const { return std::max(busy + recover, minimumOpen); }
  /// Activate to the next activate of the bank when a row was open so long: window, power and its
  /// turn among the banks of the chip.
  Ticks spacing(Ticks wasOpen) const;
  /// Banks of the chip wait for each other.
  bool shared() const { return pitch > powerPitch || sharers > slots; }
  /// Activate to the next activate when the columns took `busy` in all, for a bank alone.
  Ticks own(Ticks busy) const;
  /// The same among the banks of the chip.
  Ticks cycle(Ticks busy) const { return std::max(own(busy), spacing(openFor(open + busy))); }
  /// The same when activations arrive in time.
  Ticks duration() const;
  /// No program with `rows` rows is faster, whatever its columns do.
  Ticks leastFor(std::int64_t rows) const;
};

/// `rowEnergy`: joules of one full row pass of one bank, for the power cap.
RowPass rowPass(const SaMacParams& mac, const BankTiming& timing, int activationBits,
                std::int64_t banksPerChip, Joules rowEnergy = Joules(0));

/// Weight bits of a row (check bits inside the row left out), in whole accesses.
Bits usefulRow(const SaMacParams& mac, const BankTiming& timing);
/// Joules of one full row pass: activation, bits to the units, MACs, decoders.
Joules energyOfRow(const SaMacParams& mac, const BankTiming& timing, const BankEnergy& energy,
                   int weightBits);

/// Peak rates of one bank without refresh.
struct PeakRates {
  Seconds row;
  BitRate stream;  ///< zero for row_sa
  double macsPerSecond = 0;
};
PeakRates peakRates(const SaMacParams& mac, const BankTiming& timing, int weightBits,
                    int activationBits, std::int64_t banksPerChip, Joules rowEnergy = Joules(0));

/// Timing of the bank at a die temperature in degrees Celsius: refresh comes twice as often above
/// 85, four times above 95 (JEDEC extended temperature ranges).
BankTiming atTemperature(BankTiming timing, double celsius);

}  // namespace wattlas::pim
