// Prices one operator alone on a platform's device: weights resident, without launch or copies.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/operator_csv.h"
#include "models/simulate.h"

namespace wattlas {

struct Prediction {
  bool feasible = false;
  double microseconds = 0, joules = 0;
  std::string bound, reason;
};

class RowPredictor {
 public:
  RowPredictor(const Context& context, const std::string& platform,
               const std::vector<std::pair<std::string, ConfigNode>>& sets);
  /// Never throws for what a row says: the reason is part of the prediction.
  Prediction predict(const CsvFile& file, const CsvRecord& record);
  Prediction predict(const CsvOperator& row);
  const char* fidelityUsed() const { return nameOf(level_); }

 private:
  Experiment experiment_;
  Fidelity level_ = Fidelity::analytic;
  ProfileCache cache_;
};

}  // namespace wattlas
