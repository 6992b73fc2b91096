// A DRAM standard as configuration: organisation, timing, refresh, energy (configs/memories/
// dram-*.yaml). Each number carries its source; where sources disagree it carries an interval.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/config.h"
#include "models/base/parameter.h"
#include "models/dram/bank_timing.h"

namespace wattlas::dram {

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

}  // namespace wattlas::dram
