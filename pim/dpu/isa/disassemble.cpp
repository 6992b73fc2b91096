#include <string>

#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

namespace {

/// Stack-checked forms print as their sugar (lws, sbs, adds ...), which has plain registers; only a
/// big-endian access or a constant safe register needs the long form with s-registers.
bool printsSugar(const Instruction& i) {
  return i.form->safe && !i.form->alias && !i.bigEndian && !i.form->storesId;
}

std::string operandText(const Instruction& i, const Operand& operand, bool sugar) {
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
      const bool safe = operand.type == OperandType::safe || operand.type == OperandType::safeOrCst;
      auto text = registerName(number);
      if (safe && !sugar) text = number < kRegisters ? "s" + text.substr(1) : "s" + text;
      return text;
    }
    default:
      return std::to_string(i.imm);
  }
}

}  // namespace

std::string disassemble(const Instruction& instruction) {
  if (instruction.form == nullptr) return "?";
  const bool sugar = printsSugar(instruction);
  std::string text = instruction.form->mnemonicText + (sugar ? "s" : "");
  const char* separator = " ";
  for (const auto& operand : instruction.form->operands) {
    const auto part = operandText(instruction, operand, sugar);
    if (part.empty()) continue;
    text += separator + part;
    separator = ", ";
  }
  return text;
}

}  // namespace wattlas::dpu
