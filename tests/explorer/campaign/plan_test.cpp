// Is a plan recognised again, and anything else refused?
#include <gmock/gmock.h>

#include "tests/explorer/campaign/campaign_fixture.h"

namespace wattlas::test {
namespace {

using ::testing::HasSubstr;

class PlanTest : public CampaignTest {
 protected:
  std::string refusal(const CampaignServices& with) const {
    try {
      loadPlan(folder_.path(), with);
      return {};
    } catch (const InputError& error) {
      return error.what();
    }
  }
};

TEST_F(PlanTest, IsReadBackAsItWasMade) {
  const CampaignPlan made = plan(fixedStudy());
  const CampaignPlan loaded = loadPlan(folder_.path(), services());
  EXPECT_EQ(made.id, loaded.id);
  EXPECT_EQ(made.ids, loaded.ids);
  EXPECT_EQ(loaded.points.size(), 48u);
  EXPECT_FALSE(loaded.adaptive);
}

TEST_F(PlanTest, OfASearchHoldsNoPoints) {
  plan(searchStudy());
  const CampaignPlan loaded = loadPlan(folder_.path(), services());
  EXPECT_TRUE(loaded.adaptive);
  EXPECT_TRUE(loaded.points.empty());
  EXPECT_EQ(loaded.planned, 200u);
}

TEST_F(PlanTest, AnotherBuildIsRefused) {
  plan(fixedStudy());
  CampaignServices other = services();
  other.build = "build-two";
  EXPECT_THAT(refusal(other), HasSubstr("another build"));
}

TEST_F(PlanTest, AChangedDeviceFileIsRefused) {
  plan(fixedStudy());
  CampaignServices other = services();
  other.configHash = [](const ExperimentSpec&) { return "edited"; };
  EXPECT_THAT(refusal(other), HasSubstr("is not the one that the plan was made with"));
}

TEST_F(PlanTest, AnEditedStudyIsRefused) {
  const CampaignPlan made = plan(fixedStudy());
  std::string text = readBytes(made.studyFile());
  text.replace(text.find("max: 6"), 6, "max: 7");
  writeBytes(made.studyFile(), text);
  EXPECT_THAT(refusal(services()), HasSubstr("changed after the plan was made"));
}

TEST_F(PlanTest, AFolderWithoutAPlanSaysHowToMakeOne) {
  EXPECT_THAT(refusal(services()), HasSubstr("wattlas campaign plan STUDY.yaml -o"));
}

TEST(ShardTest, EveryPointBelongsToExactlyOneShard) {
  for (std::uint32_t n = 1; n < 9; ++n)
    for (std::uint64_t i = 0; i < 200; ++i) {
      const Hash128 id = Hasher().integer(static_cast<std::int64_t>(i)).finish();
      int owners = 0;
      for (std::uint32_t s = 0; s < n; ++s) owners += Shard{s, n}.owns(id) ? 1 : 0;
      EXPECT_EQ(owners, 1);
    }
}

TEST(ShardTest, JournalNamesAreReadBack) {
  const auto shard = shardOf(journalName({3, 16}, 2));
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->index, 3u);
  EXPECT_EQ(shard->count, 16u);
  EXPECT_FALSE(shardOf("notes.journal"));
}

}  // namespace
}  // namespace wattlas::test
