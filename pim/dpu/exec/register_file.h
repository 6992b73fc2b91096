// What the register-file rules cost, and the rigid pipeline of the `compat` rule. Internal.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

/// General registers (bit n = r<n>) that an instruction reads and writes; constant registers do
/// not count.
struct RegisterUse {
  std::uint32_t reads = 0, writes = 0;
};
RegisterUse registerUse(const Instruction& in);

/// Cost of every instruction of a program under a rule.
class RegisterFileCost {
 public:
  RegisterFileCost(const Core& core, RegisterFileRule rule);
  /// Extra cycles of the instruction at `pc` after one that wrote `written`.
  unsigned extra(std::uint32_t pc, std::uint32_t written) const {
    if (rule_ == RegisterFileRule::compat) return compatExtra(written | use_[pc].reads);
    return sameBank_[pc];
  }
  std::uint32_t writes(std::uint32_t pc) const { return use_[pc].writes; }
  /// Reads the instructions again (their words changed).
  void refresh(const Core& core);

 private:
  /// floor(even / 2) + floor(odd / 2) over the registers in `set`.
  static unsigned compatExtra(std::uint32_t set) {
    return static_cast<unsigned>(__builtin_popcount(set & 0x555555U)) / 2 +
           static_cast<unsigned>(__builtin_popcount(set & 0xAAAAAAU)) / 2;
  }
  RegisterFileRule rule_;
  std::vector<RegisterUse> use_;
  std::vector<std::uint8_t> sameBank_;
};

/// Issue slot, 13 stages, exit slot, entry slot and stall slot of the `compat` rule, moved once a
/// cycle in the order of the peer simulator.
class CompatPipeline {
 public:
  CompatPipeline() { stages_.fill(kBubble); }
  bool canIssue() const { return issue_ == kEmpty && entry_ == kEmpty; }
  void issue(unsigned extra) {
    issue_ = static_cast<std::uint8_t>(extra);
    ++inside_;
  }
  bool empty() const { return inside_ == 0; }
  /// Does up to `wanted` cycles without issues in which only bubbles leave; returns how many.
  std::uint64_t skip(std::uint64_t wanted) {
    if (issue_ != kEmpty || entry_ != kEmpty || stall_ != kEmpty || count_ != kStages - 1) return 0;
    if (inside_ == 0) return wanted;
    std::uint64_t done = 0;
    while (done < wanted && exit_ == kBubble) {
      exit_ = stages_[head_];
      stages_[(head_ + count_) & 15U] = kBubble;
      head_ = (head_ + 1) & 15U;
      ++done;
    }
    return done;
  }
  /// Everything of the cycle that follows the issue step.
  void tick() {
    if (entry_ == kEmpty) {
      if (exit_ != kBubble) entry_ = exit_;
      exit_ = kEmpty;
    }
    if (count_ < kStages) {
      stages_[(head_ + count_) & 15U] = issue_ == kEmpty ? kBubble : issue_;
      ++count_;
      issue_ = kEmpty;
    }
    if (exit_ == kEmpty) {
      exit_ = stages_[head_];
      head_ = (head_ + 1) & 15U;
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
  static constexpr std::uint8_t kEmpty = 255, kBubble = 254;
  static constexpr unsigned kStages = 13;
  std::array<std::uint8_t, 16> stages_{};
  unsigned head_ = 0, count_ = kStages, inside_ = 0;
  std::uint8_t issue_ = kEmpty, exit_ = kBubble, entry_ = kEmpty, stall_ = kEmpty;
};

}  // namespace wattlas::dpu
