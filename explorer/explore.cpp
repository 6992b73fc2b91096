#include "explorer/explore.h"

#include <algorithm>
#include <chrono>

#include "explorer/study_names.h"

namespace wattlas {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Counts rows and tells the listener at a calm pace.
class ProgressMeter {
 public:
  ProgressMeter(Progress* listener, std::size_t total) : listener_(listener) {
    state_.total = total;
  }
  void count(const PointOutcome& outcome) {
    ++state_.done;
    ++(outcome.status == PointStatus::done         ? state_.feasible
       : outcome.status == PointStatus::infeasible ? state_.infeasible
                                                   : state_.failed);
  }
  void tell(bool last) {
    if (listener_ == nullptr) return;
    const double now = secondsSince(start_);
    if (!last && now - told_ < 0.1) return;
    told_ = now;
    state_.seconds = now;
    state_.last = last;
    state_.pointsPerSecond = now > 0 ? static_cast<double>(state_.done) / now : 0;
    state_.secondsLeft =
        state_.pointsPerSecond > 0
            ? static_cast<double>(state_.total - state_.done) / state_.pointsPerSecond
            : 0;
    listener_->update(state_);
  }
  double seconds() const { return secondsSince(start_); }

 private:
  Progress* listener_;
  ProgressState state_;
  Clock::time_point start_ = Clock::now();
  double told_ = -1;
};

SearchMethod methodFor(const Study& study, const SpaceSize& size, std::uint64_t limit) {
  const SearchOptions& search = study.search;
  if (search.method != SearchMethod::automatic) return search.method;
  const std::uint64_t most = search.budget > 0 ? static_cast<std::uint64_t>(search.budget) : limit;
  if (!size.infinite && size.points <= most) return SearchMethod::exhaustive;
  return SearchMethod::sobol;
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
  if (methodUsed == SearchMethod::nsga2)
    throw InputError(Problem{
        place, "search.method", "nsga2 is not available yet", "exhaustive, random or sobol", {}});
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
  return samplePoints(study, methodUsed, budget, search.seed);
}

ExploreOutcome explore(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                       Progress* progress) {
  ExploreOutcome outcome;
  outcome.study = study;
  outcome.space = sizeOf(study);
  const std::vector<DesignPoint> plan = planPoints(study, options.limit, outcome.method);
  outcome.planned = plan.size();
  if (options.check) checkStudy(study, options.check);

  ProgressMeter meter(progress, plan.size());
  std::vector<std::optional<PointOutcome>> rows(plan.size());
  std::vector<DesignPoint> open;
  std::vector<std::size_t> openIndex;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    // What the genes alone rule out is never simulated.
    if (const auto violated = violatedBefore(study, plan[i])) {
      rows[i] = outcomeWithout(PointStatus::infeasible, *violated);
      meter.count(*rows[i]);
    } else {
      open.push_back(plan[i]);
      openIndex.push_back(i);
    }
  }
  const auto done = [&](std::size_t i, PointOutcome row) {
    meter.count(row);
    rows[openIndex[i]] = std::move(row);
  };
  const auto keepGoing = [&] {
    meter.tell(false);
    return !options.interrupted || !options.interrupted();
  };
  outcome.interrupted =
      !evaluator.evaluate(study, open, plan.size() <= options.detailLimit, done, keepGoing);
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (rows[i])
      outcome.points.push_back({idOf(study, plan[i]), plan[i], std::move(*rows[i]), false});
  outcome.seconds = meter.seconds();
  meter.tell(true);
  analyse(outcome);
  return outcome;
}

void emit(const ExploreOutcome& outcome, PointSink& sink) {
  for (const ExploredPoint& point : outcome.points) sink.row(outcome.study, point);
}

}  // namespace wattlas
