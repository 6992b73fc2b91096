// Steps from a study's tree to compiled design parameters and expressions; private to study*.cpp.
#pragma once

#include <optional>
#include <string>

#include "explorer/study.h"

namespace wattlas {

/// The parts of a study that the binder only passes through.
struct RawStudy {
  ConfigNode parameters, derived, bits, set, constraints, objectives, fronts, platform, format;
};

/// Binds the keys of a study: scalars into `study`, the rest into `raw`.
void bindStudy(Binder& b, Study& study, RawStudy& raw, const std::string& defaultName);

/// What all steps share: the study, its raw parts, and where problems are collected.
class StudyStep {
 public:
  StudyStep(Study& study, const RawStudy& raw, Problems& problems)
      : study_(study), raw_(raw), problems_(problems) {}

 protected:
  void problem(const ConfigNode& at, std::string key, std::string what, std::string expected,
               std::string hint = {});
  /// Problems of the expression are collected; then there is none.
  std::optional<Expression> compile(const ConfigNode& node, const std::string& key,
                                    const Symbols& symbols);

  Study& study_;
  const RawStudy& raw_;
  Problems& problems_;
};

/// Workloads, design parameters, derived values and fixed settings. Gives the names that they
/// define.
Symbols compileSpace(Study& study, const RawStudy& raw, Problems& problems);
/// Constraints, objectives and fronts over `names` and all metrics; which metrics are kept.
void compileGoals(Study& study, const RawStudy& raw, Problems& problems, const Symbols& names);

}  // namespace wattlas
