// Is the first frame of a pipeline of remembered segments the frame of the whole pipeline?
#include <gtest/gtest.h>

#include "fpga/design.h"
#include "fpga/recurrence.h"
#include "models/base/error.h"
#include "tests/fpga/random_pipeline.h"

namespace wattlas::fpga {
namespace {

/// What one frame fills when streams between layers are never full; empty = stuck.
std::vector<std::int64_t> whole(Pipeline p) {
  for (Channel& c : p.channels)
    if (c.sizable) c.capacity = c.tokensPerFrame + c.registers;
  const Trace trace = evaluate(p, {1, false});
  return trace.deadlock.empty() ? trace.occupancy : std::vector<std::int64_t>();
}

/// A chain of units; `services` per token.
Pipeline chain(const std::vector<std::int64_t>& services) {
  Pipeline p;
  for (const std::int64_t service : services) {
    Actor a;
    a.tokens = 100;
    a.service = service;
    const std::int32_t id = p.add(a);
    if (id == 0) continue;
    Channel c;
    c.sizable = true;
    c.tokensPerFrame = 100;
    p.connect(id - 1, id, c);
  }
  return p;
}

TEST(FirstFrames, SegmentsOfRandomPipelinesFillStreamsLikeTheWhole) {
  FirstFrames frames;
  int ran = 0, stuck = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Pipeline p = test::RandomPipeline(seed).make();
    const std::vector<std::int64_t> expected = whole(p);
    if (expected.empty()) {
      ++stuck;
      EXPECT_THROW(frames.occupancy(p), InputError) << "seed " << seed;
      continue;
    }
    ++ran;
    ASSERT_EQ(frames.occupancy(p), expected) << "seed " << seed;
    ASSERT_EQ(frames.occupancy(p), expected) << "remembered, seed " << seed;
  }
  EXPECT_GT(ran, 300);
  EXPECT_GT(stuck, 0) << "short bounded bypasses must be among the cases";
}

TEST(FirstFrames, KnownPipelinesAreNotEvaluatedAgain) {
  FirstFrames frames;
  frames.occupancy(chain({1, 2, 3}));
  const std::int64_t steps = frames.steps();
  frames.occupancy(chain({1, 2, 3}));
  EXPECT_EQ(frames.steps(), steps);
}

TEST(FirstFrames, OnlyWhatStandsBehindAChangeIsEvaluatedAgain) {
  FirstFrames frames;
  frames.occupancy(chain({1, 2, 3, 4}));
  const std::int64_t before = frames.steps();
  EXPECT_EQ(frames.occupancy(chain({1, 2, 5, 4})), whole(chain({1, 2, 5, 4})));
  EXPECT_EQ(frames.steps() - before, 200) << "two units of 100 firings";
}

TEST(FirstFrames, WhatAUnitReadsDistinguishesEqualUnits) {
  FirstFrames frames;
  // The last unit is the same, its producer is not.
  EXPECT_EQ(frames.occupancy(chain({1, 3})), whole(chain({1, 3})));
  EXPECT_EQ(frames.occupancy(chain({2, 3})), whole(chain({2, 3})));
}

TEST(FirstFrames, DelaysOfAStreamCount) {
  // A bypass waits at the addition for what goes through the unit.
  Pipeline p = chain({2, 1, 1});
  p.connect(0, 2, p.channels[0]);
  FirstFrames frames;
  const std::vector<std::int64_t> early = frames.occupancy(p);
  p.channels[0].delay = 30;
  EXPECT_EQ(frames.occupancy(p), whole(p));
  EXPECT_GT(frames.occupancy(p).back(), early.back());
}

}  // namespace
}  // namespace wattlas::fpga
