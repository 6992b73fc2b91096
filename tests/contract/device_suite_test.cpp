// Does every device keep the promises of a profile? Programs one by one, below the platform.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "models/copy_routes.h"
#include "models/sim/platform_model.h"
#include "tests/contract/suite.h"

namespace wattlas {
namespace {

using suite::Point;

class EveryDevice : public ::testing::TestWithParam<std::string> {
 protected:
  /// Programs of all small points together with where they come from; experiments stay alive.
  struct Case {
    std::string where;
    std::shared_ptr<const Program> program;
  };
  void SetUp() override {
    for (const Point& point : suite::points()) {
      // Where a mapping would put an operator is not the question here.
      experiments_.push_back(suite::experiment(GetParam(), point, {{"mapping.place", "{}"}}));
      for (auto& program : suite::devicePrograms(experiments_.back()))
        cases_.push_back({suite::label(GetParam(), point), std::move(program)});
    }
  }
  const Platform& platform() const { return *experiments_.front().platform; }
  const Device& device() const { return *platform().device.device; }
  std::vector<Fidelity> simulated() const {
    std::vector<Fidelity> levels;
    for (const Fidelity f : {Fidelity::event, Fidelity::detailed})
      if (suite::offers(device(), f)) levels.push_back(f);
    return levels;
  }

  std::vector<Experiment> experiments_;
  std::vector<Case> cases_;
};

void expectConsistent(const Profile& profile, const Device& device, const std::string& where) {
  EnergyCounts bySegments, byShares;
  for (const Segment& segment : profile.segments) {
    EXPECT_GE(segment.repeat, 0) << where;
    EXPECT_GE(segment.local.ps, 0) << where;
    bySegments.add(segment.energy, segment.repeat);
  }
  Ticks attributed;
  for (const OperatorShare& share : profile.shares) {
    byShares.add(share.energy);
    attributed += share.attributed;
    EXPECT_GE(share.attributed.ps, 0) << where;
    EXPECT_GE(share.end.ps, share.start.ps) << where;
    EXPECT_LE(share.end.ps, profile.alone().ps) << where;
    EXPECT_GE(share.utilisation, 0) << where;
    EXPECT_LE(share.utilisation, 1) << where;
  }
  EXPECT_EQ(attributed.ps, profile.alone().ps) << where << ": attributed time";
  // Zero counts are allowed on one side only.
  std::map<CoefficientId, std::pair<std::int64_t, std::int64_t>> counts;
  for (const auto& e : bySegments.entries()) counts[e.id].first = e.count;
  for (const auto& e : byShares.entries()) counts[e.id].second = e.count;
  for (const auto& [id, pair] : counts)
    EXPECT_EQ(pair.first, pair.second) << where << ": " << device.energy().at(id).id;
}

void expectEqual(const Profile& a, const Profile& b, const std::string& where) {
  EXPECT_EQ(a.alone().ps, b.alone().ps) << where;
  EXPECT_EQ(a.events, b.events) << where;
  EXPECT_EQ(a.statistics, b.statistics) << where;
  EXPECT_EQ(a.replications.size(), b.replications.size()) << where;
  ASSERT_EQ(a.segments.size(), b.segments.size()) << where;
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    EXPECT_EQ(a.segments[i].local.ps, b.segments[i].local.ps) << where;
    EXPECT_EQ(a.segments[i].repeat, b.segments[i].repeat) << where;
    EXPECT_EQ(a.segments[i].energy, b.segments[i].energy) << where;
  }
  ASSERT_EQ(a.shares.size(), b.shares.size()) << where;
  for (std::size_t i = 0; i < a.shares.size(); ++i) {
    EXPECT_EQ(a.shares[i].attributed.ps, b.shares[i].attributed.ps) << where;
    EXPECT_EQ(a.shares[i].energy, b.shares[i].energy) << where;
  }
}

TEST_P(EveryDevice, HasSomethingToRun) {
  EXPECT_FALSE(cases_.empty());
}

TEST_P(EveryDevice, SegmentsAndSharesOfTheClosedFormAgree) {
  for (const Case& c : cases_) expectConsistent(device().estimate(*c.program), device(), c.where);
}

TEST_P(EveryDevice, SegmentsAndSharesOfTheSimulationAgree) {
  for (const Fidelity f : simulated())
    for (const Case& c : cases_)
      expectConsistent(device().simulate(*c.program, f), device(), c.where);
}

TEST_P(EveryDevice, NoLevelBeatsTheBoundOfAProgram) {
  for (const Case& c : cases_) {
    EXPECT_GT(c.program->lowerBound().ps, 0) << c.where;
    EXPECT_GE(device().estimate(*c.program).alone().ps, c.program->lowerBound().ps) << c.where;
  }
  for (const Fidelity f : simulated())
    for (const Case& c : cases_)
      EXPECT_GE(device().simulate(*c.program, f).alone().ps, c.program->lowerBound().ps)
          << c.where << " " << nameOf(f);
}

TEST_P(EveryDevice, ForgetsWhatItRanBefore) {
  const Fidelity level = suite::highest(device());
  if (level == Fidelity::analytic || cases_.size() < 2) GTEST_SKIP() << "nothing to simulate";
  std::vector<Profile> first;
  for (const Case& c : cases_) first.push_back(device().simulate(*c.program, level));
  // In reverse: every program now follows another one than before.
  for (std::size_t i = cases_.size(); i-- > 0;)
    expectEqual(device().simulate(*cases_[i].program, level), first[i], cases_[i].where);
}

TEST_P(EveryDevice, ThatLowersByOperatorLooksAtNothingElse) {
  if (!device().lowersByOperator()) GTEST_SKIP() << "programs depend on the network";
  for (const Experiment& x : experiments_)
    for (const Phase& phase : x.workload->phases)
      for (OpId id = 0; id < static_cast<OpId>(phase.graph.size()); ++id) {
        Operator op = phase.graph.at(id);
        if (device().support(op).level == Support::Level::refused) continue;
        const auto inside = device().lower({phase.graph, {id}, phase.kind});
        op.name = "another name";
        Graph alone;
        const OpId there = alone.add(op);
        const auto outside = device().lower({alone, {there}, phase.kind});
        ASSERT_EQ(bool(inside), bool(outside)) << x.workload->id << " " << phase.graph.at(id).name;
        if (inside) {
          EXPECT_EQ((*inside)->hash(), (*outside)->hash()) << x.workload->id << " " << id;
        }
      }
}

TEST_P(EveryDevice, EqualHashesMeanEqualProfiles) {
  std::map<std::string, Profile> known;
  for (const Case& c : cases_) {
    const Profile profile = device().estimate(*c.program);
    const auto [at, added] = known.emplace(c.program->hash().hex(), profile);
    if (!added) expectEqual(at->second, profile, c.where);
  }
}

TEST_P(EveryDevice, EnergyIsCountedInDeclaredCoefficientsOnly) {
  for (const Case& c : cases_)
    for (const Segment& segment : device().estimate(*c.program).segments)
      for (const auto& entry : segment.energy.entries()) {
        EXPECT_GE(entry.count, 0) << c.where;
        ASSERT_LT(static_cast<std::size_t>(entry.id), device().energy().all().size()) << c.where;
      }
}

TEST_P(EveryDevice, ReplayedAloneEqualsThePrivateTime) {
  if (!suite::offers(device(), Fidelity::event)) GTEST_SKIP() << "analytic only";
  const CopyRoutes routes(platform());
  const Resources& resources = routes.resources();
  const double rate = platform().link.rate.value.value;
  for (const Case& c : cases_) {
    const Profile profile = device().simulate(*c.program, Fidelity::event);
    // Where the platform's link is narrower than the device's port, it decides.
    Ticks expected;
    for (const Segment& segment : profile.segments) {
      Ticks longest = segment.local;
      for (const Demand& d : segment.demands) {
        const double usable = rate > 0 ? std::min(rate, d.peak.value) : d.peak.value;
        longest = std::max(longest, toTicks(d.amount / BitRate(usable)));
      }
      expected += times(longest, segment.repeat);
    }
    TaskGraph graph;
    graph.tasks.emplace_back().seat = 0;
    graph.tasks.back().profile = &profile;
    EXPECT_EQ(platformModel().run(graph, resources).end.ps, expected.ps) << c.where;
  }
}

TEST_P(EveryDevice, ParametersNameTheirOrigin) {
  for (const ParameterRecord& p : platform().config.parameters) {
    EXPECT_LE(p.low, p.value) << p.path;
    EXPECT_GE(p.high, p.value) << p.path;
    const bool structural = p.dimension == Dimension::count;
    if (p.basis == Basis::assumption || structural) continue;
    EXPECT_FALSE(p.source.empty()) << p.path << " is " << nameOf(p.basis) << " by whom?";
  }
}

std::string caseName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, EveryDevice, ::testing::ValuesIn(suite::platformIds()), caseName);

}  // namespace
}  // namespace wattlas
