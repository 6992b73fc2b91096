#include "pim/dpu/isa/isa_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <ostream>
#include <set>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

namespace {

/// Words of the form: the product of what its operands accept.
double words(const Form& form) {
  double product = 1;
  for (const auto& operand : form.operands) {
    if (operand.fields.empty()) continue;
    const auto values = legalValues(form, operand);
    std::set<std::uint32_t> distinct(values.begin(), values.end());
    std::uint32_t bits = 0;
    for (const auto& f : operand.fields) {
      bits |= static_cast<std::uint32_t>(ones(unsigned(f.hi - f.lo + 1)) << f.lo);
    }
    double all = 1;
    for (unsigned i = 0; i < 32; ++i) all *= (bits >> i & 1) != 0 ? 2 : 1;
    product *= distinct.empty() ? all : static_cast<double>(distinct.size());
  }
  return product;
}

struct Share {
  std::size_t forms = 0;
  double words = 0;
};

/// Forms and words by the top four bits. A form that leaves some of those open counts in each group
/// with its part of the words.
std::array<Share, 16> shares(const InstructionSet& set) {
  std::array<Share, 16> groups{};
  for (const auto& form : set.forms()) {
    if (form->alias) continue;
    std::vector<std::size_t> open;
    for (std::uint64_t top = 0; top < groups.size(); ++top) {
      if ((((top << 44) ^ form->base) & form->mask & (std::uint64_t{15} << 44)) == 0) {
        open.push_back(top);
      }
    }
    for (const auto top : open) {
      ++groups[top].forms;
      groups[top].words += words(*form) / static_cast<double>(open.size());
    }
  }
  return groups;
}

unsigned freePrefixes(const InstructionSet& set) {
  unsigned free = 0;
  for (std::uint64_t prefix = 0; prefix < 4096; ++prefix) {
    const bool used = std::any_of(set.forms().begin(), set.forms().end(), [&](const auto& form) {
      return (((prefix << 36) ^ form->base) & form->mask & (std::uint64_t{0xFFF} << 36)) == 0;
    });
    free += used ? 0 : 1;
  }
  return free;
}

std::string fieldsText(const Operand& operand) {
  std::string text = "[";
  for (const auto& f : operand.fields) {
    text += (text.size() > 1 ? ", " : "") + fmt::format("\"{}:{}@{}\"", f.hi, f.lo, f.at);
  }
  return text + "]";
}

}  // namespace

void isaReport(const InstructionSet& set, std::ostream& out) {
  std::size_t aliases = 0, fused = 0, pairs = 0, setting = 0;
  std::set<std::string> operations, shapes;
  for (const auto& form : set.forms()) {
    aliases += form->alias ? 1 : 0;
    if (form->alias) continue;
    fused += form->branches ? 1 : 0;
    pairs += form->destination == Destination::pair ? 1 : 0;
    setting += form->write == WriteMode::setOnCondition ? 1 : 0;
    operations.insert(form->operationText);
    shapes.insert(form->shape);
  }
  const auto decoded = set.forms().size() - aliases;
  out << set.forms().size() << " forms (" << decoded << " decoded, " << aliases << " sugar), "
      << set.mnemonics().size() << " mnemonics, " << operations.size() << " decoded operations, "
      << shapes.size() << " operand shapes\n"
      << "decoded forms that branch in the same slot: " << fused
      << ", set a register on a condition: " << setting << ", write a pair: " << pairs << '\n'
      << "top four bits: forms, part of their words in use\n";
  double total = 0;
  const auto groups = shares(set);
  for (unsigned top = 0; top < groups.size(); ++top) {
    const double part = groups[top].words / static_cast<double>(std::uint64_t{1} << 44);
    total += part / 16;
    out << fmt::format("  {:x}: {:4}  {:6.2f} %\n", top, groups[top].forms, 100 * part);
  }
  out << fmt::format("encoding space in use: {:.2f} %, free: {:.2f} %\n", 100 * total,
                     100 * (1 - total))
      << "free prefixes of twelve bits (47:36): " << freePrefixes(set) << " of 4096\n";
}

void isaExport(const InstructionSet& set, std::ostream& out) {
  out << "# Instruction table of the DPU. Encodings: instruction encoder of the public UPMEM SDK\n"
         "# 2020.2.1, with which the public LLVM back end for the DPU agrees.\n"
         "schema: 1\noperands:\n";
  for (const auto& [key, operand] : set.operandNames()) {
    out << "  " << key << ": {kind: " << kindText(operand.kind) << ", type: " << typeText(operand)
        << ", fields: " << fieldsText(operand) << "}\n";
  }
  out << "conditions:\n";
  for (unsigned i = 1; i <= static_cast<unsigned>(ConditionClass::trueFalseCc); ++i) {
    const auto kind = static_cast<ConditionClass>(i);
    out << "  " << name(kind) << ": {";
    const char* separator = "";
    for (const auto& entry : conditionCodes(kind)) {
      out << separator << '"' << name(entry.condition) << "\": " << unsigned{entry.code};
      separator = ", ";
    }
    out << "}\n";
  }
  out << "forms:\n";
  for (const auto& form : set.forms()) {
    out << "  - {key: " << form->key << ", mnemonic: " << form->mnemonicText << ", shape: \""
        << form->shape
        << "\", base: " << fmt::format("0x{:012x}, mask: 0x{:012x}", form->base, form->mask)
        << ", conditions: "
        << (form->conditionClass == ConditionClass::none ? "none"
                                                         : std::string(name(form->conditionClass)))
        << ", sugar: " << (form->alias ? "true" : "false") << ", operands: ["
        << fmt::format("{}]}}\n", fmt::join(operandNamesOf(*form, set.operandNames()), ", "));
  }
}

namespace {

class Reader {
 public:
  Reader(InstructionSet& set, const std::vector<std::string_view>& others)
      : set_(set), others_(others) {}

  void read(const ConfigNode& tree) {
    if (!tree.isMap()) {
      problem(tree, {}, "this is not an instruction table", "a map with operands and forms");
    }
    for (const auto& [key, node] : tree.entries()) {
      if (key == "operands")
        readOperands(node);
      else if (key == "forms")
        continue;  // after all operand kinds
      else if (key != "schema" && key != "conditions" && key != "title" && key != "kernels" &&
               key != "changes" && key != "notes") {
        problem(node, key, "unknown key", "title, notes, operands, forms, changes or kernels");
      }
    }
    const auto* forms = tree.find("forms");
    if (forms != nullptr && !forms->isList()) problem(*forms, "forms", "not a list", "a list");
    if (forms != nullptr && forms->isList()) {
      for (const auto& form : forms->items()) readForm(form);
    }
    problems_.finish();
  }

 private:
  void problem(const ConfigNode& node, const std::string& key, const std::string& what,
               const std::string& expected) {
    problems_.add({node.place(), key, what, expected, {}});
  }

  /// Runs `action` and gives its problems the place of `node`, and `hint` where they have none.
  void at(const ConfigNode& node, const std::string& key, const std::function<void()>& action,
          const std::function<std::string()>& hint = {}) {
    try {
      action();
    } catch (const InputError& error) {
      for (auto found : error.problems()) {
        found.place = node.place();
        found.key = key;
        if (hint && found.hint.empty()) found.hint = hint();
        problems_.add(std::move(found));
      }
    }
  }

  /// Adds the form of a line unless the set has it.
  void add(const std::string& line) {
    const auto form = dpu::readForm(line, set_.operandNames());
    const auto* there = set_.form(form.key);
    if (there == nullptr ||
        formText(*there, set_.operandNames()) != formText(form, set_.operandNames()))
      set_.add(form);
  }

  std::string text(const ConfigNode& map, const char* key, const std::string& fallback = {}) {
    const auto* node = map.find(key);
    if (node == nullptr && !fallback.empty()) return fallback;
    if (node != nullptr && node->isScalar() && !node->scalar().empty()) {
      const bool blank = node->scalar().find_first_of(" \t\n") != std::string::npos;
      if (!blank) return node->scalar();
    }
    problem(node != nullptr ? *node : map, key, "missing or not a single word", "a word");
    return {};
  }

  /// " a b c" of a list of words.
  std::string words(const ConfigNode& map, const char* key) {
    std::string line;
    const auto* node = map.find(key);
    if (node == nullptr) return line;
    if (!node->isList()) problem(*node, key, "not a list", "a list of words");
    for (const auto& item : node->items()) {
      if (item.isScalar())
        line += " " + item.scalar();
      else
        problem(item, key, "not a word", "a list of words");
    }
    return line;
  }

  void readOperands(const ConfigNode& node) {
    for (const auto& [key, operand] : node.entries()) {
      const auto line = key + " " + text(operand, "kind") + " " + text(operand, "type") +
                        words(operand, "fields");
      at(operand, "operands." + key, [&] { set_.addOperandKind(line); });
    }
  }

  static std::string hexadecimal(std::string word) {
    if (word.starts_with("0x") || word.starts_with("0X")) word.erase(0, 2);
    return word;
  }

  void readForm(const ConfigNode& node) {
    if (!node.isMap()) return problem(node, "forms", "not a form", "a map");
    constexpr std::array known = {"key",        "mnemonic", "shape",    "base", "mask",
                                  "conditions", "sugar",    "operands", "slot"};
    for (const auto& [key, value] : node.entries()) {
      const bool fine = std::find(known.begin(), known.end(), key) != known.end() ||
                        std::find(others_.begin(), others_.end(), key) != others_.end();
      if (!fine)
        problem(value, "forms." + key, "unknown key",
                "mnemonic, shape, base, mask, conditions, operands");
    }
    if (node.find("slot") != nullptr) return readSlot(node);
    const auto* shapeNode = node.find("shape");
    const bool bare =
        shapeNode == nullptr || (shapeNode->isScalar() && shapeNode->scalar().empty());
    auto conditions = text(node, "conditions", "none");
    if (conditions == "none") conditions = "-";
    const auto* sugar = node.find("sugar");
    const bool alias = sugar != nullptr && sugar->isScalar() && sugar->scalar() == "true";
    const auto mnemonic = text(node, "mnemonic");
    const auto before = problems_.list().size();
    const auto base = text(node, "base"), mask = text(node, "mask");
    if (mnemonic.empty() || problems_.list().size() != before) return;
    const auto line = (alias ? "~" : "") + mnemonic + " " + (bare ? "-" : text(node, "shape")) +
                      " " + hexadecimal(base) + " " + hexadecimal(mask) + " " + conditions +
                      words(node, "operands");
    at(node, "forms." + mnemonic, [&] { add(line); });
  }

  /// A form by slot: fixed places for every operand.
  void readSlot(const ConfigNode& node) {
    for (const char* key : {"base", "mask", "conditions", "sugar"})
      if (node.find(key) != nullptr) problem(node, "forms", "slot and " + std::string(key), "one");
    const auto before = problems_.list().size();
    const auto mnemonic = text(node, "mnemonic"), number = text(node, "slot");
    int slot = -1;
    if (number.size() <= 3 && number.find_first_not_of("0123456789") == std::string::npos &&
        !number.empty())
      slot = std::stoi(number);
    if (slot < 0 || slot > kSlots - 1)
      problem(*node.find("slot"), "forms.slot", "'" + number + "' is no slot", "0 to 255");
    std::string shape, operands;
    std::uint64_t covered = 0;
    const auto* list = node.find("operands");
    for (const auto& item : list != nullptr ? list->items() : std::vector<ConfigNode>{}) {
      const SlotOperand* found = nullptr;
      for (const SlotOperand& known : kSlotOperands)
        if (item.isScalar() && item.scalar() == known.name) found = &known;
      if (found == nullptr) {
        problem(item, "forms.operands", "unknown operand of an instruction by slot",
                "rc, dc, ra, rb, db, imm or pc");
        continue;
      }
      if (set_.operandNames().count(found->kind) == 0) set_.addOperandKind(found->line);
      shape += found->letter;
      operands += std::string(" ") + found->kind;
      covered |= found->bits;
    }
    if (problems_.list().size() != before) return;
    const auto lineAt = [&](int at) {
      return fmt::format("{} {} {:012x} {:012x} -{}", mnemonic, shape.empty() ? "-" : shape,
                         0xaULL << 44 | std::uint64_t(at) << 24, 0xffffffffffffULL & ~covered,
                         operands);
    };
    at(
        node, "forms." + mnemonic, [&] { add(lineAt(slot)); },
        [&] {
          for (int distance = 1; distance < kSlots; ++distance)
            for (const int other : {slot + distance, slot - distance}) {
              if (other < 0 || other >= kSlots) continue;
              const auto form = dpu::readForm(lineAt(other), set_.operandNames());
              const bool free = std::none_of(
                  set_.forms().begin(), set_.forms().end(),
                  [&](const auto& f) { return !f->alias && commonWord(form, *f).has_value(); });
              if (free) return "the nearest free slot is " + std::to_string(other);
            }
          return std::string();
        });
  }

  static constexpr int kSlots = 256;
  struct SlotOperand {
    const char *name, *kind, *line, *letter;
    std::uint64_t bits;
  };
  static constexpr std::array<SlotOperand, 7> kSlotOperands = {{
      {"rc", "rc", "rc rc reg 4:0@39", "r", 0x1fULL << 39},
      {"dc", "dc5", "dc5 dc pair 4:0@39", "r", 0x1fULL << 39},
      {"ra", "ra", "ra ra regcst 4:0@34", "r", 0x1fULL << 34},
      {"rb", "rb", "rb rb reg 2:0@17 4:3@32", "r", 7ULL << 17 | 3ULL << 32},
      {"db", "db", "db db pair 2:0@17 4:3@32", "r", 7ULL << 17 | 3ULL << 32},
      {"imm", "imm.slot", "imm.slot imm s16 15:0@0", "i", 0xffffULL},
      {"pc", "pc.slot", "pc.slot pc pc16 15:0@0", "i", 0xffffULL},
  }};

  InstructionSet& set_;
  const std::vector<std::string_view>& others_;
  Problems problems_;
};

}  // namespace

void addForms(const ConfigNode& tree, InstructionSet& set,
              const std::vector<std::string_view>& otherKeys) {
  Reader(set, otherKeys).read(tree);
}

}  // namespace wattlas::dpu
