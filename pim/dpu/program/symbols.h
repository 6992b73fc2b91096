// Symbols of an assembly source and the values of expressions over them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

/// Assembly source to tokens, one list a line.
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

/// A number, or a distance from the start of a section whose place is known after the last line.
/// The unit is bytes; in text sections it is instructions.
struct Value {
  std::int64_t number = 0;
  int section = -1;  ///< -1 = a plain number
};

/// Why an expression has no value (yet).
struct EvaluationError {
  std::string what, expected, hint;
  std::string missing;  ///< the symbol that is not defined (so far), or empty
};

struct SymbolEntry {
  enum class State : std::uint8_t { undefined, value, expression, busy, failed };
  State state = State::undefined;
  Value value;
  std::vector<Token> expression;  ///< of an .equ with a forward reference
  Value here;                     ///< what `.` means in it
  bool label = false;             ///< defined as a label, belongs in the symbol table
  bool global = false;
  bool external = false;  ///< given from outside (-D, NTASKLETS)
  SymbolKind kind = SymbolKind::label;
  bool typed = false;
  std::vector<Token> size;  ///< expression of .size, or empty
  Value sizeHere;
  SourceLine line;  ///< of the definition
};

using Tokens = std::span<const Token>;

class SymbolTable {
 public:
  /// Places of the sections (bytes or instructions), once known.
  void place(std::vector<std::int64_t> bases) { bases_ = std::move(bases); }

  SymbolEntry& entry(const std::string& name) { return entries_[name]; }
  const std::map<std::string, SymbolEntry, std::less<>>& entries() const { return entries_; }
  bool defined(std::string_view name) const;
  /// What to do about an undefined symbol.
  std::string hint(const std::string& name) const;

  /// A numeric label such as `1:` at `here`.
  void addLocal(const std::string& digits, Value here, std::size_t order);

  /// Value of a whole expression; throws EvaluationError. `order` counts statements (for 1b, 1f).
  Value evaluate(Tokens tokens, Value here, std::size_t order = 0);
  /// As evaluate(), with section places added; only after place().
  std::int64_t absolute(Value value) const;

 private:
  friend class ExpressionReader;
  Value lookUp(const std::string& name, int depth);
  Value lookUpLocal(const Token& token, std::size_t order) const;

  struct Local {
    Value value;
    std::size_t order;
  };
  std::map<std::string, SymbolEntry, std::less<>> entries_;
  std::map<std::string, std::vector<Local>> locals_;
  std::vector<std::int64_t> bases_;
};

// Cutting the operands of a directive apart.

/// The parts between the commas that are not inside parentheses; none for no tokens.
inline std::vector<Tokens> splitCommas(Tokens tokens) {
  std::vector<Tokens> parts;
  if (tokens.empty()) return parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    if (i < tokens.size()) {
      if (tokens[i].kind != TokenKind::symbol) continue;
      if (tokens[i].text == "(") ++depth;
      if (tokens[i].text == ")") --depth;
      if (tokens[i].text != "," || depth > 0) continue;
    }
    parts.push_back(tokens.subspan(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

/// The name when the tokens are one name, else nullptr.
inline const std::string* soleName(Tokens tokens) {
  const bool one = tokens.size() == 1 && tokens[0].kind == TokenKind::name;
  return one ? &tokens[0].text : nullptr;
}

}  // namespace wattlas::dpu
