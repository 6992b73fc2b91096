// Operators, from the loosest to the tightest.
#include "explorer/expression_parser.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace wattlas {
namespace {

constexpr std::size_t longestExpression = 4096;
constexpr std::array<std::string_view, 7> keywords = {"and",  "or",    "not", "in",
                                                      "true", "false", "none"};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(const std::string& source) : source_(source) {}

  std::vector<Token> run() {
    if (source_.size() > longestExpression)
      throw ExpressionError("is longer than 4096 characters", "a shorter expression", 1);
    std::vector<Token> out;
    for (;;) {
      while (at_ < source_.size() &&
             (source_[at_] == ' ' || source_[at_] == '\t' || source_[at_] == '\n'))
        ++at_;
      out.push_back(next());
      if (out.back().kind == Token::Kind::end) return out;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  Token make(Token::Kind kind, std::string text, std::size_t begin) const {
    return {kind, std::move(text), {}, begin + 1};
  }

  Token next() {
    const std::size_t begin = at_;
    if (at_ >= source_.size()) return make(Token::Kind::end, {}, begin);
    const char c = peek();
    if (isDigit(c) || (c == '.' && isDigit(peek(1)))) return number(begin);
    if (isLetter(c)) return name(begin);
    if (c == '\'' || c == '"') return quoted(begin, c);
    for (const char* two : {"<=", ">=", "==", "!=", "&&", "||"})
      if (source_.compare(at_, 2, two) == 0) {
        if (two[0] == '&' || two[0] == '|')
          throw ExpressionError("'" + std::string(two) + "' is not an operator here",
                                two[0] == '&' ? "'and'" : "'or'", begin + 1);
        at_ += 2;
        return make(Token::Kind::symbol, two, begin);
      }
    if (c == '=')
      throw ExpressionError("'=' is not an operator here", "'==' to compare", begin + 1);
    if (c == '!') throw ExpressionError("'!' is not an operator here", "'not'", begin + 1);
    if (std::string_view("<>+-*/()[],").find(c) != std::string_view::npos) {
      ++at_;
      return make(Token::Kind::symbol, std::string(1, c), begin);
    }
    const bool printable = std::isprint(static_cast<unsigned char>(c)) != 0;
    throw ExpressionError(
        printable ? "unexpected '" + std::string(1, c) + "'" : std::string("unexpected character"),
        "a value, name or operator", begin + 1);
  }

  Token number(std::size_t begin) {
    while (isDigit(peek()) || peek() == '.') ++at_;
    if ((peek() == 'e' || peek() == 'E') &&
        (isDigit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && isDigit(peek(2))))) {
      at_ += 2;
      while (isDigit(peek())) ++at_;
    }
    const std::string digits = source_.substr(begin, at_ - begin);
    const auto plain = parseMeasure(digits);
    if (!plain) throw ExpressionError("'" + digits + "' is not a number", "a number", begin + 1);
    Token token = make(Token::Kind::number, digits, begin);
    token.measure = *plain;
    readUnit(digits, token);
    return token;
  }

  /// A unit may follow after spaces; "12.8 GB/s" prefers the longer unit over a division.
  void readUnit(const std::string& digits, Token& token) {
    std::size_t end = at_;
    while (end < source_.size() && source_[end] == ' ') ++end;
    const std::size_t unitBegin = end;
    if (end < source_.size() && source_[end] == '%') {
      token.measure = *parseMeasure(digits + "%");
      at_ = end + 1;
      return;
    }
    const auto word = [&](std::size_t from) {
      while (from < source_.size() && (isLetter(source_[from]) || isDigit(source_[from]))) ++from;
      return from;
    };
    end = word(unitBegin);
    if (end == unitBegin || isDigit(source_[unitBegin])) return;
    if (isKeyword(source_.substr(unitBegin, end - unitBegin))) return;
    if (end < source_.size() && source_[end] == '/') {
      const std::size_t longer = word(end + 1);
      if (const auto m = parseMeasure(digits + source_.substr(unitBegin, longer - unitBegin))) {
        token.measure = *m;
        at_ = longer;
        return;
      }
    }
    const std::string unit = source_.substr(unitBegin, end - unitBegin);
    const auto m = parseMeasure(digits + unit);
    if (!m)
      throw ExpressionError("'" + unit + "' after a number is no unit",
                            "a unit such as MHz, ms, MiB or W, or an operator", unitBegin + 1);
    token.measure = *m;
    at_ = end;
  }

  Token name(std::size_t begin) {
    for (;;) {
      while (isLetter(peek()) || isDigit(peek())) ++at_;
      if (isKeyword(source_.substr(begin, at_ - begin))) break;
      // "layers[2].cout" is one name; a bracket after a space starts a list.
      std::size_t close = at_ + 1;
      while (peek() == '[' && close < source_.size() && isDigit(source_[close])) ++close;
      if (peek() == '[' && close > at_ + 1 && close < source_.size() && source_[close] == ']')
        at_ = close + 1;
      if (peek() != '.' || !isLetter(peek(1))) break;
      ++at_;
    }
    return make(Token::Kind::name, source_.substr(begin, at_ - begin), begin);
  }

  Token quoted(std::size_t begin, char quote) {
    const std::size_t close = source_.find(quote, begin + 1);
    if (close == std::string::npos)
      throw ExpressionError("a text is not closed", std::string("a closing ") + quote, begin + 1);
    at_ = close + 1;
    return make(Token::Kind::text, source_.substr(begin + 1, close - begin - 1), begin);
  }

  const std::string& source_;
  std::size_t at_ = 0;
};

using Kind = ExpressionKind;
constexpr int deepestNesting = 64;

ValueType boolean() {
  return {ValueType::Kind::boolean, std::nullopt, false};
}

}  // namespace

bool isKeyword(std::string_view word) {
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

std::vector<Token> tokenize(const std::string& source) {
  return Lexer(source).run();
}

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
  if (++depth_ > deepestNesting) fail("is nested too deeply", "at most 64 levels");
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
  if (++depth_ > deepestNesting) fail("is nested too deeply", "at most 64 levels");
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
  if (++depth_ > deepestNesting) fail("is nested too deeply", "at most 64 levels");
  const std::size_t column = take().column;
  NodePtr child = unary();
  --depth_;
  requireKind(child, ValueType::Kind::number, column, "a number after '-'");
  const ValueType type = child->type;
  return makeNode(Kind::negate, {std::move(child)}, type);
}

}  // namespace wattlas
