// Evaluates batches of points together with the other shards of a campaign: answers come from any
// journal, new ones go into this attempt's own.
#pragma once

#include <chrono>
#include <set>

#include "explorer/campaign/journal_set.h"
#include "explorer/campaign/run_shard.h"

namespace wattlas {

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

}  // namespace wattlas
