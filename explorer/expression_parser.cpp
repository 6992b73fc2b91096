// Operators, from the loosest to the tightest.
#include "explorer/expression_parser.h"

#include "explorer/expression_types.h"

namespace wattlas {
namespace {

using Kind = ExpressionKind;
constexpr int deepest = 64;

ValueType boolean() {
  return {ValueType::Kind::boolean, std::nullopt, false};
}

}  // namespace

NodePtr ExpressionParser::run() {
  if (peek().kind == Token::Kind::end)
    throw ExpressionError("is empty", "an expression such as 'power_peak_w < 1500'", 1);
  NodePtr root = disjunction();
  if (peek().kind != Token::Kind::end)
    fail("unexpected " + shown(peek()), "an operator or the end");
  return root;
}

bool ExpressionParser::isSymbol(std::string_view text) const {
  return peek().kind == Token::Kind::symbol && peek().text == text;
}

bool ExpressionParser::isWord(std::string_view text) const {
  return peek().kind == Token::Kind::name && peek().text == text;
}

void ExpressionParser::fail(std::string what, std::string expected, std::string hint) const {
  throw ExpressionError(std::move(what), std::move(expected), peek().column, std::move(hint));
}

void ExpressionParser::expectSymbol(const char* symbol) {
  if (!isSymbol(symbol)) fail("unexpected " + shown(peek()), "'" + std::string(symbol) + "'");
  ++at_;
}

NodePtr ExpressionParser::disjunction() {
  if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
  NodePtr left = conjunction();
  while (isWord("or"))
    left = logical(Kind::logicalOr, std::move(left), &ExpressionParser::conjunction);
  --depth_;
  return left;
}

NodePtr ExpressionParser::conjunction() {
  NodePtr left = negation();
  while (isWord("and"))
    left = logical(Kind::logicalAnd, std::move(left), &ExpressionParser::negation);
  return left;
}

NodePtr ExpressionParser::logical(Kind kind, NodePtr left, NodePtr (ExpressionParser::*next)()) {
  const std::size_t column = take().column;
  NodePtr right = (this->*next)();
  requireKind(left, ValueType::Kind::boolean, column, "a comparison on each side");
  requireKind(right, ValueType::Kind::boolean, column, "a comparison on each side");
  return makeNode(kind, {std::move(left), std::move(right)}, boolean());
}

NodePtr ExpressionParser::negation() {
  if (!isWord("not")) return comparison();
  if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
  const std::size_t column = take().column;
  NodePtr child = negation();
  --depth_;
  requireKind(child, ValueType::Kind::boolean, column, "a comparison after 'not'");
  return makeNode(Kind::logicalNot, {std::move(child)}, boolean());
}

std::optional<Kind> ExpressionParser::comparisonOperator() const {
  static const std::pair<const char*, Kind> table[] = {
      {"<", Kind::less},          {"<=", Kind::lessEqual}, {">", Kind::greater},
      {">=", Kind::greaterEqual}, {"==", Kind::equal},     {"!=", Kind::notEqual}};
  if (peek().kind == Token::Kind::symbol)
    for (const auto& [text, kind] : table)
      if (peek().text == text) return kind;
  if (isWord("in")) return Kind::in;
  if (isWord("not") && tokens_[at_ + 1].kind == Token::Kind::name && tokens_[at_ + 1].text == "in")
    return Kind::notIn;
  return std::nullopt;
}

NodePtr ExpressionParser::comparison() {
  NodePtr left = sum();
  const auto kind = comparisonOperator();
  if (!kind) return left;
  const std::size_t column = take().column;
  if (*kind == Kind::notIn) ++at_;
  const bool membership = *kind == Kind::in || *kind == Kind::notIn;
  if (membership && !isSymbol("["))
    fail("unexpected " + shown(peek()), "a list such as ['a', 'b']");
  NodePtr right = membership ? list() : sum();
  requireComparable(*kind, left, right, column);
  if (comparisonOperator())
    fail("comparisons cannot be chained", "two comparisons joined by 'and'");
  return makeNode(*kind, {std::move(left), std::move(right)}, boolean());
}

NodePtr ExpressionParser::list() {
  expectSymbol("[");
  std::vector<NodePtr> items;
  while (!isSymbol("]")) {
    items.push_back(sum());
    if (isSymbol(",")) {
      ++at_;
      continue;
    }
    if (!isSymbol("]")) fail("unexpected " + shown(peek()), "',' or ']'");
  }
  if (items.empty()) fail("the list is empty", "at least one value");
  ++at_;
  return makeNode(Kind::list, std::move(items), {});
}

NodePtr ExpressionParser::sum() {
  NodePtr left = product();
  while (isSymbol("+") || isSymbol("-")) {
    const Token op = take();
    NodePtr right = product();
    requireKind(left, ValueType::Kind::number, op.column, "numbers on both sides");
    requireKind(right, ValueType::Kind::number, op.column, "numbers on both sides");
    requireSameUnit(left, right, op.column);
    const ValueType type = left->type.dimension ? left->type : right->type;
    left = makeNode(op.text == "+" ? Kind::add : Kind::subtract, {left, right},
                    {ValueType::Kind::number, type.dimension, type.unitInName});
  }
  return left;
}

NodePtr ExpressionParser::product() {
  NodePtr left = unary();
  while (isSymbol("*") || isSymbol("/")) {
    const Token op = take();
    NodePtr right = unary();
    requireKind(left, ValueType::Kind::number, op.column, "numbers on both sides");
    requireKind(right, ValueType::Kind::number, op.column, "numbers on both sides");
    // A plain factor keeps the unit; products of units are only known as "some unit".
    ValueType type{ValueType::Kind::any, std::nullopt, false};
    const bool plainRight = right->type.kind == ValueType::Kind::number && !right->type.dimension;
    const bool plainLeft = left->type.kind == ValueType::Kind::number && !left->type.dimension;
    if (plainRight)
      type = left->type;
    else if (plainLeft && op.text == "*")
      type = right->type;
    left = makeNode(op.text == "*" ? Kind::multiply : Kind::divide, {left, right}, type);
  }
  return left;
}

NodePtr ExpressionParser::unary() {
  if (!isSymbol("-")) return primary();
  if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
  const std::size_t column = take().column;
  NodePtr child = unary();
  --depth_;
  requireKind(child, ValueType::Kind::number, column, "a number after '-'");
  const ValueType type = child->type;
  return makeNode(Kind::negate, {std::move(child)}, type);
}

}  // namespace wattlas
