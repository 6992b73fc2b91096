// A results file as one web page that needs nothing else: no network, no other file
// (docs/report.md).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "results/store.h"

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

// The data of a report: compact JSON that the page's script unpacks (layout: page/data.js).

/// Rows of the store that a page shows: all, or the Pareto sets and an even choice of the others.
std::vector<std::size_t> shownRows(const Store& store, std::size_t most);

/// Columns of the shown rows, what the search found out, names and units.
std::string reportRows(const Store& store, const std::vector<std::size_t>& shown);

/// First line: what points share (assumptions, configuration lines). Then one line per shown row,
/// empty when it has no more than its numbers. At most `most` rows get one, Pareto sets first.
std::string reportDetails(const Store& store, const std::vector<std::size_t>& shown,
                          std::size_t most);

/// zlib-compressed and in base64, so that no text of a study can end the script that holds it.
std::string packed(const std::string& text);

}  // namespace wattlas
