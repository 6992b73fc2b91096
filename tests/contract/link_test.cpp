// Do shared links divide their rate as announced, exactly when alone and whatever the order?
#include <gtest/gtest.h>

#include "models/sim/replay.h"

namespace wattlas {
namespace {

/// `kib` KiB at 1 GB/s of link rate: 1.024 us each.
Profile traffic(double kib, std::uint8_t priority = 0, std::int64_t repeat = 1, Ticks local = {}) {
  Profile profile;
  Segment segment;
  segment.local = local;
  segment.demands.push_back({0, bytes(kib * 1024), BitRate(8e9), priority, false});
  segment.repeat = repeat;
  profile.segments.push_back(segment);
  return profile;
}

struct Finish {
  Ticks a, b;
};

Finish playBoth(Sharing sharing, const Profile& a, const Profile& b, std::int64_t grain = 1) {
  LinkModule link("link", BitRate(8e9), sharing);
  ReplayModule first("first", link), second("second", link);
  Finish finish;
  first.play(a, grain, [&] { finish.a = fromScTime(sc_core::sc_time_stamp()); });
  second.play(b, grain, [&] { finish.b = fromScTime(sc_core::sc_time_stamp()); });
  sc_core::sc_start();
  EXPECT_NEAR(link.carried().value,
              a.segments[0].demands[0].amount.value * static_cast<double>(a.segments[0].repeat) +
                  b.segments[0].demands[0].amount.value * static_cast<double>(b.segments[0].repeat),
              1.0);
  return finish;
}

TEST(Link, AloneIsExact) {
  LinkModule link("link", BitRate(8e9), Sharing::fair);
  ReplayModule replay("replay", link);
  const Profile profile = traffic(3, 0, 7, Ticks(1500000));
  Ticks end;
  replay.play(profile, 1, [&] { end = fromScTime(sc_core::sc_time_stamp()); });
  sc_core::sc_start();
  EXPECT_EQ(end, profile.alone());
}

TEST(Link, PartsDoNotChangeTheTimeAlone) {
  LinkModule link("link", BitRate(8e9), Sharing::fair);
  ReplayModule replay("replay", link);
  const Profile profile = traffic(3, 0, 100, Ticks(1500000));
  Ticks end;
  replay.play(profile, 16, [&] { end = fromScTime(sc_core::sc_time_stamp()); });
  sc_core::sc_start();
  EXPECT_EQ(end, profile.alone());
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

TEST(Link, DirectionsDoNotShare) {
  Profile out = traffic(3);
  out.segments[0].demands[0].write = true;
  const Finish f = playBoth(Sharing::fair, traffic(1), out);
  EXPECT_EQ(f.a.ps, 1024000);
  EXPECT_EQ(f.b.ps, 3072000);
}

TEST(Link, ExclusiveServesOneDirectionAtATime) {
  Profile out = traffic(3);
  out.segments[0].demands[0].write = true;
  const Finish f = playBoth(Sharing::exclusive, traffic(1), out);
  EXPECT_EQ(f.a.ps, 1024000);
  EXPECT_EQ(f.b.ps, 4096000);
}

TEST(Link, ExclusiveServesInOrder) {
  const Finish f = playBoth(Sharing::exclusive, traffic(1), traffic(1));
  EXPECT_EQ(f.a.ps, 1024000);
  EXPECT_EQ(f.b.ps, 2048000);
}

TEST(Link, PriorityOvertakes) {
  const Finish f = playBoth(Sharing::priority, traffic(1, 0), traffic(1, 9));
  EXPECT_EQ(f.b.ps, 1024000);
  EXPECT_EQ(f.a.ps, 2048000);
}

TEST(Link, OverloadConservesWork) {
  // Two users with compute between transfers, 150 % load together: no time is lost or invented.
  const Profile a = traffic(1, 0, 50, Ticks(1365000)), b = traffic(1, 0, 50, Ticks(1365000));
  const Finish f = playBoth(Sharing::fair, a, b, 50);
  const double wire = 100 * 1024000.0;
  EXPECT_GE(static_cast<double>(std::max(f.a, f.b).ps), wire);
  EXPECT_LE(static_cast<double>(std::max(f.a, f.b).ps), wire * 1.05);
}

TEST(Link, UnknownSharingIsRefused) {
  EXPECT_THROW(parseSharing("round"), InputError);
}

}  // namespace
}  // namespace wattlas
