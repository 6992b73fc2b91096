// What runs where, what is copied, and what must fit?
#include "models/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/toy_platform.h"

namespace wattlas {
namespace {

using test::toyExperiment;
using ::testing::HasSubstr;

using Why = PlannedCopy::Why;

std::vector<Why> whys(const Plan& plan) {
  std::vector<Why> all;
  for (const PlannedPhase& phase : plan.phases)
    for (const PlannedRegion& region : phase.regions)
      for (const PlannedCopy& copy : region.copies) all.push_back(copy.why);
  return all;
}

TEST(Plan, ProductAloneCopiesInputAndResult) {
  const Plan plan = makePlan(toyExperiment("gemm:4x32x16"));
  ASSERT_TRUE(plan.reasons.empty());
  ASSERT_EQ(plan.phases.size(), 1u);
  ASSERT_EQ(plan.phases[0].regions.size(), 1u);
  const PlannedRegion& region = plan.phases[0].regions[0];
  EXPECT_FALSE(region.onHost);
  ASSERT_EQ(region.copies.size(), 2u);
  // 4 x 16 inputs to all units, 4 x 32 outputs back, one byte each.
  EXPECT_TRUE(region.copies[0].request.toDevice);
  EXPECT_EQ(region.copies[0].request.pattern, CopyPattern::broadcast);
  EXPECT_EQ(toBytes(region.copies[0].request.amount), 64);
  EXPECT_FALSE(region.copies[1].request.toDevice);
  EXPECT_EQ(toBytes(region.copies[1].request.amount), 128);
}

TEST(Plan, WhatTheDeviceRefusesRunsOnTheHost) {
  const Plan plan = makePlan(toyExperiment("conv1d:128x4x8x3"));
  ASSERT_TRUE(plan.reasons.empty());
  EXPECT_TRUE(plan.usesHost);
  EXPECT_TRUE(plan.phases[0].regions[0].onHost);
  EXPECT_TRUE(whys(plan).empty()) << "nothing crosses the link";
  ASSERT_FALSE(plan.assumptions.empty());
  EXPECT_EQ(plan.assumptions[0].key, "mapping.conv1d");
  EXPECT_EQ(plan.memory.tiers.size(), 2u) << "the host's memory holds something now";
}

TEST(Plan, MappedKindsMoveToTheHostWithTheirCopies) {
  const Plan alone = makePlan(toyExperiment("jet-mlp"));
  const Plan mapped = makePlan(toyExperiment("jet-mlp", {}, "hostOps: [activation]"));
  ASSERT_TRUE(mapped.reasons.empty());
  EXPECT_GT(whys(mapped).size(), whys(alone).size());
  int there = 0, back = 0;
  for (const Why why : whys(mapped)) {
    back += why == Why::toHost ? 1 : 0;
    there += why == Why::fromHost ? 1 : 0;
  }
  EXPECT_GE(back, 3) << "each hidden layer goes to the host";
  EXPECT_GE(there, 3) << "and comes back";
}

TEST(Plan, RegionsStayOnOneComponent) {
  const Experiment x = toyExperiment("jet-mlp", {}, "hostOps: [activation]");
  const Plan plan = makePlan(x);
  for (const PlannedPhase& phase : plan.phases)
    for (const PlannedRegion& region : phase.regions)
      for (const OpId id : region.ops)
        EXPECT_EQ(x.workload->phases[phase.index].graph.at(id).kind == OpKind::activation,
                  region.onHost);
}

TEST(Plan, StreamedWeightsAreCopiedForEveryUse) {
  const Plan resident = makePlan(toyExperiment("gemm:4x32x16"));
  const Plan streamed = makePlan(toyExperiment("gemm:4x32x16", {{"residency", "streamed"}}));
  EXPECT_EQ(resident.memory.weightsBytes, 512);
  EXPECT_EQ(streamed.memory.weightsBytes, 0);
  EXPECT_THAT(whys(streamed), ::testing::Contains(Why::weights));
  EXPECT_EQ(streamed.memory.peakBytes, 512) << "they need a place while they are used";
}

TEST(Plan, LoadingIsPlannedOnlyWhenAskedFor) {
  EXPECT_TRUE(makePlan(toyExperiment("gemm:4x32x16")).weightLoads.empty());
  const Plan plan = makePlan(toyExperiment("gemm:4x32x16", {{"weightLoad", "true"}}));
  ASSERT_EQ(plan.weightLoads.size(), 1u);
  EXPECT_EQ(toBytes(plan.weightLoads[0].request.amount), 512);
}

TEST(Plan, CapacityNamesTierTensorAndShortfall) {
  const Plan plan = makePlan(toyExperiment("gemm:1x16384x16384"));
  ASSERT_EQ(plan.reasons.size(), 1u);
  for (const char* word : {"store of the device holds 64 MB", "weights 268.4 MB", "are missing",
                           "the largest tensor is gemm"})
    EXPECT_THAT(plan.reasons[0], HasSubstr(word));
}

TEST(Plan, DecodeStepsAreGroupedAndComplete) {
  const Experiment x =
      test::hostExperiment("opt-125m", {{"workload.prompt", "16"}, {"workload.generate", "9"}});
  const Plan plan = makePlan(x);
  ASSERT_TRUE(plan.reasons.empty());
  ASSERT_EQ(plan.phases.size(), 2u);
  for (const PlannedRegion& region : plan.phases[1].regions) {
    std::int64_t next = 0;
    for (const StepGroup& group : region.groups) {
      EXPECT_EQ(group.firstStep, next);
      EXPECT_GT(group.steps, 0);
      next += group.steps;
    }
    EXPECT_EQ(next, 9);
  }
}

TEST(Plan, CacheGrowsWithContextAndBatch) {
  const auto resident = [](const char* prompt, const char* batch) {
    const Plan plan = makePlan(
        test::hostExperiment("opt-125m", {{"workload.prompt", prompt}, {"workload.batch", batch}}));
    return plan.memory.tiers.at(0).residentBytes - plan.memory.weightsBytes;
  };
  const double one = resident("96", "1");
  // 12 layers x (key + value) x 768 values of one byte, for prompt and 32 generated tokens.
  EXPECT_DOUBLE_EQ(one, 12.0 * 2 * 768 * (96 + 32));
  EXPECT_DOUBLE_EQ(resident("96", "4"), 4 * one);
  EXPECT_DOUBLE_EQ(resident("224", "1"), 2 * one);
}

}  // namespace
}  // namespace wattlas
