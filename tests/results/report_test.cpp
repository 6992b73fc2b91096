// The page of a report without a browser; tests/browser uses it in one.
#include "results/report/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::infeasibleResult;
using test::sampleResult;
using testing::HasSubstr;
using testing::Not;

constexpr const char* hostile = "</script><img src=x onerror=alert(1)>{{SCRIPT}}";

class Report : public ::testing::Test {
 protected:
  /// A file of `n` points; every fourth is in the Pareto set.
  Store store(int n, const std::string& name = "study") {
    StoreWriter writer({name, "node", "activity", ""});
    for (int i = 0; i < n; ++i) {
      const RunResult r = i % 5 == 4 ? infeasibleResult() : sampleResult("upmem-dimm", 1.0 + i);
      PointRow row = makePointRow(fmt::format("{:016x}", i), r);
      row.pareto = i % 4 == 0 && row.feasible;
      writer.append(row, toJson(r, false, -1));
    }
    const std::string path = folder_ / "a.h5";
    writer.commit(path);
    return Store(path);
  }
  Folder folder_;
};

std::size_t countOf(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_F(Report, IsOnePageThatLoadsNothing) {
  const std::string page = reportPage(store(6));
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST_F(Report, HoldsEveryMetricWithItsUnitAndDirection) {
  StoreWriter writer({"study", "node", "activity", ""});
  PointRow row = makePointRow("a", sampleResult());
  for (int m = 0; m < coreMetricCount; ++m) row[m] = 1 + m;
  writer.append(row);
  writer.commit(folder_ / "m.h5");
  const std::string rows = reportRows(Store(folder_ / "m.h5"), {0});
  for (int m = 0; m < coreMetricCount; ++m) {
    EXPECT_THAT(rows, HasSubstr("\"name\":\"" + metricAt(m).name + "\""));
    EXPECT_THAT(rows, HasSubstr("\"label\":\"" + metricAt(m).label + "\""));
  }
  EXPECT_THAT(rows, HasSubstr("\"better\":\"more\""));
}

TEST_F(Report, CarriesTheChartLibraryWithItsLicence) {
  const std::string page = reportPage(store(1));
  EXPECT_THAT(page, HasSubstr("Chart.js v"));
  EXPECT_THAT(page, HasSubstr("Permission is hereby granted"));
}

TEST_F(Report, NamesCannotBecomeMarkup) {
  const std::string plain = reportPage(store(3)), page = reportPage(store(3, hostile));
  EXPECT_EQ(countOf(page, "<script"), countOf(plain, "<script"));
  EXPECT_EQ(countOf(page, "</script"), countOf(plain, "</script"));
  EXPECT_EQ(countOf(page, "<img"), countOf(plain, "<img"));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;{{SCRIPT}}</h1>"));
}

TEST_F(Report, TheSameFileGivesTheSameBytes) {
  EXPECT_EQ(reportPage(store(9)), reportPage(store(9)));
}

TEST_F(Report, ParetoSetsStayWhenPointsAreLeftOut) {
  const Store all = store(40);
  const std::vector<std::size_t> shown = shownRows(all, 15);
  EXPECT_EQ(shown.size(), 15u);
  for (std::size_t i = 0; i < all.rows().size(); ++i)
    if (all.rows()[i].pareto) {
      EXPECT_TRUE(std::find(shown.begin(), shown.end(), i) != shown.end()) << i;
    }
  EXPECT_EQ(shownRows(all, 1000).size(), 40u);
  EXPECT_EQ(shownRows(all, 0).size(), 8u) << "the Pareto sets alone";
}

TEST_F(Report, DetailsGoToTheParetoSetFirst) {
  const Store all = store(8);  // rows 0 and 4 qualify, but 4 is infeasible
  const std::vector<std::size_t> shown = shownRows(all, 100);
  const std::string details = reportDetails(all, shown, 1);
  EXPECT_EQ(countOf(details, "\n"), 8u) << "one line per point after the shared one";
  EXPECT_EQ(countOf(details, "\"operators\""), 1u);
  EXPECT_THAT(details.substr(details.find('\n') + 1, 3), HasSubstr("{\""));
  EXPECT_EQ(countOf(reportDetails(all, shown, 100), "\"operators\""), 7u);
}

TEST_F(Report, ConfigurationLinesAreKeptOnce) {
  const Store all = store(8);
  EXPECT_EQ(countOf(reportDetails(all, shownRows(all, 100), 100), "fidelity: event"), 1u);
}

TEST_F(Report, InfeasibleNumbersAreNullAndEmptyColumnsAreLeftOut) {
  const Store all = store(5);
  EXPECT_THAT(reportRows(all, {3, 4}), HasSubstr("\"v\":[5.0,null]"));  // 1.25 s x 4
  EXPECT_THAT(reportRows(all, {4}), Not(HasSubstr("\"name\":\"time_s\"")));
}

TEST_F(Report, AnEmptyFileIsAPageToo) {
  EXPECT_THAT(reportPage(store(0)), HasSubstr("</html>"));
}

TEST(Packed, IsBase64OfZlib) {
  EXPECT_TRUE(packed("hello").starts_with("eN"));  // 0x78 0xDA
  EXPECT_EQ(packed("").size() % 4, 0u);
  EXPECT_LT(packed(std::string(100000, 'a')).size(), 400u);
}

}  // namespace
}  // namespace wattlas
