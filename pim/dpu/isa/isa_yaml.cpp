#include "pim/dpu/isa/isa_yaml.h"

#include <algorithm>
#include <array>

namespace wattlas::dpu {

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
      else if (key != "schema" && key != "conditions") {
        problem(node, key, "unknown key", "schema, operands, conditions or forms");
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

  /// Runs `action` and gives its problems the place of `node`.
  template <class Action>
  void at(const ConfigNode& node, const std::string& key, Action action) {
    try {
      action();
    } catch (const InputError& error) {
      for (auto found : error.problems()) {
        found.place = node.place();
        found.key = key;
        problems_.add(std::move(found));
      }
    }
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
    constexpr std::array known = {"key",  "mnemonic",   "shape", "base",
                                  "mask", "conditions", "sugar", "operands"};
    for (const auto& [key, value] : node.entries()) {
      const bool fine = std::find(known.begin(), known.end(), key) != known.end() ||
                        std::find(others_.begin(), others_.end(), key) != others_.end();
      if (!fine)
        problem(value, "forms." + key, "unknown key",
                "mnemonic, shape, base, mask, conditions, operands");
    }
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
    at(node, "forms." + mnemonic, [&] {
      const auto form = dpu::readForm(line, set_.operandNames());
      const auto* there = set_.form(form.key);
      const bool same = there != nullptr && formText(*there, set_.operandNames()) ==
                                                formText(form, set_.operandNames());
      if (!same) set_.add(form);
    });
  }

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
