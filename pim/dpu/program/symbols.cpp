#include "pim/dpu/program/symbols.h"

#include <algorithm>
#include <array>
#include <limits>

#include "models/base/error.h"

namespace wattlas::dpu {

namespace {

constexpr int kMaxDepth = 200;

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
      if (++depth_ > kMaxDepth) {
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
