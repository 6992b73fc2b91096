#include "pim/dpu/isa/condition.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace wattlas::dpu {

namespace {

struct ClassText {
  std::string_view name, codes;
};

constexpr std::array kConditionNames = {
#define X(id, text) std::string_view(text),
#include "pim/dpu/isa/conditions.def"
#undef X
};
constexpr std::array kClasses = {
    ClassText{"-", ""},
#define X(id, text, codes) ClassText{text, codes},
#include "pim/dpu/isa/condition_classes.def"
#undef X
};

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

const std::vector<ConditionCode>& conditionCodes(ConditionClass kind) {
  static const auto all = [] {
    std::array<std::vector<ConditionCode>, kClasses.size()> table;
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = parseCodes(kClasses[i].codes);
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
  return kConditionNames.at(static_cast<std::size_t>(condition));
}

std::string_view name(ConditionClass kind) {
  return kClasses.at(static_cast<std::size_t>(kind)).name;
}

std::optional<Condition> conditionByName(std::string_view text) {
  for (std::size_t i = 0; i < kConditionNames.size(); ++i) {
    if (kConditionNames[i] == text) return static_cast<Condition>(i);
  }
  return std::nullopt;
}

std::optional<ConditionClass> conditionClassByName(std::string_view text) {
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (kClasses[i].name == text) return static_cast<ConditionClass>(i);
  }
  return std::nullopt;
}

}  // namespace wattlas::dpu
