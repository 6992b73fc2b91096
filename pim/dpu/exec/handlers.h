// Building blocks of the fast handlers: how to go on, to branch, and to leave. Internal.
//
// Every handler ends in a call with its own signature, which the compiler turns into a jump
// (clang: guaranteed by the attribute; g++: at -O2, which this room forces for these files).
#pragma once

#include "pim/dpu/exec/core.h"

#if defined(__clang__)
#define WATTLAS_TAIL [[clang::musttail]] return
#else
#define WATTLAS_TAIL return
#endif

#define WATTLAS_HANDLER_ARGS                                                            \
  const MicroOp *op, std::uint32_t *r, Core *core, std::uint8_t *wram, std::uint32_t z, \
      std::uint32_t c

namespace wattlas::dpu {

/// Leaves in front of `op`: it acts on shared state or would fault.
inline void leaveBlocked(WATTLAS_HANDLER_ARGS) {
  (void)r, (void)wram;
  const std::uint32_t done = op->pc - core->runStart;
  if (done > 0) {
    core->executed += done;
    ++core->enter[core->runStart];
    ++core->leave[op->pc - 1U];
    if (core->runs) core->runs->push_back(std::uint64_t{core->runStart} << 32 | done);
  }
  core->exitPc = op->pc;
  core->exitZ = z;
  core->exitC = c;
  core->blocked = true;
}

/// Goes to `target` after `op`, or leaves when the budget is used up.
inline void takeBranch(WATTLAS_HANDLER_ARGS, std::uint32_t target) {
  const std::uint32_t done = op->pc - core->runStart + 1U;
  ++core->enter[core->runStart];
  ++core->leave[op->pc];
  if (core->runs) core->runs->push_back(std::uint64_t{core->runStart} << 32 | done);
  core->executed += done;
  core->runStart = target;
  if (core->executed >= core->budget) {
    core->exitPc = target;
    core->exitZ = z;
    core->exitC = c;
    core->blocked = false;
    return;
  }
  const MicroOp* next = core->ops.data() + target;
  return next->run(next, r, core, wram, z, c);
}

// Chooses the fast handler of an instruction; null where the general path must do. Internal.

/// Arithmetic with a 32-bit result, without or with one of the usual branch conditions.
Handler aluHandler(const Instruction& in, std::uint32_t pc, bool flagsDead);
/// Loads, stores, calls, moves, multiplication steps.
Handler otherHandler(const Instruction& in);
/// Runs executeGeneral().
void generalHandler(const MicroOp* op, std::uint32_t* r, Core* core, std::uint8_t* wram,
                    std::uint32_t z, std::uint32_t c);
/// Leaves in front of the instruction: ordering, illegal, or beyond the program.
void blockedHandler(const MicroOp* op, std::uint32_t* r, Core* core, std::uint8_t* wram,
                    std::uint32_t z, std::uint32_t c);
/// Leaves after one instruction.
void singleLeaveHandler(const MicroOp* op, std::uint32_t* r, Core* core, std::uint8_t* wram,
                        std::uint32_t z, std::uint32_t c);

}  // namespace wattlas::dpu

#define WATTLAS_NEXT WATTLAS_TAIL op[1].run(op + 1, r, core, wram, z, c)
#define WATTLAS_BRANCH(target) return takeBranch(op, r, core, wram, z, c, (target))
#define WATTLAS_LEAVE return leaveBlocked(op, r, core, wram, z, c)
