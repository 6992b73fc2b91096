// Do token times follow the recurrence, with bounded streams and recurring frames?
#include "fpga/recurrence.h"

#include <gtest/gtest.h>

namespace wattlas::fpga {
namespace {

Actor stream(const char* name, std::int64_t tokens, std::int64_t service,
             std::int64_t latency = 0) {
  Actor a;
  a.name = name;
  a.tokens = tokens;
  a.service = service;
  a.latency = latency;
  return a;
}

Channel channel(std::int64_t tokens, std::int64_t capacity) {
  Channel c;
  c.tokensPerFrame = tokens;
  c.capacity = capacity;
  return c;
}

Pipeline chain(std::vector<Actor> actors, std::int64_t capacity) {
  Pipeline p;
  for (std::size_t i = 0; i < actors.size(); ++i) {
    const std::int64_t tokens = actors[i].tokens;
    p.add(actors[i]);
    if (i > 0)
      p.connect(static_cast<std::int32_t>(i) - 1, static_cast<std::int32_t>(i),
                channel(tokens, capacity));
  }
  return p;
}

TEST(Recurrence, ChainOfStagesFillsThenRunsAtTheSlowestPace) {
  const Pipeline p = chain({stream("a", 10, 2), stream("b", 10, 5, 3), stream("c", 10, 1)}, 100);
  const Trace t = evaluate(p, {});
  // a: first token at 2; b ends its ten at 2 + 50; latency 3; c works 1 cycle on the last.
  EXPECT_EQ(t.actors[1].end, 52);
  EXPECT_EQ(t.cycles, 56);
  EXPECT_EQ(t.actors[0].stalled, 0);
}

TEST(Recurrence, AFullStreamHoldsTheProducerBack) {
  const Trace wide = evaluate(chain({stream("a", 10, 1), stream("b", 10, 4)}, 10), {});
  const Trace narrow = evaluate(chain({stream("a", 10, 1), stream("b", 10, 4)}, 2), {});
  EXPECT_EQ(wide.actors[0].end, 10);
  EXPECT_EQ(wide.cycles, narrow.cycles) << "back-pressure alone does not slow the slowest stage";
  // The place of token f is free when b starts token f - 2, at 1 + 4 (f - 2).
  EXPECT_EQ(narrow.actors[0].end, 1 + 4 * 7 + 1);
  EXPECT_GT(narrow.actors[0].stalled, 0);
  EXPECT_EQ(narrow.occupancy[0], 2);
  EXPECT_EQ(wide.occupancy[0], 10 - 1 - 2) << "three starts by cycle 10 (cycles 1, 5, 9)";
}

TEST(Recurrence, ABurstIntoASmallStreamCostsTime) {
  // b takes tokens only every ninth cycle, c works long now and then: a deep stream would help.
  Actor pool;
  pool.name = "pool";
  pool.pattern = Pattern::scan;
  pool.emit = Emit::completeWindow;
  pool.window = {4, 4, 0, 0, 0, 0, 2, 2, 2, 2};
  pool.work = 20;
  Pipeline deep, shallow;
  for (Pipeline* p : {&deep, &shallow}) {
    p->add(stream("a", 16, 3));
    p->add(pool);
    p->add(stream("c", 4, 25));
    p->connect(0, 1, channel(16, p == &deep ? 16 : 1));
    p->connect(1, 2, channel(4, p == &deep ? 4 : 1));
  }
  EXPECT_LT(evaluate(deep, {}).actors[0].end, evaluate(shallow, {}).actors[0].end);
}

TEST(Recurrence, AWindowWaitsForItsLastPixel) {
  Pipeline p;
  p.add(stream("source", 25, 1));
  Actor reader;
  reader.name = "window";
  reader.pattern = Pattern::slide;
  reader.window = {5, 5, 0, 0, 0, 0, 3, 3, 1, 1};
  reader.service = 1;
  p.add(reader);
  p.add(stream("sink", 9, 1));
  Channel lines = channel(25, 25);
  lines.releaseAtEnd = true;
  p.connect(0, 1, lines);
  p.connect(1, 2, channel(9, 9));
  const Trace t = evaluate(p, {});
  EXPECT_EQ(t.actors[1].firstStart, 2 * 5 + 3) << "two lines and three pixels";
  EXPECT_EQ(t.cycles, 25 + 1 + 1);
}

TEST(Recurrence, TooFewPlacesForAWindowAreADeadlock) {
  Pipeline p;
  p.add(stream("source", 25, 1));
  Actor reader;
  reader.name = "window";
  reader.pattern = Pattern::slide;
  reader.window = {5, 5, 0, 0, 0, 0, 3, 3, 1, 1};
  p.add(reader);
  Channel lines = channel(25, 12);  // a window spans 13 pixels
  lines.name = "lines";
  p.connect(0, 1, lines);
  const Trace t = evaluate(p, {});
  EXPECT_NE(t.deadlock.find("lines (12 tokens)"), std::string::npos) << t.deadlock;
}

TEST(Recurrence, RecurringFramesAreNotEvaluatedAgain) {
  const Pipeline p = chain({stream("a", 50, 2), stream("b", 50, 3, 7), stream("c", 50, 2)}, 2);
  const Trace folded = evaluate(p, {1000, true});
  const Trace all = evaluate(p, {1000, false});
  EXPECT_GT(folded.foldedFrames, 900);
  EXPECT_LT(folded.steps, all.steps / 50);
  EXPECT_EQ(folded.cycles, all.cycles);
  EXPECT_EQ(folded.actors, all.actors);
  EXPECT_EQ(folded.occupancy, all.occupancy);
  // Two places, each held for the 3 cycles of b and its latency of 7: five cycles a token.
  EXPECT_EQ(all.cycles - evaluate(p, {999, false}).cycles, 50 * 5);
}

TEST(Recurrence, AStateThatStillChangesIsNotFolded) {
  // The source runs ahead by a little more each frame until 4,000 places are full.
  const Pipeline p = chain({stream("a", 100, 2), stream("b", 100, 3)}, 4000);
  const Trace folded = evaluate(p, {60, true});
  EXPECT_EQ(folded.foldedFrames, 0) << "the stream is still filling";
  EXPECT_EQ(folded.cycles, evaluate(p, {60, false}).cycles);
}

TEST(Recurrence, ASlowMemoryPacesItsStream) {
  Actor source = stream("source", 10, 1);
  source.paceNum = 5;  // two and a half cycles a token
  source.paceDen = 2;
  EXPECT_EQ(busyCycles(source), 25);
  EXPECT_EQ(evaluate(chain({source, stream("sink", 10, 1)}, 4), {}).actors[0].end, 25);
}

}  // namespace
}  // namespace wattlas::fpga
