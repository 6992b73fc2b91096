// Does status say how far a campaign is and what to do next?
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "explorer/campaign/campaign_status.h"
#include "tests/explorer/campaign/campaign_fixture.h"

namespace wattlas::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RangesTest, AreWrittenAsSlurmTakesThem) {
  EXPECT_EQ(ranges({}), "");
  EXPECT_EQ(ranges({3}), "3");
  EXPECT_EQ(ranges({0, 1, 3, 7, 8, 9}), "0,1,3,7-9");
}

class StatusTest : public CampaignTest {};

TEST_F(StatusTest, CountsAndNamesMissingShards) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 1, 4);
  run(p, 3, 4);
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr), 1);
  EXPECT_FALSE(s.complete);
  EXPECT_EQ(s.settled + s.missing.size(), 48u);
  ASSERT_EQ(s.shards.size(), 2u);
  EXPECT_THAT(s.shards[0].incomplete, ElementsAre(0));
  EXPECT_THAT(s.shards[1].incomplete, ElementsAre(0, 2));
  EXPECT_THAT(statusText(p, s, std::time(nullptr)), HasSubstr("of 4 shards, 2 incomplete: 0,2"));
}

TEST_F(StatusTest, NamesReasonsAndTheNextStep) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_TRUE(s.complete);
  EXPECT_EQ(s.feasible + s.infeasible, 48u);
  const std::string text = statusText(p, s, std::time(nullptr));
  EXPECT_THAT(text, HasSubstr("constraint not met"));
  EXPECT_THAT(text, HasSubstr("48 of 48 settled (100.0 %)"));
  EXPECT_THAT(text, HasSubstr("campaign merge"));
}

TEST_F(StatusTest, EstimatesTheTimeLeftFromActiveJournals) {
  const CampaignPlan p = plan(fixedStudy());
  {
    // A journal in the middle of its work: begun 10 s ago, 12 rows, no end.
    JournalWriter writer(p.journals() + "/" + journalName({0, 1}, 0), 1);
    JournalBegin begin;
    begin.unixSeconds = static_cast<std::uint64_t>(std::time(nullptr) - 10);
    writer.append(beginPayload(begin));
    for (std::int64_t i = 0; i < 12; ++i)
      writer.append(rowPayload(RecordKind::row, Hasher().integer(i).finish(), {}));
  }
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_EQ(s.active, 1u);
  EXPECT_NEAR(s.pointsPerSecond, 1.2, 0.2);
  EXPECT_NEAR(s.secondsLeft, 46 / 1.2, 8.0);
  EXPECT_EQ(statusOf(p, journals(p), std::time(nullptr) + 1000).active, 0u);
}

TEST_F(StatusTest, AKilledProcessOfThisHostIsNotCalledActive) {
  const CampaignPlan p = plan(fixedStudy());
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  for (const auto& [host, process, shard] :
       {std::tuple{hostName(), gone, 0U}, {hostName(), ::getpid(), 1U}, {"elsewhere", gone, 2U}}) {
    JournalWriter writer(p.journals() + "/" + journalName({shard, 3}, 0), 1);
    JournalBegin begin;
    begin.host = host;
    begin.process = static_cast<std::uint64_t>(process);
    writer.append(beginPayload(begin));
  }
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_EQ(s.active, 2u);
  EXPECT_TRUE(s.journals[0].killed);
  EXPECT_THAT(statusText(p, s, std::time(nullptr)), HasSubstr("killed; a later"));
}

TEST_F(StatusTest, NamesAShardToRunNext) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 3);
  run(p, 2, 3);
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_THAT(statusText(p, s, std::time(nullptr)), HasSubstr("--shard 1/3"));
}

TEST_F(StatusTest, OfASearchKnowsTheGeneration) {
  const CampaignPlan p = plan(searchStudy());
  EXPECT_FALSE(run(p, 0, 1, 50).complete);
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_FALSE(s.complete);
  EXPECT_GE(s.settled, 40u);
  EXPECT_FALSE(s.missing.empty());
  EXPECT_THAT(statusText(p, s, std::time(nullptr)), HasSubstr("missing in this generation"));
}

TEST_F(StatusTest, ShowsTornJournals) {
  const CampaignPlan p = plan(fixedStudy());
  run(p, 0, 1);
  const std::string file = onlyJournal(p);
  const std::string bytes = readBytes(file);
  writeBytes(file, bytes.substr(0, bytes.size() - 40));
  const CampaignStatus s = statusOf(p, journals(p), std::time(nullptr));
  EXPECT_THAT(statusText(p, s, std::time(nullptr)), HasSubstr("torn record"));
}

}  // namespace
}  // namespace wattlas::test
