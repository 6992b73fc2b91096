#include "pim/dpu/isa/instruction_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace wattlas::dpu {

namespace {

constexpr unsigned kBuckets = 256;

/// Bits 47:44 and 31:28 are fixed in most forms and tell most of them apart.
unsigned bucketOf(std::uint64_t word) {
  return static_cast<unsigned>(((word >> 44) << 4) | ((word >> 28) & 15));
}

std::string hex(std::uint64_t word) {
  return fmt::format("0x{:012x}", word);
}

[[noreturn]] void refuse(const Form& form, const std::string& what, std::string expected) {
  throw InputError("instruction form '" + form.key + "': " + what, std::move(expected));
}

bool validMnemonic(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::islower(c) || std::isdigit(c) || c == '_' || c == '.';
  });
}

void checkForm(const Form& form) {
  if (!validMnemonic(form.mnemonicText)) {
    refuse(form, "bad mnemonic '" + form.mnemonicText + "'",
           "lower case letters, digits, '_', '.'");
  }
  if ((form.base & ~form.mask) != 0 || (form.mask >> 48) != 0) {
    refuse(form, "base " + hex(form.base) + " has bits outside mask " + hex(form.mask),
           "every set base bit is fixed by the mask, 48 bits");
  }
  std::uint64_t covered = form.mask;
  std::array<bool, 16> seen{};
  for (const auto& operand : form.operands) {
    const auto kind = std::string(kindText(operand.kind));
    if (std::exchange(seen[static_cast<std::size_t>(operand.kind)], true)) {
      refuse(form, "operand '" + kind + "' appears twice", "each operand kind once");
    }
    const auto bits = coverage(operand.fields);
    if ((bits & covered) != 0) {
      refuse(form,
             "the bits of operand '" + kind + "' overlap fixed bits or another operand at " +
                 hex(bits & covered),
             "separate bits for each operand");
    }
    covered |= bits;
    const bool condition = operand.kind == OperandKind::cc;
    if (condition && form.conditionClass == ConditionClass::none) {
      refuse(form, "a condition operand without a condition class", "a class such as log_nz_cc");
    }
  }
  if (covered != ones(48)) {
    refuse(form, "bits " + hex(ones(48) & ~covered) + " belong to no operand and are not fixed",
           "mask and operand fields together cover 48 bits");
  }
}

}  // namespace

const Form& InstructionSet::insert(Form form) {
  forms_.push_back(std::make_shared<const Form>(std::move(form)));
  const Form* added = forms_.back().get();
  byKey_[added->key] = added;
  byMnemonic_[added->mnemonicText].push_back(added);
  return *added;
}

void InstructionSet::index() {
  std::vector<const Form*> order;
  for (const auto& form : forms_) order.push_back(form.get());
  std::stable_sort(order.begin(), order.end(), [](const Form* a, const Form* b) {
    return std::popcount(a->mask) > std::popcount(b->mask);
  });
  buckets_.assign(kBuckets, {});
  aliases_.assign(kBuckets, {});
  for (const Form* form : order) {
    auto& buckets = form->alias ? aliases_ : buckets_;
    const unsigned mask = bucketOf(form->mask), base = bucketOf(form->base);
    const unsigned open = (kBuckets - 1) & ~mask;
    // Every bucket that agrees with the fixed bits: walks the subsets of the open bits.
    for (unsigned subset = open;; subset = (subset - 1) & open) {
      buckets[base | subset].push_back(form);
      if (subset == 0) break;
    }
  }
}

const Form& InstructionSet::add(Form form) {
  checkForm(form);
  if (byKey_.count(form.key) != 0) {
    refuse(form, "there is such a form already", "a new mnemonic or operand shape");
  }
  if (form.alias) refuse(form, "an added form cannot be sugar", "a form with words of its own");
  for (const auto& other : forms_) {
    if (other->alias) continue;
    if (const auto word = commonWord(form, *other)) {
      refuse(form, "its encoding collides with '" + other->key + "' at word " + hex(*word),
             "words that no other form decodes");
    }
  }
  const Form& added = insert(std::move(form));
  index();
  return added;
}

const Form& InstructionSet::add(std::string_view line) {
  return add(readForm(line, operands_));
}

Expected<Instruction, DecodeError> InstructionSet::decode(std::uint64_t word) const {
  if (word >> 48 != 0) {
    return DecodeError{word, "word " + hex(word) + " has bits above bit 47"};
  }
  if (!buckets_.empty()) {
    for (const Form* form : buckets_[bucketOf(word)]) {
      if ((word & form->mask) != form->base) continue;
      if (auto found = extract(*form, word)) return *found;
    }
  }
  return DecodeError{word, "word " + hex(word) + " is not an instruction"};
}

std::optional<Instruction> InstructionSet::sugar(std::uint64_t word) const {
  std::optional<Instruction> best;
  if (aliases_.empty() || word >> 48 != 0) return best;
  for (const Form* form : aliases_[bucketOf(word)]) {
    if ((word & form->mask) != form->base) continue;
    if (best && best->form->operands.size() <= form->operands.size()) continue;
    if (auto found = extract(*form, word)) best = found;
  }
  return best;
}

const Form* InstructionSet::form(std::string_view key) const {
  const auto found = byKey_.find(key);
  return found == byKey_.end() ? nullptr : found->second;
}

const std::vector<const Form*>& InstructionSet::formsOf(std::string_view mnemonic) const {
  static const std::vector<const Form*> none;
  const auto found = byMnemonic_.find(mnemonic);
  return found == byMnemonic_.end() ? none : found->second;
}

std::vector<std::string> InstructionSet::mnemonics() const {
  std::vector<std::string> names;
  for (const auto& [text, forms] : byMnemonic_) names.push_back(text);
  return names;
}

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
