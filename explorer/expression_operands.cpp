// Literals, names and calls.
#include <algorithm>
#include <array>

#include "explorer/expression_parser.h"
#include "explorer/expression_types.h"

namespace wattlas {
namespace {

using Kind = ExpressionKind;

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
