// A whole memory without SystemC: address mapping, a controller for each channel, results.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/dram/address_map.h"
#include "models/dram/channel_engine.h"
#include "models/dram/ledger.h"

namespace wattlas::dram {

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

}  // namespace wattlas::dram
