#include "pim/dpu/program/symbols.h"

#include <algorithm>
#include <array>
#include <limits>

#include "models/base/error.h"

namespace wattlas::dpu {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool nameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '$';
}
bool namePart(char c) {
  return nameStart(c) || digit(c) || c == '@';
}

int digitValue(char c) {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

std::string shown(char c) {
  if (c >= ' ' && c < 127) return std::string("'") + c + "'";
  constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return std::string("byte 0x") + digits[byte >> 4] + digits[byte & 15];
}

/// One character of a string or character literal, escapes resolved; false when malformed.
bool character(std::string_view& line, char& out) {
  if (line.empty()) return false;
  if (line[0] != '\\') {
    out = line[0];
    line.remove_prefix(1);
    return true;
  }
  if (line.size() < 2) return false;
  constexpr std::string_view kinds = "ntrbfav\\\"'", meant = "\n\t\r\b\f\a\v\\\"'";
  const char kind = line[1];
  if (const auto at = kinds.find(kind); at != std::string_view::npos) {
    out = meant[at];
    line.remove_prefix(2);
    return true;
  }
  const bool hex = kind == 'x';
  const int base = hex ? 16 : 8;
  std::size_t at = hex ? 2 : 1, count = 0;
  unsigned value = 0;
  while (at < line.size() && count < (hex ? 2u : 3u) && digitValue(line[at]) < base) {
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digitValue(line[at]));
    ++at;
    ++count;
  }
  if (count == 0) return false;
  out = static_cast<char>(value & 0xFF);
  line.remove_prefix(at);
  return true;
}

}  // namespace

bool Lexer::skipBlank(std::string_view& line) {
  while (!line.empty()) {
    if (comment_) {
      const auto end = line.find("*/");
      if (end == std::string_view::npos) return false;
      line.remove_prefix(end + 2);
      comment_ = false;
    } else if (line[0] == ' ' || line[0] == '\t' || line[0] == '\r' || line[0] == '\f') {
      line.remove_prefix(1);
    } else if (line.starts_with("/*")) {
      line.remove_prefix(2);
      comment_ = true;
    } else {
      return line[0] != ';' && line[0] != '#' && !line.starts_with("//");
    }
  }
  return false;
}

bool Lexer::number(std::string_view& line, Token& out, std::string& error) {
  std::size_t length = 0;
  while (length < line.size() && namePart(line[length])) ++length;
  const auto text = line.substr(0, length);
  line.remove_prefix(length);
  out.kind = TokenKind::number;
  out.text = text;
  const char last = text.back();
  if ((last == 'b' || last == 'f') && std::all_of(text.begin(), text.end() - 1, digit)) {
    out.kind = TokenKind::localLabel;
    out.text.pop_back();
    out.value = last;
    return true;
  }
  int base = 10;
  auto digits = text;
  const char second = text.size() > 1 ? text[1] : '0';
  if (text[0] == '0' && (second == 'x' || second == 'X'))
    base = 16;
  else if (text[0] == '0' && (second == 'b' || second == 'B'))
    base = 2;
  else if (text[0] == '0' && (second == 'o' || digit(second)))
    base = 8;
  if (base != 10 && !digit(second)) digits.remove_prefix(2);
  std::uint64_t value = 0;
  bool good = !digits.empty();
  for (const char c : digits) {
    const int d = digitValue(c);
    if (d >= base ||
        value > (~std::uint64_t{0} - static_cast<unsigned>(d)) / static_cast<unsigned>(base)) {
      good = false;
      break;
    }
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(d);
  }
  out.value = static_cast<std::int64_t>(value);
  if (!good) error = "bad number '" + std::string(text.substr(0, 40)) + "'";
  return good;
}

bool Lexer::quoted(std::string_view& line, Token& out, std::string& error) {
  const char quote = line[0];
  line.remove_prefix(1);
  out.kind = quote == '"' ? TokenKind::string : TokenKind::number;
  while (!line.empty() && line[0] != quote) {
    char c = 0;
    if (!character(line, c)) {
      error = "bad escape sequence in a literal";
      return false;
    }
    out.text += c;
  }
  if (line.empty()) {
    error = std::string("missing closing ") + quote;
    return false;
  }
  line.remove_prefix(1);
  if (quote == '\'') {
    if (out.text.size() != 1) {
      error = "a character literal holds one character";
      return false;
    }
    out.value = static_cast<unsigned char>(out.text[0]);
  }
  return true;
}

bool Lexer::token(std::string_view& line, Token& out, std::string& error) {
  out = {};
  const char c = line[0];
  if (digit(c)) return number(line, out, error);
  if (c == '"' || c == '\'') return quoted(line, out, error);
  const bool endian = c == '!' && line.size() > 1 && nameStart(line[1]);
  if (nameStart(c) || endian) {
    std::size_t length = 1;
    while (length < line.size() && namePart(line[length])) ++length;
    out.kind = TokenKind::name;
    out.text = line.substr(0, length);
    line.remove_prefix(length);
    return true;
  }
  constexpr std::array<std::string_view, 24> symbols = {
      "<<", ">>", "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/",
      "%",  "&",  "|",  "^",  "~",  "(",  ")",  ",",  ":", "=", "<", ">"};
  for (const auto symbol : symbols) {
    if (!line.starts_with(symbol)) continue;
    out.text = symbol;
    line.remove_prefix(symbol.size());
    return true;
  }
  // Section types and symbol types of compiler output: @function, %object.
  if (c == '@' || c == '!') {
    out.text = c;
    line.remove_prefix(1);
    return true;
  }
  error = "unexpected " + shown(c);
  return false;
}

bool Lexer::next(std::vector<Token>& tokens, std::string& error) {
  tokens.clear();
  error.clear();
  if (rest_.empty()) return false;
  const auto end = std::min(rest_.find('\n'), rest_.size());
  text_ = rest_.substr(0, end);
  if (text_.ends_with('\r')) text_.remove_suffix(1);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++line_;
  auto line = text_;
  while (skipBlank(line)) {
    Token made;
    if (!token(line, made, error)) return true;
    tokens.push_back(std::move(made));
  }
  return true;
}

namespace {

constexpr int kMaxNesting = 200;

[[noreturn]] void fail(std::string what, std::string expected = {}, std::string hint = {}) {
  throw EvaluationError{std::move(what), std::move(expected), std::move(hint), {}};
}

std::int64_t wrap(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

/// Binding strength of a binary operator, 0 = none.
int strength(const Token& token) {
  constexpr std::array<std::string_view, 10> levels = {
      " || ", " && ", " | ", " ^ ", " & ", " == != ", " < > <= >= ", " << >> ", " + - ", " * / % "};
  if (token.kind != TokenKind::symbol) return 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].find(' ' + token.text + ' ') != std::string_view::npos)
      return static_cast<int>(i) + 1;
  }
  return 0;
}

std::int64_t arithmetic(std::string_view op, std::int64_t a, std::int64_t b) {
  const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
  if (op == "+") return wrap(ua + ub);
  if (op == "-") return wrap(ua - ub);
  if (op == "*") return wrap(ua * ub);
  if (op == "&") return a & b;
  if (op == "|") return a | b;
  if (op == "^") return a ^ b;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "&&") return a != 0 && b != 0;
  if (op == "||") return a != 0 || b != 0;
  if (op == "<<" || op == ">>") {
    if (b < 0 || b > 63) fail("shift by " + std::to_string(b), "0..63");
    return op == "<<" ? wrap(ua << b) : a >> b;
  }
  if (b == 0) fail("division by zero");
  if (a == std::numeric_limits<std::int64_t>::min() && b == -1) return op == "/" ? a : 0;
  return op == "/" ? a / b : a % b;
}

}  // namespace

/// Precedence climbing over the tokens of one expression.
class ExpressionReader {
 public:
  ExpressionReader(SymbolTable& table, Tokens tokens, Value here, std::size_t order, int depth)
      : table_(table), tokens_(tokens), here_(here), order_(order), depth_(depth) {}

  Value whole() {
    if (tokens_.empty()) fail("an expression is missing", "a number or a symbol");
    const Value value = binary(1);
    if (at_ < tokens_.size()) {
      fail("unexpected '" + tokens_[at_].text + "' in an expression", "an operator or a comma");
    }
    return value;
  }

 private:
  struct Deeper {
    explicit Deeper(int& depth) : depth_(depth) {
      if (++depth_ > kMaxNesting) {
        --depth_;
        fail("the expression is nested too deeply", "at most 200 levels");
      }
    }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    int& depth_;
  };

  std::int64_t plain(const Value& value, std::string_view op) const {
    if (value.section < 0) return value.number;
    if (table_.bases_.empty()) {
      fail("a label's address is not known here, so '" + std::string(op) + "' cannot use it",
           "numbers, or the difference of two labels of one section");
    }
    return table_.absolute(value);
  }

  Value combine(const std::string& op, const Value& a, const Value& b) const {
    if (op == "+" && (a.section < 0 || b.section < 0)) {
      return {arithmetic(op, a.number, b.number), a.section < 0 ? b.section : a.section};
    }
    if (op == "-" && (b.section < 0 || a.section == b.section)) {
      return {arithmetic(op, a.number, b.number), b.section < 0 ? a.section : -1};
    }
    return {arithmetic(op, plain(a, op), plain(b, op)), -1};
  }

  Value binary(int least) {
    const Deeper guard(depth_);
    Value left = unary();
    while (at_ < tokens_.size()) {
      const int level = strength(tokens_[at_]);
      if (level == 0 || level < least) break;
      const std::string op = tokens_[at_++].text;
      left = combine(op, left, binary(level + 1));
    }
    return left;
  }

  Value unary() {
    const Deeper guard(depth_);
    if (at_ >= tokens_.size()) fail("the expression ends early", "a number or a symbol");
    const Token& token = tokens_[at_++];
    switch (token.kind) {
      case TokenKind::number:
        return {token.value, -1};
      case TokenKind::localLabel:
        return table_.lookUpLocal(token, order_);
      case TokenKind::string:
        fail("a string is not a number");
      case TokenKind::name:
        return token.text == "." ? here_ : table_.lookUp(token.text, depth_ + 1);
      case TokenKind::symbol:
        break;
    }
    if (token.text == "(") {
      const Value value = binary(1);
      if (at_ >= tokens_.size() || tokens_[at_].text != ")") fail("missing ')'");
      ++at_;
      return value;
    }
    if (token.text == "+") return unary();
    if (token.text == "-") return {wrap(0 - static_cast<std::uint64_t>(plain(unary(), "-"))), -1};
    if (token.text == "~") return {~plain(unary(), "~"), -1};
    if (token.text == "!") return {plain(unary(), "!") == 0, -1};
    fail("unexpected '" + token.text + "' in an expression", "a number or a symbol");
  }

  SymbolTable& table_;
  Tokens tokens_;
  Value here_;
  std::size_t order_;
  int depth_;
  std::size_t at_ = 0;
};

std::string SymbolTable::hint(const std::string& name) const {
  if (name == "NTASKLETS") return "give the number of tasklets with --tasklets N";
  constexpr std::size_t longest = 64;
  std::vector<std::string> names;
  for (const auto& [key, entry] : entries_) {
    if (entry.state != SymbolEntry::State::undefined && key.size() <= longest) names.push_back(key);
  }
  const auto near = name.size() <= longest ? didYouMean(name, names) : std::string();
  if (name.size() > longest) return "define it as a label or with .equ";
  return near.empty() ? "define it as a label, with .equ, or with -D " + name + "=VALUE" : near;
}

bool SymbolTable::defined(std::string_view name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.state != SymbolEntry::State::undefined;
}

void SymbolTable::addLocal(const std::string& digits, Value here, std::size_t order) {
  locals_[digits].push_back({here, order});
}

Value SymbolTable::evaluate(Tokens tokens, Value here, std::size_t order) {
  return ExpressionReader(*this, tokens, here, order, 0).whole();
}

std::int64_t SymbolTable::absolute(Value value) const {
  if (value.section < 0) return value.number;
  return value.number + bases_.at(static_cast<std::size_t>(value.section));
}

Value SymbolTable::lookUp(const std::string& name, int depth) {
  const auto found = entries_.find(name);
  const auto undefined = [&] {
    throw EvaluationError{"'" + name + "' is not defined", {}, {}, name};
  };
  if (found == entries_.end()) undefined();
  auto& entry = found->second;
  switch (entry.state) {
    case SymbolEntry::State::value:
      return entry.value;
    case SymbolEntry::State::undefined:
      undefined();
      break;
    case SymbolEntry::State::busy:
      fail("'" + name + "' is defined by itself");
    case SymbolEntry::State::failed:
      fail("'" + name + "' has no value");
    case SymbolEntry::State::expression:
      break;
  }
  entry.state = SymbolEntry::State::busy;
  try {
    entry.value = ExpressionReader(*this, entry.expression, entry.here, 0, depth).whole();
  } catch (const EvaluationError&) {
    // Before the last line a forward reference may still come true.
    entry.state = bases_.empty() ? SymbolEntry::State::expression : SymbolEntry::State::failed;
    throw;
  }
  entry.state = SymbolEntry::State::value;
  return entry.value;
}

Value SymbolTable::lookUpLocal(const Token& token, std::size_t order) const {
  const auto found = locals_.find(token.text);
  if (found != locals_.end()) {
    const auto& all = found->second;  // in order of the source
    const auto after = std::upper_bound(
        all.begin(), all.end(), order,
        [](std::size_t wanted, const Local& local) { return wanted < local.order; });
    if (token.value == 'f' && after != all.end()) return after->value;
    if (token.value == 'b' && after != all.begin()) return (after - 1)->value;
  }
  const std::string side = token.value == 'b' ? "before" : "after";
  throw EvaluationError{
      "there is no label '" + token.text + ":' " + side + " this line", {}, {}, {}};
}

}  // namespace wattlas::dpu
