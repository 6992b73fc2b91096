#include "explorer/text_wrap.h"

#include <algorithm>

namespace wattlas {

std::string wrapText(const std::string& text, std::size_t indent) {
  constexpr std::size_t widest = 110;
  std::string out, line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, space - at);
    if (!line.empty() && line.size() + 1 + word.size() > widest) {
      out += line + '\n';
      line = std::string(indent, ' ') + word;
    } else {
      line += (at == 0 ? "" : " ") + word;
    }
    at = space + 1;
  }
  return out + line + '\n';
}

}  // namespace wattlas
