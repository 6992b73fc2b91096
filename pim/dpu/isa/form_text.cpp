#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "models/base/error.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

namespace {

constexpr std::array kKinds = {"rc",    "dc",     "zero", "ra", "rb", "db",    "imm",
                               "shift", "immDma", "off",  "pc", "cc", "endian"};

constexpr std::array kPlainTypes = {std::pair{"reg", OperandType::reg},
                                    std::pair{"regcst", OperandType::regOrCst},
                                    std::pair{"regcst-nz", OperandType::regOrCstNotZero},
                                    std::pair{"cst", OperandType::cst},
                                    std::pair{"safe", OperandType::safe},
                                    std::pair{"safecst", OperandType::safeOrCst},
                                    std::pair{"pair", OperandType::pair},
                                    std::pair{"none", OperandType::none},
                                    std::pair{"cc", OperandType::none},
                                    std::pair{"endian", OperandType::none}};

/// Types with a number of bits behind their name.
constexpr std::array kSizedTypes = {
    std::pair{"pc", OperandType::programCounter}, std::pair{"s", OperandType::signedValue},
    std::pair{"u", OperandType::unsignedValue}, std::pair{"e", OperandType::eitherValue}};

[[noreturn]] void fail(std::string_view line, const std::string& what, std::string expected) {
  throw InputError("instruction table line '" + std::string(line) + "': " + what,
                   std::move(expected));
}

std::string_view nextToken(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  const auto end = std::min(rest.find(' '), rest.size());
  const auto token = rest.substr(0, end);
  rest.remove_prefix(end);
  return token;
}

template <class T>
bool number(std::string_view text, T& value, int base = 10) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool readType(std::string_view text, Operand& operand) {
  for (const auto& [name, type] : kPlainTypes) {
    if (text == name) {
      operand.type = type;
      return true;
    }
  }
  for (const auto& [prefix, type] : kSizedTypes) {
    if (!text.starts_with(prefix)) continue;
    operand.type = type;
    return number(text.substr(std::string_view(prefix).size()), operand.bits) &&
           operand.bits >= 1 && operand.bits <= 32;
  }
  return false;
}

bool readField(std::string_view text, BitField& field) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || !number(text.substr(at + 1), field.at)) return false;
  const auto range = text.substr(0, at);
  const auto colon = range.find(':');
  if (!number(range.substr(0, colon), field.hi)) return false;
  field.lo = field.hi;
  if (colon != std::string_view::npos && !number(range.substr(colon + 1), field.lo)) return false;
  return field.hi >= field.lo && field.hi < 32 && field.at + field.hi - field.lo < 48;
}

std::uint64_t word(std::string_view line, std::string_view text) {
  std::uint64_t value = 0;
  if (!number(text, value, 16) || value >> 48 != 0) {
    fail(line, "bad word '" + std::string(text) + "'", "at most 12 hexadecimal digits");
  }
  return value;
}

}  // namespace

std::string_view kindText(OperandKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::string typeText(const Operand& operand) {
  if (operand.type == OperandType::none)
    return operand.kind == OperandKind::cc       ? "cc"
           : operand.kind == OperandKind::endian ? "endian"
                                                 : "none";
  for (const auto& [prefix, type] : kSizedTypes)
    if (type == operand.type) return prefix + std::to_string(operand.bits);
  for (const auto& [name, type] : kPlainTypes)
    if (type == operand.type) return name;
  return "none";
}

void readOperandKind(std::string_view line, OperandNames& names) {
  auto rest = line;
  const std::string key(nextToken(rest));
  const auto kind = nextToken(rest);
  Operand operand;
  std::size_t index = 0;
  while (index < kKinds.size() && kKinds[index] != kind) ++index;
  if (index == kKinds.size()) {
    fail(line, "unknown operand kind '" + std::string(kind) + "'",
         "rc, dc, zero, ra, rb, db, imm, shift, immDma, off, pc, cc or endian");
  }
  operand.kind = static_cast<OperandKind>(index);
  const auto type = nextToken(rest);
  if (!readType(type, operand)) {
    fail(line, "unknown operand type '" + std::string(type) + "'",
         "reg, regcst, cst, pair, s8, u5, e32, pc16 and the like");
  }
  for (auto token = nextToken(rest); !token.empty(); token = nextToken(rest)) {
    BitField field;
    if (!readField(token, field)) {
      fail(line, "bad bit field '" + std::string(token) + "'", "hi:lo@bit or bit@bit in 48 bits");
    }
    operand.fields.push_back(field);
  }
  names[key] = std::move(operand);
}

Form readForm(std::string_view line, const OperandNames& names) {
  auto rest = line;
  Form form;
  auto first = nextToken(rest);
  if (first.starts_with('~')) {
    form.alias = true;
    first.remove_prefix(1);
  }
  form.mnemonicText = first;
  const auto shape = nextToken(rest);
  if (shape.empty() || first.empty()) fail(line, "incomplete form", "mnemonic and shape");
  if (shape != "-") form.shape = shape;
  form.base = word(line, nextToken(rest));
  form.mask = word(line, nextToken(rest));
  const auto conditions = nextToken(rest);
  const auto kind = conditionClassByName(conditions);
  if (!kind) {
    fail(line, "unknown condition class '" + std::string(conditions) + "'", "'-' or a class name");
  }
  form.conditionClass = *kind;
  for (auto token = nextToken(rest); !token.empty(); token = nextToken(rest)) {
    const auto found = names.find(token);
    if (found == names.end()) {
      fail(line, "unknown operand '" + std::string(token) + "'", "a name of the operand list");
    }
    form.operands.push_back(found->second);
  }
  deriveFacts(form);
  return form;
}

std::vector<std::string> operandNamesOf(const Form& form, const OperandNames& names) {
  std::vector<std::string> all;
  for (const auto& operand : form.operands) {
    all.emplace_back("?");
    for (const auto& [key, candidate] : names)
      if (operand == candidate) all.back() = key;
  }
  return all;
}

std::string formText(const Form& form, const OperandNames& names) {
  std::string text = fmt::format("{}{} {} {:012x} {:012x} {}", form.alias ? "~" : "",
                                 form.mnemonicText, form.shape.empty() ? "-" : form.shape,
                                 form.base, form.mask, name(form.conditionClass));
  for (const std::string& operand : operandNamesOf(form, names)) text += " " + operand;
  return text;
}

}  // namespace wattlas::dpu
