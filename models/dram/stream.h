// How long a channel takes to deliver its content in order of addresses, by the engine: simulated
// until the rate is steady, and at that rate beyond.
#pragma once

#include <memory>
#include <vector>

#include "models/dram/channel_engine.h"

namespace wattlas::dram {

/// What the channel is. Accesses take turns over the bank groups; rows follow each other over the
/// banks of the groups.
struct StreamSetup {
  auto operator<=>(const StreamSetup&) const = default;

  Timing timing;
  ControllerParams controller;
  std::int64_t accessesPerRow = 1;
  /// Where access `i` goes; without id and arrival.
  Request at(std::int64_t i, bool write) const;
};

class StreamTime {
 public:
  /// Throws InputError where refresh leaves no time.
  explicit StreamTime(const StreamSetup& setup);
  /// From the first request to the end of the last data, in units of the timing.
  double after(double accesses) const;
  /// From the first request to the begin of its data.
  Clock begin() const { return ends_.front() - burst_; }
  /// Share of the bus that carries data in long streams.
  double efficiency() const { return 1.0 / (slope_ / static_cast<double>(burst_)); }

  /// One for all setups that are equal, made when it is first asked for.
  static std::shared_ptr<const StreamTime> of(const StreamSetup& setup);

 private:
  Clock burst_;
  std::vector<Clock> ends_;  ///< of the first accesses
  double slope_ = 0;         ///< time of an access in the long run
};

}  // namespace wattlas::dram
