// `--dry-run`: how large, what it looks like, how long it would take.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "explorer/explore.h"
#include "explorer/summary.h"

namespace wattlas {
namespace {

constexpr std::size_t probes = 16;  ///< points measured, spread over the plan
constexpr std::size_t samples = 8;  ///< points shown

std::vector<DesignPoint> spread(const std::vector<DesignPoint>& plan, std::size_t n) {
  std::vector<DesignPoint> out;
  n = std::min(n, plan.size());
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(plan[n == 1 ? 0 : i * (plan.size() - 1) / (n - 1)]);
  return out;
}

std::string durationText(double seconds) {
  if (seconds < 1) return "below 1 s";
  if (seconds < 120) return fmt::format("about {:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("about {:.0f} min", seconds / 60);
  return fmt::format("about {:.1f} h", seconds / 3600);
}

}  // namespace

std::string dryRun(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                   int workers) {
  SearchMethod method = SearchMethod::exhaustive;
  const SpaceSize size = sizeOf(study);
  const std::vector<DesignPoint> plan = planPoints(study, options.limit, method);
  if (options.check) checkStudy(study, options.check);
  std::string out = fmt::format("study {}: space of {}; {} search of {} points on {} workload{}\n",
                                study.name, size.text(), nameOf(method), plan.size(),
                                study.workloads.size(), study.workloads.size() == 1 ? "" : "s");
  out += "genes:\n";
  for (const DesignParameter& parameter : study.parameters) {
    std::string range = parameter.continuous() ? fmt::format("{} .. {} {}", parameter.low,
                                                             parameter.high, parameter.unit)
                                               : fmt::format("{} choices", parameter.choices());
    out += fmt::format("  {:<28} {:<12} {}{}\n", parameter.key, nameOf(parameter.kind), range,
                       parameter.when ? "  when " + parameter.when->source() : "");
  }
  std::size_t excluded = 0;
  for (const DesignPoint& point : plan)
    if (violatedBefore(study, point)) ++excluded;
  if (excluded > 0)
    out += fmt::format("{} points are ruled out by constraints on genes\n", excluded);

  out += "sample:\n";
  for (const DesignPoint& point : spread(plan, samples)) {
    out += fmt::format("  {}  {}", shortId(idOf(study, point)),
                       study.workloadName(static_cast<std::size_t>(point.workload)));
    for (const auto& [key, text] : parameterTexts(study, point))
      out += fmt::format("  {}={}", key, text);
    out += '\n';
  }
  const std::vector<DesignPoint> probe = spread(plan, probes);
  const auto start = std::chrono::steady_clock::now();
  std::size_t answered = 0;
  evaluator.evaluate(
      study, probe, false, [&](std::size_t, PointOutcome) { ++answered; },
      [&] { return !options.interrupted || !options.interrupted(); });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (answered > 0)
    out += fmt::format(
        "estimated time: {} with {} worker{} (from {} points)\n",
        durationText(seconds / static_cast<double>(answered) * static_cast<double>(plan.size())),
        workers, workers == 1 ? "" : "s", answered);
  return out;
}

}  // namespace wattlas
