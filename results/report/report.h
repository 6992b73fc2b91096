// A results file as one web page that needs nothing else: no network, no other file
// (docs/report.md).
#pragma once

#include <cstddef>
#include <string>

namespace wattlas {

class Store;

struct ReportOptions {
  std::size_t points = 50000;  ///< most rows in the page; Pareto sets and single runs first
  std::size_t details = 2000;  ///< most points with operators, assumptions and configuration
};

/// The page. The same file and options give the same bytes for one zlib. Throws InputError when a
/// stored result cannot be read.
std::string reportPage(const Store& store, const ReportOptions& options = {});

/// reportPage() into a file that appears complete or not at all. Throws InputError.
void writeReport(const std::string& path, const Store& store, const ReportOptions& options = {});

}  // namespace wattlas
