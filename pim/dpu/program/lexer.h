// Assembly source to tokens, one list a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas::dpu {

enum class TokenKind : std::uint8_t {
  name,        ///< symbol, mnemonic, register, directive (with its dot), "!big"
  number,      ///< also character literals
  localLabel,  ///< "1b" or "1f": text has the digits, value is 'b' or 'f'
  string,      ///< text holds the bytes, escapes resolved
  symbol,      ///< operator or punctuation in text
};

struct Token {
  TokenKind kind = TokenKind::symbol;
  std::string text;
  std::int64_t value = 0;
};

/// Splits source into lines of tokens. `;`, `#` and `//` start comments to the end of the line,
/// `/* */` may span lines.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : rest_(source) {}

  /// Reads the next line into `tokens`; false at the end. `error` is set when the line holds
  /// something that is no token (the rest of that line is skipped).
  bool next(std::vector<Token>& tokens, std::string& error);
  int line() const { return line_; }
  /// The line as it stands in the source, without its end.
  std::string_view text() const { return text_; }

 private:
  bool skipBlank(std::string_view& line);
  bool token(std::string_view& line, Token& out, std::string& error);
  bool number(std::string_view& line, Token& out, std::string& error);
  bool quoted(std::string_view& line, Token& out, std::string& error);

  std::string_view rest_, text_;
  int line_ = 0;
  bool comment_ = false;  ///< inside /* */
};

}  // namespace wattlas::dpu
