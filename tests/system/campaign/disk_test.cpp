// Is a full disk reported, and does it cost nothing but a restart?
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/system/campaign/campaign_study.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;

/// Limits the size of files that processes started meanwhile may write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(FullDisk, OfAJournalIsReportedAndTheNextRunContinues) {
  const Folder folder;
  const std::string reference = explored(folder, smallStudy);
  const Campaign campaign(folder, smallStudy);
  Output stopped;
  {
    const FileSizeLimit limit(300000);
    stopped = campaign.run(0, 1);
  }
  ASSERT_EQ(stopped.exitCode, 75) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("free some space"));
  EXPECT_THAT(stopped.err, HasSubstr("what was written before is safe"));
  EXPECT_EQ(campaign.run(0, 1).exitCode, 0);
  EXPECT_TRUE(campaign.merged() == reference);
}

TEST(FullDisk, OfAMergeLeavesTheOldFile) {
  const Folder folder;
  const Campaign campaign(folder, smallStudy);
  campaign.run(0, 1);
  const std::string output = folder.write("m.h5", "the old file");
  Output o;
  {
    const FileSizeLimit limit(20000);
    o = wattlas({"campaign", "merge", campaign.folder(), "-o", output});
  }
  EXPECT_NE(o.exitCode, 0);
  EXPECT_EQ(read(output), "the old file");
}

TEST(FullDisk, OfARealFileSystemLosesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const Folder folder;
  const std::string reference = explored(folder, smallStudy);
  const Campaign campaign(folder, smallStudy);
  const std::string journals = campaign.folder() + "/journals";
  // In a mount namespace of its own: the tmpfs is gone with it, so the journals are copied out.
  const std::string script = "mount -t tmpfs -o size=200k none '" + journals + "' || exit 77; '" +
                             WATTLAS_COMMAND + "' campaign run '" + campaign.folder() +
                             "' -j 1 2>'" + (folder / "err") + "'; code=$?; mkdir '" +
                             (folder / "saved") + "'; cp '" + journals + "'/* '" +
                             (folder / "saved") + "'; exit $code";
  folder.write("full.sh", script);
  const int status = std::system(("unshare -m sh '" + (folder / "full.sh") + "'").c_str());
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this machine lets nobody mount a tmpfs";
  ASSERT_EQ(WEXITSTATUS(status), 75) << read(folder / "err");
  EXPECT_THAT(read(folder / "err"), HasSubstr("No space left on device"));
  ASSERT_EQ(std::system(("cp '" + (folder / "saved") + "'/* '" + journals + "'").c_str()), 0);
  const Output again = campaign.run(0, 1);
  EXPECT_EQ(again.exitCode, 0) << again.err;
  EXPECT_THAT(again.out, ::testing::Not(HasSubstr("36 of them now"))) << "kept rows are not redone";
  EXPECT_TRUE(campaign.merged() == reference);
}

}  // namespace
}  // namespace wattlas::system
