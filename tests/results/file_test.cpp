#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "results/csv.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(AtomicFile, AppearsCompleteUnderItsName) {
  const Folder folder;
  writeFileAtomically(folder / "a.csv", "one\n");
  writeFileAtomically(folder / "a.csv", "two\n");
  EXPECT_EQ(contentOf(folder / "a.csv"), "two\n");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(AtomicFile, AnExceptionBeforeCommitLeavesTheOldFile) {
  const Folder folder;
  writeFileAtomically(folder / "a.csv", "old\n");
  try {
    AtomicFile file(folder / "a.csv");
    file.write("half of the n");
    throw std::runtime_error("interrupted");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(contentOf(folder / "a.csv"), "old\n");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(AtomicFile, AKillBeforeCommitLeavesNothingUnderTheFinalName) {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(folder / "a.csv");
    file.write("half");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.csv"));
}

TEST(AtomicFile, AKillLeavesNothingBehind) {
  const Folder folder;
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(folder / "a.csv");
    file.write("half");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (folder.files() > 0) GTEST_SKIP() << "this file system has no nameless files";
}

TEST(AtomicFile, AFullDiskIsReportedAndTheOldFileStays) {
  const Folder folder;
  writeFileAtomically(folder / "a.csv", "old\n");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handled = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string answer = "written";
  try {
    writeFileAtomically(folder / "a.csv", std::string(5000, 'x'));
  } catch (const InputError& problem) {
    answer = problem.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handled);
  EXPECT_NE(answer.find("File too large"), std::string::npos) << answer;
  EXPECT_EQ(contentOf(folder / "a.csv"), "old\n");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(AtomicFile, KeepsWhoMayReadTheFile) {
  const Folder folder;
  writeFileAtomically(folder / "a.csv", "old\n");
  ::chmod((folder / "a.csv").c_str(), 0640);
  writeFileAtomically(folder / "a.csv", "new\n");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a.csv").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST(AtomicFile, WritesThroughALinkOfTheUser) {
  const Folder folder;
  std::filesystem::create_directory(folder / "kept");
  writeFileAtomically(folder / "kept/a.csv", "old\n");
  std::filesystem::create_symlink("kept/a.csv", folder / "a.csv");
  writeFileAtomically(folder / "a.csv", "new\n");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "a.csv"));
  EXPECT_EQ(contentOf(folder / "kept/a.csv"), "new\n");
}

TEST(AtomicFile, RefusesALinkToNothing) {
  const Folder folder;
  std::filesystem::create_symlink("missing", folder / "a.csv");
  EXPECT_THROW(AtomicFile(folder / "a.csv"), InputError);
}

TEST(AtomicFile, AMissingFolderIsNamed) {
  try {
    AtomicFile file("/no/such/folder/a.csv");
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_NE(std::string(problem.what()).find("create the folder '/no/such/folder' first"),
              std::string::npos);
  }
}

TEST(AtomicFile, AFolderIsNotAFile) {
  const Folder folder;
  EXPECT_THROW(AtomicFile(folder / ""), InputError);
  EXPECT_THROW(AtomicFile(""), InputError);
}

TEST(Csv, QuotesOnlyWhatNeedsIt) {
  std::string line;
  appendCsvLine(line,
                std::vector<std::string>{"plain", "a,b", "say \"x\"", "two\nlines", " pad", ""});
  EXPECT_EQ(line, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" pad\",\n");
}

TEST(Csv, NumbersAreShortAndRounded) {
  EXPECT_EQ(csvNumber(0.1), "0.1");
  EXPECT_EQ(csvNumber(1.0 / 3), "0.333333333333");
  EXPECT_EQ(csvNumber(-0.0), "0");
  EXPECT_EQ(csvNumber(missing), "");
  EXPECT_EQ(csvNumber(2.5e-12), "2.5e-12");
}

TEST(PointCsv, HeaderAndOrderAreThoseOfTheContract) {
  PointRow row = makePointRow("id1", test::sampleResult(), {{"dpu.clock", "350 MHz"}});
  row.pareto = true;
  const std::string csv = pointCsv({row});
  EXPECT_THAT(
      csv,
      testing::StartsWith(
          "point_id,platform,workload,format,dpu.clock,fidelity,scope,time_s,energy_j,"
          "power_avg_w,power_peak_w,area_mm2,accuracy,accuracy_se,accuracy_kind,feasible,pareto,"
          "reason,config_hash,device,edp_js,"));
  EXPECT_THAT(csv, testing::HasSubstr(
                       "\nid1,upmem-dimm,llama2-7b,w8a8kv8,350 "
                       "MHz,event+analytic,node,1.25,100,80,95.5,330,,,none,"
                       "true,true,,00112233445566778899aabbccddeeff,device,125,64,0.9375,0.25,"));
}

TEST(PointCsv, InactiveParametersAndInfeasibleNumbersAreEmptyCells) {
  const PointRow a = makePointRow("a", test::sampleResult(), {{"dpu.clock", "350 MHz"}});
  const PointRow b = makePointRow("b", test::infeasibleResult(), {{"sm.count", "132"}});
  const std::string csv = pointCsv({a, b});
  EXPECT_NE(csv.find("format,dpu.clock,sm.count,fidelity"), std::string::npos);
  EXPECT_NE(
      csv.find("b,gpu-h100-sxm,llama2-7b,w8a8kv8,,132,event+analytic,node,,,,,,,,none,false,false,"
               "\"weights need 140 GB, the device has 80 GB; no ternary units\","),
      std::string::npos);
}

TEST(PointCsv, ParametersThatAreColumnsAnywayAreNotRepeated) {
  const PointRow row =
      makePointRow("a", test::sampleResult(), {{"platform", "upmem-dimm"}, {"format", "int8"}});
  EXPECT_TRUE(columnsOf({row}).parameters.empty());
}

TEST(PointRowTest, AFormulaIsNeverCalledEvent) {
  RunResult r = test::sampleResult();
  r.fidelityUsed = {{"device", "event"}, {"host", "analytic"}};
  EXPECT_EQ(makePointRow("a", r).fidelity, "event+analytic");
  r.fidelityUsed["device"] = "analytic";
  EXPECT_EQ(makePointRow("a", r).fidelity, "analytic");
}

TEST(PointRowTest, AnUnknownNumberIsRefusedWithTheNearestName) {
  try {
    numberOf(PointRow{}, "energy");
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_NE(std::string(problem.what()).find("energy_j"), std::string::npos);
  }
}

}  // namespace
}  // namespace wattlas
