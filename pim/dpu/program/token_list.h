// Cutting the operands of a directive apart.
#pragma once

#include <string>
#include <vector>

#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

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
