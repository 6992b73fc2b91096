// Do the short cuts of a sweep (shared parts, known profiles, one platform model) change what a
// point comes out as?
#include "explorer/point_evaluator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "explorer/worker_protocol.h"
#include "models/sim/platform_model.h"
#include "tests/models/toy_platform.h"

namespace wattlas {
namespace {

/// Unknown metrics are NaN, which never equal each other: compare what is sent between processes.
bool equal(const PointOutcome& a, const PointOutcome& b) {
  return encodeResults(std::vector{a}) == encodeResults(std::vector{b});
}

/// A study of the toy device with design parameters in all sections.
class Points : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string file =
        ::testing::TempDir() + "/wattlas_points_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(file) << R"(
device: {kind: toy, lanes: 64, clock: 1 GHz, store: 64 MB, buffer: 1 MB, linkPeak: 8 GB/s,
  energyPerMac: 1 pJ, energyPerBit: 5 pJ/bit, leakage: 0.1 W}
host: {from: devices/cpu-xeon.yaml}
link: {rate: 4 GB/s, latency: 1 us, energyPerBit: 4 pJ/bit}
)";
    study_ = compileStudy(parseYaml("name: points\n"
                                    "workloads: [jet-mlp, \"gemm:4x64x64\"]\n"
                                    "genes:\n"
                                    "  platform: {categorical: [" +
                                        file +
                                        ", cpu-xeon]}\n"
                                        "  batch: {ordinal: [1, 4]}\n"
                                        "  clock: {categorical: [1 GHz, 2 GHz],\n"
                                        "          when: \"platform != 'cpu-xeon'\"}\n"
                                        "  lanes: {ordinal: [0, 16, 64],\n"
                                        "          when: \"platform != 'cpu-xeon'\"}\n"
                                        "  run.coupling: {categorical: [replayed, live]}\n"
                                        "derived: {workload.rate: \"batch * 10\"}\n"
                                        "objectives: [{minimise: time_s}, {minimise: energy_j}]\n"
                                        "search: {method: exhaustive, budget: 0, seed: 1}\n",
                                    "points"),
                          "points");
    points_ = enumerate(study_, 1000);
  }

  /// Everything anew for one point.
  PointOutcome alone(const DesignPoint& point) const {
    return evaluatePoint(
        study_, point,
        [](const ExperimentSpec& spec) {
          const Experiment x = makeExperiment(spec, test::registry(), test::path());
          ProfileCache cache;
          return simulate(x, cache, platformSimulator);
        },
        true);
  }

  Study study_;
  std::vector<DesignPoint> points_;
};

TEST_F(Points, PartsGiveTheSameExperimentAsTheWholeSpecification) {
  ExperimentMaker maker(test::registry(), test::path());
  ExperimentSource source(study_, maker);
  const auto outcome = [](const std::function<Experiment()>& make) {
    try {
      return make().configHash;
    } catch (const InputError& error) {
      return std::string(error.what());
    }
  };
  for (int round = 0; round < 2; ++round)
    for (const DesignPoint& point : points_)
      EXPECT_EQ(outcome([&] { return source.at(point); }), outcome([&] {
                  return makeExperiment(specOf(study_, point), test::registry(), test::path());
                }));
}

TEST_F(Points, ManyAtOnceEqualOneByOne) {
  SimulatingEvaluator evaluator(study_, test::registry(), test::path(), platformSimulator);
  for (int round = 0; round < 2; ++round) {  // cold, then with everything known
    std::size_t i = 0;
    evaluator.evaluate(points_, true, [&](PointOutcome outcome) {
      EXPECT_TRUE(equal(outcome, alone(points_[i]))) << "point " << i;
      ++i;
    });
    EXPECT_EQ(i, points_.size());
  }
}

TEST_F(Points, TotalsAreThoseOfTheWholeResult) {
  SimulatingEvaluator evaluator(study_, test::registry(), test::path(), platformSimulator);
  std::vector<PointOutcome> full, totals;
  evaluator.evaluate(points_, true, [&](PointOutcome o) { full.push_back(std::move(o)); });
  evaluator.evaluate(points_, false, [&](PointOutcome o) { totals.push_back(std::move(o)); });
  ASSERT_EQ(full.size(), totals.size());
  for (std::size_t i = 0; i < full.size(); ++i) {
    full[i].detail.clear();
    EXPECT_TRUE(equal(full[i], totals[i])) << "point " << i;
  }
}

}  // namespace
}  // namespace wattlas
