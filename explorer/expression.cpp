// Parser and type check of the study language.
#include "explorer/expression.h"

#include <algorithm>
#include <array>
#include <set>

#include "explorer/expression_lexer.h"
#include "explorer/expression_node.h"

namespace wattlas {
namespace {

using Node = ExpressionNode;
using NodePtr = std::shared_ptr<const ExpressionNode>;
using Kind = ExpressionKind;
constexpr int deepest = 64;

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

std::string unitName(const ValueType& type) {
  const std::string example = describe(*type.dimension);
  return example;
}

class Parser {
 public:
  Parser(const std::string& source, const Symbols& symbols)
      : tokens_(tokenize(source)), symbols_(symbols) {}

  NodePtr run() {
    if (peek().kind == Token::Kind::end)
      throw ExpressionError("is empty", "an expression such as 'power_peak_w < 1500'", 1);
    NodePtr root = disjunction();
    if (peek().kind != Token::Kind::end)
      fail("unexpected " + shown(peek()), "an operator or the end");
    return root;
  }
  const std::set<int>& slots() const { return slots_; }

 private:
  const Token& peek() const { return tokens_[at_]; }
  Token take() { return tokens_[at_++]; }
  bool isSymbol(std::string_view text) const {
    return peek().kind == Token::Kind::symbol && peek().text == text;
  }
  bool isWord(std::string_view text) const {
    return peek().kind == Token::Kind::name && peek().text == text;
  }
  static std::string shown(const Token& token) {
    return token.kind == Token::Kind::end ? "end" : "'" + token.text + "'";
  }
  [[noreturn]] void fail(std::string what, std::string expected, std::string hint = {}) const {
    throw ExpressionError(std::move(what), std::move(expected), peek().column, std::move(hint));
  }
  void expectSymbol(const char* symbol) {
    if (!isSymbol(symbol)) fail("unexpected " + shown(peek()), "'" + std::string(symbol) + "'");
    ++at_;
  }

  static NodePtr make(Kind kind, std::vector<NodePtr> children, ValueType type) {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->children = std::move(children);
    node->type = type;
    return node;
  }
  static ValueType boolean() { return {ValueType::Kind::boolean, std::nullopt, false}; }

  void requireKind(const NodePtr& node, ValueType::Kind wanted, std::size_t column,
                   const char* expected) const {
    const ValueType::Kind kind = node->type.kind;
    if (kind != ValueType::Kind::any && kind != wanted)
      throw ExpressionError(std::string("a ") + kindName(kind) + " stands where it cannot",
                            expected, column);
  }
  static const char* kindName(ValueType::Kind kind) {
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

  /// Sizes are compared in one unit: "dpu.clock < 400" would silently be wrong by 1e6.
  void requireSameUnit(const NodePtr& a, const NodePtr& b, std::size_t column) const {
    if (a->type.kind != ValueType::Kind::number || b->type.kind != ValueType::Kind::number) return;
    const auto &da = a->type.dimension, &db = b->type.dimension;
    if (da == db) return;
    if (da && db)
      throw ExpressionError("compares or adds different units",
                            unitName(a->type) + " on both sides", column);
    const NodePtr& bare = da ? b : a;
    const NodePtr& measured = da ? a : b;
    const bool zero = bare->kind == Kind::literal && bare->value.number == 0.0;
    if (!measured->type.unitInName && !zero)
      throw ExpressionError("a quantity meets a number without unit", unitName(measured->type),
                            column);
  }

  NodePtr disjunction() {
    if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
    NodePtr left = conjunction();
    while (isWord("or")) left = logical(Kind::logicalOr, std::move(left), &Parser::conjunction);
    --depth_;
    return left;
  }
  NodePtr conjunction() {
    NodePtr left = negation();
    while (isWord("and")) left = logical(Kind::logicalAnd, std::move(left), &Parser::negation);
    return left;
  }
  NodePtr logical(Kind kind, NodePtr left, NodePtr (Parser::*next)()) {
    const std::size_t column = take().column;
    NodePtr right = (this->*next)();
    requireKind(left, ValueType::Kind::boolean, column, "a comparison on each side");
    requireKind(right, ValueType::Kind::boolean, column, "a comparison on each side");
    return make(kind, {std::move(left), std::move(right)}, boolean());
  }
  NodePtr negation() {
    if (!isWord("not")) return comparison();
    if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
    const std::size_t column = take().column;
    NodePtr child = negation();
    --depth_;
    requireKind(child, ValueType::Kind::boolean, column, "a comparison after 'not'");
    return make(Kind::logicalNot, {std::move(child)}, boolean());
  }

  std::optional<Kind> comparisonOperator() const {
    static const std::pair<const char*, Kind> table[] = {
        {"<", Kind::less},          {"<=", Kind::lessEqual}, {">", Kind::greater},
        {">=", Kind::greaterEqual}, {"==", Kind::equal},     {"!=", Kind::notEqual}};
    if (peek().kind == Token::Kind::symbol)
      for (const auto& [text, kind] : table)
        if (peek().text == text) return kind;
    if (isWord("in")) return Kind::in;
    if (isWord("not") && tokens_[at_ + 1].kind == Token::Kind::name &&
        tokens_[at_ + 1].text == "in")
      return Kind::notIn;
    return std::nullopt;
  }

  NodePtr comparison() {
    NodePtr left = sum();
    const auto kind = comparisonOperator();
    if (!kind) return left;
    const std::size_t column = take().column;
    if (*kind == Kind::notIn) ++at_;
    const bool membership = *kind == Kind::in || *kind == Kind::notIn;
    if (membership && !isSymbol("["))
      fail("unexpected " + shown(peek()), "a list such as ['a', 'b']");
    NodePtr right = membership ? list() : sum();
    checkComparison(*kind, left, right, column);
    if (comparisonOperator())
      fail("comparisons cannot be chained", "two comparisons joined by 'and'");
    return make(*kind, {std::move(left), std::move(right)}, boolean());
  }

  void checkComparison(Kind kind, const NodePtr& left, const NodePtr& right,
                       std::size_t column) const {
    if (kind == Kind::in || kind == Kind::notIn) {
      for (const NodePtr& item : right->children) checkEquality(left, item, column);
    } else if (kind == Kind::equal || kind == Kind::notEqual) {
      checkEquality(left, right, column);
    } else {
      requireKind(left, ValueType::Kind::number, column, "numbers on both sides");
      requireKind(right, ValueType::Kind::number, column, "numbers on both sides");
      requireSameUnit(left, right, column);
    }
  }
  void checkEquality(const NodePtr& a, const NodePtr& b, std::size_t column) const {
    const auto ka = a->type.kind, kb = b->type.kind;
    if (ka != ValueType::Kind::any && kb != ValueType::Kind::any && ka != kb)
      throw ExpressionError(std::string("compares a ") + kindName(ka) + " with a " + kindName(kb),
                            "two values of one kind", column);
    requireSameUnit(a, b, column);
  }

  NodePtr list() {
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
    return make(Kind::list, std::move(items), {});
  }

  NodePtr sum() {
    NodePtr left = product();
    while (isSymbol("+") || isSymbol("-")) {
      const Token op = take();
      NodePtr right = product();
      requireKind(left, ValueType::Kind::number, op.column, "numbers on both sides");
      requireKind(right, ValueType::Kind::number, op.column, "numbers on both sides");
      requireSameUnit(left, right, op.column);
      const ValueType type = left->type.dimension ? left->type : right->type;
      left = make(op.text == "+" ? Kind::add : Kind::subtract, {left, right},
                  {ValueType::Kind::number, type.dimension, type.unitInName});
    }
    return left;
  }
  NodePtr product() {
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
      left = make(op.text == "*" ? Kind::multiply : Kind::divide, {left, right}, type);
    }
    return left;
  }
  NodePtr unary() {
    if (!isSymbol("-")) return primary();
    if (++depth_ > deepest) fail("is nested too deeply", "at most 64 levels");
    const std::size_t column = take().column;
    NodePtr child = unary();
    --depth_;
    requireKind(child, ValueType::Kind::number, column, "a number after '-'");
    const ValueType type = child->type;
    return make(Kind::negate, {std::move(child)}, type);
  }

  NodePtr primary() {
    const Token token = peek();
    switch (token.kind) {
      case Token::Kind::number:
        ++at_;
        return literal(Value::ofNumber(token.measure.value), {},
                       {ValueType::Kind::number, token.measure.dimension, false});
      case Token::Kind::text:
        ++at_;
        return textLiteral(token.text);
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

  static NodePtr literal(Value value, std::string storage, ValueType type) {
    auto node = std::make_shared<Node>();
    node->value = value;
    node->storage = std::move(storage);
    if (value.kind == Value::Kind::text) node->value.text = node->storage;
    node->type = type;
    return node;
  }
  /// 'int8' is a text; '350 MHz' in quotes is the quantity, as genes write it.
  static NodePtr textLiteral(const std::string& text) {
    const auto measure = parseMeasure(text);
    Value value{Value::Kind::text, measure ? measure->value : 0.0, measure.has_value(), {}};
    return literal(value, text,
                   measure ? ValueType{ValueType::Kind::number, measure->dimension, false}
                           : ValueType{ValueType::Kind::text, std::nullopt, false});
  }

  NodePtr nameOrCall() {
    const Token token = take();
    if (token.text == "true" || token.text == "false")
      return literal(Value::ofBoolean(token.text == "true"), {}, boolean());
    if (token.text == "none") return literal(Value{}, {}, {});
    if (isKeyword(token.text)) {
      --at_;
      fail("unexpected '" + token.text + "'", "a value");
    }
    if (isSymbol("(")) return call(token);
    return symbol(token.text, token.column);
  }

  NodePtr symbol(const std::string& name, std::size_t column) {
    const Symbol* found = symbols_.find(name);
    if (found == nullptr) {
      std::string hint = didYouMean(name, symbols_.names());
      throw ExpressionError("unknown name '" + name + "'",
                            "a gene, derived value or metric known here; texts need quotes", column,
                            hint);
    }
    slots_.insert(found->slot);
    auto node = std::make_shared<Node>();
    node->kind = Kind::name;
    node->slot = found->slot;
    node->type = found->type;
    return node;
  }

  NodePtr call(const Token& name) {
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
    return make(found->kind, std::move(arguments), type);
  }

  std::vector<Token> tokens_;
  const Symbols& symbols_;
  std::set<int> slots_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

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

Expression Expression::compile(const std::string& source, const Symbols& symbols) {
  Parser parser(source, symbols);
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
