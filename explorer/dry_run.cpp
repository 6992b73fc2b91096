// `--dry-run`: how large, what it looks like, how long it would take.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "explorer/explore.h"
#include "explorer/summary.h"

namespace wattlas {
namespace {

constexpr std::size_t probes = 16;  ///< points measured first, spread over the plan
constexpr double secondsForMore = 5;
constexpr std::size_t samples = 8;  ///< points shown

std::vector<DesignPoint> spread(const std::vector<DesignPoint>& plan, std::size_t n) {
  std::vector<DesignPoint> out;
  n = std::min(n, plan.size());
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(plan[n == 1 ? 0 : i * (plan.size() - 1) / (n - 1)]);
  return out;
}

/// `n` points as they follow each other in the plan, from four places of it.
std::vector<DesignPoint> stretches(const std::vector<DesignPoint>& plan, std::size_t n) {
  std::vector<DesignPoint> out;
  const std::size_t parts = 4, each = std::min(n, plan.size()) / parts;
  for (std::size_t part = 0; part < parts; ++part)
    for (std::size_t i = 0; i < each; ++i) out.push_back(plan[part * (plan.size() / parts) + i]);
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
  std::size_t answered = 0;
  const auto secondsOf = [&](const std::vector<DesignPoint>& points) {
    const auto start = std::chrono::steady_clock::now();
    evaluator.evaluate(
        study, points, false, [&](std::size_t, PointOutcome) { ++answered; },
        [&] { return !options.interrupted || !options.interrupted(); });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  double seconds = secondsOf(spread(plan, probes));
  const std::size_t first = answered;
  if (first == 0) return out;
  // The first points pay for what workers learn once: the others are estimated from neighbours in
  // the plan, if that takes little time.
  const double each = seconds / static_cast<double>(first);
  const auto more = static_cast<std::size_t>(std::min(1024.0, secondsForMore / each));
  const double later = more < probes ? 0 : secondsOf(stretches(plan, more));
  const std::size_t second = answered - first;
  const double rate = second == 0 ? each : later / static_cast<double>(second);
  seconds += rate * static_cast<double>(plan.size() - std::min(plan.size(), first));
  return out + fmt::format("estimated time: {} with {} worker{} (from {} points)\n",
                           durationText(seconds), workers, workers == 1 ? "" : "s", answered);
}

}  // namespace wattlas
