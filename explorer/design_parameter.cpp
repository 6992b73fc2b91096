#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "explorer/study.h"

namespace wattlas {
namespace {

constexpr std::size_t mostChoices = 100000;
const std::vector<std::string> kindNames = {"categorical", "ordinal", "integer", "real", "log"};

/// Key of a `design parameters` entry while it is read, with its problems.
struct Reader {
  DesignParameter& parameter;
  const ConfigNode& node;
  Problems& problems;

  void problem(const ConfigNode& at, const std::string& sub, std::string what, std::string expected,
               std::string hint = {}) {
    const Place& place = at.place().file.empty() ? node.place() : at.place();
    problems.add({place, "genes." + parameter.key + (sub.empty() ? "" : "." + sub), std::move(what),
                  std::move(expected), std::move(hint)});
  }

  void readList(const ConfigNode& list, const std::string& word) {
    if (!list.isList() || list.items().empty()) {
      problem(list, word, "is not a list of choices", "a list such as [int8, int4]");
      return;
    }
    if (list.items().size() > mostChoices) {
      problem(list, word, "has more than 100000 choices", "fewer choices");
      return;
    }
    std::set<std::string> seen;
    for (const ConfigNode& item : list.items()) {
      const std::string text = canonicalText(item);
      if (item.isNull() || text.empty())
        problem(item, word, "has an empty choice", "a value", "remove the extra comma");
      else if (!seen.insert(text).second)
        problem(item, word, "lists '" + text + "' twice", "each choice once");
      parameter.values.push_back(item);
    }
    if (word == "ordinal") checkOrder(list);
  }

  void checkOrder(const ConfigNode& list) {
    double last = -std::numeric_limits<double>::infinity();
    for (const ConfigNode& item : list.items()) {
      const auto measure = item.isScalar() ? parseMeasure(item.scalar()) : std::nullopt;
      if (!measure) {
        problem(item, "ordinal", "'" + canonicalText(item) + "' is not a number",
                "numbers in ascending order", "use categorical for names");
        return;
      }
      if (measure->value <= last) {
        problem(item, "ordinal", "'" + canonicalText(item) + "' is not above the one before it",
                "ascending order");
        return;
      }
      last = measure->value;
    }
  }

  struct Limit {
    double number = 0;
    std::string unit;
    Measure measure;
  };
  std::optional<Limit> bound(const ConfigNode& range, const std::string& word, const char* key) {
    const ConfigNode* node_ = range.find(key);
    if (node_ == nullptr) {
      problem(range, word, std::string("has no '") + key + "'", "min and max");
      return std::nullopt;
    }
    const std::string text = node_->isScalar() ? node_->scalar() : std::string();
    const auto measure = parseMeasure(text);
    if (!measure) {
      problem(*node_, word + "." + key, "'" + canonicalText(*node_) + "' is not a number",
              "a number, with a unit where the parameter has one");
      return std::nullopt;
    }
    double number = 0;
    const char* end = text.data() + text.size();
    const char* rest = std::from_chars(text.data() + (text.front() == '+'), end, number).ptr;
    while (rest != end && *rest == ' ') ++rest;
    return Limit{number, std::string(rest, end), *measure};
  }

  void readRange(const ConfigNode& range, const std::string& word) {
    if (!range.isMap()) {
      problem(range, word, "is not a range",
              word == "integer" ? "{min: 1, max: 8, step: 1}" : "{min: 0.1, max: 10}");
      return;
    }
    const std::vector<std::string> known = word == "integer"
                                               ? std::vector<std::string>{"min", "max", "step"}
                                               : std::vector<std::string>{"min", "max", "points"};
    for (const auto& [key, value] : range.entries())
      if (std::find(known.begin(), known.end(), key) == known.end())
        problem(value, word + "." + key, "unknown key", "min, max and " + known.back(),
                didYouMean(key, known));
    const auto low = bound(range, word, "min"), high = bound(range, word, "max");
    if (!low || !high) return;
    if (low->unit != high->unit) {
      problem(range, word, "'" + low->unit + "' and '" + high->unit + "' are different units",
              "min and max in the same unit");
      return;
    }
    if (!(low->number < high->number)) {
      problem(range, word, "min is not below max", "min < max");
      return;
    }
    parameter.low = low->number;
    parameter.high = high->number;
    parameter.unit = low->unit;
    parameter.dimension = low->measure.dimension;
    parameter.unitFactor = low->unit.empty() ? 1.0 : parseMeasure("1 " + low->unit)->value;
    if (word == "integer")
      readSteps(range);
    else
      readPoints(range, word);
  }

  void readSteps(const ConfigNode& range) {
    double step = 1;
    if (const ConfigNode* given = range.find("step")) {
      const auto measure = given->isScalar() ? parseMeasure(given->scalar()) : std::nullopt;
      step = measure && !measure->dimension ? measure->value : 0;
      if (!(step >= 1) || step != std::floor(step)) {
        problem(*given, "integer.step", "'" + canonicalText(*given) + "' is not a step",
                "a whole number of at least 1");
        return;
      }
    }
    const double limit = 9.0e15;
    if (parameter.low != std::floor(parameter.low) ||
        parameter.high != std::floor(parameter.high) || std::abs(parameter.low) > limit ||
        std::abs(parameter.high) > limit) {
      problem(range, "integer", "min and max are not whole numbers", "whole numbers",
              "use real for fractions");
      return;
    }
    if ((parameter.high - parameter.low) / step >= static_cast<double>(mostChoices)) {
      problem(range, "integer", "has more than 100000 choices", "a larger step", "or use real");
      return;
    }
    for (double v = parameter.low; v <= parameter.high; v += step) addNumber(v);
  }

  void readPoints(const ConfigNode& range, const std::string& word) {
    const bool isLog = word == "log";
    if (isLog && !(parameter.low > 0)) {
      problem(range, word, "min is not above zero", "a positive range", "use real");
      return;
    }
    const ConfigNode* given = range.find("points");
    if (given == nullptr) return;
    const auto measure = given->isScalar() ? parseMeasure(given->scalar()) : std::nullopt;
    const double n = measure && !measure->dimension ? measure->value : 0;
    if (n != std::floor(n) || n < 2 || n > static_cast<double>(mostChoices)) {
      problem(*given, word + ".points", "'" + canonicalText(*given) + "' is not a number of points",
              "a whole number from 2 to 100000");
      return;
    }
    for (double i = 0; i < n; ++i) {
      const double t = i / (n - 1);
      // The ends are exact; between them 12 digits are the same on every machine.
      double v = isLog ? parameter.low * std::pow(parameter.high / parameter.low, t)
                       : parameter.low + (parameter.high - parameter.low) * t;
      if (i == 0) v = parameter.low;
      if (i == n - 1) v = parameter.high;
      addNumber(rounded(v));
    }
  }

  void addNumber(double v) {
    parameter.values.push_back(ConfigNode::ofScalar(
        numberText(v) + (parameter.unit.empty() ? "" : " " + parameter.unit), node.place()));
  }

  void readWhen(const Symbols& symbols) {
    const ConfigNode* condition = node.find("when");
    if (condition == nullptr) return;
    if (!condition->isScalar()) {
      problem(*condition, "when", "is not a condition", "text such as \"platform == 'a'\"");
      return;
    }
    try {
      parameter.when = Expression::compile(condition->scalar(), symbols);
      const auto kind = parameter.when->type().kind;
      if (kind != ValueType::Kind::boolean && kind != ValueType::Kind::any)
        problem(*condition, "when", "'" + condition->scalar() + "' is not yes or no",
                "a comparison");
    } catch (const ExpressionError& error) {
      problems.add(error.problem(condition->place(), "genes." + parameter.key + ".when",
                                 condition->scalar()));
    }
  }
};

}  // namespace

const char* nameOf(DesignParameter::Kind kind) {
  return kindNames[static_cast<std::size_t>(kind)].c_str();
}

Coordinate DesignParameter::at(double unitSample) const {
  if (!continuous()) {
    const double n = static_cast<double>(choices());
    return std::min(std::floor(unitSample * n), n - 1);
  }
  if (kind == Kind::log) return rounded(low * std::pow(high / low, unitSample));
  return rounded(low + (high - low) * unitSample);
}

std::string DesignParameter::text(Coordinate c) const {
  if (std::isnan(c)) return {};
  if (!continuous()) return texts[static_cast<std::size_t>(c)];
  return numberText(c) + (unit.empty() ? "" : " " + unit);
}

ConfigNode DesignParameter::node(Coordinate c) const {
  return continuous() ? ConfigNode::ofScalar(text(c), place) : values[static_cast<std::size_t>(c)];
}

Value DesignParameter::value(Coordinate c) const {
  if (std::isnan(c)) return {};
  if (continuous()) return Value::ofNumber(c * unitFactor);
  const std::size_t i = static_cast<std::size_t>(c);
  const auto& measure = measures[i];
  return {Value::Kind::text, measure ? measure->value : 0.0, measure.has_value(), texts[i]};
}

ValueType DesignParameter::type() const {
  if (continuous()) return {ValueType::Kind::number, dimension, false};
  const bool allNumbers =
      std::all_of(measures.begin(), measures.end(), [](const auto& m) { return m.has_value(); });
  const bool noNumbers =
      std::none_of(measures.begin(), measures.end(), [](const auto& m) { return m.has_value(); });
  if (noNumbers) return {ValueType::Kind::text, std::nullopt, false};
  for (const auto& measure : measures)
    if (!allNumbers || measure->dimension != measures.front()->dimension) return {};
  return {ValueType::Kind::number, measures.front()->dimension, false};
}

DesignParameter readParameter(const std::string& key, const ConfigNode& node,
                              const Symbols& symbols, Problems& problems) {
  DesignParameter parameter;
  parameter.key = key;
  parameter.place = node.place();
  Reader reader{parameter, node, problems};
  if (!node.isMap()) {
    reader.problem(node, "", "is not a gene",
                   "{categorical: [a, b]}, ordinal, integer, real or log",
                   node.isList() ? "write {categorical: " + canonicalText(node) + "}" : "");
    return parameter;
  }
  const std::string* kind = nullptr;
  for (const auto& [name, value] : node.entries()) {
    const auto found = std::find(kindNames.begin(), kindNames.end(), name);
    if (found == kindNames.end()) {
      std::vector<std::string> known = kindNames;
      known.emplace_back("when");
      if (name != "when")
        reader.problem(value, name, "unknown key", "categorical, ordinal, integer, real, log, when",
                       didYouMean(name, known));
      continue;
    }
    if (kind != nullptr) {
      reader.problem(value, name, "a gene has one kind, and '" + *kind + "' is already given",
                     "one of the two");
      continue;
    }
    kind = &*found;
    parameter.kind = static_cast<DesignParameter::Kind>(found - kindNames.begin());
    if (parameter.kind == DesignParameter::Kind::categorical ||
        parameter.kind == DesignParameter::Kind::ordinal)
      reader.readList(value, name);
    else
      reader.readRange(value, name);
  }
  if (kind == nullptr && problems.empty())
    reader.problem(node, "", "has no choices", "one of categorical, ordinal, integer, real, log");
  reader.readWhen(symbols);
  for (const ConfigNode& value : parameter.values) {
    parameter.texts.push_back(canonicalText(value));
    parameter.measures.push_back(value.isScalar() ? parseMeasure(value.scalar()) : std::nullopt);
  }
  return parameter;
}

}  // namespace wattlas
