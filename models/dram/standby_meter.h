// How long a rank had any bank open. Opens and closes are told in order of decision; a close may
// lie in the future (automatic precharge).
#pragma once

#include <algorithm>

#include "models/dram/timing.h"

namespace wattlas::dram {

class StandbyMeter {
 public:
  void open(Clock time) {
    if (openBanks_ == 0 && time > closesAt_) {
      openClocks_ += closesAt_ - openSince_;
      openSince_ = time;
    }
    ++openBanks_;
  }
  void close(Clock time) {
    --openBanks_;
    closesAt_ = std::max(closesAt_, time);
  }
  /// Timing with a bank open until `end`.
  Clock openUntil(Clock end) const {
    const Clock last = openBanks_ > 0 ? end : std::min(end, closesAt_);
    return openClocks_ + std::max<Clock>(0, last - openSince_);
  }

 private:
  int openBanks_ = 0;
  Clock openSince_ = 0, closesAt_ = 0, openClocks_ = 0;
};

}  // namespace wattlas::dram
