#include "pim/dpu/kernels/csv.h"

#include <charconv>
#include <sstream>

#include "models/base/error.h"

namespace wattlas::dpu {

std::vector<std::vector<std::string>> readTable(const SearchPath& path, const std::string& part,
                                                std::size_t columns) {
  const auto file = path.findPart(part);
  if (!file) throw InputError("table '" + part + "' not found", "a file below the data folder");
  std::istringstream in(readTextFile(*file));
  std::vector<std::vector<std::string>> rows;
  bool header = true;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> cells;
    std::istringstream cellsIn(line);
    for (std::string cell; std::getline(cellsIn, cell, ',');) cells.push_back(cell);
    if (cells.size() != columns) {
      throw InputError(
          *file + ":" + std::to_string(number) + ": " + std::to_string(cells.size()) + " cells",
          std::to_string(columns) + " cells separated by commas");
    }
    if (!header) rows.push_back(std::move(cells));
    header = false;
  }
  return rows;
}

double numberOf(const std::string& cell) {
  double value = 0;
  const auto end = cell.data() + cell.size();
  const auto [rest, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || rest != end) {
    throw InputError("'" + cell.substr(0, 40) + "' is no number", "a decimal number");
  }
  return value;
}

}  // namespace wattlas::dpu
