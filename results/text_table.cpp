#include "results/text_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wattlas {
namespace {

constexpr std::size_t gap = 2;

/// By Style.
constexpr const char* codes[] = {"",         "\x1b[1m",  "\x1b[2m",   "\x1b[32m",
                                 "\x1b[31m", "\x1b[33m", "\x1b[1;36m"};

bool startsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

std::string styled(std::string_view text, Style style, const TextOptions& options) {
  if (!options.colour || style == Style::plain || text.empty()) return std::string(text);
  return codes[static_cast<std::size_t>(style)] + std::string(text) + "\x1b[0m";
}

std::string heading(std::string_view text, const TextOptions& options) {
  return '\n' + styled(text, Style::title, options) + '\n';
}

std::size_t displayWidth(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), startsCharacter));
}

std::string clipped(std::string_view text, std::size_t width) {
  if (displayWidth(text) <= width) return std::string(text);
  const std::size_t kept = width > 2 ? width - 2 : 0;
  std::size_t end = 0, seen = 0;
  while (end < text.size() && (!startsCharacter(text[end]) || seen < kept)) {
    if (startsCharacter(text[end])) ++seen;
    ++end;
  }
  return std::string(text.substr(0, end)) + std::string("..").substr(0, width - kept);
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const std::size_t needed = displayWidth(word);
    if (used > 0 && used + 1 + needed > width) {
      out += '\n' + std::string(indent, ' ');
      used = indent;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += needed;
    at = end + 1;
  }
  return out;
}

std::string bar(double share, std::size_t width) {
  static constexpr const char* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double most = static_cast<double>(width) * 8;
  const auto eighths = static_cast<std::size_t>(
      std::lround(std::clamp(std::isnan(share) ? 0 : share, 0.0, 1.0) * most));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  return out + parts[eighths % 8];
}

std::vector<std::size_t> TextTable::widths(const TextOptions& options) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const std::vector<Cell>& row : rows_)
    for (std::size_t i = 0; i < std::min(row.size(), columns_.size()); ++i)
      widths[i] = std::max(widths[i], std::min(displayWidth(row[i].text), columns_[i].most));
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (widths[i] > 0) widths[i] = std::max(widths[i], displayWidth(columns_[i].title));
  const auto total = [&] {
    std::size_t sum = 0;
    for (const std::size_t w : widths) sum += w > 0 ? w + gap : 0;
    return sum;
  };
  while (total() > options.width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!columns_[i].right && widths[i] > columns_[i].least &&
          (widest == widths.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == widths.size()) break;
    --widths[widest];
  }
  return widths;
}

std::string TextTable::text(const TextOptions& options) const {
  const std::vector<std::size_t> columnWidths = widths(options);
  std::string out;
  const auto line = [&](const std::vector<Cell>& row) {
    std::string text;
    std::size_t owed = 0;  // spaces that are written only when something follows
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::size_t width = columnWidths[i];
      if (width == 0) continue;
      const std::string cell = i < row.size() ? clipped(row[i].text, width) : "";
      const std::size_t pad = width - displayWidth(cell);
      owed += gap + (columns_[i].right ? pad : 0);
      if (!cell.empty()) {
        text += std::string(owed, ' ') + styled(cell, row[i].style, options);
        owed = columns_[i].right ? 0 : pad;
      } else {
        owed += columns_[i].right ? 0 : pad;
      }
    }
    out += text + '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Style::dim);
  line(titles);
  for (const std::vector<Cell>& row : rows_) line(row);
  return out;
}

}  // namespace wattlas
