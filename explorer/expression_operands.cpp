// Literals, names and calls.
#include <algorithm>
#include <array>

#include "explorer/expression_parser.h"

namespace wattlas {
namespace {

using Kind = ExpressionKind;

const char* kindName(ValueType::Kind kind) {
  switch (kind) {
    case ValueType::Kind::boolean:
      return "yes/no value";
    case ValueType::Kind::number:
      return "number";
    case ValueType::Kind::text:
      return "text";
    case ValueType::Kind::any:
      break;
  }
  return "value";
}

void requireEqualKinds(const NodePtr& a, const NodePtr& b, std::size_t column) {
  const auto ka = a->type.kind, kb = b->type.kind;
  if (ka != ValueType::Kind::any && kb != ValueType::Kind::any && ka != kb)
    throw ExpressionError(std::string("compares a ") + kindName(ka) + " with a " + kindName(kb),
                          "two values of one kind", column);
  requireSameUnit(a, b, column);
}

struct FunctionInfo {
  const char* name;
  Kind kind;
  std::size_t minimumArguments, maximumArguments;
  bool keepsUnit;
};
constexpr std::array<FunctionInfo, 9> functions = {{{"min", Kind::minimum, 1, 16, true},
                                                    {"max", Kind::maximum, 1, 16, true},
                                                    {"abs", Kind::absolute, 1, 1, true},
                                                    {"floor", Kind::floorOf, 1, 1, false},
                                                    {"ceil", Kind::ceilOf, 1, 1, false},
                                                    {"round", Kind::roundOf, 1, 1, false},
                                                    {"sqrt", Kind::squareRoot, 1, 1, false},
                                                    {"log2", Kind::log2Of, 1, 1, false},
                                                    {"noise", Kind::noiseOf, 1, 4096, false}}};

}  // namespace

void requireKind(const NodePtr& node, ValueType::Kind wanted, std::size_t column,
                 const char* expected) {
  const ValueType::Kind kind = node->type.kind;
  if (kind != ValueType::Kind::any && kind != wanted)
    throw ExpressionError(std::string("a ") + kindName(kind) + " stands where it cannot", expected,
                          column);
}

void requireSameUnit(const NodePtr& a, const NodePtr& b, std::size_t column) {
  if (a->type.kind != ValueType::Kind::number || b->type.kind != ValueType::Kind::number) return;
  const auto &da = a->type.dimension, &db = b->type.dimension;
  if (da == db) return;
  if (da && db)
    throw ExpressionError("compares or adds different units",
                          describe(*a->type.dimension) + " on both sides", column);
  const NodePtr& bare = da ? b : a;
  const NodePtr& measured = da ? a : b;
  const bool zero = bare->kind == Kind::literal && bare->value.number == 0.0;
  if (!measured->type.unitInName && !zero)
    throw ExpressionError("a quantity meets a number without unit",
                          describe(*measured->type.dimension), column);
}

void requireComparable(Kind kind, const NodePtr& left, const NodePtr& right, std::size_t column) {
  if (kind == Kind::in || kind == Kind::notIn) {
    for (const NodePtr& item : right->children) requireEqualKinds(left, item, column);
  } else if (kind == Kind::equal || kind == Kind::notEqual) {
    requireEqualKinds(left, right, column);
  } else {
    requireKind(left, ValueType::Kind::number, column, "numbers on both sides");
    requireKind(right, ValueType::Kind::number, column, "numbers on both sides");
    requireSameUnit(left, right, column);
  }
}

NodePtr ExpressionParser::primary() {
  const Token token = peek();
  switch (token.kind) {
    case Token::Kind::number:
      ++at_;
      return literalNode(Value::ofNumber(token.measure.value), {},
                         {ValueType::Kind::number, token.measure.dimension, false});
    case Token::Kind::text:
      ++at_;
      return textNode(token.text);
    case Token::Kind::name:
      return nameOrCall();
    case Token::Kind::symbol:
      if (token.text == "(") {
        ++at_;
        NodePtr inner = disjunction();
        expectSymbol(")");
        return inner;
      }
      break;
    case Token::Kind::end:
      fail("ends too early", "a value");
  }
  fail("unexpected " + shown(token), "a value");
}

NodePtr ExpressionParser::nameOrCall() {
  const Token token = take();
  if (token.text == "true" || token.text == "false")
    return literalNode(Value::ofBoolean(token.text == "true"), {},
                       {ValueType::Kind::boolean, std::nullopt, false});
  if (token.text == "none") return literalNode(Value{}, {}, {});
  if (isKeyword(token.text)) {
    --at_;
    fail("unexpected '" + token.text + "'", "a value");
  }
  if (isSymbol("(")) return call(token);
  return symbol(token.text, token.column);
}

NodePtr ExpressionParser::symbol(const std::string& name, std::size_t column) {
  const Symbol* found = symbols_.find(name);
  if (found == nullptr) {
    std::string hint = didYouMean(name, symbols_.names());
    throw ExpressionError("unknown name '" + name + "'",
                          "a gene, derived value or metric known here; texts need quotes", column,
                          hint);
  }
  slots_.insert(found->slot);
  auto node = std::make_shared<ExpressionNode>();
  node->kind = Kind::name;
  node->slot = found->slot;
  node->type = found->type;
  return node;
}

NodePtr ExpressionParser::call(const Token& name) {
  ++at_;
  if (name.text == "fits") {
    const Token argument = take();
    if (argument.kind != Token::Kind::name && argument.kind != Token::Kind::text) {
      --at_;
      fail("fits() takes a name", "fits(device)");
    }
    expectSymbol(")");
    return symbol("fits(" + argument.text + ")", name.column);
  }
  const auto* found = std::find_if(functions.begin(), functions.end(),
                                   [&](const FunctionInfo& f) { return name.text == f.name; });
  if (found == functions.end()) {
    std::vector<std::string> names{"fits"};
    for (const FunctionInfo& f : functions) names.emplace_back(f.name);
    throw ExpressionError("unknown function '" + name.text + "'",
                          "min, max, abs, floor, ceil, round, sqrt, log2, noise or fits",
                          name.column, didYouMean(name.text, names));
  }
  std::vector<NodePtr> arguments;
  while (!isSymbol(")")) {
    arguments.push_back(disjunction());
    if (found->kind == Kind::noiseOf)
      requireKind(arguments.back(), ValueType::Kind::text, name.column, "format names");
    else
      requireKind(arguments.back(), ValueType::Kind::number, name.column, "numbers");
    if (arguments.size() > 1) requireSameUnit(arguments.front(), arguments.back(), name.column);
    if (isSymbol(",")) {
      ++at_;
      continue;
    }
    if (!isSymbol(")")) fail("unexpected " + shown(peek()), "',' or ')'");
  }
  ++at_;
  if (arguments.size() < found->minimumArguments || arguments.size() > found->maximumArguments)
    throw ExpressionError(name.text + "() has " + std::to_string(arguments.size()) + " arguments",
                          found->maximumArguments == 1 ? "one" : "1 to 16", name.column);
  ValueType type{ValueType::Kind::number, std::nullopt, false};
  if (found->keepsUnit)
    type = arguments.front()->type;
  else if (arguments.front()->type.dimension)
    type = {};
  return makeNode(found->kind, std::move(arguments), type);
}

}  // namespace wattlas
