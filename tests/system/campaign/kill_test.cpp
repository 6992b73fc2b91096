// Do random SIGKILLs change a byte? A few here; scripts/check_campaign does 100.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>

#include "tests/system/campaign/campaign_study.h"

namespace wattlas::system {
namespace {

constexpr int killsWanted = 3;

/// Runs campaigns on a study in two shards, killing one of the processes at random moments, until
/// so many kills have hit a running process. Every campaign must end in the reference bytes.
void killAtRandom(const char* study) {
  const Folder folder;
  const auto started = std::chrono::steady_clock::now();
  const std::string reference = explored(folder, study);
  const std::chrono::duration<double, std::milli> whole =
      std::chrono::steady_clock::now() - started;
  // A shard is over about as soon as the whole exploration: kills fall all over that time.
  const auto latest = std::max<unsigned>(100, static_cast<unsigned>(whole.count()));
  std::mt19937 random(20240611);
  int kills = 0, campaigns = 0;
  while (kills < killsWanted) {
    ASSERT_LT(campaigns, 60) << "the study is over before a kill can hit it";
    const Campaign campaign(folder, study, "sweep" + std::to_string(campaigns++));
    std::array<std::unique_ptr<Running>, 2> shards;
    std::array<bool, 2> complete{};
    for (int i = 0; !(complete[0] && complete[1]); i = static_cast<int>(random() % 2)) {
      for (std::size_t s = 0; s < 2; ++s)
        if (!complete[s] && !shards[s])
          shards[s] = std::make_unique<Running>(campaign.command(static_cast<int>(s), 2));
      auto& victim = shards[static_cast<std::size_t>(i)];
      if (!victim) continue;
      if (kills < killsWanted) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % latest));
        victim->send(SIGKILL);
      }
      const Output o = victim->finish();
      victim.reset();
      kills += o.signal == SIGKILL ? 1 : 0;
      if (o.signal == SIGKILL) continue;
      ASSERT_EQ(o.exitCode, 0) << o.err;
      complete[static_cast<std::size_t>(i)] = true;
    }
    ASSERT_TRUE(campaign.merged() == reference) << "campaign " << campaigns;
  }
  std::printf("%d kills in %d campaigns, all files equal\n", kills, campaigns);
}

TEST(RandomKills, OfAFixedPlanChangeNoByte) {
  killAtRandom(longStudy);
}
TEST(RandomKills, OfATenGenerationSearchChangeNoByte) {
  killAtRandom(searchStudy);
}

TEST(RandomKills, WorkersDieWithTheirShard) {
  const Folder folder;
  const Campaign campaign(folder, longStudy);
  Running running(campaign.command(0, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  running.send(SIGKILL);
  // Standard error is inherited by the workers: it closes only when they are gone, too.
  const Output o = running.finish();
  EXPECT_TRUE(o.signal == SIGKILL || o.exitCode == 0);
}

}  // namespace
}  // namespace wattlas::system
