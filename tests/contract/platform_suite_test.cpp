// Does every platform keep the promises of a result? Closed forms and simulations, all formats.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "tests/contract/suite.h"

namespace wattlas {
namespace {

using suite::Point;
using suite::Runner;
using suite::Sets;

class EveryPlatform : public ::testing::TestWithParam<std::string> {
 protected:
  Experiment at(const Point& point, const Sets& sets) const {
    return suite::experiment(GetParam(), point, sets);
  }
  std::string label(const Point& point) const { return suite::label(GetParam(), point); }
  /// Level to simulate at in this case; nothing is forced, so a lower one is allowed.
  static Sets level(const char* fidelity, const char* scope = "node") {
    return {{"run.fidelity", fidelity}, {"run.scope", scope}};
  }
};

const char* const levels[] = {"analytic", "event", "detailed"};

double sumOf(const RunResult& r, double OperatorResult::*field) {
  double sum = 0;
  for (const OperatorResult& row : r.operators) sum += row.*field;
  return sum;
}

void expectComplete(const RunResult& r, const std::string& where) {
  if (!r.feasible) {
    ASSERT_FALSE(r.reasons.empty()) << where;
    for (const std::string& reason : r.reasons) EXPECT_GT(reason.size(), 20u) << where << reason;
    EXPECT_TRUE(r.operators.empty()) << where;
    return;
  }
  EXPECT_TRUE(r.reasons.empty()) << where;
  EXPECT_GT(r.timeS, 0) << where;
  EXPECT_GT(r.energyJ, 0) << where;
  EXPECT_TRUE(std::isfinite(r.timeS) && std::isfinite(r.energyJ)) << where;
  for (const OperatorResult& row : r.operators)
    if (row.macs > 0) {
      EXPECT_GT(row.attributedS, 0) << where << ": " << row.name;
      EXPECT_GT(row.energyJ, 0) << where << ": " << row.name;
    }
}

TEST_P(EveryPlatform, RefusesOrCosts) {
  for (const Point& point : suite::points()) {
    Runner run;
    expectComplete(run(at(point, level("analytic"))), label(point));
  }
}

TEST_P(EveryPlatform, RefusesOrCostsWhenSimulated) {
  Runner run;
  for (const Point& point : suite::points())
    expectComplete(run(at(point, level("event"))), label(point));
}

TEST_P(EveryPlatform, BoundIsRespectedByTheClosedForm) {
  for (const Point& point : suite::points())
    for (const char* scope : {"chip", "device", "node"}) {
      Runner run;
      const RunResult r = run(at(point, level("analytic", scope)));
      if (!r.feasible) continue;
      EXPECT_LE(r.boundS, r.timeS) << label(point) << " " << scope;
    }
}

TEST_P(EveryPlatform, BoundIsRespectedByTheSimulation) {
  Runner run;
  for (const Point& point : suite::points())
    for (const char* scope : {"chip", "device", "node"}) {
      const RunResult r = run(at(point, level("event", scope)));
      if (!r.feasible) continue;
      EXPECT_GT(r.boundS, 0) << label(point);
      EXPECT_LE(r.boundS, r.timeS) << label(point) << " " << scope;
    }
}

TEST_P(EveryPlatform, BoundIsRespectedInDetail) {
  Runner run;
  for (const Point& point : suite::points()) {
    const RunResult r = run(at(point, level("detailed", "chip")));
    if (!r.feasible) continue;
    EXPECT_LE(r.boundS, r.timeS) << label(point);
  }
}

TEST_P(EveryPlatform, SaysWhichLevelItUsed) {
  Runner run;
  const Experiment x = at({"gemv:512x512", "int8"}, level("event"));
  const RunResult r = run(x);
  const bool has = suite::offers(*x.platform->device.device, Fidelity::event);
  EXPECT_EQ(r.fidelityUsed.at("device"), has ? "event" : "analytic");
  const bool admitted = std::any_of(r.assumptions.begin(), r.assumptions.end(),
                                    [](const auto& a) { return a.key == "fidelity.device"; });
  EXPECT_NE(admitted, has);
  if (has && r.feasible) {
    EXPECT_GT(r.host.events, 0);
  }
}

TEST_P(EveryPlatform, TimesAndEnergiesAddUp) {
  Runner run;
  for (const char* scope : {"device", "node", "wall"})
    for (const Point& point : suite::points()) {
      const RunResult r = run(at(point, level("event", scope)));
      if (!r.feasible) continue;
      const std::string where = label(point) + " " + scope;
      double breakdown = 0, cells = 0;
      for (const double j : r.breakdownJ) breakdown += j;
      for (const LedgerCell& cell : r.ledger) cells += cell.count * cell.perCountJ;
      EXPECT_NEAR(breakdown, r.energyJ, 1e-11 * r.energyJ) << where;
      EXPECT_NEAR(cells, r.energyJ, 1e-11 * r.energyJ) << where;
      EXPECT_NEAR(sumOf(r, &OperatorResult::energyJ), r.energyJ, 1e-9 * r.energyJ) << where;
      EXPECT_NEAR(sumOf(r, &OperatorResult::attributedS), r.timeS, 1e-9 * r.timeS) << where;
      EXPECT_NEAR(r.powerAvgW, r.energyJ / r.timeS, 1e-9 * r.powerAvgW) << where;
      EXPECT_GE(r.powerPeakW, r.powerAvgW) << where;
      for (const OperatorResult& row : r.operators) {
        EXPECT_GE(row.energyJ, 0) << where << ": " << row.name;
        EXPECT_LE(row.startS, row.endS) << where << ": " << row.name;
        EXPECT_LE(row.endS, r.timeS * (1 + 1e-9)) << where << ": " << row.name;
        EXPECT_LE(row.utilisation, 1.0) << where << ": " << row.name;
      }
    }
}

TEST_P(EveryPlatform, WiderScopesHoldMoreEnergy) {
  for (const Point& point : {Point{"gemv:512x512", "int8"}, Point{"ecg-dscnn1d", "int8"}}) {
    double last = 0;
    for (const char* scope : {"chip", "device", "node", "wall"}) {
      Runner run;
      const RunResult r = run(at(point, level("analytic", scope)));
      if (!r.feasible) continue;
      EXPECT_GE(r.energyJ, last) << label(point) << " " << scope;
      last = r.energyJ;
    }
  }
}

TEST_P(EveryPlatform, GivesTheSameBytesTwice) {
  for (const char* fidelity : levels) {
    if (std::string(fidelity) == "detailed") continue;
    Runner run;
    for (const Point& point : suite::points()) {
      const Experiment x = at(point, level(fidelity));
      EXPECT_EQ(toJson(run(x), false), toJson(run(x), false)) << label(point);
    }
  }
}

TEST_P(EveryPlatform, AWarmCacheChangesNothing) {
  for (const Point& point : suite::points()) {
    const Experiment x = at(point, level("analytic"));
    ProfileCache cache;
    const std::string cold = toJson(simulate(x, cache, {}), false);
    EXPECT_EQ(toJson(simulate(x, cache, {}), false), cold) << label(point);
  }
}

/// The closed form leaves out what only a simulation sees (fill and drain, contention, rounding to
/// whole tiles), so that small work differs most. Beyond a factor of two, one of them is wrong.
TEST_P(EveryPlatform, SimulationAgreesWithTheClosedForm) {
  Runner simulated;
  for (const Point& point : suite::points()) {
    Runner closed;
    const RunResult a = closed(at(point, level("analytic")));
    const RunResult e = simulated(at(point, level("event")));
    ASSERT_EQ(a.feasible, e.feasible) << label(point);
    if (!a.feasible) continue;
    EXPECT_LT(e.timeS, 2.0 * a.timeS) << label(point);
    EXPECT_GT(e.timeS, 0.5 * a.timeS) << label(point);
    EXPECT_NEAR(e.boundS, a.boundS, 1e-9 * a.boundS) << label(point);
  }
}

/// A larger tile may fit a larger product better: a GPU is a little faster then. More than that is
/// an error.
constexpr double tileLuck = 0.002;

TEST_P(EveryPlatform, MoreWorkIsNeverFaster) {
  Runner run;
  for (const char* workload : {"gemm:8x256x256", "attn:1x8x8x128x64", "ecg-dscnn1d"})
    for (const char* format : {"int8", "fp16"}) {
      double last = 0;
      for (const char* batch : {"1", "2", "4"}) {
        Sets sets = level("event");
        sets.emplace_back("workload.batch", batch);
        const RunResult r = run(at({workload, format}, sets));
        if (!r.feasible) break;
        EXPECT_GE(r.timeS, last * (1 - tileLuck))
            << label({workload, format}) << " batch " << batch;
        last = r.timeS;
      }
    }
}

TEST_P(EveryPlatform, LongerProductsAreNeverFaster) {
  Runner run;
  for (const char* format : {"int8", "fp16"}) {
    double last = 0;
    for (const char* workload :
         {"gemv:256x256", "gemv:512x256", "gemv:512x512", "gemv:1024x512", "gemv:1024x1024"}) {
      const RunResult r = run(at({workload, format}, level("event")));
      if (!r.feasible) break;
      EXPECT_GE(r.timeS, last * (1 - tileLuck)) << label({workload, format});
      last = r.timeS;
    }
  }
}

/// Up to 8 bits: the same units run the products then. Wider ones may run elsewhere (DPUs instead
/// of units in the bank, the host instead of a pipeline), with another layout.
TEST_P(EveryPlatform, FewerBitsAreNeverMoreBytes) {
  for (const char* workload : {"gemv:512x512", "gemm:8x256x256", "ecg-dscnn1d"}) {
    double weights = 0;
    std::string before;
    for (const char* format : {"w1.58a8", "w2a8", "w4a8", "w8a8"}) {
      Runner run;
      const RunResult r = run(at({workload, format}, level("analytic")));
      if (!r.feasible) continue;
      EXPECT_GE(r.weightsBytes, weights) << label({workload, format}) << " below " << before;
      weights = r.weightsBytes;
      before = format;
    }
  }
}

const std::vector<Point>& moved() {
  static const std::vector<Point> some = {
      {"gemm:8x256x256", "int8"}, {"ecg-dscnn1d", "int8"}, {"attn:1x8x8x128x64", "fp16"}};
  return some;
}

/// Calls `check(parameter, before, after)` with each parameter of `dimensions` raised by a fifth,
/// one at a time; what lies outside a part's limits or does not fit any more is left out.
template <class Check>
void raiseEach(const std::string& platform, const Point& point,
               std::initializer_list<Dimension> dimensions, const Check& check) {
  const Sets closed = {{"run.fidelity", "analytic"}};
  Runner first;
  const Experiment base = suite::experiment(platform, point, closed);
  const RunResult before = first(base);
  if (!before.feasible) return;
  for (const ParameterRecord& p : base.platform->config.parameters) {
    if (std::find(dimensions.begin(), dimensions.end(), p.dimension) == dimensions.end()) continue;
    if (p.value <= 0) continue;
    Sets sets = closed;
    sets.emplace_back(p.path, exactQuantity(1.2 * p.value, p.dimension));
    RunResult after;
    try {
      Runner run;
      after = run(suite::experiment(platform, point, sets));
    } catch (const InputError&) {
      continue;
    }
    if (after.feasible) check(p.path, before, after);
  }
}

TEST_P(EveryPlatform, FasterPartsNeverMakeItSlower) {
  for (const Point& point : moved())
    raiseEach(GetParam(), point,
              {Dimension::bandwidth, Dimension::frequency, Dimension::throughput},
              [&](const std::string& key, const RunResult& before, const RunResult& after) {
                EXPECT_LE(after.timeS, before.timeS * (1 + 1e-9)) << label(point) << " " << key;
              });
}

TEST_P(EveryPlatform, DearerEventsNeverCostLess) {
  for (const Point& point : moved())
    raiseEach(GetParam(), point, {Dimension::energy, Dimension::energyPerBit},
              [&](const std::string& key, const RunResult& before, const RunResult& after) {
                EXPECT_GE(after.energyJ, before.energyJ * (1 - 1e-9)) << label(point) << " " << key;
              });
}

/// A longer time is a longer delay, but for the refresh interval: less of the time is refresh then.
TEST_P(EveryPlatform, LongerDelaysNeverMakeItFaster) {
  for (const Point& point : moved())
    raiseEach(GetParam(), point, {Dimension::time},
              [&](const std::string& key, const RunResult& before, const RunResult& after) {
                const std::string where = label(point) + " " + key;
                if (key.ends_with(".tREFI")) {
                  EXPECT_LE(after.timeS, before.timeS * (1 + 1e-9)) << where;
                } else {
                  EXPECT_GE(after.timeS, before.timeS * (1 - 1e-9)) << where;
                }
              });
}

TEST_P(EveryPlatform, LongerContextsNeedMoreMemory) {
  double last = 0;
  for (const char* prompt : {"32", "256", "1024"}) {
    Sets sets = level("analytic");
    sets.insert(sets.end(), {{"workload.prompt", prompt}, {"workload.generate", "2"}});
    Runner run;
    const RunResult r = run(at({"opt-125m", "int8"}, sets));
    if (!r.feasible) continue;
    ASSERT_FALSE(r.tiers.empty());
    double resident = 0;
    for (const TierResult& tier : r.tiers) resident += tier.residentBytes;
    EXPECT_GT(resident, last) << "prompt " << prompt;
    last = resident;
  }
}

TEST_P(EveryPlatform, ASlowerRateCostsIdleEnergy) {
  Runner run;
  const Point point{"ecg-dscnn1d", "int8"};
  const RunResult alone = run(at(point, level("analytic")));
  if (!alone.feasible) return;
  Sets sets = level("analytic");
  sets.emplace_back("workload.rate", std::to_string(0.5 / alone.timeS));
  const RunResult rated = run(at(point, sets));
  ASSERT_TRUE(rated.feasible) << rated.reasons.front();
  EXPECT_GT(rated.energyJ, alone.energyJ);
  EXPECT_LT(rated.powerAvgW, alone.powerAvgW);
}

std::string caseName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, EveryPlatform, ::testing::ValuesIn(suite::platformIds()), caseName);

}  // namespace
}  // namespace wattlas
