// Second formulation of the DPU's arithmetic, from definitions over wide integers and bit strings.
// Shares nothing with the executor but the names of operations and conditions.
#pragma once

#include <cstdint>
#include <optional>

#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu::test {

struct Reference {
  std::uint32_t value = 0;
  bool carry = false;     ///< flag after the operation
  bool zero = false;      ///< flag after the operation
  bool overflow = false;  ///< the exact signed result does not fit 32 bits
};

/// Operands in the order of the operation; nothing for operations without such a definition.
std::optional<Reference> referenceAlu(Operation op, std::uint32_t a, std::uint32_t b,
                                      std::uint32_t third, bool carryIn);

/// Truth of a condition from mathematical facts about the operands and the result.
struct Facts {
  Operation op;
  std::uint32_t a, b, ra;
  bool carryIn, zeroBefore;
  Reference result;
};
bool referenceHolds(Condition condition, const Facts& facts);

}  // namespace wattlas::dpu::test
