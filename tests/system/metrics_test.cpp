// The registry of metrics as a user meets it: every metric is an objective, a column of CSV and
// HDF5 files, an axis of plots and of the report page, and has values in a shipped study.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Metrics of every point that no shipped study can fill yet, with the reason.
const std::map<std::string, std::string> empty = {{"accuracy", "the study asks nobody"},
                                                  {"accuracy_se", "the study asks nobody"}};

json allMetrics() {
  return json::parse(wattlas({"metrics", "--json"}).out).at("metrics");
}

json metricsOfEveryPoint() {
  json out = json::array();
  for (const json& metric : allMetrics())
    if (metric["every_point"].get<bool>()) out.push_back(metric);
  return out;
}

/// Columns of a CSV file without quoted cells in the numbers that are looked at.
std::map<std::string, std::set<std::string>> columnsOf(const std::string& csv) {
  const auto cellsOf = [](const std::string& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted)
        cells.emplace_back();
      else
        cells.back() += c;
    }
    return cells;
  };
  std::istringstream in(csv);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = cellsOf(line);
  std::map<std::string, std::set<std::string>> out;
  for (const std::string& name : names) out[name];
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = cellsOf(line);
    for (std::size_t i = 0; i < std::min(names.size(), cells.size()); ++i)
      if (!cells[i].empty()) out[names[i]].insert(cells[i]);
  }
  return out;
}

TEST(Metrics, EachHasNameUnitMeaningAndDirection) {
  for (const json& metric : allMetrics())
    for (const char* key : {"name", "unit", "better", "meaning", "defined_for"})
      EXPECT_FALSE(metric[key].get<std::string>().empty()) << metric.dump();
}

TEST(Metrics, EachIsAColumnAnAxisAndFilledInAShippedStudy) {
  const Folder folder;
  const std::string file = folder / "q.h5", csv = folder / "q.csv";
  // The shipped study with two platforms of its list: one has an area, the host of the other works.
  std::string study = read(std::string(WATTLAS_STUDIES) + "/quickstart.yaml");
  const std::string list = "fidelity: event";
  study.replace(study.find(list), list.size(),
                "fidelity: analytic\nconstraints: [\"platform in ['upmem-samac-col256', "
                "'fpga-zcu104']\", \"format in ['fp16', 'int8']\"]");
  const Output o = wattlas({"explore", folder.write("q.yaml", study), "-o", file, "--csv", csv});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  const auto columns = columnsOf(read(csv));
  for (const json& metric : metricsOfEveryPoint()) {
    const std::string name = metric["name"];
    ASSERT_EQ(columns.count(name), 1u) << name;
    EXPECT_EQ(columns.at(name).empty(), empty.count(name) > 0) << name;
    const Output plot = wattlas({"plot", "heatmap", file, "-x", "format", "-y", "platform",
                                 "--metric", name, "-o", folder / "m.svg"});
    EXPECT_EQ(plot.exitCode, 0) << name << ": " << plot.err;
    EXPECT_THAT(read(folder / "m.csv"), HasSubstr(name));
  }
}

TEST(Metrics, EachIsAnObjective) {
  const Folder folder;
  std::string objectives;
  for (const json& metric : allMetrics()) {
    const std::string name = metric["name"], better = metric["better"];
    if (name == "fits(device)") continue;  // yes or no: a constraint
    const std::string phase = name.substr(0, name.find('.'));
    if (phase != name && phase != "prefill" && phase != "decode" && phase != "energy_breakdown_j")
      continue;  // of other workloads
    objectives +=
        "  - {" + std::string(better == "more" ? "maximize" : "minimize") + ": \"" + name + "\"}\n";
  }
  const Output o = wattlas(
      {"explore",
       folder.write(
           "all.yaml",
           "name: all\nworkloads: [llama2-7b]\ngenes:\n  platform: "
           "{categorical: [pim-ai-1chip, gpu-h100-sxm]}\nfidelity: analytic\n"
           "constraints: [fits(device)]\nuncertainty: none\naccuracy: {proxy: {}}\nobjectives:\n" +
               objectives),
       "--csv", folder / "all.csv"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  const auto columns = columnsOf(read(folder / "all.csv"));
  EXPECT_EQ(columns.at("prefill.time_s"), columns.at("ttft_s"));
  EXPECT_EQ(columns.at("decode.tokens_per_s"), columns.at("tokens_per_s"));
}

TEST(Metrics, AnObjectiveThatNoPointCanHaveIsRefusedBeforeAnythingRuns) {
  const Folder folder;
  const Output o = wattlas({"explore", folder.write("s.yaml", R"(workloads: [ecg-dscnn1d]
genes: {platform: {categorical: [upmem-dimm]}}
objectives: [{minimise: time_s}, {maximise: tokens_per_s}]
)")});
  EXPECT_EQ(o.exitCode, 2);
  EXPECT_THAT(o.err, HasSubstr("no point can have 'tokens_per_s': no workload of the study has a "
                               "phase 'decode'"));
}

}  // namespace
}  // namespace wattlas::system
