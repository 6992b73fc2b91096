// Accuracies from a CSV file of published or own values.
#pragma once

#include "explorer/accuracy.h"

namespace wattlas {

/// Columns `workload`, `format`, `accuracy`, `source`; optionally `se`, `split`, and keys of the
/// workload such as `sparsity.density`. A row stands for the network that its cells name, which is
/// otherwise as the library has it.
class TableOracle {
 public:
  /// Keeps a reference to the path. Throws InputError with every bad row.
  TableOracle(const std::string& file, const SearchPath& path);
  AccuracyResult of(const Workload& workload) const;

 private:
  struct Row {
    std::string workload;
    ConfigNode options;  ///< format and further keys
    AccuracyResult accuracy;
  };
  const SearchPath& path_;
  std::string file_;
  std::vector<Row> rows_;
};

}  // namespace wattlas
