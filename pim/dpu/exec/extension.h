// Instructions added by a configuration file: their encoding, and the operation they execute as.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas {
class ConfigNode;
}

namespace wattlas::dpu {

class IsaExtension {
 public:
  /// Reads the tree of isa_yaml.h. Every added form also has `semantics: NAME`, a built-in
  /// operation such as `add`, `mul_sl_sl` or `lsl_add`; its operands are those of the added form.
  /// Throws InputError for unknown operations and for everything that addForms() refuses.
  static std::shared_ptr<const IsaExtension> read(const ConfigNode& tree);

  /// Built-in and added forms, for assembler and disassembler.
  const InstructionSet& set() const { return set_; }
  /// Decodes for execution: added forms carry the operation they execute as.
  Expected<Instruction, DecodeError> decode(std::uint64_t word) const;

 private:
  InstructionSet set_ = InstructionSet::builtin();
  std::vector<std::unique_ptr<Form>> executable_;
  std::map<const Form*, const Form*> executedAs_;
};

}  // namespace wattlas::dpu
