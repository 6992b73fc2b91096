#include "explorer/explore.h"

#include <algorithm>
#include <list>

#include "explorer/archive.h"
#include "explorer/screening.h"

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

}  // namespace wattlas
