// Random and Sobol samples of a design space.
#include <unordered_set>

#include "explorer/space.h"
#include "explorer/unit_samples.h"

namespace wattlas {
namespace {

/// Coordinates in [0, 1), one vector a call.
class Source {
 public:
  Source(SearchMethod method, std::size_t dimensions, std::uint64_t seed)
      : random_(seed),
        sobol_(dimensions, seed),
        dimensions_(dimensions),
        isSobol_(method == SearchMethod::sobol) {}
  std::vector<double> next() {
    if (isSobol_) return sobol_.next();
    std::vector<double> out(dimensions_);
    for (double& x : out) x = random_.uniform();
    return out;
  }

 private:
  Random random_;
  ShiftedSobol sobol_;
  std::size_t dimensions_;
  bool isSobol_;
};

}  // namespace

std::vector<DesignPoint> samplePoints(const Study& study, SearchMethod method, std::uint64_t budget,
                                      std::uint64_t seed) {
  const std::uint64_t designs = std::max<std::uint64_t>(1, budget / study.workloads.size());
  const SpaceSize size = sizeOf(study);
  Source source(method, study.parameters.size(), seed);
  std::vector<std::vector<Coordinate>> chosen;
  std::unordered_set<Hash128, Hash128Hasher> seen;
  // Small spaces run out of new designs: give up after a long run of repeats.
  const std::uint64_t patience = 1000 + 20 * designs;
  for (std::uint64_t tries = 0; chosen.size() < designs && tries < patience; ++tries) {
    std::vector<Coordinate> parameters = source.next();
    for (std::size_t g = 0; g < parameters.size(); ++g)
      parameters[g] = study.parameters[g].at(parameters[g]);
    // A design may differ between workloads when conditions mention them: it is new when one is.
    bool isNew = false;
    for (std::size_t w = 0; w < study.workloads.size(); ++w) {
      DesignPoint point{static_cast<std::int32_t>(w), parameters};
      canonicalise(study, point);
      isNew = seen.insert(idOf(study, point)).second || isNew;
    }
    if (isNew) chosen.push_back(std::move(parameters));
    if (!size.infinite && size.exact && seen.size() >= size.points) break;
  }
  std::vector<DesignPoint> out;
  seen.clear();
  for (std::size_t w = 0; w < study.workloads.size(); ++w)
    for (const auto& parameters : chosen) {
      DesignPoint point{static_cast<std::int32_t>(w), parameters};
      canonicalise(study, point);
      if (seen.insert(idOf(study, point)).second) out.push_back(std::move(point));
    }
  return out;
}

}  // namespace wattlas
