// Does `validate` say what passed, and does a missed gate show in the exit code?
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

struct Summary {
  int pass = -1, gap = -1, fail = -1;
};

/// Reads the last line, which is for scripts.
Summary summaryOf(const Output& o) {
  const std::size_t end = o.out.find_last_not_of('\n');
  const std::size_t start = o.out.rfind('\n', end) + 1;
  const std::string line = o.out.substr(start, end + 1 - start);
  std::smatch found;
  if (!std::regex_search(line, found, std::regex("^(\\d+) pass, (\\d+) GAP, (\\d+) fail.*blind"))) {
    ADD_FAILURE() << "no summary: " << line;
    return {};
  }
  return {std::stoi(found[1]), std::stoi(found[2]), std::stoi(found[3])};
}

TEST(Validate, LastLineCountsTheRows) {
  const Output o = wattlas({"validate", "banks"});
  EXPECT_EQ(o.exitCode, 0) << o.out;
  const Summary s = summaryOf(o);
  EXPECT_GT(s.pass, 0);
  EXPECT_EQ(s.fail, 0);
}

TEST(Validate, StrictTurnsKnownGapsIntoFailures) {
  for (const char* group : {"fpga", "banks"}) {
    const Summary normal = summaryOf(wattlas({"validate", group}));
    const Output strict = wattlas({"validate", group, "--strict"});
    const Summary s = summaryOf(strict);
    EXPECT_EQ(s.gap, 0);
    EXPECT_EQ(s.fail, normal.fail + normal.gap) << group;
    EXPECT_EQ(strict.exitCode, s.fail > 0 ? 4 : 0) << group;
  }
}

TEST(Validate, PrintsOneJsonObject) {
  const Output o = wattlas({"validate", "banks", "--json"});
  EXPECT_EQ(o.exitCode, 0);
  const auto all = nlohmann::json::parse(o.out, nullptr, false);
  ASSERT_FALSE(all.is_discarded()) << o.out.substr(0, 200);
  ASSERT_TRUE(all["rows"].is_array());
  for (const auto& row : all["rows"])
    for (const char* key : {"group", "id", "kind", "quantity", "unit", "ours", "reference", "error",
                            "gate", "target", "pass", "verdict", "fitted_on", "source"})
      EXPECT_TRUE(row.contains(key)) << key;
}

TEST(Validate, CountsEveryKindAndGatesWhatIsBlindOrSeen) {
  const auto all = nlohmann::json::parse(wattlas({"validate", "fpga", "--json"}).out);
  std::map<std::string, int> rows;
  for (const auto& row : all["rows"]) {
    const std::string kind = row["kind"];
    ++rows[kind];
    const bool parameter = row["fitted_on"].dump().find("\"parameter ") != std::string::npos;
    if (kind == "blind") {
      EXPECT_TRUE(row["fitted_on"].empty()) << row["id"];
    }
    if (kind == "seen") {
      EXPECT_FALSE(row["fitted_on"].empty() || parameter) << row["id"];
    }
    if (kind == "calibration") {
      EXPECT_TRUE(parameter) << row["id"];
    }
    if (kind == "blind" || kind == "seen") {
      EXPECT_FALSE(row["gate"].is_null()) << row["id"];
    }
  }
  EXPECT_GT(rows["blind"], 0);
  for (const char* kind : {"blind", "seen", "calibration", "identity"}) {
    const auto& counts = all["summary"]["kinds"][kind];
    EXPECT_EQ(counts["rows"], rows[kind]) << kind;
    EXPECT_EQ(counts["pass"].get<int>() + counts["gap"].get<int>() + counts["fail"].get<int>() +
                  counts["ungated"].get<int>(),
              rows[kind])
        << kind;
  }
  EXPECT_TRUE(all["summary"]["stale_gaps"].empty()) << all["summary"]["stale_gaps"];
}

class OwnData : public ::testing::Test {
 protected:
  Folder folder_;
};

TEST_F(OwnData, RunsAndOperatorsAreComparedRowByRow) {
  const std::string runs =
      folder_.write("runs.csv",
                    "platform,workload,format,measured_us\n"
                    "upmem-dimm,gemv:1024x1024,int8,1000\nupmem-dimm,nosuch,int8,1\n");
  const auto r = nlohmann::json::parse(wattlas({"validate", "--data", runs, "--json"}).out);
  ASSERT_EQ(r["rows"].size(), 2u);
  EXPECT_GT(r["rows"][0]["ours_s"].get<double>(), 0);
  EXPECT_EQ(r["rows"][1]["ours_s"].get<double>(), 0);
  EXPECT_NE(r["rows"][1]["reason"].get<std::string>().find("nosuch"), std::string::npos);
  const std::string ops =
      folder_.write("ops.csv", "device,op,M,N,K,measured_us\nA100,gemm,64,4096,4096,20\n");
  const Output o = wattlas({"validate", "--data", ops});
  EXPECT_EQ(o.exitCode, 0) << o.err;
  EXPECT_NE(o.out.find("A100 gemm time"), std::string::npos) << o.out;
}

TEST_F(OwnData, MeasurementsThatNoModelAnswersAreRefused) {
  const std::string runs =
      folder_.write("runs.csv", "platform,workload,measured_us\nnobody,gemv:8x8,1\n");
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--json"}}) {
    std::vector<std::string> words = {"validate", "--data", runs};
    words.insert(words.end(), more.begin(), more.end());
    const Output o = wattlas(words);
    EXPECT_EQ(o.exitCode, 2) << o.out;
    EXPECT_NE(o.err.find("no row has a prediction"), std::string::npos) << o.err;
  }
}

TEST_F(OwnData, MalformedMeasurementsNameLineAndColumn) {
  const std::string bad =
      folder_.write("bad.csv", "platform,workload,measured_us\nupmem-dimm,,-3\n");
  const Output o = wattlas({"validate", "--data", bad});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_NE(o.err.find(":2: workload: is empty"), std::string::npos) << o.err;
  EXPECT_NE(o.err.find(":2: measured_us: '-3' is no measurement"), std::string::npos) << o.err;
}

TEST_F(OwnData, AFitFindsTheParameterThatMadeTheData) {
  std::string rows = "platform,workload,format,measured_us\n";
  for (const char* n : {"64", "128", "256", "512", "1024", "2048"})
    for (const char* k : {"512", "1024"}) {
      const std::string work = std::string("gemv:") + n + "x" + k;
      const Output o =
          wattlas({"run", "-p", "upmem-dimm", "-w", work, "--format", "int8", "--fidelity",
                   "analytic", "--json", "--set", "device.host.launchRank=120 us"});
      const auto run = nlohmann::json::parse(o.out, nullptr, false);
      ASSERT_FALSE(run.is_discarded()) << o.err;
      rows += "upmem-dimm," + work + ",int8," + std::to_string(1e6 * run["time_s"].get<double>()) +
              "\n";
    }
  const std::string out = folder_ / "mine.yaml";
  const Output o = wattlas({"calibrate", "dpu", "--data", folder_.write("runs.csv", rows),
                            "--parameters", "host.launchRank", "-o", out, "--json"});
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const auto fit = nlohmann::json::parse(o.out, nullptr, false);
  ASSERT_FALSE(fit.is_discarded()) << o.out;
  EXPECT_NEAR(fit["parameters"][0]["value"].get<double>(), 120e-6, 1e-7);
  EXPECT_LT(fit["error"]["test"].get<double>(), 1e-4);
  EXPECT_EQ(wattlas({"run", "-p", out, "-w", "gemv:64x512", "--print-config"}).exitCode, 0);
}

TEST(Validate, GivesTheSameBytesTwice) {
  EXPECT_EQ(wattlas({"validate", "banks"}).out, wattlas({"validate", "banks"}).out);
}

}  // namespace
}  // namespace wattlas::system
