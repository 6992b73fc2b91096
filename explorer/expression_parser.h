// Parser of the study language (grammar: expression.h); checks types as it goes.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "explorer/expression_lexer.h"
#include "explorer/expression_node.h"

namespace wattlas {

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

}  // namespace wattlas
