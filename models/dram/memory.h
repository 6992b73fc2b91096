// A whole memory without SystemC: address mapping, a controller for each channel, results.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "models/dram/channel_engine.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

// Byte address to channel, rank, bank, row and column, as a text such as
// `row:bank:column:bankgroup:channel` says.

/// Where an access goes. `bank` counts over all ranks of the channel, `column` counts accesses.
struct Location {
  int channel = 0, bank = 0;
  std::int64_t row = 0, column = 0;
  bool operator==(const Location&) const = default;
};

class AddressMap {
 public:
  /// Throws InputError: unknown or missing part, too many bits.
  AddressMap(const Organisation& organisation, const std::string& mapping, bool bankXor);

  /// The access that holds the byte; addresses wrap at the size of the memory.
  Location at(std::uint64_t address) const;
  /// First byte of an access.
  std::uint64_t addressOf(const Location& location) const;
  std::uint64_t bytes() const { return std::uint64_t{1} << totalBits_; }
  std::int64_t accessBytes() const { return std::int64_t{1} << offsetBits_; }

 private:
  enum Part { row, rank, bank, group, column, channel, parts };
  struct Slice {
    Part part;
    int bits, shift;  ///< shift inside the part's value
  };
  std::uint64_t scramble(std::uint64_t bankBits, std::uint64_t row) const;

  std::vector<Slice> slices_;  ///< from the lowest address bit upwards
  int bits_[parts] = {};
  int offsetBits_ = 0, totalBits_ = 0;
  bool xor_ = false;
};

// Joules of a DRAM from counted events. Scope: device core (activation, column access, refresh,
// standby), input/output (drivers, wires, terminations of both ends). Not inside: the controller
// and its PHY logic, voltage regulators.

/// Where joules go.
enum class EnergyPart { activation, column, refresh, standby, io };

/// Joules of one counted event.
struct EnergyCoefficient {
  std::string id;  ///< such as "dram.read"
  EnergyPart part = EnergyPart::activation;
  std::string unit;  ///< what one count is: "access", "bit", "ps"
  Sourced<Joules> each;
};

/// Coefficients of one rank's events, all devices of the rank together.
struct DramEnergy {
  explicit DramEnergy(const DramSpec& spec);

  std::vector<EnergyCoefficient> all;
  /// Indices into `all`.
  std::size_t activation, readCore, writeCore, refresh, refreshBank, standbyOpen, standbyClosed,
      readIo, writeIo, termination;
  std::int64_t accessBits;
};

/// One cell: events of one coefficient in one part of the memory.
struct LedgerCell {
  int channel = 0, rank = -1;   ///< rank -1 = the whole channel
  std::size_t coefficient = 0;  ///< index into DramEnergy::all
  std::int64_t count = 0;
};

/// Every joule sits in exactly one cell.
class DramLedger {
 public:
  explicit DramLedger(const DramSpec& spec) : energy_(spec) {}

  /// Books a finished channel that ran for `clocks`.
  void add(int channel, const ChannelEngine& engine, const Timing& clocks, Clock end);
  const std::vector<LedgerCell>& cells() const { return cells_; }
  const DramEnergy& energy() const { return energy_; }
  Joules of(const LedgerCell& cell) const;
  Joules of(EnergyPart part) const;
  Joules total() const;
  /// Total with all coefficients at their low (false) or high (true) end.
  Joules totalBound(bool high) const;

 private:
  DramEnergy energy_;
  std::vector<LedgerCell> cells_;
};

Level parseLevel(const std::string& text);

/// One access of a trace. `at` counts command clocks.
struct Access {
  Clock at = 0;
  std::uint64_t address = 0;
  bool write = false;
};

struct MemoryResult {
  Ticks time;  ///< start to the end of the last data
  Clock clocks = 0;
  ChannelStats total;  ///< summed over channels
  std::int64_t turnarounds = 0;
  double bytes = 0;
  double bytesPerS = 0;
  double readLatencyMeanS = 0, readLatencyMaxS = 0;
  double refreshShare = 0;  ///< of rank time, spent in refresh commands
  DramLedger ledger;

  explicit MemoryResult(const DramSpec& spec) : ledger(spec) {}
};

class DramMemory {
 public:
  /// Throws InputError for what the standard does not have.
  DramMemory(const DramSpec& spec, const ControllerParams& params, Level level);

  void traceTo(CommandTrace* trace);
  const AddressMap& map() const { return map_; }
  const Timing& clocks() const { return clocks_; }
  ChannelEngine& channel(int i) { return *channels_[static_cast<std::size_t>(i)]; }
  int channels() const { return static_cast<int>(channels_.size()); }
  /// Hands an access to its channel; `id` comes back with its completion. Times must not go back.
  void submit(const Access& access, std::int64_t id);
  /// Takes every decision until nothing waits.
  void drain();
  /// Runs all accesses (in order of time) to their end.
  MemoryResult run(const std::vector<Access>& accesses);

 private:
  DramSpec spec_;
  Timing clocks_;
  AddressMap map_;
  std::vector<std::unique_ptr<ChannelEngine>> channels_;
  /// Command buses of channels whose pseudo channels share them.
  std::vector<std::unique_ptr<std::array<Clock, 2>>> buses_;
};

// Requests for a memory: generated patterns and request files.

/// Longest run, in clocks: idle time is refreshed too, and that costs.
inline constexpr Clock longestRun = 20'000'000'000;

struct Traffic {
  std::string pattern = "stream";  ///< stream, random, strided, mixed or rows
  std::int64_t requests = 10000;
  double writeShare = 0;
  std::int64_t stride = 4096;  ///< bytes (strided)
  std::int64_t interval = 0;   ///< clocks between arrivals; 0 = as fast as queues take them
  std::uint64_t bytes = 0;     ///< footprint; 0 = the whole memory
  std::uint64_t seed = 1;
};

/// `stream` walks through addresses, `random` hits any access, `strided` steps, `rows` takes a new
/// row each time, `mixed` switches between bursts of all of them. Throws InputError.
std::vector<Access> makeTraffic(const Traffic& traffic, const AddressMap& map);
const std::vector<std::string>& trafficPatterns();

/// CSV with header `time,command,address`: times such as `12.5 ns` or in clocks, `R` or `W`,
/// addresses decimal or 0x. Not in order of time, malformed or more than `limit` lines: InputError
/// with file and line.
std::vector<Access> readRequests(const std::string& file, Hertz clock,
                                 std::size_t limit = 5'000'000);

}  // namespace wattlas::dram
