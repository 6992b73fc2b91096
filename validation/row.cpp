#include "validation/row.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace wattlas {
namespace {

bool isParameter(const std::string& entry) {
  return entry.starts_with("parameter ");
}

}  // namespace

const char* nameOf(RowKind kind) {
  static constexpr const char* names[rowKindCount] = {"identity", "calibration", "seen", "blind"};
  return names[static_cast<int>(kind)];
}

RowKind kindOf(ReferenceBasis basis, const std::vector<std::string>& fittedOn) {
  for (const std::string& entry : fittedOn)
    if (!isParameter(entry) && !entry.starts_with("form "))
      throw InputError("fitted_on: '" + entry.substr(0, 60) + "' says neither what was fitted",
                       "'parameter NAME' or 'form TEXT'");
  if (basis == ReferenceBasis::equations) return RowKind::identity;
  if (fittedOn.empty()) return RowKind::blind;
  return std::any_of(fittedOn.begin(), fittedOn.end(), isParameter) ? RowKind::calibration
                                                                    : RowKind::seen;
}

double ValidationRow::error() const {
  if (figure) return ours;
  if (reference == 0) return std::abs(ours);
  return std::abs(ours - reference) / std::abs(reference);
}

bool ValidationRow::pass() const {
  if (!gated()) return true;
  const double e = error();
  if (!std::isfinite(e)) return false;
  return higherIsBetter ? e >= gate : e <= gate;
}

int ValidationRow::fittedParameters() const {
  return static_cast<int>(std::count_if(fittedOn.begin(), fittedOn.end(), isParameter));
}

}  // namespace wattlas
