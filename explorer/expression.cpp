#include "explorer/expression.h"

#include <fmt/format.h>

#include <charconv>

#include "explorer/expression_parser.h"

namespace wattlas {

std::optional<Measure> parseMeasure(std::string_view text) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  double number = 0;
  const auto [rest, status] = std::from_chars(begin, end, number);
  // Words such as "inf" and "nan" are names here, not numbers.
  if (status != std::errc() || !(number - number == 0.0)) return std::nullopt;
  if (rest == end) return Measure{number, std::nullopt};
  static constexpr Dimension dimensions[] = {
      Dimension::ratio,      Dimension::time,        Dimension::frequency,   Dimension::energy,
      Dimension::power,      Dimension::bandwidth,   Dimension::information, Dimension::area,
      Dimension::throughput, Dimension::energyPerBit};
  for (const Dimension dimension : dimensions) {
    try {
      Measure measure{parseQuantity(text, dimension), dimension};
      if (dimension == Dimension::ratio) measure.dimension.reset();
      if (dimension == Dimension::information) measure.value /= 8.0;
      return measure;
    } catch (const InputError&) {
      // Not a unit of this dimension: the next one may know it.
    }
  }
  return std::nullopt;
}

std::string canonicalText(const ConfigNode& node) {
  std::string out;
  const char* separator = "";
  switch (node.kind()) {
    case ConfigNode::Kind::null:
      return "~";
    case ConfigNode::Kind::scalar:
      return node.scalar();
    case ConfigNode::Kind::list:
      for (const ConfigNode& item : node.items()) {
        out += separator + canonicalText(item);
        separator = ", ";
      }
      return "[" + out + "]";
    case ConfigNode::Kind::map:
      for (const auto& [key, value] : node.entries()) {
        out += separator + key + ": " + canonicalText(value);
        separator = ", ";
      }
      return "{" + out + "}";
  }
  return out;
}

std::string numberText(double value) {
  return fmt::format("{}", value);
}

const Symbol* Symbols::find(std::string_view name) const {
  for (const Symbol& symbol : list_)
    if (symbol.name == name) return &symbol;
  return nullptr;
}

std::vector<std::string> Symbols::names() const {
  std::vector<std::string> out;
  for (const Symbol& symbol : list_) out.push_back(symbol.name);
  return out;
}

ExpressionError::ExpressionError(std::string what, std::string expected, std::size_t column,
                                 std::string hint)
    : std::runtime_error(what),
      what_(std::move(what)),
      expected_(std::move(expected)),
      hint_(std::move(hint)),
      column_(column) {}

Problem ExpressionError::problem(const Place& place, const std::string& key,
                                 const std::string& source) const {
  const std::string shown = source.size() > 120 ? source.substr(0, 117) + "..." : source;
  return {place, key, "'" + shown + "': column " + std::to_string(column_) + ": " + what_,
          expected_, hint_};
}

NodePtr makeNode(ExpressionKind kind, std::vector<NodePtr> children, ValueType type) {
  auto node = std::make_shared<ExpressionNode>();
  node->kind = kind;
  node->children = std::move(children);
  node->type = type;
  return node;
}

NodePtr literalNode(Value value, std::string storage, ValueType type) {
  auto node = std::make_shared<ExpressionNode>();
  node->value = value;
  node->storage = std::move(storage);
  if (value.kind == Value::Kind::text) node->value.text = node->storage;
  node->type = type;
  return node;
}

NodePtr textNode(const std::string& text) {
  const auto measure = parseMeasure(text);
  Value value{Value::Kind::text, measure ? measure->value : 0.0, measure.has_value(), {}};
  return literalNode(value, text,
                     measure ? ValueType{ValueType::Kind::number, measure->dimension, false}
                             : ValueType{ValueType::Kind::text, std::nullopt, false});
}

Expression Expression::compile(const std::string& source, const Symbols& symbols) {
  ExpressionParser parser(source, symbols);
  Expression out;
  out.root_ = parser.run();
  out.source_ = source;
  out.slots_.assign(parser.slots().begin(), parser.slots().end());
  return out;
}

ValueType Expression::type() const {
  return root_->type;
}

}  // namespace wattlas
