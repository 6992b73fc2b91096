// Conditions of the DPU. A code means different things in different condition classes, so the
// table maps (class, code) to one canonical condition; the executor tests the canonical one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas::dpu {

/// Canonical conditions, tested on the result and flags of the instruction they belong to.
/// `x..` conditions combine with the zero flag of the previous instruction (64-bit compares), `s..`
/// conditions test the source operand, `nc5..nc14` the absence of a carry out of that bit.
enum class Condition : std::uint8_t {
#define X(id) id,
#include "pim/dpu/isa/conditions.def"
#undef X
};

/// Which codes a form accepts and what they mean.
enum class ConditionClass : std::uint8_t {
  none,
#define X(id, codes) id,
#include "pim/dpu/isa/condition_classes.def"
#undef X
};

struct ConditionCode {
  Condition condition;
  std::uint8_t code;  ///< value of the cc field, at most 6 bits
};

/// The codes of a class, in the order of the table (the first code of a condition is the encoded
/// one).
const std::vector<ConditionCode>& conditionCodes(ConditionClass kind);
std::optional<Condition> conditionOf(ConditionClass kind, unsigned code);
std::optional<unsigned> codeOf(ConditionClass kind, Condition condition);

/// The word for an enumerator: "ldmaDbg" -> "ldma_dbg", "and_" -> "and".
std::string textOfEnumerator(std::string_view enumerator);
std::string_view name(Condition condition);
std::string_view name(ConditionClass kind);
std::optional<Condition> conditionByName(std::string_view text);
std::optional<ConditionClass> conditionClassByName(std::string_view text);

}  // namespace wattlas::dpu
