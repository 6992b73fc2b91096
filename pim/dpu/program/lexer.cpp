#include <algorithm>
#include <array>

#include "pim/dpu/program/symbols.h"

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

}  // namespace wattlas::dpu
