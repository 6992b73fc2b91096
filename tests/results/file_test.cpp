#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "models/base/error.h"
#include "results/atomic_file.h"
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

TEST(AtomicFile, AFullDiskIsReportedAndTheOldFileStays) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  // The temporary name leads to a device that is always full.
  const Folder folder;
  writeFileAtomically(folder / "a.csv", "old\n");
  std::filesystem::create_symlink("/dev/full",
                                  (folder / "a.csv.tmp.") + std::to_string(::getpid()));
  try {
    writeFileAtomically(folder / "a.csv", "new\n");
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_NE(std::string(problem.what()).find("No space left"), std::string::npos);
  }
  EXPECT_EQ(contentOf(folder / "a.csv"), "old\n");
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
  EXPECT_EQ(
      pointCsv({row}),
      "point_id,platform,workload,format,dpu.clock,fidelity,scope,time_s,energy_j,"
      "power_avg_w,power_peak_w,area_mm2,accuracy,accuracy_se,accuracy_kind,feasible,pareto,"
      "reason,config_hash\n"
      "id1,upmem-dimm,llama2-7b,w8a8kv8,350 MHz,event+analytic,node,1.25,100,80,95.5,330,,,none,"
      "true,true,,00112233445566778899aabbccddeeff\n");
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
  EXPECT_TRUE(parameterColumns({row}).empty());
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
