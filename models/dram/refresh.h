// When a rank owes refreshes: the schedule, what was postponed, whose turn it is.
#pragma once

#include "models/dram/controller.h"
#include "models/dram/timing.h"

namespace wattlas::dram {

class RankRefresh {
 public:
  RankRefresh(const Timing& clocks, const ControllerParams& params, int rank);

  bool bankWise() const { return bankWise_; }
  /// Bank-wise: the unit whose turn it is.
  int unit() const { return unit_; }
  /// Whether the bank belongs to what is refreshed next (bank of this rank).
  bool covers(const Timing& clocks, int bank) const {
    return !bankWise_ || clocks.unitOf(bank) == unit_;
  }
  /// Next time at which a refresh becomes due.
  Clock due() const { return due_; }
  /// Counts what became due until `now`.
  void tick(Clock now);
  std::int64_t debt() const { return debt_; }
  /// Whether to start now: too much was postponed, or nothing waits for its banks.
  bool start(bool idle) const { return debt_ > 0 && (debt_ > allowed_ || idle); }
  /// One refresh was issued.
  void done();

 private:
  Clock dueAt(std::int64_t k) const { return phase_ + k * refi_ / units_; }

  bool bankWise_;
  std::int64_t units_, allowed_, debt_ = 0, k_ = 1;
  Clock refi_, phase_, due_;
  int unit_ = 0;
};

}  // namespace wattlas::dram
