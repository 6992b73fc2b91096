// Reports, plots and differences of results files, as a user calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using testing::HasSubstr;

constexpr const char* study = R"(name: small
workloads: [ecg-dscnn1d]
genes:
  platform: {categorical: [upmem-dimm, pim-ai-1chip]}
  format: {categorical: [int8, int4]}
fidelity: analytic
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive}
)";

class Files : public ::testing::Test {
 protected:
  std::string explored(const std::string& name) {
    const Output o = wattlas({"explore", folder_.write("small.yaml", study), "-o", folder_ / name});
    EXPECT_EQ(o.exitCode, 0) << o.err;
    return folder_ / name;
  }
  Folder folder_;
};

TEST_F(Files, ReportOfAStudyIsOnePage) {
  const Output o = wattlas({"report", explored("a.h5"), "-o", folder_ / "a.html"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("written: "));
  const std::string page = read(folder_ / "a.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

TEST_F(Files, ReportOfOneRunIsAPageToo) {
  ASSERT_EQ(wattlas({"run", "-p", "pim-ai-1chip", "-w", "ecg-dscnn1d", "--fidelity", "analytic",
                     "-o", folder_ / "run.h5"})
                .exitCode,
            0);
  EXPECT_EQ(wattlas({"report", folder_ / "run.h5", "-o", folder_ / "run.html"}).exitCode, 0);
  EXPECT_GT(read(folder_ / "run.html").size(), 200000u);
}

TEST_F(Files, TheSameFileGivesTheSamePage) {
  const std::string file = explored("a.h5");
  wattlas({"report", file, "-o", folder_ / "a.html"});
  wattlas({"report", file, "-o", folder_ / "b.html"});
  EXPECT_EQ(read(folder_ / "a.html"), read(folder_ / "b.html"));
}

TEST_F(Files, AReportOfNoResultsFileIsRefused) {
  const Output o = wattlas({"report", folder_.write("x.h5", "text"), "-o", folder_ / "x.html"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("is not an HDF5 file"));
  EXPECT_FALSE(exists(folder_ / "x.html"));
}

TEST_F(Files, PlotsComeAsSvgOrPdfWithTheirNumbers) {
  const std::string file = explored("a.h5");
  for (const char* kind : {"pareto", "energy", "heatmap"})
    for (const char* ending : {".svg", ".pdf"}) {
      const std::string name = folder_ / (std::string(kind) + ending);
      EXPECT_EQ(wattlas({"plot", kind, file, "-o", name}).exitCode, 0) << name;
      EXPECT_GT(read(name).size(), 500u) << name;
      EXPECT_TRUE(exists(folder_ / (std::string(kind) + ".csv")));
    }
}

TEST_F(Files, APlotWithoutItsDataSaysWhatIsMissing) {
  ASSERT_EQ(wattlas({"run", "-p", "pim-ai-1chip", "-w", "ecg-dscnn1d", "--fidelity", "analytic",
                     "-o", folder_ / "run.h5"})
                .exitCode,
            0);
  const Output o = wattlas({"plot", "hypervolume", folder_ / "run.h5", "-o", folder_ / "h.svg"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("no search history"));
}

TEST_F(Files, DiffOfAFileWithItselfIsEqual) {
  const std::string file = explored("a.h5");
  EXPECT_THAT(wattlas({"diff", file, file}).out, HasSubstr("4 equal, 0 changed"));
}

TEST_F(Files, WhatIsReadIsNeverOverwritten) {
  const std::string file = explored("a.h5");
  const std::string before = read(file);
  const Output page = wattlas({"report", file, "-o", file});
  EXPECT_EQ(page.exitCode, 2);
  EXPECT_THAT(page.err, HasSubstr("would be lost"));
  EXPECT_EQ(read(file), before);
  const std::string yaml = folder_.write("s.yaml", study);
  EXPECT_EQ(wattlas({"explore", yaml, "-o", yaml}).exitCode, 2);
  EXPECT_EQ(read(yaml), study);
  const std::string table = folder_ / "points.csv";
  ASSERT_EQ(wattlas({"explore", yaml, "--csv", table}).exitCode, 0);
  EXPECT_EQ(wattlas({"plot", "pareto", file, "-o", folder_ / "points.svg"}).exitCode, 2);
  EXPECT_THAT(read(table), HasSubstr("config_hash"));
}

TEST_F(Files, APlotOfOneWorkloadRefusesOthers) {
  const std::string file = explored("a.h5");
  EXPECT_EQ(
      wattlas({"plot", "pareto", file, "-w", "ecg-dscnn1d", "-o", folder_ / "p.svg"}).exitCode, 0);
  const Output o = wattlas({"plot", "pareto", file, "-w", "ecg", "-o", folder_ / "p.svg"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("one of ecg-dscnn1d"));
}

TEST_F(Files, UncertaintyOfAStudyReachesTheReport) {
  const Output o =
      wattlas({"explore", folder_.write("u.yaml", study), "--uncertainty", "-o", folder_ / "u.h5"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("pim-ai-1chip beats\n"));
  EXPECT_THAT(o.out, HasSubstr("what moves time of ecg-dscnn1d on pim-ai-1chip"));
  EXPECT_EQ(wattlas({"plot", "tornado", folder_ / "u.h5", "-o", folder_ / "t.svg"}).exitCode, 0);
  const Output other =
      wattlas({"plot", "tornado", folder_ / "u.h5", "--point", "zz", "-o", folder_ / "t.svg"});
  EXPECT_EQ(other.exitCode, 2);
  EXPECT_THAT(other.err, HasSubstr("for a point 'zz'"));
}

TEST_F(Files, ComparisonsSayWhatTheyRestOn) {
  const Output o =
      wattlas({"compare", "-p", "pim-ai-1chip", "-p", "fpga-zcu104", "-w", "ecg-dscnn1d",
               "--format", "int4", "--fidelity", "analytic", "--uncertainty"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("fpga-zcu104 needs less time than pim-ai-1chip in "));
  EXPECT_THAT(o.out, HasSubstr("level at device.link.launch = "));
}

TEST_F(Files, SeedsOfASearchThatHasNoneAreRefused) {
  const Output o = wattlas({"explore", folder_.write("s.yaml", study), "--seeds", "3"});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("has nothing that seeds would repeat"));
}

}  // namespace
}  // namespace wattlas::system
