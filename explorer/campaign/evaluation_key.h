// Names an evaluation: which point, judged how, by which build.
#pragma once

#include <string>

#include "explorer/space.h"

namespace wattlas {

/// Identifies the models of this executable: its linker build id, or a hash of its bytes. Two
/// builds never share journals or cached rows, because either could be the wrong one.
std::string buildFingerprint();

/// The point's id covers workload, design parameters and fixed settings. What else changes a row
/// goes in here: fidelity, kept metrics, constraints, whether the whole result is attached, and the
/// build.
class EvaluationKeys {
 public:
  EvaluationKeys(const Study& study, bool withDetail, const std::string& build);
  Hash128 of(const Hash128& pointId) const { return Hasher().add(context_).add(pointId).finish(); }

 private:
  Hash128 context_;
};

}  // namespace wattlas
