
#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>

#include "explorer/nsga2.h"
#include "explorer/search_quality.h"
#include "explorer/worker_pool.h"
#include "validation/probes/probes.h"

namespace wattlas {
namespace {

constexpr std::uint64_t seeds = 5;
constexpr std::size_t budget = 400;

struct Benchmark {
  int which;
  std::size_t dimensions, generations;
  double optimum;  ///< hypervolume of the true front against (1.1, 1.1)
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

/// NSGA-II on ZDT1, ZDT2 (25,000 evaluations) or ZDT4 (50,000): hypervolume of the last population
/// over that of the true front, worst of five seeds.
Answer zdtAnswer(const std::string& problem) {
  static constexpr Benchmark problems[] = {
      {1, 30, 250, 0.876667}, {2, 30, 250, 0.543333}, {4, 10, 500, 0.876667}};
  for (const Benchmark& p : problems) {
    if (problem != "zdt" + std::to_string(p.which)) continue;
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
    return {{{"hypervolume", worst}}, {}};
  }
  throw InputError("problem '" + problem + "' is unknown", "zdt1, zdt2 or zdt4");
}

/// The whole space of a shipped study at a fidelity.
ExploreOutcome wholeOf(const Study& study, const std::string& fidelity,
                       const ProbeContext& context) {
  Study all = studyAt(study, fidelity);
  all.search = {};
  all.search.method = SearchMethod::exhaustive;
  WorkerPoolOptions options;
  options.command = {context.executable, "worker"};
  options.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  WorkerPool pool(options);
  ExploreOptions explored;
  explored.detailLimit = 0;
  return explore(all, explored, pool);
}

/// NSGA-II with 400 evaluations against the exhaustive outcome, worst of five seeds.
Answer searchAnswer(const ExploreOutcome& whole) {
  double volume = 1, recall = 1;
  for (const SearchQuality& q : searchQuality(whole, budget, seeds)) {
    if (q.method != "nsga2") continue;
    volume = std::min(volume, q.hypervolume);
    recall = std::min(recall, static_cast<double>(q.found) / static_cast<double>(q.front));
  }
  return {{{"hypervolume", volume}, {"recall", recall}}, {}};
}

/// A fidelity multi-fidelity screening replayed on exhaustive rows of both levels.
Answer screeningAnswer(const Study& study, const ProbeContext& context) {
  double points = 0, needed = 0, found = 0, front = 0;
  for (const ScreeningQuality& q : screeningQuality(wholeOf(study, study.fidelity, context),
                                                    wholeOf(study, "analytic", context),
                                                    study.search.screening.calibrationSample)) {
    points += static_cast<double>(q.points);
    needed += static_cast<double>(q.simulated);
    found += static_cast<double>(q.found);
    front += static_cast<double>(q.front);
  }
  return {{{"recall", front > 0 ? found / front : 1}, {"saving", needed > 0 ? points / needed : 0}},
          {}};
}

}  // namespace

Probe makeSearchProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    for (const Settings& question : questions) {
      if (const std::string* problem = question.find("problem")) {
        answers.push_back(zdtAnswer(*problem));
        continue;
      }
      const Study study = loadStudy(question.get("study"), context.path);
      answers.push_back(question.get("replay") == "ladder"
                            ? screeningAnswer(study, context)
                            : searchAnswer(wholeOf(study, "analytic", context)));
    }
    return answers;
  };
}

}  // namespace wattlas
