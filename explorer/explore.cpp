#include "explorer/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <list>

#include "explorer/archive.h"
#include "explorer/screening.h"
#include "explorer/summary.h"

namespace wattlas {
namespace {

SearchMethod methodFor(const Study& study, const SpaceSize& size, std::uint64_t limit) {
  const SearchOptions& search = study.search;
  if (search.method != SearchMethod::automatic) return search.method;
  const std::uint64_t most = search.budget > 0 ? static_cast<std::uint64_t>(search.budget) : limit;
  if (!size.infinite && size.points <= most) return SearchMethod::exhaustive;
  if (search.screening.on) return SearchMethod::sobol;
  return study.objectives.size() > 1 ? SearchMethod::nsga2 : SearchMethod::sobol;
}

/// One archive a fidelity.
class ArchiveSet {
 public:
  ArchiveSet(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
             ProgressMeter& meter, std::size_t planned)
      : study_(study), options_(options), evaluator_(evaluator), meter_(meter), planned_(planned) {}

  Archive& at(const std::string& fidelity) {
    for (Entry& entry : entries_)
      if (entry.study.fidelity == fidelity) return *entry.archive;
    Entry& entry = entries_.emplace_back(Entry{studyAt(study_, fidelity), nullptr});
    entry.archive = std::make_unique<Archive>(entry.study, options_, evaluator_, meter_, planned_);
    return *entry.archive;
  }

  RowLookup lookup() {
    return [this](const std::string& fidelity, const Hash128& id) { return at(fidelity).find(id); };
  }

 private:
  struct Entry {
    Study study;
    std::unique_ptr<Archive> archive;
  };
  const Study& study_;
  const ExploreOptions& options_;
  Evaluator& evaluator_;
  ProgressMeter& meter_;
  std::size_t planned_;
  std::list<Entry> entries_;  // archives point to their study
};

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

std::string platformOf(const Study& study, const DesignPoint& point) {
  const int parameter = study.parameterIndex("platform");
  if (parameter >= 0)
    return study.parameters[static_cast<std::size_t>(parameter)].text(
        point.parameters[static_cast<std::size_t>(parameter)]);
  for (const auto& [key, value] : study.sets)
    if (key == "platform") return canonicalText(value);
  return {};
}

std::vector<DesignPoint> planPoints(const Study& study, std::uint64_t limit,
                                    SearchMethod& methodUsed) {
  const SpaceSize size = sizeOf(study);
  const SearchOptions& search = study.search;
  const Place place = study.tree.place();
  methodUsed = methodFor(study, size, limit);
  if (methodUsed == SearchMethod::nsga2 && study.objectives.size() < 2)
    throw InputError(Problem{place,
                             "search.method",
                             "nsga2 needs at least two objectives",
                             "exhaustive, random or sobol for one",
                             {}});
  if (search.screening.on && methodUsed == SearchMethod::nsga2)
    throw InputError(Problem{place,
                             "search.method",
                             "a ladder screens a fixed set of points",
                             "auto, exhaustive, sobol or random",
                             {}});
  const std::uint64_t budget = static_cast<std::uint64_t>(search.budget);
  if (methodUsed == SearchMethod::exhaustive)
    return enumerate(study, budget > 0 ? std::min(limit, budget) : limit);
  if (budget == 0)
    throw InputError(Problem{place, "search.budget",
                             std::string("missing: the space has ") + size.text() + " and " +
                                 nameOf(methodUsed) + " looks at a part of it",
                             "a number of evaluations", "such as budget: 10000"});
  if (budget > limit)
    throw InputError(
        Problem{place,
                "search.budget",
                std::to_string(budget) + " evaluations are too many for one exploration",
                "at most " + std::to_string(limit),
                {}});
  // What NSGA-II looks at is known only while it runs: a sample of the same size stands for it.
  return samplePoints(
      study, methodUsed == SearchMethod::random ? SearchMethod::random : SearchMethod::sobol,
      budget, search.seed);
}

ExploreOutcome explore(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                       Progress* progress) {
  ExploreOutcome outcome;
  outcome.study = study;
  outcome.space = sizeOf(study);
  ProgressMeter meter(progress, 0);
  {  // plan and index leave memory before the rows are looked at together
    const std::vector<DesignPoint> plan = planPoints(study, options.limit, outcome.method);
    outcome.planned = plan.size();
    if (!study.search.screening.on)
      evaluator.prepare(studyAt(study, study.fidelity), plan.size() <= options.detailLimit);
    if (options.check) checkStudy(study, options.check);

    meter = ProgressMeter(progress, plan.size());
    ArchiveSet archives(study, options, evaluator, meter, plan.size());
    bool complete = true;
    if (!adapts(study, outcome.method)) {
      complete = archives.at(study.fidelity).evaluate(plan);
    } else {
      const std::unique_ptr<Search> search = makeSearch(study, options.limit, outcome.method);
      while (complete) {
        const SearchRequest request = search->next(archives.lookup());
        if (request.points.empty()) break;
        complete = archives.at(request.fidelity).evaluate(request.points);
      }
      outcome.traces = search->traces();
      if (study.search.screening.on)
        outcome.screening = screeningReport(study, archives.lookup(), plan);
    }
    outcome.interrupted = !complete;
    outcome.points = std::move(archives.at(study.fidelity).points());
    if (complete) {
      outcome.planned = outcome.points.size();
      meter.finishAt(meter.done());
    }
  }
  outcome.seconds = meter.seconds();
  meter.tell(true);
  analyse(outcome);
  return outcome;
}

// `--dry-run`: how large, what it looks like, how long it would take.

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
