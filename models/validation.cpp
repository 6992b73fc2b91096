#include "models/validation.h"

#include <cmath>

namespace wattlas {

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

}  // namespace wattlas
