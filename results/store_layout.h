// What the writer and the reader of HDF5 files share: names of columns and the end mark.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "results/point.h"

namespace wattlas::layout {

inline constexpr const char* kind = "wattlas results";
inline constexpr const char* points = "/points";
inline constexpr const char* jsonText = "/results/text";
inline constexpr const char* jsonOffset = "/results/offset";
inline constexpr const char* study = "/study";

/// Text columns of a row: before the design parameters, and after them.
struct TextField {
  const char* name;
  std::string PointRow::*member;
  bool unique;  ///< differs in every row, so a dictionary would not help
};
inline constexpr std::array<TextField, 11> textFields = {{
    {"point_id", &PointRow::id, true},
    {"platform", &PointRow::platform, false},
    {"workload", &PointRow::workload, false},
    {"format", &PointRow::format, false},
    {"fidelity", &PointRow::fidelity, false},
    {"scope", &PointRow::scope, false},
    {"accuracy_kind", &PointRow::accuracyKind, false},
    {"reason", &PointRow::reason, false},
    {"config_hash", &PointRow::configHash, true},
    {"bound", &PointRow::bound, false},
    {"device", &PointRow::device, false},
}};
inline constexpr TextField energyCategory = {"energy_category", &PointRow::energyCategory, false};
inline constexpr std::size_t fieldsBeforeParameters = 4;

/// Numbers of the file: the metrics of every point, and the shares of what decides it.
struct NumberField {
  std::string name;
  int metric = -1;
  double PointRow::*member = nullptr;
  double of(const PointRow& row) const { return metric >= 0 ? row[metric] : row.*member; }
  void set(PointRow& row, double v) const { (metric >= 0 ? row[metric] : row.*member) = v; }
};
const std::vector<NumberField>& numbers();

/// Unit of a number column by its name (`time_s`, `energy_j.p95`); "1" = a plain number.
std::string unitOf(std::string_view column);

/// Whether every file has this column in /points.
bool isColumn(std::string_view name);

/// The last 64 bytes of a file, behind what HDF5 reads: mark, hash of all bytes before, length.
inline constexpr std::size_t endSize = 64;
std::string endMark(std::string_view bytesBefore);

}  // namespace wattlas::layout
