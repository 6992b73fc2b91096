// What the executor needs to know about a form, derived from its mnemonic, conditions and operands.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>
#include <vector>

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

}  // namespace wattlas::dpu
