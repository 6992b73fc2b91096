// The timing engines. Both drive the same Core and Runtime. Internal.
#pragma once

#include <cstdint>

#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

struct EngineOutcome {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
};

/// Cycle by cycle, one instruction executed at each issue; all rules, arbiters, checks and traces.
EngineOutcome runLockstep(Runtime& runtime);
/// Issue by issue with tasklets that run ahead functionally: the other rules, round-robin.
EngineOutcome runReplayed(Runtime& runtime);
/// Issue by issue with jumps of whole rotations: rule `none`, oldest-ready arbiter.
EngineOutcome runDecoupled(Runtime& runtime);

/// Which tasklets only repeat a failed acquire or resume. When all that run do, nothing can change.
class SpinWatch {
 public:
  /// `t` issued; `retry` = it failed and goes to itself. True when all of `running` only retry.
  bool issued(unsigned t, bool retry, bool changesState, std::uint32_t running) {
    if (changesState) spinning_ = 0;
    if (retry) {
      spinning_ |= 1U << t;
    } else {
      spinning_ &= ~(1U << t);
    }
    return running != 0 && (running & ~spinning_) == 0;
  }
  std::uint32_t mask() const { return spinning_; }

 private:
  std::uint32_t spinning_ = 0;
};

}  // namespace wattlas::dpu
