// Does a campaign give the file of one process, however it is cut up?
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/system/campaign/campaign_study.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Journals sync: on a busy disk these tests would mostly wait.
class InMemory : public ::testing::Environment {
 public:
  void SetUp() override {
    if (::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 0);
  }
};
const ::testing::Environment* const inMemory = ::testing::AddGlobalTestEnvironment(new InMemory);

TEST(Campaign, OneTwoAndSevenShardsGiveTheFileOfExplore) {
  const Folder folder;
  const std::string reference = explored(folder, smallStudy);
  for (const int n : {1, 2, 7}) {
    const Campaign campaign(folder, smallStudy, "sweep" + std::to_string(n));
    for (int i = 0; i < n; ++i) EXPECT_EQ(campaign.run(i, n).exitCode, 0);
    EXPECT_TRUE(campaign.merged() == reference) << n << " shards";
  }
}

TEST(Campaign, ASearchInTwoShardsAtOnceGivesTheFileOfExplore) {
  const Folder folder;
  const std::string reference = explored(folder, searchStudy);
  const Campaign campaign(folder, searchStudy);
  Running first(campaign.command(0, 2)), second(campaign.command(1, 2));
  EXPECT_EQ(first.finish().exitCode, 0);
  EXPECT_EQ(second.finish().exitCode, 0);
  EXPECT_TRUE(campaign.merged() == reference);
}

TEST(Campaign, MaskedProcessorFeaturesChangeNoByte) {
  const Folder folder;
  const std::string reference = explored(folder, smallStudy);
  ::setenv("GLIBC_TUNABLES",
           "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-FMA4,-AVX512F,-AVX,-ERMS", 1);
  const Campaign campaign(folder, smallStudy);
  const Output o = campaign.run(0, 1);
  const std::string bytes = campaign.merged();
  ::unsetenv("GLIBC_TUNABLES");
  EXPECT_EQ(o.exitCode, 0) << o.err;
  EXPECT_TRUE(bytes == reference);
}

TEST(Campaign, TheFileKnowsNoPathHostOrShard) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  campaign.run(0, 1);
  const std::string bytes = campaign.merged();
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  EXPECT_EQ(bytes.find(folder.path()), std::string::npos);
  EXPECT_EQ(bytes.find("shard-"), std::string::npos);
  const bool telling = std::string(host.data()).size() > 3;  // "vm" may stand anywhere
  EXPECT_TRUE(!telling || bytes.find(host.data()) == std::string::npos);
}

TEST(Campaign, MissingPointsAreListedWithExitCode75) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  campaign.run(0, 2);
  const Output refused = wattlas({"campaign", "merge", campaign.folder(), "-o", folder / "m.h5"});
  EXPECT_EQ(refused.exitCode, 75);
  EXPECT_THAT(refused.err, HasSubstr("points have no row yet"));
  EXPECT_FALSE(exists(folder / "m.h5"));
  EXPECT_GT(campaign.merged({"--partial"}).size(), 1000u);
}

TEST(Campaign, StatusIsOneJsonObject) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  campaign.run(1, 2);
  const Output o = wattlas({"campaign", "status", campaign.folder(), "--json"});
  const auto status = nlohmann::json::parse(o.out);
  EXPECT_FALSE(status["complete"].get<bool>());
  EXPECT_EQ(status["points"], 36);
  EXPECT_EQ(status["settled"].get<int>() + status["missing"].get<int>(), 36);
  EXPECT_EQ(status["shards"][0]["incomplete"], nlohmann::json::array({0}));
  EXPECT_EQ(status["journals"][0]["end"], "complete");
}

TEST(Campaign, AttemptsAreExclusiveAndCountUp) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  EXPECT_EQ(campaign.run(0, 2, {"--attempt", "3"}).exitCode, 0);
  const Output taken = campaign.run(0, 2, {"--attempt", "3"});
  EXPECT_EQ(taken.exitCode, 2);
  EXPECT_THAT(taken.err, HasSubstr("attempt 3 of shard 0/2 was started before"));
  EXPECT_EQ(campaign.run(1, 2).exitCode, 0);
  EXPECT_TRUE(exists(campaign.folder() + "/journals/shard-0001-of-0002.attempt-0.journal"));
}

TEST(Campaign, BadShardsSayWhatIsExpected) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  for (const char* shard : {"2/2", "x", "1", "-1/2", "0/0", "1/", "/2", "1/2/3"}) {
    const Output o = wattlas({"campaign", "run", campaign.folder(), "--shard", shard});
    EXPECT_EQ(o.exitCode, 2) << shard;
    EXPECT_THAT(o.err, HasSubstr("i/N")) << shard;
  }
}

TEST(Campaign, PlanningAgainIsNoHarmAndAnotherStudyIsRefused) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  EXPECT_EQ(wattlas({"campaign", "plan", folder / "sweep.yaml", "-o", campaign.folder()}).exitCode,
            0);
  const Output other = wattlas({"campaign", "plan", folder / "sweep.yaml", "-o", campaign.folder(),
                                "--set", "workload.batch=2"});
  EXPECT_EQ(other.exitCode, 2);
  EXPECT_THAT(other.err, HasSubstr("another plan"));
}

TEST(Campaign, TheCacheAnswersALaterRunWithTheSameBytes) {
  const Folder folder;
  const std::string reference = explored(folder, smallStudy);
  const Campaign first(folder, smallStudy, "one"), second(folder, smallStudy, "two");
  EXPECT_THAT(first.run(0, 1, {"--cache", folder / "cache"}).out, HasSubstr("0 of 36 points from"));
  EXPECT_THAT(second.run(0, 1, {"--cache", folder / "cache"}).out,
              HasSubstr("36 of 36 points from the cache"));
  EXPECT_TRUE(second.merged() == reference);
}

class Interrupt : public ::testing::TestWithParam<int> {};

TEST_P(Interrupt, EndsWith75AndTheSameCommandContinues) {
  const Folder folder;
  const Campaign campaign(folder, longStudy);
  Running running(campaign.command(0, 1));
  const std::string journal = campaign.folder() + "/journals/shard-0000-of-0001.attempt-0.journal";
  for (int i = 0; i < 500 && !exists(journal); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  running.send(GetParam());
  const Output o = running.finish();
  ASSERT_EQ(o.exitCode, 75) << o.signal << o.err << o.out;
  EXPECT_THAT(o.err, HasSubstr("the same command continues"));
  const auto status =
      nlohmann::json::parse(wattlas({"campaign", "status", campaign.folder(), "--json"}).out);
  EXPECT_EQ(status["journals"][0]["end"], "interrupted");
  EXPECT_EQ(status["journals"][0]["torn_bytes"], 0);
}
INSTANTIATE_TEST_SUITE_P(Signals, Interrupt, ::testing::Values(SIGINT, SIGTERM, SIGUSR1));

TEST(CampaignAudit, LeavesTheMergedFileAsItIs) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  campaign.run(0, 1);
  const std::string plain = campaign.merged();
  EXPECT_TRUE(campaign.merged({"--audit", "5"}) == plain);
  const Output o =
      wattlas({"campaign", "merge", campaign.folder(), "-o", folder / "a.h5", "--audit", "all"});
  EXPECT_EQ(o.exitCode, 0) << o.err;
  EXPECT_THAT(o.out, ::testing::HasSubstr("answered points computed again, all equal"));
}

TEST(CampaignSignature, AWrongKeyIsRefusedAndTheRightOneChangesNothing) {
  const Folder folder;
  const std::string right = folder.write("right", "0123456789abcdef 1"),
                    wrong = folder.write("wrong", "0123456789abcdef 2");
  const Campaign campaign(folder, smallStudy), open(folder, smallStudy, "open");
  EXPECT_EQ(campaign.run(0, 1, {"--sign", right}).exitCode, 0);
  open.run(0, 1);
  EXPECT_TRUE(campaign.merged({"--sign", right}) == open.merged());
  const Output o =
      wattlas({"campaign", "merge", campaign.folder(), "-o", folder / "a.h5", "--sign", wrong});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, ::testing::HasSubstr("not signed with this key"));
  const Output unsignedRows =
      wattlas({"campaign", "merge", open.folder(), "-o", folder / "a.h5", "--sign", right});
  EXPECT_EQ(unsignedRows.exitCode, 75) << "rows without a signature are missing";
}

}  // namespace
}  // namespace wattlas::system
