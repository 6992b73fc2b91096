// What the executor needs to know about a form, derived from its mnemonic, conditions and operands.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/error.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

namespace {

struct ClassText {
  std::string name;
  std::string_view codes;
};

const std::vector<std::string>& conditionNames() {
  static const std::vector<std::string> names = {
#define X(id) textOfEnumerator(#id),
#include "pim/dpu/isa/conditions.def"
#undef X
  };
  return names;
}

const std::vector<ClassText>& classes() {
  static const std::vector<ClassText> all = {
      {"-", ""},
#define X(id, codes) {textOfEnumerator(#id), codes},
#include "pim/dpu/isa/condition_classes.def"
#undef X
  };
  return all;
}

std::vector<ConditionCode> parseCodes(std::string_view text) {
  std::vector<ConditionCode> codes;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto item = text.substr(0, end);
    const auto equals = item.find('=');
    unsigned code = 0;
    std::from_chars(item.data() + equals + 1, item.data() + item.size(), code);
    codes.push_back(
        {conditionByName(item.substr(0, equals)).value(), static_cast<std::uint8_t>(code)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return codes;
}

}  // namespace

std::string textOfEnumerator(std::string_view enumerator) {
  std::string text;
  for (const char c : enumerator) {
    const bool capital = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (capital) text += '_';
    text += capital ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : c;
  }
  if (text.ends_with('_')) text.pop_back();
  return text;
}

const std::vector<ConditionCode>& conditionCodes(ConditionClass kind) {
  static const auto all = [] {
    std::vector<std::vector<ConditionCode>> table;
    for (const ClassText& one : classes()) table.push_back(parseCodes(one.codes));
    return table;
  }();
  return all.at(static_cast<std::size_t>(kind));
}

std::optional<Condition> conditionOf(ConditionClass kind, unsigned code) {
  for (const auto& entry : conditionCodes(kind)) {
    if (entry.code == code) return entry.condition;
  }
  return std::nullopt;
}

std::optional<unsigned> codeOf(ConditionClass kind, Condition condition) {
  for (const auto& entry : conditionCodes(kind)) {
    if (entry.condition == condition) return entry.code;
  }
  return std::nullopt;
}

std::string_view name(Condition condition) {
  return conditionNames().at(static_cast<std::size_t>(condition));
}

std::string_view name(ConditionClass kind) {
  return classes().at(static_cast<std::size_t>(kind)).name;
}

std::optional<Condition> conditionByName(std::string_view text) {
  const auto& names = conditionNames();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Condition>(found - names.begin());
}

std::optional<ConditionClass> conditionClassByName(std::string_view text) {
  const auto found = std::find_if(classes().begin(), classes().end(),
                                  [&](const ClassText& one) { return one.name == text; });
  if (found == classes().end()) return std::nullopt;
  return static_cast<ConditionClass>(found - classes().begin());
}

namespace {

const std::vector<std::string>& operationNames() {
  static const std::vector<std::string> names = {
#define X(id) textOfEnumerator(#id),
#include "pim/dpu/isa/operations.def"
#undef X
  };
  return names;
}

bool has(const Form& form, OperandKind kind) {
  return std::any_of(form.operands.begin(), form.operands.end(),
                     [&](const Operand& o) { return o.kind == kind; });
}

IssueClass issueClass(const Form& form) {
  const std::string_view op = form.operationText;
  if (op.starts_with("mul_") || op == "div_step") return IssueClass::multiply;
  if (op.starts_with("ldma") || op.starts_with("sdma")) return IssueClass::dma;
  if (op == "acquire" || op == "release") return IssueClass::lock;
  if (op == "boot" || op == "resume" || op == "stop" || op == "clr_run" || op == "read_run") {
    return IssueClass::thread;
  }
  if (op == "fault" || op == "bkp" || op == "time" || op == "time_cfg" || op == "tell") {
    return IssueClass::special;
  }
  if (form.hasOffset && op != "call" && op != "jump") return IssueClass::loadStore;
  if (op == "call" || op == "jump" || op.starts_with("j")) return IssueClass::control;
  return IssueClass::alu;
}

bool safeSugar(std::string_view op) {
  constexpr std::array names = {"adds", "subs", "lbss", "lbus", "lhss", "lhus",
                                "lws",  "lds",  "sbs",  "shs",  "sws",  "sds"};
  return std::find(names.begin(), names.end(), op) != names.end();
}

}  // namespace

std::string_view name(Operation operation) {
  const auto i = static_cast<std::size_t>(operation);
  return i < operationNames().size() ? std::string_view(operationNames()[i]) : "custom";
}

void deriveFacts(Form& form) {
  form.key.clear();
  for (const char c : form.mnemonicText) {
    form.key += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  form.key += form.shape;
  form.operationText = form.mnemonicText;
  const bool sign = form.mnemonicText.ends_with(".s");
  const bool zero = form.mnemonicText.ends_with(".u");
  if (sign || zero) form.operationText.resize(form.operationText.size() - 2);
  const auto& names = operationNames();  // behind the last one: custom
  form.operation = static_cast<Operation>(
      std::find(names.begin(), names.end(), form.operationText) - names.begin());

  form.hasOffset = has(form, OperandKind::off);
  form.branches = has(form, OperandKind::pc);
  form.destination = has(form, OperandKind::rc)   ? Destination::rc
                     : has(form, OperandKind::dc) ? Destination::pair
                                                  : Destination::none;
  form.write = form.destination == Destination::none ? WriteMode::none : WriteMode::result;
  if (has(form, OperandKind::cc) && !form.branches &&
      form.conditionClass != ConditionClass::falseCc) {
    form.write = WriteMode::setOnCondition;
  }
  form.pair = form.destination != Destination::pair ? PairMode::none
              : sign                                ? PairMode::signExtend
              : zero                                ? PairMode::zeroExtend
                                                    : PairMode::full;
  form.safe = safeSugar(form.operationText);
  form.storesId = form.operationText.ends_with("_id");
  std::array<Source*, 3> slots = {&form.first, &form.second, &form.third};
  for (auto* slot : slots) *slot = Source::none;
  std::size_t used = 0;
  for (const auto& operand : form.operands) {
    if (operand.type == OperandType::safe || operand.type == OperandType::safeOrCst) {
      form.safe = true;
    }
    const OperandKind kind = operand.kind;
    const bool immediate =
        kind == OperandKind::imm || kind == OperandKind::shift || kind == OperandKind::immDma;
    const Source source = kind == OperandKind::ra   ? Source::ra
                          : kind == OperandKind::rb ? Source::rb
                          : kind == OperandKind::db ? Source::dbPair
                          : immediate               ? Source::immediate
                                                    : Source::none;
    if (source != Source::none && used < slots.size()) *slots[used++] = source;
  }
  form.issue = issueClass(form);
  if (form.issue != IssueClass::loadStore) return;
  form.stores = form.operationText[0] == 's';  // lbu, sw_id: l or s, then the size
  const char size = form.operationText[1];
  form.accessBytes = size == 'b' ? 1 : size == 'h' ? 2 : size == 'w' ? 4 : 8;
}

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
