// Do shared links divide their rate as announced, exactly when alone and whatever the order?
#include <gtest/gtest.h>

#include "models/dispatcher.h"
#include "models/sim/platform_model.h"

namespace wattlas {
namespace {

/// `kib` KiB at 1 GB/s of link rate: 1.024 us each.
Profile traffic(double kib, std::int64_t repeat = 1, Ticks local = {}, bool write = false) {
  Profile profile;
  Segment segment;
  segment.local = local;
  segment.demands.push_back({0, bytes(kib * 1024), BitRate(8e9), 0, write});
  segment.repeat = repeat;
  profile.segments.push_back(segment);
  return profile;
}

/// Two devices on one link.
Resources twoOnOne(Sharing sharing) {
  Resources r;
  r.seats = {{"a", 1, {0}, {1}}, {"b", 1, {0}, {1}}};
  r.channels = {{"in", BitRate(8e9), sharing, 0}, {"out", BitRate(8e9), sharing, 0}};
  return r;
}

Task playing(const Profile& profile, SeatId seat, std::uint8_t priority = 0) {
  Task task;
  task.seat = seat;
  task.profile = &profile;
  task.priority = priority;
  return task;
}

struct Finish {
  Ticks a, b;
};

Finish playBoth(Sharing sharing, const Profile& a, const Profile& b, std::uint8_t priorityOfB = 0) {
  TaskGraph graph;
  graph.tasks = {playing(a, 0), playing(b, 1, priorityOfB)};
  const Schedule s = platformModel().run(graph, twoOnOne(sharing));
  const auto bits = [](const Profile& p) {
    return p.segments[0].demands[0].amount.value * static_cast<double>(p.segments[0].repeat);
  };
  EXPECT_NEAR(s.channels[0].moved.value + s.channels[1].moved.value, bits(a) + bits(b), 1.0);
  return {s.spans[0].end, s.spans[1].end};
}

TEST(Link, AloneIsExact) {
  const Profile profile = traffic(3, 7, Ticks(1500000));
  TaskGraph graph;
  graph.tasks = {playing(profile, 0)};
  EXPECT_EQ(platformModel().run(graph, twoOnOne(Sharing::fair)).end, profile.alone());
}

TEST(Link, FairSharingHalvesTheRate) {
  const Finish f = playBoth(Sharing::fair, traffic(1), traffic(1));
  EXPECT_EQ(f.a.ps, 2048000);
  EXPECT_EQ(f.b.ps, 2048000);
}

TEST(Link, TheLongerFlowSpeedsUpWhenTheShorterEnds) {
  const Finish f = playBoth(Sharing::fair, traffic(1), traffic(3));
  EXPECT_EQ(f.a.ps, 2048000);
  EXPECT_EQ(f.b.ps, 4096000);
}

TEST(Link, FairMeansThatWhoWantsLessGetsIt) {
  Profile slow = traffic(1);
  slow.segments[0].demands[0].peak = BitRate(2e9);
  const Finish f = playBoth(Sharing::fair, slow, traffic(3));
  EXPECT_EQ(f.a.ps, 4096000);  // a quarter of the rate, as much as it can take
  EXPECT_EQ(f.b.ps, 4096000);  // three quarters
}

TEST(Link, DirectionsDoNotShare) {
  const Finish f = playBoth(Sharing::fair, traffic(1), traffic(3, 1, {}, true));
  EXPECT_EQ(f.a.ps, 1024000);
  EXPECT_EQ(f.b.ps, 3072000);
}

TEST(Link, FifoServesOneAtATimeInEachDirection) {
  EXPECT_EQ(playBoth(Sharing::fifo, traffic(1), traffic(1)).b.ps, 2048000);
  EXPECT_EQ(playBoth(Sharing::fifo, traffic(1), traffic(1, 1, {}, true)).b.ps, 1024000);
}

TEST(Link, ExclusiveServesOneDirectionAtATime) {
  const Finish f = playBoth(Sharing::exclusive, traffic(1), traffic(3, 1, {}, true));
  EXPECT_EQ(f.a.ps, 1024000);
  EXPECT_EQ(f.b.ps, 4096000);
}

TEST(Link, ExclusiveIsHeldUntilTheTaskEnds) {
  Profile withPause = traffic(1);
  Segment pause;
  pause.local = Ticks(5000000);
  withPause.segments.push_back(pause);
  const Finish f = playBoth(Sharing::exclusive, withPause, traffic(1));
  EXPECT_EQ(f.a.ps, 6024000);
  EXPECT_EQ(f.b.ps, 7048000);
}

TEST(Link, PriorityOvertakes) {
  const Finish f = playBoth(Sharing::priority, traffic(1), traffic(1), 9);
  EXPECT_EQ(f.b.ps, 1024000);
  EXPECT_EQ(f.a.ps, 2048000);
}

TEST(Link, OverloadConservesWork) {
  // Two users with compute between transfers, 150 % load together: no time is lost or invented.
  const Profile a = traffic(1, 50, Ticks(1365000)), b = traffic(1, 50, Ticks(1365000));
  const Finish f = playBoth(Sharing::fair, a, b);
  const double wire = 100 * 1024000.0;
  EXPECT_GE(static_cast<double>(std::max(f.a, f.b).ps), wire);
  EXPECT_LE(static_cast<double>(std::max(f.a, f.b).ps), wire * 1.05);
}

TEST(Link, AThirdUserOfTwoLinksTakesTheLeastOfBoth) {
  Resources r;
  r.seats = {{"a", 1, {}, {}}};
  for (const char* name : {"first", "second"})
    r.channels.push_back({name, BitRate(8e9), Sharing::fair, 0});
  TaskGraph graph;
  graph.routes = {{0}, {1}, {0, 1}};
  for (std::int32_t i = 0; i < 3; ++i) {
    Task move;
    move.kind = Task::Kind::move;
    move.wire = bytes(1024 * (i == 2 ? 1 : 2));
    move.peak = BitRate(8e9);
    move.route = i;
    graph.tasks.push_back(move);
  }
  const Schedule s = platformModel().run(graph, r);
  EXPECT_EQ(s.spans[2].end.ps, 2048000);
  EXPECT_EQ(s.spans[0].end.ps, 3072000);
  EXPECT_EQ(s.spans[1].end.ps, 3072000);
}

TEST(Link, UnknownSharingIsRefused) {
  EXPECT_THROW(parseSharing("round"), InputError);
}

TEST(Platform, AThenBThenAGivesEqualSchedules) {
  const Profile p = traffic(3, 7, Ticks(1500000)), q = traffic(1, 50, Ticks(365000));
  TaskGraph one, other;
  one.tasks = {playing(p, 0), playing(q, 1), playing(q, 0)};
  one.edges = {{0, 2}};
  other.tasks = {playing(q, 0)};
  const auto ends = [](const Schedule& s) {
    std::vector<std::int64_t> out{s.events};
    for (const TaskSpan& span : s.spans) out.push_back(span.end.ps);
    return out;
  };
  const auto first = ends(platformModel().run(one, twoOnOne(Sharing::fair)));
  (void)platformModel().run(other, twoOnOne(Sharing::exclusive));
  EXPECT_EQ(ends(platformModel().run(one, twoOnOne(Sharing::fair))), first);
}

TEST(Platform, IndependentWorkTakesTheLongerTime) {
  Profile p, q;
  p.segments.emplace_back().local = Ticks(700);
  q.segments.emplace_back().local = Ticks(1900);
  TaskGraph graph;
  graph.tasks = {playing(p, 0), playing(q, 1)};
  for (Task& t : graph.tasks) t.alone = t.profile->alone();
  EXPECT_EQ(platformModel().run(graph, twoOnOne(Sharing::fair)).end.ps, 1900);
  EXPECT_EQ(listSchedule(graph, twoOnOne(Sharing::fair)).end.ps, 1900);
}

TEST(Platform, ACopyHidesBehindComputeUnlessTheMemoryIsClosed) {
  Profile p;
  p.segments.emplace_back().local = Ticks(5000000);
  TaskGraph graph;
  graph.routes = {{0}};
  Task copy;
  copy.kind = Task::Kind::move;
  copy.wire = bytes(1024);
  copy.peak = BitRate(8e9);
  copy.route = 0;
  copy.alone = Ticks(1024000);
  graph.tasks = {playing(p, 0), copy};
  graph.tasks[0].alone = p.alone();
  for (const bool closed : {false, true}) {
    if (closed) graph.tasks[1].closedTo = 0;
    const Ticks expected(closed ? 6024000 : 5000000);
    EXPECT_EQ(platformModel().run(graph, twoOnOne(Sharing::fair)).end, expected);
    EXPECT_EQ(listSchedule(graph, twoOnOne(Sharing::fair)).end, expected);
  }
}

TEST(Platform, ACircleIsABug) {
  TaskGraph graph;
  graph.tasks.resize(2);
  for (Task& t : graph.tasks) t.seat = 0;
  graph.edges = {{0, 1}, {1, 0}};
  EXPECT_THROW((void)listSchedule(graph, twoOnOne(Sharing::fair)), std::logic_error);
}

}  // namespace
}  // namespace wattlas
