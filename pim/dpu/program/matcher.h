// Chooses the form of an instruction from its operands and encodes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

/// Why no form of a mnemonic takes the operands.
struct MatchError {
  std::string what, expected, hint;
};

class Matcher {
 public:
  Matcher(const InstructionSet& set, SymbolTable& symbols) : set_(set), symbols_(symbols) {}

  bool known(const std::string& mnemonic) const { return !set_.formsOf(mnemonic).empty(); }
  /// Every mnemonic that is spelled like this one, for "did you mean".
  std::string hint(const std::string& mnemonic) const;

  /// The word of the instruction. Forms are tried in table order; one that the operands fit as
  /// written wins over one that needs an implied condition `false`. `here` is the value of `.`.
  Expected<std::uint64_t, MatchError> match(const std::string& mnemonic, Tokens operands,
                                            Value here, std::size_t order);

 private:
  const InstructionSet& set_;
  SymbolTable& symbols_;
};

}  // namespace wattlas::dpu
