#include "explorer/validation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "explorer/nsga2.h"

namespace wattlas {
namespace {

constexpr std::uint64_t seeds = 5;
constexpr std::size_t budget = 400;

struct Benchmark {
  int which;
  std::size_t dimensions, generations;
  double optimum;  ///< hypervolume of the true front against (1.1, 1.1)
  double gate;
};

/// Zitzler, Deb, Thiele, "Comparison of Multiobjective Evolutionary Algorithms" (2000), on the unit
/// cube.
ObjectiveVector zdt(int which, const std::vector<double>& x) {
  const double n = static_cast<double>(x.size());
  double g = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    const double y = -5 + 10 * x[i];
    g += which == 4 ? y * y - 10 * std::cos(4 * std::numbers::pi * y) : x[i];
  }
  g = which == 4 ? 1 + 10 * (n - 1) + g : 1 + 9 * g / (n - 1);
  const double ratio = x[0] / g;
  return {x[0], g * (which == 2 ? 1 - ratio * ratio : 1 - std::sqrt(ratio))};
}

ValidationRow figure(std::string id, std::string quantity, double ours, double gate,
                     std::string source) {
  ValidationRow row;
  row.group = "explorer";
  row.id = std::move(id);
  row.kind = "identity";
  row.quantity = std::move(quantity);
  row.unit = "1";
  row.ours = rounded(ours);
  row.reference = 1;
  row.gate = gate;
  row.figure = true;
  row.higherIsBetter = true;
  row.source = std::move(source);
  return row;
}

}  // namespace

ValidationRows zdtRows() {
  constexpr Benchmark problems[] = {
      {1, 30, 250, 0.876667, 0.99}, {2, 30, 250, 0.543333, 0.985}, {4, 10, 500, 0.876667, 0.99}};
  ValidationRows rows;
  for (const Benchmark& p : problems) {
    double worst = 1;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Nsga2Options options;
      options.generations = p.generations;
      options.seed = seed;
      const auto front = runNsga2(p.dimensions, 2, options, [&](const auto& points) {
        std::vector<ObjectiveVector> out;
        for (const auto& x : points) out.push_back(zdt(p.which, x));
        return std::optional(std::move(out));
      });
      worst = std::min(worst, hypervolume(front, {1.1, 1.1}) / p.optimum);
    }
    rows.push_back(figure("zdt" + std::to_string(p.which),
                          "hypervolume over that of the true front, worst of 5 seeds", worst,
                          p.gate,
                          "closed form of the front; population 100, reference (1.1, 1.1)"));
  }
  return rows;
}

ValidationRows searchRows(const std::string& study, const ExploreOutcome& whole) {
  double volume = 1, recall = 1;
  for (const SearchQuality& q : searchQuality(whole, budget, seeds)) {
    if (q.method != "nsga2") continue;
    volume = std::min(volume, q.hypervolume);
    recall = std::min(recall, static_cast<double>(q.found) / static_cast<double>(q.front));
  }
  const std::string source =
      "own exhaustive evaluation of " + std::to_string(whole.points.size()) + " points";
  return {figure(study + " hypervolume", "of 400 evaluations over exhaustive, worst of 5 seeds",
                 volume, 0.997, source),
          figure(study + " recall", "of the front by 400 evaluations, worst of 5 seeds", recall, -1,
                 source)};
}

ValidationRows screeningRows(const std::string& study, const ExploreOutcome& simulated,
                             const ExploreOutcome& analytic, std::int64_t calibrationSample) {
  std::size_t points = 0, needed = 0, found = 0, front = 0;
  for (const ScreeningQuality& q : screeningQuality(simulated, analytic, calibrationSample)) {
    points += q.points;
    needed += q.simulated;
    found += q.found;
    front += q.front;
  }
  const std::string source =
      "own exhaustive event simulation of " + std::to_string(points) + " points";
  ValidationRow saving = figure(
      study + " saving", "event simulations of the whole space over those of the ladder",
      needed > 0 ? static_cast<double>(points) / static_cast<double>(needed) : 0.0, 10, source);
  saving.unit = "times";
  return {
      figure(study + " recall", "of the front by the fidelity ladder",
             front > 0 ? static_cast<double>(found) / static_cast<double>(front) : 1.0, 1, source),
      std::move(saving)};
}

}  // namespace wattlas
