// One design point as a row: what explorers rank, CSV files list and HDF5 files hold.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "models/result.h"

namespace wattlas {

/// A number that a row may lack (an infeasible point, an unknown area).
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

struct PointRow {
  std::string id;  ///< content id of the point
  std::string platform, workload, format;
  /// Design parameters in the study's order with the text of their value; an inactive design
  /// parameter is left out. Design parameters that are columns anyway (`platform`, `workload`,
  /// `format`, ...) need not be here.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string fidelity, scope;
  double timeS = missing, energyJ = missing, powerAvgW = missing, powerPeakW = missing;
  double areaMm2 = missing, accuracy = missing, accuracySe = missing;
  std::string accuracyKind = "none";
  bool feasible = true;
  bool pareto = false;  ///< set by the explorer
  std::string reason, configHash;
  /// What decides it, for people: the greatest parts of time and energy.
  std::string bound, energyCategory;
  double boundShare = missing, energyCategoryShare = missing;
  /// More numbers under their column names: quantiles (`time_s.p5`, `time_s.p50`, `time_s.p95`),
  /// objectives that are no column anyway (docs/results-file.md). Names hold no '/'.
  std::vector<std::pair<std::string, double>> extra;
};

/// Row of a result. Numbers are rounded to 12 significant digits; `fidelity` holds the levels
/// that were used (fidelityText in results/summary.h), not the one that was asked for.
PointRow makePointRow(std::string id, const RunResult& result,
                      std::vector<std::pair<std::string, std::string>> parameters = {});

/// A number column of a row under its name in CSV and HDF5 files: time_s, energy_j, power_avg_w,
/// power_peak_w, area_mm2, accuracy, accuracy_se.
struct NumberColumn {
  const char* name;
  double PointRow::*member;
};
const std::vector<NumberColumn>& numberColumns();
/// Value of such a column or of an extra one; throws InputError with the nearest name.
double numberOf(const PointRow& row, const std::string& column);
/// Names of all extra numbers, in order of first appearance.
std::vector<std::string> extraColumns(const std::vector<PointRow>& rows);
/// An extra number of a row; `missing` when the row lacks it.
double extraOf(const PointRow& row, const std::string& column);

/// Whether a design parameter of that name is a column of every row, such as `platform`.
bool isFixedColumn(const std::string& name);
/// Names of all design parameters that need a column of their own: those of `order` (the study's
/// design parameters) first, in that order, then others in order of first appearance.
std::vector<std::string> parameterColumns(const std::vector<PointRow>& rows,
                                          const std::vector<std::string>& order = {});
/// Text of a design parameter in a row, or nullptr when it is inactive.
const std::string* parameterOf(const PointRow& row, const std::string& parameter);

/// CSV of docs/contract.md, 4; columns of design parameters as geneColumns() gives them. Extra
/// numbers follow at the end.
std::string pointCsv(const std::vector<PointRow>& rows, const std::vector<std::string>& order = {});
/// The same into a file that appears complete or not at all. Throws InputError.
void writePointCsv(const std::string& path, const std::vector<PointRow>& rows,
                   const std::vector<std::string>& order = {});

}  // namespace wattlas
