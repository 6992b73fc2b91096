#include "explorer/campaign/run_shard.h"

#include "explorer/archive.h"
#include "explorer/campaign/evaluation_key.h"
#include "explorer/campaign/merge.h"
#include "explorer/campaign/shard_evaluator.h"

namespace wattlas {
namespace {

/// With one N, a shard's points stand in its own journals only; other journals of that N need not
/// be read. This keeps a thousand shards from reading a thousand journals each.
JournalSet::Wanted journalsFor(const Shard& shard) {
  return [shard](const std::string& name) {
    const auto writer = shardOf(name);
    return !writer || writer->count != shard.count || writer->index == shard.index;
  };
}

class FixedRun {
 public:
  FixedRun(const CampaignPlan& plan, const ShardOptions& options, Evaluator& evaluator,
           JournalSet& journals, AttemptJournal& own, Progress* progress)
      : plan_(plan),
        options_(options),
        shared_(plan, options, evaluator, journals, own),
        journals_(journals),
        progress_(progress) {}

  ShardOutcome run() {
    journals_.refresh(journalsFor(options_.shard));
    journals_.requireAgreement();
    const EvaluationKeys keys(plan_.study, plan_.withDetail, plan_.build);
    std::vector<ShardEvaluator::OpenPoint> open;
    ShardOutcome outcome;
    for (std::size_t i = 0; i < plan_.points.size(); ++i) {
      const Hash128 key = keys.of(plan_.ids[i]);
      if (!options_.shard.owns(key) || violatedBefore(plan_.study, plan_.points[i])) continue;
      ++outcome.points;
      if (journals_.settled(key))
        ++outcome.before;
      else
        open.push_back({i, key, journals_.tries(key)});
    }
    ProgressMeter meter(progress_, open.size());
    const bool complete = shared_.evaluateHere(
        plan_.study, plan_.points, plan_.withDetail, std::move(open),
        [&](std::size_t, const PointOutcome& row) { meter.count(row); },
        [&] {
          meter.tell(false);
          return !options_.interrupted || !options_.interrupted();
        });
    const ShardOutcome& counts = shared_.counts();
    outcome.evaluated = counts.evaluated;
    outcome.infeasible = counts.infeasible;
    outcome.failed = counts.failed;
    outcome.settled = outcome.before + outcome.evaluated;
    outcome.complete = complete;
    outcome.seconds = meter.seconds();
    meter.tell(true);
    return outcome;
  }

 private:
  const CampaignPlan& plan_;
  const ShardOptions& options_;
  ShardEvaluator shared_;
  JournalSet& journals_;
  Progress* progress_;
};

/// The search itself runs in every shard: cheap beside the simulations, and equal everywhere
/// because it sees equal answers.
ShardOutcome runAdaptive(const CampaignPlan& plan, const ShardOptions& options,
                         Evaluator& evaluator, JournalSet& journals, AttemptJournal& own,
                         Progress* progress) {
  ShardEvaluator shared(plan, options, evaluator, journals, own);
  ExploreOptions exploring;
  exploring.interrupted = options.interrupted;
  const ExploreOutcome explored = explore(plan.study, exploring, shared, progress);
  ShardOutcome outcome = shared.counts();
  outcome.settled = explored.points.size();
  outcome.complete = !explored.interrupted;
  outcome.seconds = explored.seconds;
  return outcome;
}

}  // namespace

ShardOutcome runShard(const CampaignPlan& plan, const ShardOptions& options, Evaluator& evaluator,
                      Progress* progress) {
  JournalSet journals(plan.journals(), metricNamesOf(plan.study), options.key);
  AttemptJournal own(plan, options.shard, options.attempt, options.syncSeconds, options.key);
  ShardOutcome outcome = plan.adaptive
                             ? runAdaptive(plan, options, evaluator, journals, own, progress)
                             : FixedRun(plan, options, evaluator, journals, own, progress).run();
  own.end(outcome.complete ? "complete" : "interrupted");
  outcome.journal = own.name();
  return outcome;
}

}  // namespace wattlas
