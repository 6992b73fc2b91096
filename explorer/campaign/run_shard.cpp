#include "explorer/campaign/run_shard.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>

#include "explorer/archive.h"
#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/merge.h"

namespace wattlas {

bool isRetryable(const PointOutcome& outcome) {
  if (outcome.status != PointStatus::failed) return false;
  // Texts of worker_pool.cpp, child_process.cpp and outcome.cpp; held together by a test.
  constexpr std::array<std::string_view, 6> passing = {
      "failed: crashed with",     "failed: took longer than",       "failed: out of memory",
      "failed: no answer within", "failed: cannot start a process", "failed: sent a damaged"};
  for (const std::string_view text : passing)
    if (outcome.reason.starts_with(text)) return true;
  return false;
}

namespace {

using std::chrono::milliseconds;
constexpr auto firstPause = milliseconds(2), longestPause = milliseconds(500);

double seconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

/// Evaluates batches of points together with the other shards of a campaign: answers come from any
/// journal, new ones go into this attempt's own.
class ShardEvaluator : public Evaluator {
 public:
  ShardEvaluator(const CampaignPlan& plan, const ShardOptions& options, Evaluator& inner,
                 JournalSet& journals, AttemptJournal& own)
      : plan_(plan), options_(options), inner_(inner), journals_(journals), own_(own) {}

  void prepare(const Study& study, bool withDetail) override { inner_.prepare(study, withDetail); }
  /// Returns when each point has an answer, whoever found it. A batch is a sub-plan named by its
  /// content: all shards of the search ask for the same points.
  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing& keepGoing) override;

  /// Evaluates these points here, each retryable failure again until it is final.
  /// False when interrupted.
  struct OpenPoint {
    std::size_t index = 0;
    Hash128 key;
    int tries = 0;  ///< retryable failures so far
  };
  bool evaluateHere(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                    std::vector<OpenPoint> open, const Done& done, const KeepGoing& keepGoing);

  const ShardOutcome& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool newsFromOthers();
  double patience() const;
  bool allSilent(const std::vector<OpenPoint>& open) const;
  std::vector<OpenPoint> answerKnown(const std::vector<OpenPoint>& open, const Done& done) const;

  const CampaignPlan& plan_;
  const ShardOptions& options_;
  Evaluator& inner_;
  JournalSet& journals_;
  AttemptJournal& own_;
  ShardOutcome counts_;
  double longestPoint_ = 0;  ///< seconds between two answers of the evaluator
  /// Shards that wrote nothing for a whole patience, and nothing since: nobody waits for them
  /// again.
  std::set<std::uint32_t> silent_;
};

bool ShardEvaluator::evaluateHere(const Study& study, std::span<const DesignPoint> points,
                                  bool withDetail, std::vector<OpenPoint> open, const Done& done,
                                  const KeepGoing& keepGoing) {
  while (!open.empty()) {
    std::vector<DesignPoint> batch;
    for (const OpenPoint& point : open) batch.push_back(points[point.index]);
    std::vector<OpenPoint> again;
    auto lastAnswer = Clock::now();
    const auto take = [&](std::size_t i, PointOutcome outcome) {
      OpenPoint& point = open[i];
      const auto now = Clock::now();
      longestPoint_ = std::max(longestPoint_, seconds(now - lastAnswer));
      lastAnswer = now;
      const bool retryable = isRetryable(outcome);
      own_.append(retryable ? RecordKind::retry : RecordKind::row, point.key, outcome);
      if (retryable && ++point.tries < mostTries) {
        again.push_back(point);
        return;
      }
      ++counts_.evaluated;
      counts_.infeasible += outcome.status == PointStatus::infeasible ? 1 : 0;
      counts_.failed += outcome.status == PointStatus::failed ? 1 : 0;
      done(point.index, std::move(outcome));
    };
    const bool complete = inner_.evaluate(study, batch, withDetail, take, [&] {
      own_.flush();
      return keepGoing();
    });
    own_.flush();
    if (!complete) return false;
    open = std::move(again);
  }
  return true;
}

std::vector<ShardEvaluator::OpenPoint> ShardEvaluator::answerKnown(
    const std::vector<OpenPoint>& open, const Done& done) const {
  std::vector<OpenPoint> left;
  for (const OpenPoint& point : open) {
    if (journals_.settled(point.key))
      done(point.index, journals_.outcome(point.key));
    else
      left.push_back(point);
  }
  return left;
}

bool ShardEvaluator::newsFromOthers() {
  const std::vector<std::string> grown = journals_.refresh();
  if (!grown.empty()) journals_.requireAgreement();
  bool news = false;
  for (const std::string& name : grown) {
    if (name == own_.name()) continue;
    news = true;
    if (const auto writer = shardOf(name)) silent_.erase(writer->index);
  }
  return news;
}

double ShardEvaluator::patience() const {
  // Others may sit on a point as long as the longest one here.
  return std::max(options_.patienceSeconds, 3 * longestPoint_);
}

bool ShardEvaluator::allSilent(const std::vector<OpenPoint>& open) const {
  return std::all_of(open.begin(), open.end(), [&](const OpenPoint& point) {
    return silent_.count(options_.shard.ownerOf(point.key)) > 0;
  });
}

bool ShardEvaluator::evaluate(const Study& study, std::span<const DesignPoint> points,
                              bool withDetail, const Done& done, const KeepGoing& keepGoing) {
  const PointIds ids(study);
  const EvaluationKeys keys(study, withDetail, plan_.build);
  std::vector<OpenPoint> open;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Hash128 key = keys.of(ids.of(points[i]));
    open.push_back({i, key, journals_.tries(key)});
  }
  counts_.points += open.size();
  open = answerKnown(open, done);
  if (!open.empty()) {
    newsFromOthers();
    open = answerKnown(open, done);
  }
  counts_.before += points.size() - open.size();

  const auto mine = std::stable_partition(open.begin(), open.end(), [&](const OpenPoint& point) {
    return !options_.shard.owns(point.key);
  });
  if (!evaluateHere(study, points, withDetail, {mine, open.end()}, done, keepGoing)) return false;
  open.erase(mine, open.end());

  auto pause = firstPause;
  auto lastNews = Clock::now();
  while (!open.empty()) {
    if (!keepGoing()) return false;
    if (newsFromOthers()) {
      lastNews = Clock::now();
      pause = firstPause;
      open = answerKnown(open, done);
      continue;
    }
    if (!allSilent(open)) {
      if (seconds(Clock::now() - lastNews) < patience()) {
        std::this_thread::sleep_for(pause);
        pause = std::min<milliseconds>(pause * 2, longestPause);
        continue;
      }
      ++counts_.waits;
      for (const OpenPoint& point : open) silent_.insert(options_.shard.ownerOf(point.key));
    }
    // Nobody works on these. Each shard begins elsewhere, so that several helpers share the rest.
    const std::size_t from = open.size() * options_.shard.index / options_.shard.count;
    std::rotate(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(from), open.end());
    const std::size_t taken =
        std::min(open.size(), static_cast<std::size_t>(std::max(1, options_.workers)) * 4);
    const auto end = open.begin() + static_cast<std::ptrdiff_t>(taken);
    if (!evaluateHere(study, points, withDetail, {open.begin(), end}, done, keepGoing))
      return false;
    open.erase(open.begin(), end);
  }
  return true;
}

/// With one N, a shard's points stand in its own journals only; other journals of that N need not
/// be read. This keeps a thousand shards from reading a thousand journals each.
JournalSet::Wanted journalsFor(const Shard& shard) {
  return [shard](const std::string& name) {
    const auto writer = shardOf(name);
    return !writer || writer->count != shard.count || writer->index == shard.index;
  };
}

ShardOutcome runFixed(const CampaignPlan& plan, const ShardOptions& options, Evaluator& evaluator,
                      JournalSet& journals, AttemptJournal& own, Progress* progress) {
  ShardEvaluator shared(plan, options, evaluator, journals, own);
  journals.refresh(journalsFor(options.shard));
  journals.requireAgreement();
  const EvaluationKeys keys(plan.study, plan.withDetail, plan.build);
  std::vector<ShardEvaluator::OpenPoint> open;
  ShardOutcome outcome;
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const Hash128 key = keys.of(plan.ids[i]);
    if (!options.shard.owns(key) || violatedBefore(plan.study, plan.points[i])) continue;
    ++outcome.points;
    if (journals.settled(key))
      ++outcome.before;
    else
      open.push_back({i, key, journals.tries(key)});
  }
  ProgressMeter meter(progress, open.size());
  const bool complete = shared.evaluateHere(
      plan.study, plan.points, plan.withDetail, std::move(open),
      [&](std::size_t, const PointOutcome& row) { meter.count(row); },
      [&] {
        meter.tell(false);
        return !options.interrupted || !options.interrupted();
      });
  const ShardOutcome& counts = shared.counts();
  outcome.evaluated = counts.evaluated;
  outcome.infeasible = counts.infeasible;
  outcome.failed = counts.failed;
  outcome.settled = outcome.before + outcome.evaluated;
  outcome.complete = complete;
  outcome.seconds = meter.seconds();
  meter.tell(true);
  return outcome;
}

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
                             : runFixed(plan, options, evaluator, journals, own, progress);
  own.end(outcome.complete ? "complete" : "interrupted");
  outcome.journal = own.name();
  return outcome;
}

}  // namespace wattlas
