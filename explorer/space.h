// The points of a study's design space: activity, counting, enumeration, sampling, identity.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explorer/study.h"
#include "models/base/hash.h"

namespace wattlas {

/// One design on one workload. Inactive design parameters hold NaN, so equal designs have equal
/// coordinates.
struct DesignPoint {
  std::int32_t workload = 0;
  std::vector<Coordinate> parameters;
};

struct SpaceSize {
  std::uint64_t points = 0;  ///< workloads counted; saturates at 2^63
  bool exact = true;         ///< false: conditions may make it smaller
  bool infinite = false;     ///< a design parameter is continuous
  std::string text() const;
};
SpaceSize sizeOf(const Study& study);

/// Makes coordinates canonical: design parameters whose condition is not true become NaN.
void canonicalise(const Study& study, DesignPoint& point);

/// All points, workload outermost, first design parameter slowest. Throws InputError when the space
/// is continuous or larger than `limit`, with advice.
std::vector<DesignPoint> enumerate(const Study& study, std::uint64_t limit);
/// `budget` different points (fewer when the space runs out): the same designs on every workload.
/// Sobol covers evenly, random is independent; both depend on the seed only.
std::vector<DesignPoint> samplePoints(const Study& study, SearchMethod method, std::uint64_t budget,
                                      std::uint64_t seed);

/// Content of a point: workload, active design parameters and what the study fixes. The same design
/// has the same id in every study and on every machine.
Hash128 idOf(const Study& study, const DesignPoint& point);
/// Ids of many points of one study: sorts its parameters once.
class PointIds {
 public:
  /// Keeps a reference to the study.
  explicit PointIds(const Study& study);
  Hash128 of(const DesignPoint& point) const;

 private:
  struct Part {
    std::string key, fixed;  ///< `fixed`: value of what the study sets
    int parameter = -1, derived = -1;
    std::vector<std::string> settings =
        {};  ///< of a listed design parameter: what each adds to the hash
  };
  const Study& study_;
  std::vector<Part> parts_;  ///< by key
};
/// First 16 hexadecimal digits of idOf: `point_id` of files.
std::string shortId(const Hash128& id);

/// What makeExperiment gets.
ExperimentSpec specOf(const Study& study, const DesignPoint& point);

/// Values of expression slots before evaluation: design parameters, workload, derived values. Each
/// derived value is worked out once, however often others are made of it. Keeps references.
class PointValues {
 public:
  PointValues(const Study& study, const DesignPoint& point) : study_(study), point_(point) {}
  Value at(int slot) const;

 private:
  const Study& study_;
  const DesignPoint& point_;
  mutable std::vector<Value> derived_;  ///< those worked out so far, in order
};
/// One of them.
Value slotValue(const Study& study, const DesignPoint& point, int slot);
/// What is wrong when a constraint came out as `value`; nothing when it is met or does not apply.
std::optional<std::string> violation(const Constraint& constraint, const Value& value);
/// The first constraint on design parameters alone that the point violates, or nothing.
std::optional<std::string> violatedBefore(const Study& study, const DesignPoint& point);

}  // namespace wattlas
