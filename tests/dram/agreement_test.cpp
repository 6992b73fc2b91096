// `event` against `detailed`: groups of columns against every command. Equal over random mixes, and
// what was issued passes a fresh state of the channel.
#include <gtest/gtest.h>

#include <cmath>

#include "models/base/random.h"
#include "models/dram/channel_state.h"
#include "models/dram/command_log.h"
#include "tests/dram/specs.h"

namespace wattlas::dram {
namespace {

struct Case {
  Traffic traffic;
  ControllerParams params;
};

Case randomCase(const DramSpec& spec, std::uint64_t seed) {
  Random random(seed);
  Case c;
  c.traffic.seed = seed;
  c.traffic.requests = 1500;
  c.traffic.pattern = trafficPatterns()[random.below(trafficPatterns().size())];
  c.traffic.writeShare = std::vector<double>{0, 0.1, 0.3, 0.5, 1}[random.below(5)];
  c.traffic.stride = std::int64_t{64} << random.below(12);
  c.traffic.interval = std::vector<std::int64_t>{0, 0, 0, 3, 20, 200}[random.below(6)];
  c.traffic.bytes = std::vector<std::uint64_t>{0, 0, 1U << 20, 1U << 16}[random.below(4)];
  c.params.page = random.below(3) == 0 ? "closed" : "open";
  c.params.refresh = spec.refresh.banksPerCommand > 0 && random.below(2) == 0 ? "bank" : "all";
  c.params.postpone = static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(spec.refresh.postponeLimit) + 1));
  c.params.hitCap = random.below(2) == 0 ? 16 : 4;
  c.params.mapping = std::vector<std::string>{
      "row:rank:bank:column:bankgroup:channel", "row:rank:bankgroup:bank:column:channel",
      "rank:row:bank:column:bankgroup:column2:channel"}[random.below(3)];
  c.params.bankXor = random.below(2) == 0;
  return c;
}

/// One channel with one or two ranks.
DramSpec ranked(const std::string& id, const char* ranks) {
  return specOf(id, {{"organisation.channels", ConfigNode::ofScalar("1")},
                     {"organisation.pseudoChannels", ConfigNode::ofScalar("1")},
                     {"organisation.ranks", ConfigNode::ofScalar(ranks)}});
}

class Agreement : public testing::TestWithParam<std::string> {};

TEST_P(Agreement, TimeAndEnergyOverRandomMixes) {
  std::int64_t eventSteps = 0, detailedSteps = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const DramSpec spec = ranked(GetParam(), seed % 5 == 0 ? "2" : "1");
    const Case c = randomCase(spec, seed);
    const MemoryResult event = runTraffic(spec, c.params, Level::event, c.traffic);
    const MemoryResult detailed = runTraffic(spec, c.params, Level::detailed, c.traffic);
    const std::string what = "seed " + std::to_string(seed) + " " + c.traffic.pattern + " " +
                             c.params.page + " " + c.params.refresh;
    EXPECT_EQ(event.clocks, detailed.clocks) << what;
    EXPECT_EQ(event.ledger.total(), detailed.ledger.total()) << what;
    EXPECT_EQ(event.total.reads, detailed.total.reads);
    EXPECT_EQ(event.total.writes, detailed.total.writes);
    eventSteps += event.total.steps;
    detailedSteps += detailed.total.steps;
  }
  EXPECT_LT(eventSteps, detailedSteps) << "event is to decide less often";
}

/// What users see: groups are worth most where rows are reused.
TEST_P(Agreement, StreamsNeedAFewDecisionsPerRow) {
  const DramSpec spec = oneChannel(GetParam());
  Traffic traffic;
  traffic.requests = 4000;
  const auto event = runTraffic(spec, {}, Level::event, traffic).total;
  const auto detailed = runTraffic(spec, {}, Level::detailed, traffic).total;
  EXPECT_LT(5 * event.steps, detailed.steps);
  EXPECT_GE(detailed.steps, 4000);
}

/// Replays the commands of one engine, whatever it planned, through a fresh checker.
TEST_P(Agreement, EveryCommandOfEventIsLegal) {
  for (std::uint64_t seed = 101; seed <= 112; ++seed) {
    const DramSpec spec = ranked(GetParam(), seed % 3 == 0 ? "2" : "1");
    const Timing clocks = timingOf(spec);
    const Case c = randomCase(spec, seed);
    CommandLog log;
    runTraffic(spec, c.params, Level::event, c.traffic, &log);
    ChannelState checker(clocks);
    for (const CommandRecord& r : log.sorted()) {
      const auto clock = static_cast<Clock>(
          std::floor(static_cast<double>(r.time.ps) * 1e-12 * clocks.clock.value + 1e-6));
      const int flat =
          r.bank < 0 ? -1
                     : r.rank * clocks.banksPerRank() + r.group * clocks.banksPerGroup + r.bank;
      const bool bankwise = r.kind == CommandKind::REFb;
      const Command command{r.kind, r.rank, bankwise ? -1 : flat, bankwise ? flat : -1, r.row};
      ASSERT_NO_THROW(checker.issue(command, clock)) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, Agreement, testing::ValuesIn(allSpecs()),
                         [](const auto& i) { return testName(i.param); });

}  // namespace
}  // namespace wattlas::dram
