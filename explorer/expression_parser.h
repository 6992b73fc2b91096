// Parser of the study language (grammar: expression.h); checks types as it goes.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "explorer/expression.h"

namespace wattlas {

// Tree behind Expression: shared by parser and evaluator, private to this room.

enum class ExpressionKind {
  literal,
  name,
  list,
  negate,
  logicalNot,
  logicalAnd,
  logicalOr,
  add,
  subtract,
  multiply,
  divide,
  less,
  lessEqual,
  greater,
  greaterEqual,
  equal,
  notEqual,
  in,
  notIn,
  minimum,
  maximum,
  absolute,
  floorOf,
  ceilOf,
  roundOf,
  squareRoot,
  log2Of,
  noiseOf,  ///< of format names, not of numbers
};

struct ExpressionNode {
  ExpressionKind kind = ExpressionKind::literal;
  std::vector<std::shared_ptr<const ExpressionNode>> children;
  Value value;  ///< of a literal; a text points into `storage`
  std::string storage;
  int slot = -1;  ///< of a name
  ValueType type;
};

using NodePtr = std::shared_ptr<const ExpressionNode>;
NodePtr makeNode(ExpressionKind kind, std::vector<NodePtr> children, ValueType type);
/// A text keeps its letters in `storage`.
NodePtr literalNode(Value value, std::string storage, ValueType type);
/// 'int8' is a text; '350 MHz' in quotes is the quantity, as design parameters write it.
NodePtr textNode(const std::string& text);

struct Token {
  enum class Kind { number, text, name, symbol, end };
  Kind kind = Kind::end;
  std::string text;  ///< name, symbol, or content of a quoted text
  Measure measure;   ///< of a number, unit included
  std::size_t column = 1;
};

/// Splits `source` into tokens, the last of kind `end`. Throws ExpressionError.
std::vector<Token> tokenize(const std::string& source);
bool isKeyword(std::string_view word);
/// As errors show it.
inline std::string shown(const Token& token) {
  return token.kind == Token::Kind::end ? "end" : "'" + token.text + "'";
}

class ExpressionParser {
 public:
  ExpressionParser(const std::string& source, const Symbols& symbols)
      : tokens_(tokenize(source)), symbols_(symbols) {}
  /// Throws ExpressionError.
  NodePtr run();
  /// Slots of the names that were read.
  const std::set<int>& slots() const { return slots_; }

 private:
  const Token& peek() const { return tokens_[at_]; }
  Token take() { return tokens_[at_++]; }
  bool isSymbol(std::string_view text) const;
  bool isWord(std::string_view text) const;
  [[noreturn]] void fail(std::string what, std::string expected, std::string hint = {}) const;
  void expectSymbol(const char* symbol);

  NodePtr disjunction();
  NodePtr conjunction();
  NodePtr logical(ExpressionKind kind, NodePtr left, NodePtr (ExpressionParser::*next)());
  NodePtr negation();
  std::optional<ExpressionKind> comparisonOperator() const;
  NodePtr comparison();
  NodePtr list();
  NodePtr sum();
  NodePtr product();
  NodePtr unary();
  NodePtr primary();
  NodePtr nameOrCall();
  NodePtr symbol(const std::string& name, std::size_t column);
  NodePtr call(const Token& name);

  std::vector<Token> tokens_;
  const Symbols& symbols_;
  std::set<int> slots_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

void requireKind(const NodePtr& node, ValueType::Kind wanted, std::size_t column,
                 const char* expected);
/// Sizes are compared in one unit: "dpu.clock < 400" would silently be wrong by 1e6.
void requireSameUnit(const NodePtr& a, const NodePtr& b, std::size_t column);
/// Operands of < <= > >= == != in, not in.
void requireComparable(ExpressionKind kind, const NodePtr& left, const NodePtr& right,
                       std::size_t column);

}  // namespace wattlas
