// Chooses the fast handler of an instruction; null where the general path must do. Internal.
#pragma once

#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

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
