#include "pim/dpu/isa/condition.h"

#include <algorithm>
#include <cctype>
#include <charconv>

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

}  // namespace wattlas::dpu
