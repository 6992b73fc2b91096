// Does every way through a campaign give what one undisturbed process gives?
#include "explorer/campaign/merge.h"

#include <gmock/gmock.h>

#include <set>

#include "explorer/campaign/campaign_plan.h"
#include "explorer/campaign/run_shard.h"
#include "tests/explorer/campaign/campaign_fixture.h"
#include "tests/explorer/in_process_evaluator.h"

namespace wattlas::test {
namespace {

class MergeTest : public CampaignTest {
 protected:
  void expectComplete(const CampaignPlan& plan) const {
    const KeptMerge kept = merged(plan);
    EXPECT_TRUE(kept.counts.missing.empty());
    expectSame(kept.outcome, explored(plan));
  }
};

TEST_F(MergeTest, OneTwoAndSevenShardsAreEqual) {
  for (const std::uint32_t n : {1U, 2U, 7U}) {
    const CampaignPlan p = plan(fixedStudy());
    for (std::uint32_t i = 0; i < n; ++i) EXPECT_TRUE(run(p, i, n).complete);
    expectComplete(p);
    std::filesystem::remove_all(p.folder);
  }
}

TEST_F(MergeTest, TwoPassesGiveWhatTheReplayGives) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const KeptMerge kept = mergedInTwoPasses(p), replayed = merged(p);
  EXPECT_TRUE(kept.counts.missing.empty());
  EXPECT_EQ(kept.counts.front, replayed.counts.front);
  EXPECT_EQ(kept.counts.rows, 48u);
  expectSame(kept.outcome, explored(p));
}

TEST_F(MergeTest, PointsRuledOutByParametersAreNotSimulated) {
  const CampaignPlan p = plan(fixedStudy());
  const ShardOutcome o = run(p, 0, 1);
  EXPECT_EQ(o.points, 46u) << "x * y = 24 on two platforms";
  EXPECT_EQ(evaluations_, 46u);
}

TEST_F(MergeTest, AnInterruptedShardContinuesWhereItStopped) {
  const CampaignPlan p = plan(fixedStudy());
  std::size_t runs = 0;
  for (; !run(p, 0, 1, 5).complete; ++runs) ASSERT_LT(runs, 20u);
  EXPECT_GE(runs, 9u);
  EXPECT_EQ(evaluations_, 46u) << "nothing twice";
  expectComplete(p);
}

TEST_F(MergeTest, ShardsOfDifferentCountsGoTogether) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 1, 3);
  run(p, 0, 2);
  for (std::uint32_t i = 0; i < 5; ++i) run(p, i, 5);
  EXPECT_EQ(evaluations_, 46u);
  expectComplete(p);
}

TEST_F(MergeTest, TheSameShardTwiceAtOnceIsNoHarm) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const std::string first = onlyJournal(p);
  // What an orphan of a lost node does: the same rows under a name of its own.
  std::filesystem::copy(first, p.journals() + "/" + journalName({0, 1}, 1));
  EXPECT_EQ(journals(p).duplicates(), 46u);
  expectComplete(p);
}

TEST_F(MergeTest, MissingPointsAreListedAndPartialLeavesThemOut) {
  const CampaignPlan p = plan(fixedStudy());
  const ShardOutcome o = run(p, 0, 2);
  const KeptMerge refused = merged(p);
  EXPECT_EQ(refused.counts.missing.size(), 46u - o.points);
  EXPECT_TRUE(refused.outcome.points.empty());
  for (const KeptMerge& part : {merged(p, true), mergedInTwoPasses(p, true)}) {
    EXPECT_EQ(part.outcome.points.size(), 2 + o.points);
    EXPECT_TRUE(part.outcome.interrupted);
  }
}

TEST_F(MergeTest, OnlyDamagedPointsRunAgain) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const std::string file = onlyJournal(p);
  std::string bytes = readBytes(file);
  for (const std::size_t at : {bytes.size() / 4, bytes.size() / 2}) bytes[at] ^= 0x10;
  bytes.resize(bytes.size() - 70);  // the end mark and a part of the last row
  writeBytes(file, bytes);
  evaluations_ = 0;
  const ShardOutcome again = run(p, 0, 1);
  EXPECT_EQ(again.evaluated, 3u);
  EXPECT_EQ(evaluations_, 3u);
  expectComplete(p);
}

TEST_F(MergeTest, ASearchIsTheSameInAnyNumberOfShards) {
  for (const std::uint32_t n : {1U, 2U, 7U}) {
    const CampaignPlan p = plan(searchStudy());
    // One shard finishes a search alone, taking over what the others do not do.
    EXPECT_TRUE(run(p, n - 1, n).complete);
    evaluations_ = 0;
    EXPECT_TRUE(run(p, 0, n).complete);
    EXPECT_EQ(evaluations_, 0u) << "all answers are there";
    expectComplete(p);
    std::filesystem::remove_all(p.folder);
  }
}

TEST_F(MergeTest, ASearchWaitsForASilentShardOnceNotInEachGeneration) {
  const CampaignPlan p = plan(searchStudy());
  for (const std::uint32_t i : {0U, 2U}) run(p, i, 3, 8);  // shard 1 never starts
  const ShardOutcome o = run(p, 0, 3);
  EXPECT_TRUE(o.complete);
  EXPECT_GE(o.waits, 1u);
  EXPECT_LE(o.waits, 2u) << "at most once for each of the others";
  expectComplete(p);
}

TEST_F(MergeTest, AnInterruptedSearchContinuesAnywhere) {
  const CampaignPlan p = plan(searchStudy());
  std::uint32_t runs = 0;
  while (!run(p, runs % 3, 3, 23).complete) ASSERT_LT(++runs, 60u);
  EXPECT_GE(runs, 5u);
  expectComplete(p);
}

TEST_F(MergeTest, AScreeningRunsAcrossShards) {
  const CampaignPlan p =
      plan(studyText("  x: {integer: {min: 1, max: 20}}\n  y: {integer: {min: 1, max: 10}}\n",
                     "search: {method: exhaustive, ladder: {pilot: 4}}\n"));
  ASSERT_TRUE(p.adaptive);
  EXPECT_FALSE(run(p, 0, 2, 100).complete);
  EXPECT_TRUE(run(p, 1, 2).complete);
  expectComplete(p);
}

TEST_F(MergeTest, BrokenPointsAreTriedAgainAndThenStand) {
  const CampaignPlan p = plan(studyText("  x: {integer: {min: 1, max: 3}}\n"));
  std::map<std::string, int> calls;
  class Breaking : public Evaluator {
   public:
    explicit Breaking(std::map<std::string, int>& calls) : calls_(calls) {}
    bool evaluate(const Study& study, std::span<const DesignPoint> points, bool, const Done& done,
                  const KeepGoing&) override {
      for (std::size_t i = 0; i < points.size(); ++i) {
        const ExperimentSpec spec = specOf(study, points[i]);
        const std::string x = textOf(spec, "x");
        const int call = ++calls_[spec.platform + x];
        if (x == "1" || (x == "2" && call == 1))
          done(i, outcomeWithout(PointStatus::failed, "failed: crashed with signal 9 (Killed)"));
        else
          done(i, evaluatePoint(study, points[i], fakeRun, true));
      }
      return true;
    }

   private:
    std::map<std::string, int>& calls_;
  } breaking(calls);
  ShardOptions options;
  const ShardOutcome o = runShard(p, options, breaking);
  EXPECT_TRUE(o.complete);
  EXPECT_EQ(o.failed, 2u);
  EXPECT_EQ(calls["alpha1"], 2) << "tried again once";
  EXPECT_EQ(calls["alpha2"], 2);
  EXPECT_EQ(calls["alpha3"], 1);
  const KeptMerge kept = merged(p);
  ASSERT_TRUE(kept.counts.missing.empty());
  std::multiset<std::string> reasons;
  for (const ExploredPoint& point : kept.outcome.points) reasons.insert(point.outcome.reason);
  EXPECT_EQ(reasons.count("failed: crashed with signal 9 (Killed)"), 2u);
  EXPECT_EQ(reasons.count(""), 4u);
}

/// As worker processes do: an exception where answers come in looks like a broken worker.
class SwallowingEvaluator : public Evaluator {
 public:
  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool, const Done& done,
                const KeepGoing& keepGoing) override {
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!keepGoing()) return false;
      try {
        done(i, evaluatePoint(study, points[i], fakeRun, true));
      } catch (const std::exception&) {
      }
    }
    return true;
  }
};

TEST_F(MergeTest, AJournalThatCannotBeWrittenIsNeverTakenForDone) {
  const CampaignPlan p = plan(fixedStudy());
  std::filesystem::remove(p.journals());
  SwallowingEvaluator evaluator;
  EXPECT_THROW(runShard(p, {}, evaluator), JournalFailure);
  writeBytes(p.journals(), "not a folder");
  EXPECT_THROW(runShard(p, {}, evaluator), JournalFailure);
}

TEST_F(MergeTest, AnAttemptThatAnotherProcessTookMeanwhileIsRefused) {
  const CampaignPlan p = plan(fixedStudy());
  AttemptJournal first(p, {0, 1}, 4, 1), second(p, {0, 1}, 4, 1);
  const PointOutcome row = outcomeWithout(PointStatus::infeasible, "too large");
  first.append(RecordKind::row, {1, 1}, row);
  first.flush();
  second.append(RecordKind::row, {1, 1}, row);
  EXPECT_THROW(second.flush(), InputError);
  AttemptJournal third(p, {0, 1}, std::nullopt, 1);
  third.append(RecordKind::row, {1, 1}, row);
  third.flush();
  EXPECT_EQ(third.name(), "shard-0000-of-0001.attempt-0.journal");
}

TEST(RetryTest, ABugIsFinalAndAKillIsNot) {
  const Study s = study(fixedStudy());
  const DesignPoint point{0, {0, 0, 0}};
  const auto failing = [&](const std::function<RunResult(const ExperimentSpec&)>& f) {
    return evaluatePoint(s, point, f, false);
  };
  EXPECT_FALSE(isRetryable(
      failing([](const auto&) -> RunResult { throw std::runtime_error("the model has a bug"); })));
  EXPECT_TRUE(isRetryable(failing([](const auto&) -> RunResult { throw std::bad_alloc(); })));
  EXPECT_FALSE(isRetryable(failing([](const ExperimentSpec& spec) { return fakeRun(spec); })));
}

TEST(EvaluationKeyTest, ChangesWithWhateverChangesARow) {
  const Hash128 id = Hasher().text("point").finish();
  std::set<std::string> keys;
  const Study base = study(fixedStudy());
  keys.insert(EvaluationKeys(base, false, "b").of(id).hex());
  keys.insert(EvaluationKeys(base, true, "b").of(id).hex());
  keys.insert(EvaluationKeys(base, false, "c").of(id).hex());
  keys.insert(EvaluationKeys(studyAt(base, "analytic"), false, "b").of(id).hex());
  keys.insert(EvaluationKeys(study(studyText("  x: {integer: {min: 1, max: 6}}\n")), false, "b")
                  .of(id)
                  .hex());
  EXPECT_EQ(keys.size(), 5u);
}

TEST(BuildFingerprintTest, IsStable) {
  EXPECT_EQ(buildFingerprint().size(), 16u);
  EXPECT_EQ(buildFingerprint(), buildFingerprint());
}

AuditReport auditOf(const CampaignPlan& plan, const JournalSet& journals, std::size_t most) {
  InProcessEvaluator evaluator([](const ExperimentSpec& spec) { return fakeRun(spec); });
  return audit(plan, journals, most, evaluator, [] { return true; });
}

TEST_F(MergeTest, AnAuditOfHonestJournalsFindsNothing) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const AuditReport some = auditOf(p, journals(p), 3), all = auditOf(p, journals(p), SIZE_MAX);
  EXPECT_EQ(some.audited, 3u);
  EXPECT_EQ(all.audited, all.answered);
  EXPECT_TRUE(some.differences.empty() && all.differences.empty());
}

TEST_F(MergeTest, AnAuditOfAllFindsOneAlteredNumber) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const std::string journal = onlyJournal(p);
  // Written again with right checksums, one number changed.
  std::string altered;
  bool changed = false;
  JournalReader(journal).scan([&](std::string_view payload, std::uint64_t) {
    if (kindOf(payload) != RecordKind::row) {
      altered += encodeRecord(payload);
      return;
    }
    PointOutcome row = outcomeOf(payload);
    if (!changed && !row.metrics.empty()) {
      row.metrics[0] *= 1.0001;
      changed = true;
    }
    altered += encodeRecord(rowPayload(RecordKind::row, keyOf(payload), row));
  });
  ASSERT_TRUE(changed);
  writeBytes(journal, altered);
  const AuditReport report = auditOf(p, journals(p), SIZE_MAX);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_NE(report.differences.front().find("time_s is"), std::string::npos)
      << report.differences.front();
}

}  // namespace
}  // namespace wattlas::test
