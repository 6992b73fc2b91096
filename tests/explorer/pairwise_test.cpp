// Do pairwise comparisons say what the intervals of the assumptions do to two designs?
#include "explorer/pairwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <memory>

#include "tests/models/toy_platform.h"

namespace wattlas {
namespace {

TEST(Chance, CountsScenariosInWhichADesignIsTheBestOfAll) {
  const double refused = std::nan("");
  const Chance chance = chanceToBeBest({1, 1, 1, refused},
                                       {{2, 1, 0.5, refused}, {2, 2, 0.25, 5}, {9, 9, 9, refused}});
  EXPECT_DOUBLE_EQ(chance.probability, (1 + 0.5 + 0 + 0) / 4);
  ASSERT_TRUE(chance.rival);
  EXPECT_EQ(*chance.rival, 1u) << "beats it in two scenarios, the first only in one";
  EXPECT_EQ(chanceToBeBest({1, 1}, {}).probability, 1);
  EXPECT_FALSE(chanceToBeBest({1, 1}, {{2, 2}}).rival);
}

/// A toy platform whose link and energy per bit are known as intervals, in closed form.
class Comparisons : public ::testing::Test {
 protected:
  Comparisons() : maker_(test::registry(), test::path()) {}

  struct Design {
    ExperimentSpec spec;
    RunResult result;
    ScenarioSet scenarios;
    std::unique_ptr<ClosedForm> form;
    Contender contender() const { return {*form, scenarios, result.timeS, result.energyJ}; }
  };

  Design design(const std::string& name, const std::string& energyPerBit,
                const std::string& linkRate) {
    const std::string file =
        ::testing::TempDir() + "/wattlas_duel_" + name + "_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(file)
        << "device: {kind: toy, lanes: 64, clock: 1 GHz, store: 64 MB, buffer: 1 MB, "
           "linkPeak: 8 GB/s,\n  energyPerMac: 1 pJ, energyPerBit: "
        << energyPerBit
        << ", leakage: 0.1 W}\nhost: {from: devices/cpu-xeon.yaml}\nlink: {rate: " << linkRate
        << ", latency: 1 us, energyPerBit: 4 pJ/bit}\n";
    Design d;
    d.spec.platform = file;
    d.spec.workload = "gemm:64x256x256";
    d.spec.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
    const Experiment experiment = maker_.make(d.spec);
    ProfileCache cache;
    d.result = simulate(experiment, cache, {});
    d.scenarios = runScenarios(d.spec, d.result, test::registry(), test::path());
    d.form = std::make_unique<ClosedForm>(d.spec, maker_);
    return d;
  }

  static std::string interval(const std::string& value, const std::string& low,
                              const std::string& high) {
    return "{value: " + value + ", low: " + low + ", high: " + high +
           ", basis: assumption, source: test}";
  }

  ExperimentMaker maker_;
};

TEST_F(Comparisons, ADesignWithoutIntervalsIsOneValue) {
  const Design d = design("plain", "5 pJ/bit", "4 GB/s");
  for (const ParameterSwing& s : swingsOf(d.contender(), "time_s"))
    EXPECT_THAT(s.parameter, testing::StartsWith("host."));
  EXPECT_EQ(d.form->parameter("link.rate"), nullptr);
  EXPECT_EQ(d.form->ratio("link.rate", 1.0, "time_s"), 1.0);
}

TEST_F(Comparisons, TheSwingIsWhatTheParameterDoesAlone) {
  const Design d = design("rate", "5 pJ/bit", interval("4 GB/s", "1 GB/s", "8 GB/s"));
  const std::vector<ParameterSwing> swings = swingsOf(d.contender(), "time_s");
  ASSERT_FALSE(swings.empty());
  EXPECT_EQ(swings.front().parameter, "link.rate");
  EXPECT_GT(swings.front().low, d.result.timeS) << "a slow link costs time";
  EXPECT_LT(swings.front().high, d.result.timeS);
}

TEST_F(Comparisons, BreakEvenIsWhereBothAreLevel) {
  const Design a = design("a", "5 pJ/bit", interval("4 GB/s", "1 GB/s", "8 GB/s"));
  const Design b = design("b", "5 pJ/bit", "2 GB/s");
  const auto comparison = comparisonOf(a.contender(), b.contender(), "time_s");
  ASSERT_TRUE(comparison.has_value());
  EXPECT_LT(comparison->ratio, 1);
  EXPECT_GT(comparison->probability, 0.5);
  EXPECT_LT(comparison->probability, 1) << "below 2 GB/s the other one wins";
  EXPECT_EQ(comparison->decidedBy(), "link.rate");
  ASSERT_EQ(comparison->breakEven.size(), 1u);
  EXPECT_EQ(comparison->breakEven.front().parameter, "link.rate");
  // The other design stays at its 2 GB/s, because it has no interval there.
  EXPECT_THAT(comparison->breakEven.front().value, testing::StartsWith("2 GB/s"));
}

TEST_F(Comparisons, SharedUnknownsDoNotSeparateEqualDesigns) {
  const std::string rate = interval("4 GB/s", "1 GB/s", "8 GB/s");
  const Design a = design("same1", "5 pJ/bit", rate), b = design("same2", "5 pJ/bit", rate);
  const auto comparison = comparisonOf(a.contender(), b.contender(), "time_s");
  ASSERT_TRUE(comparison.has_value());
  EXPECT_EQ(comparison->ratios.p5, 1);
  EXPECT_EQ(comparison->ratios.p95, 1);
  EXPECT_EQ(comparison->probability, 0.5);
  EXPECT_TRUE(comparison->swings.empty());
}

TEST_F(Comparisons, AMissingScenarioIsNotPairedWithAnother) {
  Design a = design("gone1", "5 pJ/bit", "4 GB/s");
  const Design b = design("gone2", "5 pJ/bit", "4 GB/s");
  a.scenarios.timeS.pop_back();
  EXPECT_FALSE(comparisonOf(a.contender(), b.contender(), "time_s").has_value());
}

TEST_F(Comparisons, TheStrongestSwingsAreSimulatedAndTheOthersAreNot) {
  const Design d = design("confirm", interval("5 pJ/bit", "2 pJ/bit", "9 pJ/bit"),
                          interval("4 GB/s", "1 GB/s", "8 GB/s"));
  std::vector<ParameterSwing> swings;
  for (const auto& influence : d.scenarios.influences)
    if (swings.size() < 4) swings.push_back({influence.parameter, "energy_j", 0, 0});
  ASSERT_EQ(swings.size(), 4u);
  std::size_t asked = 0;
  confirmSwings(*d.form, swings, [&](const std::vector<ExperimentSpec>& specs) {
    asked = specs.size();
    std::vector<std::optional<RunResult>> out;
    for (const ExperimentSpec& spec : specs) {
      ProfileCache cache;
      out.emplace_back(simulate(maker_.make(spec), cache, {}));
    }
    return out;
  });
  EXPECT_EQ(asked, 6u);
  for (std::size_t i = 0; i < swings.size(); ++i) EXPECT_EQ(swings[i].confirmed(), i < 3) << i;
  const ParameterRecord& p = *d.form->parameter(swings[0].parameter);
  EXPECT_NEAR(swings[0].confirmedHigh, d.result.energyJ * d.form->ratio(p.path, p.high, "energy_j"),
              1e-9 * d.result.energyJ);
}

TEST(Quantiles, AreLinearBetweenValues) {
  const Quantiles q = quantilesOf({3, 1, 2, 0, 4});
  EXPECT_EQ(q.p50, 2);
  EXPECT_NEAR(q.p5, 0.2, 1e-12);
  EXPECT_TRUE(std::isnan(quantilesOf({}).p50));
}

}  // namespace
}  // namespace wattlas
