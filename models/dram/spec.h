// A DRAM standard as configuration: organisation, timing, refresh, energy (configs/memories/
// dram-*.yaml). Each number carries its source; where sources disagree it carries an interval.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/config.h"
#include "models/base/parameter.h"

namespace wattlas::dram {

// Distances between the commands of a DRAM, as data sheets name them, and the bank programs' part.

/// Every distance that some DRAM has; which of them a file gives depends on what it describes. In
/// seconds, rounded to no clock; sources stand in configs/memories/*.yaml.
struct Distances {
  Sourced<Seconds> tCK;       ///< one slot of the command bus
  Sourced<Seconds> tRCD;      ///< activate to read
  Sourced<Seconds> tRCDW;     ///< activate to write
  Sourced<Seconds> tRCDMAC;   ///< activate to a multiply-accumulate beside the bank
  Sourced<Seconds> tRCDAF;    ///< activate to a look-up of an activation function
  Sourced<Seconds> tRP;       ///< precharge of one bank to activate
  Sourced<Seconds> tRPab;     ///< precharge of all banks to activate or refresh
  Sourced<Seconds> tRAS;      ///< activate to precharge
  Sourced<Seconds> tRTP;      ///< read or multiply-accumulate to precharge
  Sourced<Seconds> tWR;       ///< end of write data to precharge
  Sourced<Seconds> tWTP;      ///< write to precharge: write latency, burst and recovery
  Sourced<Seconds> tCCDS;     ///< column to column, other bank group
  Sourced<Seconds> tCCDL;     ///< column to column, same bank group
  Sourced<Seconds> tCCDLW;    ///< write to write, same bank group
  Sourced<Seconds> tMAC;      ///< multiply-accumulate to multiply-accumulate
  Sourced<Seconds> tBuffer;   ///< distance of writes to registers or to the global buffer
  Sourced<Seconds> tRRD;      ///< activate to activate (other bank group, where there are groups)
  Sourced<Seconds> tRRDL;     ///< activate to activate, same bank group
  Sourced<Seconds> tFAW;      ///< window of four activates of single banks; 0 = none
  Sourced<Seconds> tRTW;      ///< read to write
  Sourced<Seconds> tWTR;      ///< write to read; end of write data, other bank group (standards)
  Sourced<Seconds> tWTRL;     ///< end of write data to read, same bank group
  Sourced<Seconds> tRead;     ///< read command to the end of its data
  Sourced<Seconds> tMOD;      ///< between access to registers and to banks
  Sourced<Seconds> tRFC;      ///< one refresh of all banks
  Sourced<Seconds> tREFI;     ///< interval between refreshes
  Sourced<Seconds> tRFCpb;    ///< one bank-wise refresh
  Sourced<Seconds> tRREFD;    ///< bank-wise refresh to activate of another bank
  Sourced<Seconds> tPBR2PBR;  ///< bank-wise refresh to the next of its rank
};
/// Adds a problem when refresh leaves hardly any time: near the whole of it nothing ever ends.
void checkRefreshShare(Binder& binder, const Distances& distances);

/// One bank of a bank program.
struct BankTiming : Distances {
  Sourced<Bits> rowBits;  ///< one row of the bank

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

/// Counts and widths. A "channel" here is what has a data bus of its own: a DDR5 subchannel, an HBM
/// pseudo channel.
struct Organisation {
  std::int64_t channels = 1, pseudoChannels = 1, ranks = 1, bankGroups = 1, banksPerGroup = 1;
  std::int64_t rows = 1;
  std::int64_t columns = 1;       ///< per row, each as wide as the device
  std::int64_t deviceWidth = 1;   ///< bits
  std::int64_t channelWidth = 1;  ///< bits of the data bus
  std::int64_t burstLength = 1;   ///< beats of one access
  std::int64_t beatsPerClock = 2;

  void bind(Binder& binder);
  std::int64_t allChannels() const { return channels * pseudoChannels; }
  std::int64_t banksPerRank() const { return bankGroups * banksPerGroup; }
  std::int64_t banks() const { return ranks * banksPerRank(); }
  std::int64_t devicesPerRank() const { return channelWidth / deviceWidth; }
  std::int64_t accessBytes() const { return burstLength * channelWidth / 8; }
  std::int64_t accessesPerRow() const { return columns / burstLength; }
  std::int64_t rowBytes() const { return columns * channelWidth / 8; }
  std::int64_t channelBytes() const { return banks() * rows * rowBytes(); }
  std::int64_t bytes() const { return channelBytes() * allChannels(); }
};

/// Timing as the standards give it: clocks for latencies that are programmed, time for the rest.
struct TimingSpec : Distances {
  Sourced<Hertz> clock;
  Sourced<Count> cl, cwl, ccdS, readToWriteGap, rankSwitch;  ///< clocks
  std::int64_t activateClocks = 1, columnClocks = 1;
  bool separateRowBus = false;
  bool splitActivate = false;

  void bind(Binder& binder);
};

struct RefreshSpec {
  std::int64_t postponeLimit = 0;
  std::int64_t banksPerCommand = 0;  ///< banks of one bank-wise refresh; 0 = the standard has none

  void bind(Binder& binder, Distances& times);
};

/// Data-sheet currents of one device, in milliamperes, and its supplies in volts.
struct Currents {
  Sourced<Ratio> vdd, vpp;
  Sourced<Ratio> idd0, idd2n, idd3n, idd4r, idd4w, idd5b, ipp0;

  void bind(Binder& binder);
};

/// Energy of one device. Either currents, or energies per command where no currents are published.
struct EnergySpec {
  std::string method;  ///< currents or perCommand
  Currents currents;
  Sourced<Joules> activation, refresh, refreshBank;  ///< per command of one device
  Sourced<JoulesPerBit> readCore, writeCore;
  Sourced<Watts> standbyOpen, standbyClosed;  ///< per device
  Sourced<JoulesPerBit> readIo, writeIo, termination;

  void bind(Binder& binder, bool bankRefresh);
};

struct DramSpec {
  std::string title, standard;
  Organisation organisation;
  TimingSpec timing;
  RefreshSpec refresh;
  EnergySpec energy;

  void bind(Binder& binder);
  /// Bits per second of all channels together.
  BitRate peak() const;
};

/// Reads `configs/memories/dram-<id>.yaml` (or a file) with `sets` laid over it. Throws InputError
/// with every problem found.
DramSpec loadDramSpec(const SearchPath& path, const std::string& idOrFile,
                      const std::vector<std::pair<std::string, ConfigNode>>& sets = {});
/// Ids that loadDramSpec knows, such as `ddr4-3200`.
std::vector<std::string> dramSpecIds(const SearchPath& path);
/// JSON Schema of a specification.
std::string dramSchema();

// Timing as whole numbers, in one unit throughout: command clocks for memories with a clock, or
// picoseconds where nothing is to be rounded.

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

/// What the memory controller may be told: queues, page policy, refresh, address mapping.
struct ControllerParams {
  std::int64_t readQueue = 32, writeQueue = 32;  ///< entries of one channel
  std::int64_t drainStart = 24, drainStop = 8;   ///< waiting writes that start and end a drain
  std::int64_t hitCap = 16;     ///< row hits in a row while an older request of the bank waits
  std::string page = "open";    ///< open or closed
  std::string refresh = "all";  ///< all, bank or none
  std::int64_t postpone = 0;    ///< refreshes that may wait while there is work
  std::string mapping = "row:rank:bank:column:bankgroup:channel";
  bool bankXor = false;  ///< bank and group bits are XORed with the lowest row bits

  void bind(Binder& binder);
  auto operator<=>(const ControllerParams&) const = default;
};

/// Refuses refreshes that leave no time for accesses (InputError).
void checkRefresh(const ControllerParams& params, const Timing& timing);
/// Refuses what the standard does not have (InputError): bank-wise refresh, postponing too much.
void check(const ControllerParams& params, const DramSpec& spec);

}  // namespace wattlas::dram
