// Operands in and out of words.
#include <array>
#include <string>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

/// Register numbers that an operand type takes: from `from` up to `end`, in steps.
struct RegisterRule {
  std::uint32_t from, end, step;
  const char* text;  ///< for people
};
RegisterRule ruleOf(OperandType type) {
  switch (type) {
    case OperandType::reg:
    case OperandType::safe:
      return {0, kRegisters, 1, "r0..r23"};
    case OperandType::regOrCstNotZero:
      return {0, 32, 1, "r0..r23 or a constant register other than zero"};
    case OperandType::cst:
      return {kFirstConstant, 32, 1,
              "a constant register (zero, one, lneg, mneg, id, id2, id4, id8)"};
    case OperandType::pair:
      return {0, kRegisters, 2, "an even pair d0, d2 ... d22"};
    case OperandType::regOrCst:
    case OperandType::safeOrCst:
      return {0, 32, 1, "r0..r23 or a constant register"};
    default:
      return {0, ~0U, 1, "r0..r23 or a constant register"};
  }
}

}  // namespace

bool legalRegister(OperandType type, std::uint32_t value) {
  const RegisterRule rule = ruleOf(type);
  const bool barred = type == OperandType::regOrCstNotZero && value == kZero;
  return value >= rule.from && value < rule.end && value % rule.step == 0 && !barred;
}

const char* registerRule(OperandType type) {
  return ruleOf(type).text;
}

std::uint8_t Instruction::*registerOf(OperandKind kind) {
  switch (kind) {
    case OperandKind::rc:
    case OperandKind::dc:
      return &Instruction::rc;
    case OperandKind::ra:
      return &Instruction::ra;
    case OperandKind::rb:
    case OperandKind::db:
      return &Instruction::rb;
    default:
      return nullptr;
  }
}

ValueRange rangeOf(const Operand& operand) {
  const std::int64_t full = std::int64_t{1} << operand.bits;
  return {operand.type == OperandType::unsignedValue ? 0 : -(full / 2),
          operand.type == OperandType::signedValue ? full / 2 - 1 : full - 1};
}

namespace {

std::uint32_t fieldValue(const Instruction& i, const Operand& operand) {
  if (const auto number = registerOf(operand.kind)) return i.*number;
  switch (operand.kind) {
    case OperandKind::pc:
      return i.target;
    case OperandKind::endian:
      return i.bigEndian ? 1 : 0;
    case OperandKind::off:
      return static_cast<std::uint32_t>(i.offset);
    case OperandKind::zero:
    case OperandKind::cc:
      return 0;
    default:
      return static_cast<std::uint32_t>(i.imm);
  }
}

std::optional<EncodeError> check(const Instruction& i, const Operand& operand) {
  const std::string kind(kindText(operand.kind));
  if (registerOf(operand.kind) != nullptr) {
    const auto value = fieldValue(i, operand);
    if (legalRegister(operand.type, value)) return std::nullopt;
    return EncodeError{kind, "register " + std::to_string(value) + " is not allowed as " + kind +
                                 " of '" + i.form->mnemonicText + "': expected " +
                                 registerRule(operand.type)};
  }
  if (operand.bits == 0 || operand.kind == OperandKind::pc) return std::nullopt;
  const std::int64_t value = operand.kind == OperandKind::off ? i.offset : i.imm;
  const auto range = rangeOf(operand);
  // A 32-bit field holds every 32-bit pattern, whichever way it is read.
  if (operand.bits == 32 || (value >= range.low && value <= range.high)) return std::nullopt;
  return EncodeError{kind, kind + " " + std::to_string(value) + " of '" + i.form->mnemonicText +
                               "' is outside " + std::to_string(range.low) + ".." +
                               std::to_string(range.high)};
}

void store(Instruction& i, const Form& form, const Operand& operand, std::uint32_t value) {
  const bool sign = operand.type != OperandType::unsignedValue && operand.bits > 0;
  const auto extended = sign ? signExtend(value, operand.bits) : static_cast<std::int32_t>(value);
  if (const auto number = registerOf(operand.kind)) {
    i.*number = static_cast<std::uint8_t>(value);
    return;
  }
  switch (operand.kind) {
    case OperandKind::pc:
      i.target = static_cast<std::uint16_t>(value);
      break;
    case OperandKind::endian:
      i.bigEndian = value != 0;
      break;
    case OperandKind::off:
      i.offset = extended;
      break;
    case OperandKind::cc:
      i.condition = conditionOf(form.conditionClass, value).value_or(Condition::false_);
      break;
    case OperandKind::zero:
      break;
    default:
      i.imm = extended;
      break;
  }
}

}  // namespace

std::string registerName(unsigned number) {
  constexpr std::array constants = {"zero", "one", "lneg", "mneg", "id", "id2", "id4", "id8"};
  if (number < kRegisters) return "r" + std::to_string(number);
  return number < 32 ? constants[number - kFirstConstant] : "?";
}

std::vector<std::uint32_t> legalValues(const Form& form, const Operand& operand) {
  std::vector<std::uint32_t> values;
  if (operand.kind == OperandKind::cc) {
    for (const auto& entry : conditionCodes(form.conditionClass)) values.push_back(entry.code);
    return values;
  }
  if (registerOf(operand.kind) == nullptr || operand.type == OperandType::regOrCst ||
      operand.type == OperandType::safeOrCst) {
    return values;
  }
  for (std::uint32_t v = 0; v < 32; ++v) {
    if (legalRegister(operand.type, v)) values.push_back(v);
  }
  return values;
}

std::optional<Instruction> extract(const Form& form, std::uint64_t word) {
  Instruction i;
  i.form = &form;
  i.word = word;
  for (const auto& operand : form.operands) {
    const auto value = gather(operand.fields, word);
    if (!value) return std::nullopt;
    if (registerOf(operand.kind) != nullptr && !legalRegister(operand.type, *value))
      return std::nullopt;
    if (operand.kind == OperandKind::cc && !conditionOf(form.conditionClass, *value)) {
      return std::nullopt;
    }
    store(i, form, operand, *value);
  }
  return i;
}

Expected<std::uint64_t, EncodeError> encode(const Instruction& instruction) {
  if (instruction.form == nullptr) return EncodeError{"form", "the instruction has no form"};
  const Form& form = *instruction.form;
  std::uint64_t word = form.base;
  for (const auto& operand : form.operands) {
    if (operand.kind == OperandKind::cc) {
      const auto code = codeOf(form.conditionClass, instruction.condition);
      if (!code) {
        return EncodeError{"cc", "condition '" + std::string(name(instruction.condition)) +
                                     "' is not one of '" + form.mnemonicText + "' (" +
                                     std::string(name(form.conditionClass)) + ")"};
      }
      word |= deposit(operand.fields, *code);
      continue;
    }
    if (const auto error = check(instruction, operand)) return *error;
    word |= deposit(operand.fields, fieldValue(instruction, operand));
  }
  return word;
}

Expected<Instruction, DecodeError> decode(std::uint64_t word) {
  return InstructionSet::builtin().decode(word);
}

// Whether two forms could both decode one word.

namespace {

/// An operand that does not accept every value of its fields: words it allows.
struct Choice {
  std::uint64_t bits;
  std::vector<std::uint64_t> words;
};

std::vector<Choice> choices(const Form& form) {
  std::vector<Choice> all;
  for (const auto& operand : form.operands) {
    if (operand.fields.empty()) continue;
    auto values = legalValues(form, operand);
    if (values.empty()) {
      // Bits stored twice must agree: the sign copies of a narrow immediate.
      std::uint32_t repeated = 0, once = 0;
      for (const auto& f : operand.fields) {
        const auto bits = static_cast<std::uint32_t>(ones(unsigned(f.hi - f.lo + 1)) << f.lo);
        repeated |= once & bits;
        once |= bits;
      }
      if (repeated == 0) continue;
      Choice choice{0, {0}};
      for (const auto& f : operand.fields) {
        if (((std::uint32_t{1} << f.hi) & repeated) != 0) {
          choice.bits |= std::uint64_t{1} << (f.at + f.hi - f.lo);
        }
      }
      choice.words.push_back(choice.bits);
      all.push_back(choice);
      continue;
    }
    Choice choice{coverage(operand.fields), {}};
    for (const auto value : values) choice.words.push_back(deposit(operand.fields, value));
    all.push_back(choice);
  }
  return all;
}

std::optional<std::uint64_t> search(const std::vector<Choice>& all, std::size_t next,
                                    std::uint64_t fixed, std::uint64_t word) {
  if (next == all.size()) return word;
  const auto& choice = all[next];
  for (const auto candidate : choice.words) {
    if (((candidate ^ word) & choice.bits & fixed) != 0) continue;
    if (const auto found = search(all, next + 1, fixed | choice.bits, word | candidate)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> commonWord(const Form& a, const Form& b) {
  if (((a.base ^ b.base) & a.mask & b.mask) != 0) return std::nullopt;
  auto all = choices(a);
  const auto others = choices(b);
  all.insert(all.end(), others.begin(), others.end());
  return search(all, 0, a.mask | b.mask, a.base | b.base);
}

namespace {

std::string operandText(const Instruction& i, const Operand& operand) {
  switch (operand.kind) {
    case OperandKind::zero:
      return "zero";
    case OperandKind::endian:
      return i.bigEndian ? "!big" : "";
    case OperandKind::dc:
    case OperandKind::db:
      return "d" + std::to_string(i.*registerOf(operand.kind));
    case OperandKind::cc:
      return std::string(name(i.condition));
    case OperandKind::pc:
      return std::to_string(i.target);
    case OperandKind::off:
      return std::to_string(i.offset);
    case OperandKind::rc:
    case OperandKind::ra:
    case OperandKind::rb: {
      const auto number = i.*registerOf(operand.kind);
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
