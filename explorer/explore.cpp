#include "explorer/explore.h"

#include <algorithm>

#include "explorer/archive.h"

namespace wattlas {
namespace {

SearchMethod methodFor(const Study& study, const SpaceSize& size, std::uint64_t limit) {
  const SearchOptions& search = study.search;
  if (search.method != SearchMethod::automatic) return search.method;
  const std::uint64_t most = search.budget > 0 ? static_cast<std::uint64_t>(search.budget) : limit;
  if (!size.infinite && size.points <= most) return SearchMethod::exhaustive;
  return study.objectives.size() > 1 ? SearchMethod::nsga2 : SearchMethod::sobol;
}

}  // namespace

std::string platformOf(const Study& study, const DesignPoint& point) {
  const int gene = study.geneIndex("platform");
  if (gene >= 0)
    return study.genes[static_cast<std::size_t>(gene)].text(
        point.genes[static_cast<std::size_t>(gene)]);
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
  const std::vector<DesignPoint> plan = planPoints(study, options.limit, outcome.method);
  outcome.planned = plan.size();
  if (options.check) checkStudy(study, options.check);

  const bool adaptive = outcome.method == SearchMethod::nsga2;
  const std::size_t budget = static_cast<std::size_t>(study.search.budget);
  ProgressMeter meter(progress, plan.size());
  Archive archive(study, options, evaluator, meter, plan.size());
  bool complete = true;
  if (adaptive) {
    // One search a workload: their fronts need not lie in the same place.
    const std::size_t each = std::max<std::size_t>(1, budget / study.workloads.size());
    for (std::size_t w = 0; w < study.workloads.size() && complete; ++w)
      complete = searchNsga2(archive, static_cast<std::int32_t>(w), each);
    if (complete) outcome.planned = archive.points().size();
    meter.finishAt(outcome.planned);
  } else {
    complete = archive.evaluate(plan);
  }
  outcome.interrupted = !complete;
  outcome.points = std::move(archive.points());
  outcome.seconds = meter.seconds();
  meter.tell(true);
  analyse(outcome);
  return outcome;
}

void emit(const ExploreOutcome& outcome, PointSink& sink) {
  for (const ExploredPoint& point : outcome.points) sink.row(outcome.study, point);
}

}  // namespace wattlas
