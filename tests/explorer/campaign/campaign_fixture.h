// A small campaign in a temporary folder, evaluated by the fake model.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "explorer/campaign/merge.h"
#include "explorer/campaign/run_shard.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas::test {

class TempFolder {
 public:
  TempFolder() {
    // In memory where possible: journals sync, and a busy disk would make tests wait.
    const std::filesystem::path memory = "/dev/shm";
    const auto root =
        ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (root / "wattlas-campaign-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string readBytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeBytes(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// 2 platforms x 6 x 4 points.
inline std::string fixedStudy() {
  return studyText(
      "  x: {integer: {min: 1, max: 6}}\n"
      "  y: {integer: {min: 1, max: 4}}\n",
      "constraints: [\"x * y < 24\", \"energy_j < 20\"]\n");
}

/// A search of ten generations.
inline std::string searchStudy() {
  return studyText(
      "  x: {integer: {min: 1, max: 60}}\n"
      "  y: {integer: {min: 1, max: 40}}\n",
      "search: {method: nsga2, budget: 200, population: 20}\n");
}

/// Keeps what a merge gives.
class KeptMerge : public MergeSink {
 public:
  void findings(const ExploreOutcome& found) override {
    outcome = found;
    outcome.points.clear();
  }
  void row(const ExploredPoint& point) override { outcome.points.push_back(point); }
  ExploreOutcome outcome;
  MergeCounts counts;
};

class CampaignTest : public ::testing::Test {
 protected:
  CampaignServices services() const {
    return {"build-one", [](const ExperimentSpec& spec) {
              return "config of " + spec.platform + textOf(spec, "x");
            }};
  }

  CampaignPlan plan(const std::string& text) const {
    const CampaignPlan made = makePlan(study(text), folder_.path(), services());
    std::filesystem::create_directories(made.journals());
    writeBytes(made.studyFile(), made.study.tree.toYaml());
    writeBytes(made.planFile(), made.text());
    return made;
  }

  /// Runs a shard; `model` counts its calls in `evaluations_`.
  ShardOutcome run(const CampaignPlan& plan, std::uint32_t i, std::uint32_t n,
                   std::size_t stopAfter = 0) {
    InProcessEvaluator evaluator([&](const ExperimentSpec& spec) {
      ++evaluations_;
      return fakeRun(spec);
    });
    ShardOptions options;
    options.shard = {i, n};
    options.patienceSeconds = 0;
    const std::size_t before = evaluations_;
    if (stopAfter > 0)
      options.interrupted = [this, before, stopAfter] {
        return evaluations_ - before >= stopAfter;
      };
    return runShard(plan, options, evaluator);
  }

  JournalSet journals(const CampaignPlan& plan) const {
    JournalSet set(plan.journals(), metricNamesOf(plan.study));
    set.refresh();
    return set;
  }

  KeptMerge merged(const CampaignPlan& plan, bool partial = false) const {
    KeptMerge kept;
    kept.counts = mergeCampaign(plan, journals(plan), partial, kept);
    return kept;
  }
  KeptMerge mergedInTwoPasses(const CampaignPlan& plan, bool partial = false) const {
    KeptMerge kept;
    kept.counts = mergeInTwoPasses(plan, journals(plan), partial, kept);
    return kept;
  }

  static ExploreOutcome explored(const CampaignPlan& plan) {
    InProcessEvaluator evaluator([](const ExperimentSpec& spec) { return fakeRun(spec); });
    return explore(plan.study, {}, evaluator);
  }

  std::string onlyJournal(const CampaignPlan& plan) const {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(plan.journals())) {
      EXPECT_EQ(found, "");
      found = entry.path().string();
    }
    return found;
  }

  TempFolder folder_;
  std::size_t evaluations_ = 0;
};

/// Rows, order and fronts are equal.
inline void expectSame(const ExploreOutcome& a, const ExploreOutcome& b) {
  ASSERT_EQ(a.points.size(), b.points.size());
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    EXPECT_EQ(a.points[i].id, b.points[i].id) << i;
    EXPECT_EQ(a.points[i].pareto, b.points[i].pareto) << i;
    EXPECT_EQ(rowPayload(RecordKind::row, {}, a.points[i].outcome),
              rowPayload(RecordKind::row, {}, b.points[i].outcome))
        << i;
  }
  ASSERT_EQ(a.fronts.size(), b.fronts.size());
  for (std::size_t f = 0; f < a.fronts.size(); ++f)
    EXPECT_EQ(a.fronts[f].hypervolume, b.fronts[f].hypervolume);
  ASSERT_EQ(a.effects.size(), b.effects.size());
  for (std::size_t e = 0; e < a.effects.size(); ++e) {
    EXPECT_EQ(a.effects[e].pairs, b.effects[e].pairs);
    EXPECT_EQ(a.effects[e].changes, b.effects[e].changes);
  }
  EXPECT_EQ(a.regions.size(), b.regions.size());
  EXPECT_EQ(a.planned, b.planned);
}

}  // namespace wattlas::test
