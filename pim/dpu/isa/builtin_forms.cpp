#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

constexpr std::string_view kOperandText =
#include "pim/dpu/isa/upmem_operands.def"
    ;
constexpr std::string_view kFormText =
#include "pim/dpu/isa/upmem_forms.def"
    ;
constexpr std::uint64_t kSigned = std::uint64_t{1} << 39;  ///< .s beside .u

template <class Action>
void eachLine(std::string_view text, Action action) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end != 0) action(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Writes out the families of the form table.
class FormTable {
 public:
  explicit FormTable(const OperandNames& operands) : operands_(operands) {}

  void line(std::string_view text) {
    if (text.starts_with("= ")) {
      family_.clear();
      std::istringstream members{std::string(text.substr(2))};
      std::uint64_t code = 0;
      for (std::string name;
           std::getline(members >> std::ws, name, ':') && members >> std::hex >> code;)
        family_.emplace_back(name, code);
      return;
    }
    const auto star = text.find('*'), plus = text.rfind(" +");
    if (star == std::string_view::npos) return form(std::string(text), 0);
    const int bit = std::stoi(std::string(text.substr(plus + 2)));
    for (const auto& [name, code] : family_)
      form(std::string(text.substr(0, plus)).replace(star, 1, name), code << bit);
  }

  /// In the order in which the assembler tries them: by mnemonic and shape.
  std::vector<Form> sorted() {
    std::sort(forms_.begin(), forms_.end(), [](const Form& a, const Form& b) {
      return std::tie(a.mnemonicText, a.shape) < std::tie(b.mnemonicText, b.shape);
    });
    return std::move(forms_);
  }

 private:
  void form(const std::string& text, std::uint64_t code) {
    const std::string_view all = text;
    if (const auto both = all.find(".us "); both != std::string_view::npos) {
      for (const char* kind : {".u ", ".s "})
        form(std::string(all.substr(0, both)) + kind + std::string(all.substr(both + 4)),
             code | (kind[1] == 's' ? kSigned : 0));
      return;
    }
    forms_.push_back(readForm(text, operands_));
    forms_.back().base |= code;
  }

  const OperandNames& operands_;
  std::vector<std::pair<std::string, std::uint64_t>> family_;
  std::vector<Form> forms_;
};

}  // namespace

const InstructionSet& InstructionSet::builtin() {
  static const InstructionSet set = [] {
    InstructionSet made;
    eachLine(kOperandText, [&](std::string_view l) { readOperandKind(l, made.operands_); });
    FormTable table(made.operands_);
    eachLine(kFormText, [&](std::string_view l) { table.line(l); });
    for (Form& form : table.sorted()) made.insert(std::move(form));
    made.index();
    return made;
  }();
  return set;
}

}  // namespace wattlas::dpu
