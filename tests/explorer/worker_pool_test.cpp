#include "explorer/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "explorer/explore.h"
#include "explorer/point_evaluator.h"
#include "tests/explorer/fake_model.h"
#include "tests/explorer/in_process_evaluator.h"
#include "tests/explorer/study_text.h"

namespace wattlas {
namespace {

using test::study;
using test::studyText;
using testing::HasSubstr;
using testing::StartsWith;

WorkerPool pool(int workers, double pointSeconds = 20) {
  WorkerPoolOptions options;
  options.command = {WATTLAS_FAKE_WORKER};
  options.workers = workers;
  options.pointSeconds = pointSeconds;
  options.memoryBytes = std::uint64_t{512} << 20;
  return WorkerPool(options);
}

/// x from 1 to 60 on both platforms; one x misbehaves on alpha.
std::string troubleStudy(const std::string& act) {
  return studyText("  x: {integer: {min: 1, max: 60}}\n  act: {categorical: [" + act +
                   "], when: \"platform == 'alpha' and x == 17\"}\n");
}

ExploreOutcome runWith(const std::string& text, Evaluator& evaluator) {
  ExploreOptions options;
  return explore(study(text), options, evaluator);
}

bool same(const PointOutcome& a, const PointOutcome& b) {
  // NaN metrics compare by their bits here.
  const auto bits = [](const std::vector<double>& v) {
    return std::string(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(double));
  };
  return a.status == b.status && a.reason == b.reason && bits(a.metrics) == bits(b.metrics) &&
         a.configHash == b.configHash && a.fidelity == b.fidelity && a.detail == b.detail &&
         a.topBound == b.topBound;
}

std::vector<int> childrenOf(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream in("/proc/" + id + "/task/" + id + "/children");
  std::vector<int> out;
  for (int child; in >> child;) out.push_back(child);
  return out;
}

TEST(WorkerPool, WhatTheReceiverThrowsIsNotBlamedOnTheWorker) {
  const Study s = study(studyText("  x: {integer: {min: 1, max: 20}}\n"));
  WorkerPool two = pool(2);
  const auto refuse = [](std::size_t, PointOutcome) -> void {
    throw std::runtime_error("no space left");
  };
  EXPECT_THROW(two.evaluate(s, enumerate(s, 100), false, refuse, [] { return true; }),
               std::runtime_error);
  EXPECT_EQ(two.restarts(), 0);
}

TEST(PointOrder, PutsOnePlatformSideBySide) {
  const Study s = study(studyText("  batch: {integer: {min: 1, max: 20}}\n"));
  std::vector<DesignPoint> points = enumerate(s, 100);
  const auto platform = static_cast<std::size_t>(s.parameterIndex("platform"));
  std::stable_sort(points.begin(), points.end(), [&](const DesignPoint& a, const DesignPoint& b) {
    return a.parameters[1 - platform] < b.parameters[1 - platform];  // platforms alternate now
  });
  const std::vector<std::size_t> order = affinityOrder(s, points).order;
  ASSERT_EQ(order.size(), points.size());
  int changes = 0;
  for (std::size_t i = 1; i < order.size(); ++i)
    changes +=
        points[order[i]].parameters[platform] != points[order[i - 1]].parameters[platform] ? 1 : 0;
  EXPECT_EQ(changes, 1);
}

TEST(PointOrder, PutsNetworksInBlocksAndFewPlatformsOnAWorker) {
  // 2 platforms and 300 networks, for closed forms.
  const Study s = study(
      studyText("  workload.prompt: {integer: {min: 1, max: 300}}\n", "fidelity: analytic\n"));
  ASSERT_TRUE(inNetworkBlocks(s));
  const std::vector<DesignPoint> points = enumerate(s, 1000);
  const auto platform = static_cast<std::size_t>(s.parameterIndex("platform"));
  const PointOrder order = affinityOrder(s, points, 2);
  std::vector<std::size_t> sorted = order.order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i) << "each point once";
  ASSERT_EQ(order.parts, (std::vector<std::size_t>{0, 300}));
  for (std::size_t i = 0; i < 300; ++i)
    ASSERT_EQ(points[order.order[i]].parameters[platform],
              points[order.order[0]].parameters[platform]);
  // One worker has both platforms, and changes between them once a block.
  const std::vector<std::size_t> alone = affinityOrder(s, points).order;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < alone.size(); ++i)
    changes +=
        points[alone[i]].parameters[platform] != points[alone[i - 1]].parameters[platform] ? 1 : 0;
  const std::size_t blocks = (300 + networksAtOnce - 1) / networksAtOnce;
  EXPECT_EQ(changes, 2 * blocks - 1);
}

TEST(WorkerPool, WorkersStayForTheNextPointsAndTheNextStudy) {
  WorkerPool two = pool(2);
  two.start();
  const std::vector<int> before = childrenOf(::getpid());
  ASSERT_GE(before.size(), 2u);
  const std::string first = studyText("  x: {integer: {min: 1, max: 30}}\n"),
                    second = studyText("  x: {integer: {min: 1, max: 9}}\n");
  InProcessEvaluator here(test::fakeRun);
  for (const std::string& text : {first, first, second, first}) {
    const ExploreOutcome ours = runWith(text, two), reference = runWith(text, here);
    ASSERT_EQ(ours.points.size(), reference.points.size());
    for (std::size_t i = 0; i < ours.points.size(); ++i)
      EXPECT_TRUE(same(ours.points[i].outcome, reference.points[i].outcome)) << i;
  }
  EXPECT_EQ(childrenOf(::getpid()), before);
  EXPECT_EQ(two.restarts(), 0);
}

TEST(WorkerPool, RowsDoNotDependOnTheNumberOfWorkers) {
  const std::string text = studyText("  x: {integer: {min: 1, max: 300}}\n");
  InProcessEvaluator here(test::fakeRun);
  WorkerPool one = pool(1), two = pool(2), five = pool(5);
  const ExploreOutcome reference = runWith(text, here);
  ASSERT_EQ(reference.points.size(), 600u);
  for (Evaluator* evaluator : {&one, &two, &five}) {
    const ExploreOutcome outcome = runWith(text, *evaluator);
    ASSERT_EQ(outcome.points.size(), reference.points.size());
    for (std::size_t i = 0; i < outcome.points.size(); ++i) {
      EXPECT_EQ(outcome.points[i].id, reference.points[i].id);
      EXPECT_EQ(outcome.points[i].pareto, reference.points[i].pareto);
      EXPECT_TRUE(same(outcome.points[i].outcome, reference.points[i].outcome)) << i;
    }
  }
  EXPECT_EQ(one.restarts(), 0);
}

void expectOneFailure(const ExploreOutcome& outcome, const std::string& reason) {
  ASSERT_EQ(outcome.points.size(), 120u);
  EXPECT_FALSE(outcome.interrupted);
  for (std::size_t i = 0; i < outcome.points.size(); ++i) {
    const PointOutcome& row = outcome.points[i].outcome;
    if (i == 16) {
      EXPECT_EQ(row.status, PointStatus::failed);
      EXPECT_THAT(row.reason, StartsWith("failed: "));
      EXPECT_THAT(row.reason, HasSubstr(reason));
    } else {
      EXPECT_EQ(row.status, PointStatus::done) << i << ": " << row.reason;
    }
  }
}

TEST(WorkerPool, ACrashLosesOnlyItsOwnPoint) {
  WorkerPool two = pool(2);
  expectOneFailure(runWith(troubleStudy("crash"), two), "crashed with signal 6 (Aborted)");
  EXPECT_GE(two.restarts(), 1);
}

TEST(WorkerPool, ASegmentationFaultLosesOnlyItsOwnPoint) {
  WorkerPool one = pool(1);
  expectOneFailure(runWith(troubleStudy("segv"), one), "crashed with signal 11");
}

TEST(WorkerPool, AHangingPointIsGivenUp) {
  WorkerPool two = pool(2, 0.3);
  expectOneFailure(runWith(troubleStudy("hang"), two), "took longer than 0.3 s");
}

TEST(WorkerPool, AnExceptionIsARowAndKeepsTheWorker) {
  WorkerPool one = pool(1);
  expectOneFailure(runWith(troubleStudy("throw"), one), "the model has a bug");
  EXPECT_EQ(one.restarts(), 0);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(WorkerPool, RunawayMemoryIsARow) {
  WorkerPool one = pool(1);
  expectOneFailure(runWith(troubleStudy("grow"), one), "out of memory");
}
#endif

TEST(WorkerPool, AnInvalidConfigurationIsInfeasibleWithItsReason) {
  WorkerPool one = pool(1);
  const ExploreOutcome outcome = runWith(troubleStudy("invalid"), one);
  EXPECT_EQ(outcome.points[16].outcome.status, PointStatus::infeasible);
  EXPECT_EQ(outcome.points[16].outcome.reason,
            "not a valid configuration: device.x: 9 is out of range (expected 1 to 8)");
}

TEST(WorkerPool, EveryPointCrashingStillGivesEveryRow) {
  WorkerPool two = pool(2);
  const ExploreOutcome outcome =
      runWith(studyText("  x: {integer: {min: 1, max: 6}}\n  act: {categorical: [crash]}\n"), two);
  ASSERT_EQ(outcome.points.size(), 12u);
  for (const ExploredPoint& point : outcome.points)
    EXPECT_EQ(point.outcome.status, PointStatus::failed);
}

TEST(WorkerPool, SaysWhenWorkersCannotStart) {
  WorkerPoolOptions options;
  options.command = {"/no/such/program"};
  WorkerPool absent(options);
  EXPECT_THROW(runWith(studyText(""), absent), std::runtime_error);
  options.command = {WATTLAS_FAKE_WORKER, "broken"};
  WorkerPool broken(options);
  try {
    runWith(studyText(""), broken);
    FAIL() << "must throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("does not start: it crashed with exit code 3"));
  }
}

TEST(WorkerPool, StopsEarlyAndKeepsWhatIsDone) {
  WorkerPool one = pool(1);
  std::size_t asked = 0;
  ExploreOptions options;
  options.interrupted = [&] { return ++asked > 2; };
  const ExploreOutcome outcome =
      explore(study(studyText("  x: {integer: {min: 1, max: 5000}}\n")), options, one);
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_LT(outcome.points.size(), 10000u);
  EXPECT_GT(outcome.points.size(), 0u);
}

TEST(WorkerPool, WorkersDieWithTheirParent) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    WorkerPool two = pool(2, 0);
    runWith(studyText("  x: {integer: {min: 1, max: 4}}\n  act: {categorical: [hang]}\n"), two);
    ::_exit(0);
  }
  std::vector<int> workers;
  for (int i = 0; i < 500 && workers.size() < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    workers = childrenOf(parent);
  }
  ASSERT_EQ(workers.size(), 2u);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  int alive = 2;
  for (int i = 0; i < 500 && alive > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    alive = 0;
    for (const int worker : workers) {
      std::ifstream stat("/proc/" + std::to_string(worker) + "/stat");
      std::string id, name, state;
      if (stat >> id >> name >> state && state != "Z") ++alive;
    }
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace wattlas
