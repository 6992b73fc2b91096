#include "results/csv.h"

#include <fmt/format.h>

#include <cmath>

#include "models/base/units.h"

namespace wattlas {

void appendCsvCell(std::string& line, std::string_view cell) {
  const bool quoted = cell.find_first_of(",\"\r\n") != std::string_view::npos ||
                      (!cell.empty() && (cell.front() == ' ' || cell.back() == ' '));
  if (!quoted) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

void appendCsvLine(std::string& out, std::span<const std::string> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    appendCsvCell(out, cells[i]);
  }
  out += '\n';
}

std::string csvNumber(double value) {
  if (!std::isfinite(value)) return {};
  const double shown = rounded(value);
  return shown == 0.0 ? "0" : fmt::format("{}", shown);  // never "-0"
}

}  // namespace wattlas
