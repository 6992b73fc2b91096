// Writes results files and their reports (FILE.html beside FILE) for the tests in a browser:
// everything a file can hold, names that try to break out of the page, and any number of points.
//   sample_store full FILE | sample_store many FILE POINTS | sample_store single FILE
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "models/base/random.h"
#include "results/report/report.h"
#include "results/store.h"
#include "results/store_table.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

constexpr const char* hostile =
    "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>\"'&{{SCRIPT}}";
constexpr const char* platforms[] = {"upmem-dimm",   "upmem-samac-col256", "pim-ai-4chip",
                                     "gpu-h100-sxm", "fpga-zcu104",        "cpu-xeon"};

/// A point on a trade-off of time and energy that is different for each platform.
RunResult designOf(int i, Random& random, const char* workload) {
  const int p = i % 6;
  RunResult r = test::sampleResult(platforms[p]);
  const double speed = std::pow(10.0, 2.2 * random.uniform() - 0.35 * p);
  r.workload = workload;
  r.format = i % 3 == 0 ? "int8" : i % 3 == 1 ? "int4" : "fp16";
  r.timeS = 0.05 / speed * (1 + 0.3 * random.uniform());
  r.energyJ = 2.0 * std::pow(speed, 0.6) * (0.6 + random.uniform()) / (1 + 0.4 * p);
  r.powerAvgW = r.energyJ / r.timeS;
  r.powerPeakW = r.powerAvgW * (1.2 + random.uniform());
  const double scale = r.energyJ / 100.0;
  for (double& joules : r.breakdownJ) joules *= scale * (0.4 + 1.2 * random.uniform());
  r.configHash = fmt::format("{:032x}", i * 7919);
  return r;
}

void markFronts(std::vector<PointRow>& rows) {
  for (PointRow& row : rows) {
    row.pareto = row.feasible;
    for (const PointRow& other : rows)
      if (row.pareto && other.feasible && other.workload == row.workload)
        if (other[metricTime] <= row[metricTime] && other[metricEnergy] <= row[metricEnergy] &&
            (other[metricTime] < row[metricTime] || other[metricEnergy] < row[metricEnergy]))
          row.pareto = false;
  }
}

PointRow rowOf(int i, const RunResult& r, bool intervals) {
  PointRow row = makePointRow(fmt::format("{:016x}", i * 104729), r,
                              {{"dpu.clock", fmt::format("{} MHz", 250 + 50 * (i % 5))},
                               {"workload.batch", fmt::format("{}", 1 << i % 4)}});
  if (intervals)
    row.extra = {
        {"time_s.p5", row[metricTime] * 0.8},      {"time_s.p50", row[metricTime]},
        {"time_s.p95", row[metricTime] * 1.35},    {"energy_j.p5", row[metricEnergy] * 0.7},
        {"energy_j.p50", row[metricEnergy] * 1.1}, {"energy_j.p95", row[metricEnergy] * 1.9}};
  return row;
}

void writeFull(const std::string& path) {
  StoreWriter writer({std::string("study ") + hostile, "node", "activity", "name: study\n"});
  Random random(3);
  std::vector<PointRow> rows;
  std::vector<std::string> json;
  std::vector<ScenarioValue> scenarios;
  std::vector<TornadoBar> bars;
  for (int i = 0; i < 120; ++i) {
    RunResult r = i % 20 == 19 ? test::infeasibleResult()
                               : designOf(i, random, i < 80 ? "llama2-7b" : "ecg-dscnn1d");
    if (i == 1) r.platform = hostile;
    if (i == 2) r.operators[0].name = hostile;
    if (i % 20 == 19) r.reasons = {std::string("too large ") + hostile};
    rows.push_back(rowOf(i, r, r.feasible));
    if (i == 3) rows.back().parameters.emplace_back(hostile[0] == '<' ? "gene <b>" : "", hostile);
    json.push_back(toJson(r, false, -1));
    if (!r.feasible) continue;
    for (int s = 0; s < 32; ++s)
      scenarios.push_back({rows.back().id, s, r.timeS * (0.8 + 0.55 * s / 31.0),
                           r.energyJ * (0.7 + 1.2 * random.uniform())});
    for (int k = 0; k < 6; ++k)
      bars.push_back(
          {rows.back().id, k == 0 ? "host.power.idle" : fmt::format("device.energy.{}", k),
           r.energyJ * (1 - 0.3 / (k + 1)), r.energyJ * (1 + 0.5 / (k + 1)), "energy_j"});
  }
  markFronts(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) writer.append(rows[i], json[i]);
  writer.addTable(tableOf<ObjectiveInfo>({{"time_s", false}, {"energy_j", false}}));
  writer.addTable(tableOf<ParameterInfluence>({{"dpu.clock", "gpu-h100-sxm", 12, false},
                                               {"dpu.clock", "upmem-dimm", 12, true},
                                               {"workload.batch", hostile, 0, false}}));
  writer.addTable(tableOf<RefusedGroup>(
      {{std::string("too large ") + hostile, {"platform = gpu-h100-sxm"}, 6, false}}));
  std::vector<HistoryStep> history;
  for (const char* workload : {"llama2-7b", "ecg-dscnn1d"})
    for (int seed = 1; seed <= 5; ++seed)
      for (int step = 1; step <= 20; ++step)
        history.push_back(
            {step * 20, 0.93 * (1 - std::exp(-step / (3.0 + 0.6 * seed))), seed, workload});
  writer.addTable(tableOf(history));
  writer.addTable(tableOf(bars));
  writer.addTable(tableOf(scenarios));
  writer.addTable(tableOf<ComparisonRow>(
      {{rows[0].id, rows[1].id, "time_s", 0.78, 0.6, 0.4, 1.3, "device.link.latency",
        "device.link.latency = 3 us"},
       {rows[0].id, rows[2].id, "energy_j", 1, 0.1, 0.05, 0.2, hostile, ""}}));
  writer.commit(path);
}

void writeMany(const std::string& path, int points) {
  StoreWriter writer({"many points", "node", "activity", "name: many\n"});
  Random random(5);
  std::vector<PointRow> rows;
  for (int i = 0; i < points; ++i)
    rows.push_back(rowOf(i, designOf(i, random, "llama2-7b"), false));
  // Only the nearest to the origin can be in the front: a quadratic search over all is slow.
  std::vector<PointRow*> sorted;
  for (PointRow& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(),
            [](auto* a, auto* b) { return (*a)[metricTime] < (*b)[metricTime]; });
  double least = 1e300;
  for (PointRow* row : sorted)
    if ((*row)[metricEnergy] < least) {
      least = (*row)[metricEnergy];
      row->pareto = true;
    }
  for (const PointRow& row : rows) writer.append(row);
  writer.addTable(tableOf<ObjectiveInfo>({{"time_s", false}, {"energy_j", false}}));
  writer.commit(path);
}

}  // namespace
}  // namespace wattlas

int main(int argc, char** argv) {
  const std::string kind = argc > 2 ? argv[1] : "", path = argc > 2 ? argv[2] : "";
  if (kind == "full")
    wattlas::writeFull(path);
  else if (kind == "many" && argc > 3)
    wattlas::writeMany(path, std::atoi(argv[3]));
  else if (kind == "single")
    wattlas::writeRunStore(path, wattlas::test::sampleResult());
  else
    return 2;
  wattlas::writeReport(path + ".html", wattlas::Store(path));
}
