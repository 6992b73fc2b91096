#include "explorer/expression.h"

#include "explorer/expression_node.h"
#include "explorer/expression_parser.h"

namespace wattlas {

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
