// Is the recurrence equal to stepping the same pipeline clock by clock?
#include <gtest/gtest.h>

#include "fpga/recurrence.h"
#include "tests/fpga/random_pipeline.h"

namespace wattlas::fpga {
namespace {

using test::RandomPipeline;

constexpr std::int64_t longest = 2'000'000;

TEST(Equivalence, SteppingRandomPipelinesGivesTheSameCyclesWaitsAndOccupancies) {
  int ran = 0, stuck = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Pipeline p = RandomPipeline(seed).make();
    const std::int64_t frames = 1 + static_cast<std::int64_t>(seed % 4);
    const Trace event = evaluate(p, {frames, false});
    const Trace stepped = stepThrough(p, frames, longest);
    ASSERT_EQ(event.deadlock.empty(), stepped.deadlock.empty()) << "seed " << seed;
    if (!event.deadlock.empty()) {
      ++stuck;
      continue;
    }
    ++ran;
    ASSERT_EQ(event.cycles, stepped.cycles) << "seed " << seed;
    ASSERT_EQ(event.firstFrame, stepped.firstFrame) << "seed " << seed;
    ASSERT_EQ(event.actors, stepped.actors) << "seed " << seed;
    ASSERT_EQ(event.occupancy, stepped.occupancy) << "seed " << seed;
  }
  EXPECT_GT(ran, 300);
  EXPECT_GT(stuck, 0) << "short bypasses must be among the cases";
}

TEST(Equivalence, FoldedFramesEqualUnfoldedOnes) {
  std::int64_t folded = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Pipeline p = RandomPipeline(seed).make();
    const Trace all = evaluate(p, {40, false});
    if (!all.deadlock.empty()) continue;
    const Trace some = evaluate(p, {40, true});
    folded += some.foldedFrames;
    ASSERT_EQ(some.cycles, all.cycles) << "seed " << seed;
    ASSERT_EQ(some.actors, all.actors) << "seed " << seed;
    ASSERT_EQ(some.occupancy, all.occupancy) << "seed " << seed;
  }
  EXPECT_GT(folded, 4000) << "most frames must have been folded";
}

TEST(Equivalence, StallsOfRandomPipelinesAreReal) {
  std::int64_t stalls = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    for (const auto& actor : evaluate(RandomPipeline(seed).make(), {1, false}).actors)
      stalls += actor.stalled;
  EXPECT_GT(stalls, 0) << "the generator must exercise back-pressure";
}

TEST(Equivalence, SteppingGivesUpInsteadOfRunningForever) {
  RandomPipeline generator(7);
  EXPECT_FALSE(stepThrough(generator.make(), 1'000'000, 100).deadlock.empty());
}

}  // namespace
}  // namespace wattlas::fpga
