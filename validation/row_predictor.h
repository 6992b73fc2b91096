// Prices one operator alone on a platform's device: weights resident, without launch or copies.
#pragma once

#include <string>

#include "models/simulate.h"
#include "validation/operator_csv.h"

namespace wattlas {

struct Prediction {
  bool feasible = false;
  double microseconds = 0, joules = 0;
  std::string bound, reason, stack;
};

/// Device names of published data -> platforms (configs/aliases.yaml).
std::map<std::string, std::string> readAliases(const SearchPath& path);

class RowPredictor {
 public:
  RowPredictor(const Registry& registry, const SearchPath& path, const std::string& platform,
               const std::vector<std::pair<std::string, ConfigNode>>& sets, std::string stack = {});
  /// Never throws for what a row says: the reason is part of the prediction.
  Prediction predict(const CsvFile& file, const CsvRecord& record);
  Prediction predict(const CsvOperator& row);
  const char* fidelityUsed() const { return nameOf(level_); }

 private:
  std::string stack_;  ///< of rows that name none
  Experiment experiment_;
  Fidelity level_ = Fidelity::analytic;
  ProfileCache cache_;
  std::size_t rows_ = 0;
};

}  // namespace wattlas
