// Schedules that anybody can work out by hand, as files that `wattlas run` takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "models/sim/platform_model.h"
#include "tests/models/toy_platform.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

using ::testing::HasSubstr;

std::string file(const std::string& name) {
  return std::string(wattlas::test::sourceRoot()) + "/tests/data/schedules/" + name + ".yaml";
}

RunResult run(const std::string& platform, const std::string& workload,
              const std::string& fidelity = "event", const test::Sets& sets = {}) {
  ExperimentSpec spec{file(platform + ".platform"), file(workload), {}};
  spec.sets.push_back(parseAssignment("run.fidelity=" + fidelity));
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  ProfileCache cache;
  return simulate(makeExperiment(spec, test::registry(), test::path()), cache, platformSimulator);
}

std::int64_t ps(double seconds) {
  return std::llround(seconds * 1e12);
}
std::int64_t endOf(const RunResult& r, const std::string& name) {
  for (const OperatorResult& row : r.operators)
    if (row.name == name) return ps(row.endS);
  return -1;
}

constexpr std::int64_t ms = 1'000'000'000;

class TwoOnABus : public ::testing::TestWithParam<std::tuple<const char*, double, double>> {};

TEST_P(TwoOnABus, ShareItAsItSays) {
  const auto& [sharing, a, b] = GetParam();
  const RunResult r =
      run("two-on-a-bus", "two-on-a-bus", "event", {{"links.bus.sharing", sharing}});
  EXPECT_EQ(endOf(r, "ra"), std::llround(a * ms));
  EXPECT_EQ(endOf(r, "rb"), std::llround(b * ms));
  // The closed form knows no others on the bus.
  const double alone =
      run("two-on-a-bus", "two-on-a-bus", "analytic", {{"links.bus.sharing", sharing}}).timeS;
  EXPECT_EQ(ps(alone), 3'100'000'000);
  EXPECT_GT(r.timeS, 1.1 * alone);
}

INSTANTIATE_TEST_SUITE_P(Sharing, TwoOnABus,
                         ::testing::Values(std::tuple("fair", 1.9, 4.0),
                                           std::tuple("fifo", 1.5, 4.0),
                                           std::tuple("priority", 4.0, 3.1),
                                           std::tuple("exclusive", 1.5, 4.5)));

class FourSharings : public ::testing::TestWithParam<std::tuple<const char*, double>> {};

TEST_P(FourSharings, GiveFourTimes) {
  const auto& [sharing, whole] = GetParam();
  const RunResult r =
      run("two-on-a-bus", "four-sharings", "event", {{"links.bus.sharing", sharing}});
  EXPECT_EQ(ps(r.timeS), std::llround(whole * ms));
}

INSTANTIATE_TEST_SUITE_P(Sharing, FourSharings,
                         ::testing::Values(std::tuple("fair", 6.6), std::tuple("fifo", 7.5),
                                           std::tuple("priority", 6.0),
                                           std::tuple("exclusive", 9.0)));

TEST(Schedule, ACopyHidesBehindCompute) {
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult r = run("two-on-a-bus", "hidden-copy", fidelity);
    EXPECT_EQ(ps(r.timeS), 7 * ms) << fidelity;
    EXPECT_EQ(endOf(r, "weights"), ms) << fidelity;
  }
}

TEST(Schedule, RingAllReduce) {
  // 2 (n - 1) steps of 8 MB / n and 1 us, and 4 ms of work.
  for (const char* fidelity : {"analytic", "event"})
    for (const auto& [members, expected] :
         {std::pair("2", 2 * 4001), std::pair("4", 6 * 2001), std::pair("8", 14 * 1001)})
      for (const char* fold : {"true", "false"}) {
        const RunResult r = run("eight-on-a-switch", "all-reduce", fidelity,
                                {{"groups.gpus.count", members}, {"groups.gpus.fold", fold}});
        EXPECT_EQ(ps(r.timeS), 4 * ms + expected * (ms / 1000)) << members << fold << fidelity;
        EXPECT_EQ(r.replications.size(), fold[0] == 't' ? 1u : 0u);
      }
}

TEST(Schedule, FoldedMembersCostAllTheirEnergy) {
  const RunResult folded = run("eight-on-a-switch", "all-reduce"),
                  all = run("eight-on-a-switch", "all-reduce", "event",
                            {{"groups.gpus.fold", "false"}});
  EXPECT_NEAR(folded.energyJ, all.energyJ, 1e-9 * all.energyJ);
  EXPECT_EQ(folded.ledger.size(), all.ledger.size());
}

TEST(Schedule, OneSlowMemberIsNotFoldedAway) {
  const RunResult r = run("eight-on-a-switch", "all-reduce", "event",
                          {{"workload.tasks",
                            "[{name: before, on: gpus, time: {gpus: 3 ms, 'gpus[5]': 6 ms}}, "
                            "{name: sum, kind: collective, on: gpus, algorithm: ring, "
                            "amount: 8 MB, after: [before]}]"}});
  EXPECT_TRUE(r.replications.empty());
  EXPECT_EQ(ps(r.timeS), 6 * ms + 14 * 1001 * (ms / 1000));
}

TEST(Schedule, OneForwardOneBackward) {
  for (const char* fidelity : {"analytic", "event"}) {
    EXPECT_EQ(ps(run("pipeline", "pipeline", fidelity).timeS), 11 * 3 * ms);
  }
}

TEST(Schedule, HeftOfItsAuthors) {
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult r = run("heft", "heft", fidelity);
    EXPECT_EQ(ps(r.timeS), 80 * ms) << fidelity;
  }
}

TEST(Schedule, StatisticsAddUpToTheTrace) {
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult r = run("two-on-a-bus", "hidden-copy", fidelity);
    ASSERT_FALSE(r.statistics.empty());
    for (const ComponentStatistics& s : r.statistics) {
      double busy = 0;
      for (const TraceSlice& slice : r.trace)
        if (slice.track == s.component) busy += slice.durationS;
      EXPECT_NEAR(busy, s.busyS, 1e-12) << s.component << " " << fidelity;
    }
    double attributed = 0;
    for (const OperatorResult& row : r.operators) attributed += row.attributedS;
    EXPECT_NEAR(attributed, r.timeS, 1e-12);
  }
}

void refused(const std::string& sets, const std::string& value, const std::string& why) {
  try {
    (void)run("two-on-a-bus", "hidden-copy", "event", {{sets, value}});
    FAIL() << "accepted: " << value;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(why));
  }
}

TEST(Schedule, WhatCannotBeIsRefused) {
  refused("workload.tasks", "[{name: x, on: c, time: 1 ms}]", "neither a group nor the host");
  refused("workload.tasks",
          "[{name: x, on: a, time: 1 ms, after: [y]}, {name: y, on: a, time: 1 ms, after: [x]}]",
          "circle");
  refused("links.bus.joins", "[a]", "joins nothing");
  refused("links.bus.joins", "[a, b, hosst]", "did you mean 'host'?");
  refused("workload.tasks", "[{name: x, on: a, time: {b: 1 ms}}]", "has no time for a");
}

}  // namespace
}  // namespace wattlas
