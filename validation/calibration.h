// The one place where parameters are fitted to measurements: few of them, by name, inside
// intervals.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "models/base/parameter.h"
#include "validation/measurements.h"

namespace wattlas {

/// Fit of few parameters inside their physical intervals.
struct FitParameter {
  double value = 1, low = 1, high = 1;  ///< 0 < low <= value <= high
};
struct FitResult {
  std::vector<double> values;
  std::vector<double> low, high;  ///< where the cost is within a tenth of its least (and in bounds)
  double before = 0, after = 0;
  int evaluations = 0;
};

/// Pattern search in logarithms, never outside the bounds; deterministic. `cost` must be finite.
FitResult fitWithin(const std::vector<FitParameter>& start,
                    const std::function<double(const std::vector<double>&)>& cost,
                    int mostEvaluations);

/// Parameters that one class of rows can tell, from configs/calibration.yaml.
struct CalibrationClass {
  std::string name;
  std::vector<std::string> ops;     ///< of the operator CSV; empty = every row
  std::vector<std::string> dtypes;  ///< of the operator CSV; empty = every one
  std::vector<std::string> parameters;
};
struct CalibrationFamily {
  std::string name;
  std::vector<CalibrationClass> classes;
  /// Parameters of software stacks lie below `stacks.NAME.`; of the default one below this prefix.
  std::string defaultStack;
};
std::map<std::string, CalibrationFamily> calibrationFamilies(const SearchPath& path);

/// Rows and parameters of one fit.
struct CalibrationTask {
  std::string name;  ///< "vidur gemm", or empty when there is only one
  Measurements data;
  std::vector<std::string> parameters;
  bool chosen = false;        ///< the user named them: one without interval is an error
  std::string stack, prefix;  ///< of the family's stacks, see CalibrationFamily
};
/// Reads the file and splits its rows by platform, stack and class. Without a column `split` every
/// fifth shape (of rows that are no operators: every fifth row) of ten or more rows is held out.
/// Throws InputError: rows of several platforms, no class for an operator, more than eight
/// parameters.
std::vector<CalibrationTask> calibrationTasks(const CalibrationFamily& family,
                                              const std::string& file,
                                              const std::vector<std::string>& parameters);

struct FittedParameter {
  ParameterRecord record;  ///< before the fit
  double value = 0;
  double low = 0, high = 0;  ///< where the cost is within a tenth of its least
  /// A bound that the fit ran into: the physical interval is wrong, or another parameter is.
  bool atBound() const;
};

struct MeanError {
  double mean = 0;  ///< of |ours / measured - 1|
  std::size_t values = 0;
};

struct CalibrationFit {
  struct Row {
    int line = 0;
    std::string what;
    double measured = 0, ours = 0;  ///< seconds
    bool test = false;
  };
  std::string name, platform;
  std::vector<FittedParameter> parameters;
  std::vector<Row> rows;
  MeanError before, after, testBefore, testAfter;
  /// Of a three-parameter roofline fitted to the same operators, on the rows held out.
  MeanError roofline;
  int evaluations = 0;
  bool hitsBound() const {
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const FittedParameter& p) { return p.atBound(); });
  }
  bool losesToRoofline() const {
    return roofline.values > 0 && testAfter.values > 0 && roofline.mean < testAfter.mean;
  }
};

/// Minimises the root mean square of log(ours / measured) over the rows that are not held out.
/// Throws InputError for a row that cannot run or a parameter that does not exist.
CalibrationFit calibrate(const CalibrationTask& task, const ProbeContext& context,
                         int mostEvaluations);

}  // namespace wattlas
