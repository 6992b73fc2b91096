// Words of the study language.
#pragma once

#include <string>
#include <vector>

#include "explorer/expression.h"

namespace wattlas {

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

}  // namespace wattlas
