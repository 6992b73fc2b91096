// Dynamic instruction mix of a program, in the classes of the reference mix of compiled kernels.
#pragma once

#include <cstdint>

#include "pim/dpu/exec/options.h"

namespace wattlas::dpu {

/// Instructions by class. `branches`: jumps, compare-and-jump, calls and returns; an operation that
/// writes a register and branches in the same slot is `other`. `synchronisation`: locks, boot,
/// resume, stop.
struct InstructionMix {
  double loads = 0, stores = 0, mulSteps = 0, divSteps = 0, branches = 0, other = 0, dma = 0,
         synchronisation = 0;

  double total() const {
    return loads + stores + mulSteps + divSteps + branches + other + dma + synchronisation;
  }
  void count(const Instruction& instruction);
  InstructionMix& operator-=(const InstructionMix& o);
  InstructionMix& operator/=(double divisor);
};

}  // namespace wattlas::dpu
