// What the executor needs to know about a form, derived from its mnemonic, conditions and operands.
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "pim/dpu/isa/form_text.h"

namespace wattlas::dpu {

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
    Source source = Source::none;
    switch (operand.kind) {
      case OperandKind::ra:
        source = Source::ra;
        break;
      case OperandKind::rb:
        source = Source::rb;
        break;
      case OperandKind::db:
        source = Source::dbPair;
        break;
      case OperandKind::imm:
      case OperandKind::shift:
      case OperandKind::immDma:
        source = Source::immediate;
        break;
      default:
        break;
    }
    if (source != Source::none && used < slots.size()) *slots[used++] = source;
  }
  form.issue = issueClass(form);
  if (form.issue != IssueClass::loadStore) return;
  form.stores = form.operationText[0] == 's';  // lbu, sw_id: l or s, then the size
  const char size = form.operationText[1];
  form.accessBytes = size == 'b' ? 1 : size == 'h' ? 2 : size == 'w' ? 4 : 8;
}

}  // namespace wattlas::dpu
