// What the register-file rules cost. Internal.
#pragma once

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
  /// Extra cycles of the instruction at `pc` after the one at `previous` (kIramWords = none).
  unsigned extra(std::uint32_t pc, std::uint32_t previous) const {
    if (rule_ != RegisterFileRule::compat || previous + 1 == pc) return straight_[pc];
    return compatExtra(use_[previous].writes | use_[pc].reads);
  }
  /// Reads the instructions again (their words changed).
  void refresh(const Core& core);

 private:
  /// floor(even / 2) + floor(odd / 2) over the registers in `set`.
  static unsigned compatExtra(std::uint32_t set);
  RegisterFileRule rule_;
  std::vector<RegisterUse> use_;
  std::vector<std::uint8_t> straight_;  ///< after the instruction before it
};

}  // namespace wattlas::dpu
