// CSV as RFC 4180 writes it, with "\n" line ends.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace wattlas {

/// Appends one cell, quoted when it holds a comma, a quote, a line end or outer spaces.
void appendCsvCell(std::string& line, std::string_view cell);
/// Appends a whole line.
void appendCsvLine(std::string& out, std::span<const std::string> cells);
inline void appendCsvLine(std::string& out, std::initializer_list<std::string> cells) {
  appendCsvLine(out, std::span(cells.begin(), cells.size()));
}
/// Shortest text of a number rounded to 12 significant digits; empty when it is not finite.
std::string csvNumber(double value);

}  // namespace wattlas
