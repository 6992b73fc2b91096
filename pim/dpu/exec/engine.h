// The timing engine over Core and Runtime. Internal.
#pragma once

#include <cstdint>

#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

struct EngineOutcome {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
};

/// Runs until all tasklets stopped, an error, or Core::spinFound. `ahead`: tasklets run ahead
/// functionally; otherwise each instruction is executed when it issues, with checks and traces.
EngineOutcome runEngine(Runtime& runtime, bool ahead);

/// Which tasklets only repeat a failed acquire or resume. When all that run do, nothing can change.
class SpinWatch {
 public:
  /// `t` issued; `retry` = it failed and goes to itself; `frees` = a lock or run bit went to 0.
  /// True when all of `running` only retry.
  bool issued(unsigned t, bool retry, bool frees, std::uint32_t running) {
    if (frees) spinning_ = 0;
    if (retry) {
      spinning_ |= 1U << t;
    } else {
      spinning_ &= ~(1U << t);
    }
    return running != 0 && (running & ~spinning_) == 0;
  }
  /// Whether `t` failed, and fails again whenever it issues before something is freed.
  bool fails(unsigned t) const { return (spinning_ >> t & 1U) != 0; }

 private:
  std::uint32_t spinning_ = 0;
};

}  // namespace wattlas::dpu
