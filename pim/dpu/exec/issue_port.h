// When the issue slot is free under each register-file rule, without stepping through the cycles
// in between. Internal.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace wattlas::dpu {

/// A port answers firstIssue() for non-decreasing cycles, is told of issue(), and counts in
/// takeBlocked() the cycles since the last issue (below `limit`) in which the slot was not free.

/// An instruction with `extra` cycles holds the slot that much longer.
class SameBankPort {
 public:
  explicit SameBankPort(std::uint64_t limit) : limit_(limit) {}
  std::uint64_t firstIssue(std::uint64_t from) const { return std::max(from, free_); }
  void issue(std::uint64_t cycle, unsigned extra) {
    next_ = cycle + 1;
    free_ = next_ + extra;
  }
  std::uint64_t takeBlocked() {
    const std::uint64_t blocked = std::min(free_, limit_) - std::min(next_, limit_);
    next_ = free_;
    return blocked;
  }

 private:
  std::uint64_t limit_, free_ = 0, next_ = 0;
};

/// No rule: an issue in every cycle but for instructions that take several.
class FreePort : public SameBankPort {
 public:
  using SameBankPort::SameBankPort;
};

/// The pipeline of the peer simulator (issue slot, 13 stages, exit, entry and stall slot) by its
/// events. It is rigid: what is shifted in reaches the entry slot
/// 13 cycles later, plus all cycles in which the pipeline stood still meanwhile. It stands still
/// while the instruction in the entry slot waits for the stall slot, and nothing issues then.
/// In the first cycle after, the stages are full: an instruction that issues there is shifted in
/// one cycle later and keeps the issue slot occupied. So does the very first one.
class CompatPort {
 public:
  explicit CompatPort(std::uint64_t limit) : limit_(limit) {}

  std::uint64_t firstIssue(std::uint64_t from) {
    for (;;) {
      if (from < open_) from = open_;
      if (from == occupied_) ++from;
      if (take_ == put_ || arrival() >= from) return from;
      leave();
    }
  }

  void issue(std::uint64_t cycle, unsigned extra) {
    const bool late = cycle == open_;
    occupied_ = late ? cycle + 1 : kNever;
    entries_[put_++ & kMask] = {cycle + (late ? 1 : 0) + kStages - frozen_, extra};
  }

  std::uint64_t takeBlocked() {
    const std::uint64_t blocked = blocked_ + (occupied_ < limit_ ? 1 : 0);
    blocked_ = 0;
    return blocked;
  }

  /// Lets everything leave; returns the first cycle with an empty pipeline.
  std::uint64_t drain() {
    while (take_ != put_) leave();
    return stallFree_;
  }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr unsigned kStages = 13, kMask = 31;
  struct Entry {
    std::uint64_t arrival;  ///< in the entry slot, less the standstills before its issue
    std::uint64_t extra;
  };
  std::uint64_t arrival() const { return entries_[take_ & kMask].arrival + frozen_; }

  /// The oldest instruction goes through entry and stall slot.
  void leave() {
    const std::uint64_t arrived = arrival();
    const std::uint64_t stalled = std::max(arrived, stallFree_);
    stallFree_ = stalled + entries_[take_++ & kMask].extra + 1;
    if (stalled == arrived) return;
    frozen_ += stalled - arrived;
    blocked_ += std::min(stalled + 1, limit_) - std::min(arrived + 1, limit_);
    if (occupied_ == arrived + 1) occupied_ = kNever;  // counted as part of the standstill
    open_ = stalled + 1;
  }

  std::uint64_t limit_;
  std::uint64_t open_ = 0;           ///< end of the last standstill
  std::uint64_t occupied_ = kNever;  ///< the issue slot still holds the last instruction here
  std::uint64_t frozen_ = 0;         ///< cycles of standstill so far
  std::uint64_t stallFree_ = 0;      ///< first cycle in which the stall slot can be entered
  std::uint64_t blocked_ = 0;
  std::array<Entry, kMask + 1> entries_{};
  unsigned put_ = 0, take_ = 0;
};

// The order in which tasklets become ready. Internal.

/// Tasklets by (ready time, number). Entries mostly arrive in order, at the back.
class ReadyQueue {
 public:
  struct Entry {
    std::uint64_t ready;
    std::uint32_t tasklet;
  };
  bool empty() const { return size_ == 0; }
  unsigned size() const { return size_; }
  const Entry& operator[](unsigned i) const { return at(i); }
  Entry& operator[](unsigned i) { return entries_[(head_ + i) & kMask]; }
  const Entry& front() const { return at(0); }
  void pop() {
    ++head_;
    --size_;
  }
  void insert(Entry entry) {
    unsigned i = size_++;
    while (i > 0 && before(entry, at(i - 1))) {
      (*this)[i] = at(i - 1);
      --i;
    }
    (*this)[i] = entry;
  }
  void remove(std::uint32_t tasklet) {
    unsigned kept = 0;
    for (unsigned i = 0; i < size_; ++i)
      if (at(i).tasklet != tasklet) (*this)[kept++] = at(i);
    size_ = kept;
  }
  static bool before(const Entry& a, const Entry& b) {
    return a.ready != b.ready ? a.ready < b.ready : a.tasklet < b.tasklet;
  }

 private:
  static constexpr unsigned kMask = 31;
  const Entry& at(unsigned i) const { return entries_[(head_ + i) & kMask]; }
  std::array<Entry, kMask + 1> entries_{};
  unsigned head_ = 0, size_ = 0;
};

}  // namespace wattlas::dpu
