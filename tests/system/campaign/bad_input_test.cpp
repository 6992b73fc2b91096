// Does every mistake around a campaign get an answer that says what, where and what to do?
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/system/campaign/campaign_study.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;

class BadInput : public ::testing::Test {
 protected:
  std::string file(const std::string& name) const { return campaign_.folder() + "/" + name; }
  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = read(file(name));
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " in " << text;
    folder_.write("sweep/" + name, text.replace(at, from.size(), to));
  }
  /// Each command that opens the campaign is refused with these words.
  void expectRefused(const std::vector<std::string>& words) const {
    for (const char* command : {"run", "status", "merge", "slurm"}) {
      std::vector<std::string> all = {"campaign", command, campaign_.folder()};
      if (std::string(command) == "merge") all.insert(all.end(), {"-o", folder_ / "m.h5"});
      const Output o = wattlas(all);
      EXPECT_EQ(o.exitCode, 2) << command << o.out << o.err;
      for (const std::string& word : words) EXPECT_THAT(o.err, HasSubstr(word)) << command;
    }
    EXPECT_FALSE(exists(folder_ / "m.h5"));
  }
  Folder folder_;
  Campaign campaign_{folder_, smallStudy};
};

TEST_F(BadInput, APlanThatIsNoPlan) {
  for (const std::string bytes : {"", "kind: something else\n", "{[", "\xff\xfe\x01"}) {
    folder_.write("sweep/plan.yaml", bytes);
    expectRefused({"plan.yaml"});
  }
}

TEST_F(BadInput, APlanOfAnotherVersion) {
  replace("plan.yaml", "schema: 1", "schema: 2");
  expectRefused({"plan.yaml", "not a plan that this version reads", "wattlas campaign plan"});
}

TEST_F(BadInput, APlanOfAnotherBuild) {
  replace("plan.yaml", "build: ", "build: 0");
  expectRefused({"plan.yaml", "another build of wattlas", "scripts/bundle.sh"});
}

TEST_F(BadInput, AnEditedStudy) {
  replace("study.yaml", "time_s", "power_avg_w");
  expectRefused({"study.yaml, plan.yaml, or a file of weights or accuracies was changed",
                 "new plan in another folder"});
}

TEST_F(BadInput, AStudyThatIsGone) {
  std::filesystem::remove(file("study.yaml"));
  expectRefused({"study.yaml", "cannot be read"});
}

TEST_F(BadInput, AFolderThatIsNoCampaign) {
  std::filesystem::remove(file("plan.yaml"));
  expectRefused({"holds no campaign", "wattlas campaign plan STUDY.yaml -o"});
}

TEST_F(BadInput, JournalsThatCannotBeWrittenAreNoSuccess) {
  std::filesystem::remove_all(file("journals"));
  const Output gone = campaign_.run(0, 1);
  EXPECT_EQ(gone.exitCode, 75) << gone.out;
  EXPECT_THAT(gone.err, HasSubstr("the folder is gone"));
  folder_.write("sweep/journals", "a file");
  const Output blocked = campaign_.run(0, 1);
  EXPECT_EQ(blocked.exitCode, 2) << blocked.out;
  EXPECT_THAT(blocked.err, HasSubstr("journals"));
}

TEST_F(BadInput, SlurmSettingsThatSomebodyBroke) {
  std::filesystem::create_directories(file("slurm"));
  folder_.write("sweep/slurm/settings.json", R"({"shards": "many"})");
  const Output o = wattlas({"campaign", "slurm", campaign_.folder()});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("settings.json"));
  EXPECT_THAT(o.err, HasSubstr("shards"));
}

TEST_F(BadInput, AFileInThePlaceOfTheFolder) {
  const Output o =
      wattlas({"campaign", "plan", folder_ / "sweep.yaml", "-o", folder_ / "sweep.yaml"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("new or empty folder"));
}

}  // namespace
}  // namespace wattlas::system
