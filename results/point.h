// One design point as a row: what explorers rank, CSV files list and HDF5 files hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/records.h"

namespace wattlas {

/// Row of a result. Numbers are rounded to 12 significant digits; `fidelity` holds the levels
/// that were used (fidelityText in results/summary.h), not the one that was asked for.
PointRow makePointRow(std::string id, const RunResult& result,
                      std::vector<std::pair<std::string, std::string>> parameters = {});

/// Value of a metric or of a further number; throws InputError with the nearest name.
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
