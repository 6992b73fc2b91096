// An instruction of a configuration file for RTL work: what a decoder, a testbench and a compiler
// need, all from its one definition.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pim/dpu/exec/extension.h"

namespace wattlas::dpu {

/// Operands of one execution and what the executor made of them.
struct InstructionVector {
  std::uint32_t ra = 0, rb = 0, rbLow = 0;      ///< rbLow: lower word of a pair
  std::uint32_t imm = 0;                        ///< as encoded
  std::uint32_t rc = 0, rcLow = 0;              ///< before
  std::uint32_t result = 0, resultLow = 0;      ///< rc (upper word of dc) and lower word after
  std::uint32_t raAfter = 0;                    ///< addresses that advance
  std::uint32_t storedAt = 0, storedBytes = 0;  ///< the first WRAM byte that changed, how many
  std::uint64_t stored = 0;
};

/// `count` executions on the DPU executor: corners first, then random operands of a fixed seed.
/// Addresses point into WRAM, whose byte a holds 37 a + 11 modulo 256. Throws InputError when there
/// is no such instruction or it is a loop, which has no operands to try.
std::vector<InstructionVector> vectorsOf(std::shared_ptr<const IsaExtension> isa,
                                         const std::string& mnemonic, int count = 256);

/// Writes into `folder`: table.yaml (all forms), decode.csv, intrinsics.h, and for each added or
/// changed instruction NAME_vectors.csv, NAME_vectors.hex and NAME_tb.v. Returns the files.
std::vector<std::string> exportIsa(std::shared_ptr<const IsaExtension> isa,
                                   const std::filesystem::path& folder);

}  // namespace wattlas::dpu
