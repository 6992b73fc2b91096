// Networks over several groups of devices: who runs what, what is copied, what overlaps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "models/plan.h"
#include "models/sim/platform_model.h"
#include "tests/models/toy_platform.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

using ::testing::HasSubstr;

Experiment experiment(const std::string& workload, const test::Sets& sets = {}) {
  ExperimentSpec spec{
      std::string(wattlas::test::sourceRoot()) + "/tests/data/schedules/two-groups.platform.yaml",
      workload,
      {}};
  for (const auto& [key, value] : sets) spec.sets.push_back(parseAssignment(key + "=" + value));
  return makeExperiment(spec, test::registry(), test::path());
}

RunResult run(const std::string& workload, test::Sets sets = {},
              const std::string& fidelity = "analytic") {
  sets.emplace_back("run.fidelity", fidelity);
  ProfileCache cache;
  return simulate(experiment(workload, sets), cache, platformSimulator);
}

std::string placeOf(const RunResult& r, const std::string& name, const std::string& phase) {
  for (const OperatorResult& row : r.operators)
    if (row.name == name && row.phase == phase) return row.device;
  return "nowhere";
}

double transferS(const RunResult& r, const std::string& phase = {}) {
  double sum = 0;
  for (const OperatorResult& row : r.operators)
    if (row.kind == "transfer" && (phase.empty() || row.phase == phase)) sum += row.attributedS;
  return sum;
}

const test::Sets small{{"workload.prompt", "16"}, {"workload.generate", "4"}};

test::Sets with(test::Sets sets, const std::string& place) {
  sets.emplace_back("mapping.place", place);
  return sets;
}

TEST(Groups, KindNamePhaseAndPatternDecide) {
  const RunResult r =
      run("opt-125m", with(small,
                           "{attention: second, 'decode/mlp.*': second, attn.out: host, "
                           "'prefill/attention': first}"));
  ASSERT_TRUE(r.feasible) << r.reasons.front();
  EXPECT_EQ(placeOf(r, "attn.sdpa", "prefill"), "first");
  EXPECT_EQ(placeOf(r, "attn.sdpa", "decode"), "second");
  EXPECT_EQ(placeOf(r, "mlp.up", "prefill"), "first");
  EXPECT_EQ(placeOf(r, "mlp.up", "decode"), "second");
  EXPECT_EQ(placeOf(r, "attn.out", "decode"), "host");
  EXPECT_EQ(placeOf(r, "attn.qkv", "decode"), "first");
}

TEST(Groups, UnknownPlacesAreRefused) {
  try {
    (void)run("opt-125m", with(small, "{attention: secnd}"));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'secnd' is neither a group nor the host"));
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'second'?"));
  }
}

TEST(Groups, APlaceThatFitsNothingIsSaid) {
  const RunResult r = run("opt-125m", with(small, "{'decod/attention': second}"));
  ASSERT_TRUE(r.feasible);
  const auto said = [](const Assumption& a) {
    return a.key == "mapping.place.decod/attention" && a.value.find("fits no") == 0;
  };
  EXPECT_TRUE(std::any_of(r.assumptions.begin(), r.assumptions.end(), said));
}

TEST(Groups, AGroupWithoutAMemberForEachSliceIsRefused) {
  const RunResult r = run(
      "opt-125m",
      with({{"groups.first.count", "2"}, {"mapping.shard.tensor", "2"}}, "{attention: second}"));
  ASSERT_FALSE(r.feasible);
  EXPECT_THAT(r.reasons.front(), HasSubstr("has 1 members, but the network is cut into slices"));
}

TEST(Groups, EveryPassingCostsALinkItsTime) {
  const test::Sets base{{"workload.format", "int8"}};
  const RunResult whole = run("jet-mlp", base);
  const RunResult split = run("jet-mlp", with(base, "{'dense2*': second}"));
  ASSERT_TRUE(split.feasible);
  // There and back: 64 and 32 bytes over 1 GB/s, each with 1 us.
  EXPECT_NEAR(transferS(split) - transferS(whole), 2e-6 + 96e-9, 1e-12);
  double bits = 0;
  for (const LedgerCell& cell : split.ledger)
    if (cell.coefficient == "between.bit") bits += cell.count;
  EXPECT_EQ(bits, 96 * 8);
}

TEST(Groups, TheCacheMovesOnceToWhoReadsIt) {
  const auto prefill = [](const char* prompt, const char* place) {
    return transferS(
        run("opt-125m", with({{"workload.prompt", prompt}, {"workload.generate", "4"}}, place)),
        "prefill");
  };
  const double cache64 = prefill("64", "{decode/attention: second}") - prefill("64", "{}"),
               cache32 = prefill("32", "{decode/attention: second}") - prefill("32", "{}");
  // 12 layers, keys and values of 768 values with 2 bytes a token, 1 GB/s.
  EXPECT_NEAR(cache64 - cache32, 12 * 2 * 768 * 2 * 32 / 1e9, 1e-9);
}

TEST(Groups, TheCacheFillsTheMemoryWhereItIsRead) {
  const RunResult r = run("opt-125m", with(small, "{decode/attention: second}"));
  ASSERT_EQ(r.tiers.size(), 2u);
  const double cache = 12.0 * 2 * 768 * 2 * (16 + 4);
  EXPECT_NEAR(r.tiers[1].residentBytes, cache, 1e-9 * cache);
  const RunResult tight = run("opt-125m", [&] {
    test::Sets sets = with(small, "{decode/attention: second}");
    sets.emplace_back("groups.second.device.memory.capacity", "1 MB");
    sets.emplace_back("workload.prompt", "512");
    return sets;
  }());
  ASSERT_FALSE(tight.feasible);
  EXPECT_THAT(tight.reasons.front(), HasSubstr("of the second holds"));
}

TEST(Groups, BestIsNeverSlowerThanAnyOneOfThem) {
  for (const char* workload : {"jet-mlp", "ecg-dscnn1d", "opt-125m"}) {
    const double best = run(workload, with(small, "{'*': best}")).timeS;
    for (const char* one : {"{'*': first}", "{'*': second}", "{'*': host}"})
      EXPECT_LE(best, run(workload, with(small, one)).timeS * (1 + 1e-9)) << workload << one;
  }
}

TEST(Groups, APipelineOfEqualStages) {
  // Four equal layers on four stages: three to fill it, then one for each part of the batch.
  const test::Sets sets{{"groups.first.count", "4"}, {"mapping.shard.pipeline", "4"},
                        {"workload.layers", "4"},    {"workload.generate", "0"},
                        {"workload.batch", "8"},     {"workload.prompt", "32"}};
  const auto timeOf = [&](const char* microBatches, const char* fidelity) {
    test::Sets all = sets;
    all.emplace_back("mapping.microBatches", microBatches);
    return run("opt-125m", all, fidelity);
  };
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult one = timeOf("1", fidelity), eight = timeOf("8", fidelity);
    ASSERT_TRUE(eight.feasible) << eight.reasons.front();
    EXPECT_LT(eight.timeS, one.timeS) << fidelity;
    EXPECT_EQ(eight.phases.front().tokens, one.phases.front().tokens);
    double attributed = 0, stages = 0;
    for (const OperatorResult& row : eight.operators) attributed += row.attributedS;
    for (const ComponentStatistics& s : eight.statistics)
      if (s.component.starts_with("first[")) stages += 1;
    EXPECT_NEAR(attributed, eight.timeS, 1e-12) << fidelity;
    EXPECT_EQ(stages, 4);
  }
}

TEST(Groups, EachFurtherPartOfTheBatchCostsTheSlowestStage) {
  const auto with = [](const char* parts, const char* fidelity) {
    return run("opt-125m",
               {{"groups.first.count", "4"},
                {"links.to the first.topology", "switch"},
                {"mapping.shard.pipeline", "4"},
                {"mapping.microBatches", parts},
                {"workload.layers", "4"},
                {"workload.generate", "0"},
                {"workload.batch", parts},
                {"workload.prompt", "32"}},
               fidelity);
  };
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult eight = with("8", fidelity), sixteen = with("16", fidelity);
    ASSERT_TRUE(eight.feasible) << eight.reasons.front();
    double busiest = 0;
    for (const ComponentStatistics& s : eight.statistics)
      if (s.component.starts_with("first[")) busiest = std::max(busiest, s.busyS);
    EXPECT_NEAR(sixteen.timeS - eight.timeS, busiest, 1.5e-12) << fidelity;
  }
}

TEST(Groups, PartsOfTheBatchCostAsManyMembersTheirEnergy) {
  test::Sets one = small, two = small;
  one.emplace_back("workload.batch", "2");
  two.insert(two.end(),
             {{"workload.batch", "4"}, {"groups.first.count", "2"}, {"mapping.shard.data", "2"}});
  const RunResult a = run("opt-125m", one), b = run("opt-125m", two);
  ASSERT_TRUE(b.feasible);
  EXPECT_EQ(b.phases.back().tokens, 2 * a.phases.back().tokens);
  const auto macs = [](const RunResult& r) {
    for (const LedgerCell& cell : r.ledger)
      if (cell.component == "first" && cell.category == Category::compute) return cell.count;
    return 0.0;
  };
  EXPECT_NEAR(macs(b), 2 * macs(a), 1e-9 * macs(b));
}

TEST(Groups, SlicesMeetInCollectivesOverTheLink) {
  // Two members: an all-reduce is two rounds of half the values, 1 us and 1 GB/s each; they meet on
  // the bus.
  const RunResult r = run("opt-125m", {{"workload.prompt", "16"},
                                       {"workload.generate", "0"},
                                       {"groups.first.count", "2"},
                                       {"mapping.shard.tensor", "2"}});
  ASSERT_TRUE(r.feasible) << r.reasons.front();
  const double round = 1e-6 + 16 * 768 * 2 / 1e9;
  double attributed = 0;
  for (const OperatorResult& row : r.operators) {
    attributed += row.attributedS;
    if (row.name != "attn.out.all_reduce") continue;
    EXPECT_EQ(row.kind, "collective");
    EXPECT_NEAR(row.attributedS, 12 * 2 * round, 1e-12);
  }
  EXPECT_NEAR(attributed, r.timeS, 1e-12);
}

TEST(Groups, ExpertsOnMembersOfTheirOwn) {
  const test::Sets base{
      {"workload.prompt", "64"}, {"workload.generate", "0"}, {"workload.layers", "2"}};
  test::Sets shared = base;
  shared.insert(shared.end(), {{"groups.first.count", "4"},
                               {"mapping.shard.expert", "4"},
                               {"groups.first.device.memory.capacity", "400 GB"}});
  test::Sets alone = base;
  alone.emplace_back("groups.first.device.memory.capacity", "400 GB");
  const RunResult one = run("mixtral-8x7b", alone), four = run("mixtral-8x7b", shared);
  ASSERT_TRUE(one.feasible) << one.reasons.front();
  ASSERT_TRUE(four.feasible) << four.reasons.front();
  const auto find = [](const RunResult& r, const std::string& name) {
    for (const OperatorResult& row : r.operators)
      if (row.name == name) return row;
    return OperatorResult{};
  };
  // 64 tokens read all eight experts of both layers: each member runs two of them.
  EXPECT_EQ(find(one, "mlp.expert.gate_up").count, 16);
  EXPECT_EQ(find(four, "mlp.expert.gate_up").count, 4);
  EXPECT_EQ(find(four, "attn.qkv").count, find(one, "attn.qkv").count);
  EXPECT_GT(find(four, "mlp.combine.all_reduce").attributedS, 0);
  EXPECT_LT(four.weightsBytes, 0.4 * one.weightsBytes);
  try {
    test::Sets single = shared;
    single.emplace_back("workload.prompt", "1");
    (void)run("mixtral-8x7b", single);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("distinct experts a layer"));
  }
}

TEST(Groups, SharesThatDoNotMultiplyToTheMembersAreRefused) {
  const auto refused = [](test::Sets sets, const char* why) {
    try {
      (void)run("opt-125m", sets);
      FAIL() << "accepted";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  };
  refused({{"groups.first.count", "4"}, {"mapping.shard.tensor", "2"}}, "2 x 1 x 1 x 1");
  refused({{"groups.first.count", "2"}, {"mapping.shard.data", "2"}, {"workload.batch", "3"}},
          "a batch of 3 does not divide into 2 parts");
  refused({{"groups.first.count", "16"}, {"mapping.shard.tensor", "16"}}, "query heads");
}

TEST(Groups, EventAgreesWhereNothingOverlaps) {
  const auto sets = with(small, "{decode/attention: second}");
  EXPECT_NEAR(run("opt-125m", sets, "event").timeS / run("opt-125m", sets).timeS, 1, 1e-9);
}

TEST(Groups, EnergyIsThatOfAllComponents) {
  const RunResult r = run("opt-125m", with(small, "{decode/attention: second}"));
  double cells = 0, rows = 0;
  bool second = false;
  for (const LedgerCell& cell : r.ledger) {
    cells += cell.count * cell.perCountJ;
    second = second || (cell.component == "second" && cell.count > 0);
  }
  for (const OperatorResult& row : r.operators) rows += row.energyJ;
  EXPECT_TRUE(second);
  EXPECT_NEAR(cells, r.energyJ, 1e-9 * r.energyJ);
  EXPECT_NEAR(rows, r.energyJ, 1e-9 * r.energyJ);
}

RunResult underCap(const std::string& cap, const std::string& fidelity,
                   const std::string& schedule = "sequential") {
  test::Sets sets = with(small, "{decode/attention: second}");
  sets.emplace_back("mapping.schedule", schedule);
  if (!cap.empty())
    sets.emplace_back("powerDomains", "{both: {members: [first, second], cap: " + cap + "}}");
  return run("opt-125m", sets, fidelity);
}

TEST(Power, ALimitSlowsProgramsDownAndKeepsTheirWork) {
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult free = underCap("", fidelity), wide = underCap("100 kW", fidelity),
                    tight = underCap("130 W", fidelity);
    EXPECT_NEAR(wide.timeS, free.timeS, 1e-12) << fidelity;
    EXPECT_GT(tight.timeS, free.timeS) << fidelity;
    EXPECT_GT(tight.energyJ, free.energyJ) << "idle power for longer";
    double attributed = 0;
    for (const OperatorResult& row : tight.operators) attributed += row.attributedS;
    EXPECT_NEAR(attributed, tight.timeS, 1e-12) << fidelity;
  }
  EXPECT_GT(underCap("120 W", "event").timeS, underCap("130 W", "event").timeS);
}

TEST(Power, ALimitBelowIdlePowerIsRefused) {
  EXPECT_THROW((void)underCap("1 W", "analytic"), InputError);
}

const test::Sets streamed{{"residency", "streamed"}, {"workload.format", "int8"}};

test::Sets overlapped(test::Sets sets) {
  sets.emplace_back("mapping.schedule", "overlapped");
  return sets;
}

TEST(Overlap, WeightsComeWhileTheOperatorBeforeThemRuns) {
  for (const char* fidelity : {"analytic", "event"}) {
    const RunResult turn = run("jet-mlp", streamed, fidelity),
                    side = run("jet-mlp", overlapped(streamed), fidelity);
    // Time of nothing but copies; programs hide behind them or the other way round.
    double programs = 0;
    for (const OperatorResult& row : turn.operators)
      if (row.kind != "transfer") programs += row.attributedS;
    const double copies = transferS(turn);
    EXPECT_NEAR(turn.timeS, programs + copies, 1e-12);
    EXPECT_LT(side.timeS, turn.timeS) << fidelity;
    EXPECT_GE(side.timeS, std::max(programs, copies) - 1e-12) << fidelity;
    double attributed = 0;
    for (const OperatorResult& row : side.operators) attributed += row.attributedS;
    EXPECT_NEAR(attributed, side.timeS, 1e-12) << fidelity;
    EXPECT_GT(side.peakBytes, turn.peakBytes) << "two buffers";
  }
}

TEST(Overlap, OnePartOfTheBatchAttendsWhileTheOtherComputes) {
  for (const char* fidelity : {"analytic", "event"}) {
    test::Sets sets = overlapped(with(small, "{attention: second}"));
    sets.emplace_back("workload.batch", "4");
    const RunResult whole = run("opt-125m", sets, fidelity);
    sets.emplace_back("mapping.microBatches", "2");
    const RunResult parts = run("opt-125m", sets, fidelity);
    ASSERT_TRUE(parts.feasible) << parts.reasons.front();
    const auto busy = [](const RunResult& r) {
      double sum = 0;
      for (const ComponentStatistics& s : r.statistics)
        if (s.component == "first" || s.component == "second") sum += s.busyS;
      return sum;
    };
    EXPECT_LE(busy(whole), whole.timeS * (1 + 1e-9)) << "one after the other";
    EXPECT_GT(busy(parts), parts.timeS) << "side by side";
    double attributed = 0;
    for (const OperatorResult& row : parts.operators) attributed += row.attributedS;
    EXPECT_NEAR(attributed, parts.timeS, 1e-12) << fidelity;
    EXPECT_EQ(parts.phases.back().tokens, whole.phases.back().tokens);
  }
}

TEST(Overlap, NothingIsGainedWhereEverythingWaitsForTheOneBefore) {
  const test::Sets resident{{"workload.format", "int8"}};
  const RunResult turn = run("jet-mlp", resident), side = run("jet-mlp", overlapped(resident));
  EXPECT_NEAR(side.timeS, turn.timeS, 1e-12);
  EXPECT_NEAR(side.energyJ, turn.energyJ, 1e-9 * turn.energyJ);
}

}  // namespace
}  // namespace wattlas
