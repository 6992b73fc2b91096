#include "explorer/expression_lexer.h"

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

}  // namespace

bool isKeyword(std::string_view word) {
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

std::vector<Token> tokenize(const std::string& source) {
  return Lexer(source).run();
}

}  // namespace wattlas
