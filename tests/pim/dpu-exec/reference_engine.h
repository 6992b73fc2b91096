// The reference of the timing engine: cycle by cycle, all rules and arbiters, each instruction
// executed when it issues.
#pragma once

#include <array>
#include <cstdint>

#include "pim/dpu/exec/runtime.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {

/// Issue slot, 13 stages, exit slot, entry slot and stall slot of the `compat` rule, moved once a
/// cycle in the order of the peer simulator.
class CompatPipeline {
 public:
  bool canIssue() const { return issue_ == kEmpty && entry_ == kEmpty; }
  void issue(unsigned extra) {
    issue_ = extra;
    ++inside_;
  }
  bool empty() const { return inside_ == 0; }
  /// Everything of the cycle that follows the issue step.
  void tick() {
    if (entry_ == kEmpty) {
      if (exit_ != kBubble) entry_ = exit_;
      exit_ = kEmpty;
    }
    if (count_ < kStages) {
      if (issue_ != kEmpty) {
        full_ |= 1U << count_;
        extras_[put_++ & 15U] = issue_;
      }
      ++count_;
      issue_ = kEmpty;
    }
    if (exit_ == kEmpty) {
      exit_ = takeOldest();
      --count_;
    }
    if (entry_ != kEmpty && stall_ == kEmpty) {
      stall_ = entry_;
      entry_ = kEmpty;
    }
    if (stall_ == 0) {
      stall_ = kEmpty;
      --inside_;
    } else if (stall_ != kEmpty) {
      --stall_;
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = 255, kBubble = 254;
  static constexpr unsigned kStages = 13;
  std::uint32_t takeOldest() {
    const bool instruction = (full_ & 1U) != 0;
    full_ >>= 1;
    return instruction ? extras_[take_++ & 15U] : kBubble;
  }
  std::array<std::uint32_t, 16> extras_{};  ///< of the instructions in the stages, oldest first
  std::uint32_t issue_ = kEmpty;
  std::uint32_t full_ = 0;  ///< bit n: stage n, counted from the oldest, holds an instruction
  std::uint32_t exit_ = kBubble;
  unsigned count_ = kStages;
  std::uint32_t entry_ = kEmpty;
  unsigned put_ = 0, take_ = 0;
  std::uint32_t stall_ = kEmpty;
  unsigned inside_ = 0;
};

struct ReferenceRun {
  EngineOutcome outcome;
  std::array<TaskletStats, kTasklets> tasklets;
  DmaStats dma;
  StallStats stalls;
  std::optional<RunError> error;
};
/// On a fresh DPU; tasklets start as DpuMachine::run() starts them.
ReferenceRun runReference(const Program& program, const DpuRunOptions& options);

}  // namespace wattlas::dpu::test
