// The operator CSV of docs/contract.md, 3: records with their original bytes, and the operator that
// a record describes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/timed_device.h"

namespace wattlas {

/// One record: cells decoded, and the bytes as they stood in the file (without the line end).
struct CsvRecord {
  std::string raw;
  std::vector<std::string> cells;
  int line = 0;
};

/// A CSV file in memory; quoted cells may hold commas, quotes and line ends (RFC 4180).
struct CsvFile {
  std::vector<std::string> header;
  std::string rawHeader;
  std::vector<CsvRecord> records;
  std::string lineEnd = "\n";

  /// Throws InputError: unreadable, empty, more than 2 million records, unterminated quote, no
  /// column `needed` (empty: none is).
  /// `comments`: lines that start with # are none of the records.
  static CsvFile read(const std::string& file, const std::string& needed = "op",
                      bool comments = false);
  /// The same row by row, so that a million rows need little memory: `begin` gets the header (it
  /// may be empty), `take` the header and each record. Gives back the header.
  using Take = std::function<void(const CsvFile& header, CsvRecord&& record)>;
  static CsvFile stream(const std::string& file, const std::string& needed, bool comments,
                        const std::function<void(const CsvFile&)>& begin, const Take& take);
  std::optional<std::size_t> column(const std::string& name) const;
};

/// One row's operator and what else decides its time.
struct CsvOperator {
  Operator op;
  Timing timing = Timing::kernel;
  Bits loopWorkingSet{};
  std::string stack;  ///< column `stack`; empty = library kernels alone
};

/// Reads one record; throws InputError with the reason (which becomes the row's `reason`).
CsvOperator operatorOf(const CsvFile& file, const CsvRecord& record);

}  // namespace wattlas
