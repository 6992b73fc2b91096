// The `event` engine's row cycles: when activates that are due will be issued, in closed form.
#pragma once

#include <array>
#include <vector>

#include "models/dram/clocks.h"

namespace wattlas::dram {

/// A row cycle: its bank is closed from `ready` on and shall get `row`.
struct RowCycle {
  int bank = 0;
  std::int64_t row = 0, age = 0;
  Clock ready = 0;
  Clock time = 0;  ///< of its activate, as planned
};

/// Times on the command bus that a refresh has taken, with what it keeps from activates.
struct RefreshSlot {
  Clock time = 0;
  int rank = -1;  ///< whose activates keep `before` and `after` away; -1 = bus only
  Clock before = 0, after = 0;
};

class RowPlanner {
 public:
  explicit RowPlanner(const Clocks& clocks);

  /// Adds a row cycle and plans it and everything not issued before `now` again.
  void add(const RowCycle& cycle, Clock now, Clock busFree);
  /// Plans again what is not issued before `now`.
  void plan(Clock now, Clock busFree);
  /// Drops the planned cycle of a bank (a refresh is in the way).
  void cancel(int bank);
  /// The next activate in order of time, or null.
  const RowCycle* next() const { return first_ < plan_.size() ? &plan_[first_] : nullptr; }
  /// Its activate is issued.
  void pop();
  /// Planned activates in order of time.
  const std::vector<RowCycle>& cycles() const { return plan_; }
  std::size_t first() const { return first_; }

  void reserve(const RefreshSlot& slot) { slots_.push_back(slot); }
  void forget(Clock before);
  /// First time from `time` at which `length` clocks of the bus meet no activate and no refresh.
  Clock avoid(Clock time, Clock length) const;
  /// The same with refreshes only.
  Clock avoidSlots(Clock time, Clock length) const;
  Clock lastActivate(int rank) const;

 private:
  struct Rank {
    std::array<Clock, 4> ring;
    std::size_t oldest;
  };
  Clock earliest(const RowCycle& cycle, Clock now, Clock busFree) const;
  void apply(int bank, Clock time);

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  Clocks c_;
  std::vector<RowCycle> plan_;
  std::size_t first_ = 0;
  std::vector<RefreshSlot> slots_;
  std::vector<Clock> groupNext_, groupSaved_;  ///< first activate that tRRD allows
  std::vector<Rank> ranks_, ranksSaved_;
};

}  // namespace wattlas::dram
