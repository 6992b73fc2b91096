#include <string>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

std::string operandText(const Instruction& i, const Operand& operand) {
  switch (operand.kind) {
    case OperandKind::zero:
      return "zero";
    case OperandKind::endian:
      return i.bigEndian ? "!big" : "";
    case OperandKind::dc:
      return "d" + std::to_string(i.rc);
    case OperandKind::db:
      return "d" + std::to_string(i.rb);
    case OperandKind::cc:
      return std::string(name(i.condition));
    case OperandKind::pc:
      return std::to_string(i.target);
    case OperandKind::off:
      return std::to_string(i.offset);
    case OperandKind::rc:
    case OperandKind::ra:
    case OperandKind::rb: {
      const auto number = operand.kind == OperandKind::rc   ? i.rc
                          : operand.kind == OperandKind::ra ? i.ra
                                                            : i.rb;
      const auto text = registerName(number);
      const bool safe = operand.type == OperandType::safe || operand.type == OperandType::safeOrCst;
      if (!safe) return text;
      return number < kRegisters ? "s" + std::to_string(number) : "s" + text;
    }
    default:
      return std::to_string(i.imm);
  }
}

std::string plainText(const Instruction& instruction) {
  std::string text = instruction.form->mnemonicText;
  const char* separator = " ";
  for (const auto& operand : instruction.form->operands) {
    const auto part = operandText(instruction, operand);
    if (part.empty()) continue;
    text += separator + part;
    separator = ", ";
  }
  return text;
}

}  // namespace

std::string disassemble(const Instruction& instruction, bool sugar) {
  if (instruction.form == nullptr) return "?";
  const Form& form = *instruction.form;
  if (sugar && !form.alias) {
    const auto shorter = InstructionSet::builtin().sugar(instruction.word);
    const bool known = InstructionSet::builtin().form(form.key) != nullptr;
    // Loads and stores have sugar that only leaves out the endian operand: it is not printed
    // anyway.
    if (known && shorter &&
        (!form.hasOffset || form.safe || form.issue == IssueClass::control || form.storesId)) {
      return plainText(*shorter);
    }
  }
  return plainText(instruction);
}

}  // namespace wattlas::dpu
