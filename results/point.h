// One design point as a row: what explorers rank, CSV files list and HDF5 files hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/base/atomic_file.h"
#include "models/records.h"

namespace wattlas {

/// Row of a result. Numbers are rounded to 12 significant digits; `fidelity` holds the levels
/// that were used (fidelityText), not the one that was asked for.
PointRow makePointRow(std::string id, const RunResult& result,
                      std::vector<std::pair<std::string, std::string>> parameters = {});

/// Value of a metric or of a further number; throws InputError with the nearest name.
double numberOf(const PointRow& row, const std::string& column);
/// Columns that rows need beside the fixed ones. Found in a pass over the rows, so that a table can
/// be written row by row.
struct PointColumns {
  /// Design parameters with a column of their own, and extra numbers, in order of first appearance.
  std::vector<std::string> parameters, extras;
  void note(const PointRow& row);
  /// Design parameters of `order` (the study's) first, in that order.
  void sort(const std::vector<std::string>& order);
};
PointColumns columnsOf(const std::vector<PointRow>& rows,
                       const std::vector<std::string>& order = {});
/// An extra number of a row; `missing` when the row lacks it.
double extraOf(const PointRow& row, const std::string& column);

/// Whether a design parameter of that name is a column of every row, such as `platform`.
bool isFixedColumn(const std::string& name);
/// Text of a design parameter in a row, or nullptr when it is inactive.
const std::string* parameterOf(const PointRow& row, const std::string& parameter);

/// Lines of the CSV of docs/contract.md, 4. Extra numbers stand at the end.
void appendPointHeader(std::string& out, const PointColumns& columns);
void appendPoint(std::string& out, const PointColumns& columns, const PointRow& row);
/// The same as a file that appears complete or not at all. Throws InputError.
class PointCsvFile {
 public:
  PointCsvFile(const std::string& path, PointColumns columns);
  void add(const PointRow& row);
  void commit();

 private:
  AtomicFile file_;
  PointColumns columns_;
  std::string pending_;
};
/// The whole table.
std::string pointCsv(const std::vector<PointRow>& rows, const std::vector<std::string>& order = {});

}  // namespace wattlas
