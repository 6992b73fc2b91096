// Does a study give the same bytes however it is run, and never a broken file?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using ::testing::HasSubstr;

const char* const mini = R"(name: mini
workloads: [ecg-dscnn1d, "gemv:512x512"]
genes:
  platform: {categorical: [upmem-dimm, upmem-samac-col256, pim-ai-1chip, gpu-h100-sxm, fpga-zcu104]}
  format: {categorical: [fp16, int8, ternary]}
  dpu.clock: {categorical: [350 MHz, 450 MHz], when: "platform == 'upmem-dimm'"}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
)";

/// Long enough that a signal arrives in the middle.
const char* const longer = R"(name: longer
workloads: [opt-125m, opt-350m, "gpt2"]
genes:
  platform: {categorical: [upmem-dimm, upmem-server]}
  format: {categorical: [fp16, int8, ternary]}
  workload.prompt: {categorical: [64, 128, 192, 256, 320, 384, 448, 512]}
  workload.generate: {categorical: [16, 32, 64, 128]}
  workload.batch: {categorical: [1, 2, 3, 4, 6, 8]}
  dpu.clock: {categorical: [250 MHz, 300 MHz, 350 MHz, 400 MHz, 450 MHz]}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
)";

struct Explored {
  Output command;
  std::string csv, store;
};

Explored explore(const std::string& study, const std::vector<std::string>& more,
                 const Setting& setting = {}) {
  Folder folder;
  std::vector<std::string> words = {"explore", folder.write("mini.yaml", study),
                                    "--csv",   folder / "points.csv",
                                    "-o",      folder / "points.h5"};
  words.insert(words.end(), more.begin(), more.end());
  Explored e{wattlas(words, setting), {}, {}};
  e.csv = read(folder / "points.csv");
  e.store = read(folder / "points.h5");
  return e;
}

TEST(Explore, WorkerCountChangesNoByte) {
  const Explored one = explore(mini, {"-j", "1"}), two = explore(mini, {"-j", "2"}),
                 five = explore(mini, {"-j", "5"});
  ASSERT_EQ(one.command.exitCode, 0) << one.command.err;
  EXPECT_GT(one.csv.size(), 1000u);
  EXPECT_GT(one.store.size(), 1000u);
  EXPECT_EQ(one.csv, two.csv);
  EXPECT_EQ(one.csv, five.csv);
  EXPECT_TRUE(one.store == two.store && one.store == five.store) << "HDF5 files differ";
}

TEST(Explore, CsvHasTheColumnsOfTheContract) {
  const Explored e = explore(mini, {"-j", "2"});
  const std::string header = e.csv.substr(0, e.csv.find('\n'));
  EXPECT_THAT(
      header,
      testing::StartsWith(
          "point_id,platform,workload,format,dpu.clock,fidelity,scope,time_s,energy_j,"
          "power_avg_w,power_peak_w,area_mm2,accuracy,accuracy_se,accuracy_kind,feasible,pareto,"
          "reason,config_hash,device,edp_js,"));
  // (5 platforms + 1 more clock of one) x 3 formats x 2 workloads
  EXPECT_EQ(std::count(e.csv.begin(), e.csv.end(), '\n'), 1 + 36);
}

TEST(Explore, PointsEqualSingleRuns) {
  const Explored e = explore(mini, {"-j", "1"});
  std::istringstream rows(e.csv);
  std::string row, found;
  while (std::getline(rows, row))
    if (row.find(",gpu-h100-sxm,ecg-dscnn1d,int8,") != std::string::npos) found = row;
  ASSERT_NE(found, "");
  const Output single =
      wattlas({"run", "-p", "gpu-h100-sxm", "-w", "ecg-dscnn1d", "--format", "int8", "--json"});
  const auto at = single.out.find("\"time_s\": ") + 10;
  const std::string time = single.out.substr(at, single.out.find(',', at) - at);
  EXPECT_THAT(found, HasSubstr("," + time + ","));
}

TEST(Explore, SaysWhatWinsAndWhy) {
  const Explored e = explore(mini, {"-j", "2"});
  EXPECT_THAT(e.command.out, HasSubstr("ecg-dscnn1d"));
  EXPECT_THAT(e.command.out, HasSubstr("scope node"));
  EXPECT_THAT(e.command.out, HasSubstr("0 of them failed"));
}

TEST(Explore, DryRunWritesNothing) {
  const Explored e = explore(mini, {"--dry-run"});
  EXPECT_EQ(e.command.exitCode, 0) << e.command.err;
  EXPECT_EQ(e.csv + e.store, "");
  EXPECT_THAT(e.command.out, HasSubstr("36"));
}

TEST(Explore, InfeasiblePointsAreRowsWithAReason) {
  const Explored e = explore(
      "name: full\nworkloads: [llama2-7b]\ngenes:\n  platform: {categorical: [upmem-dpu, "
      "pim-ai-4chip]}\nobjectives: [{minimise: time_s}]\nsearch: {method: exhaustive}\n",
      {"-j", "1"});
  ASSERT_EQ(e.command.exitCode, 0) << e.command.err;
  EXPECT_THAT(e.csv, HasSubstr("upmem-dpu,llama2-7b"));
  EXPECT_THAT(e.csv, HasSubstr("capacity"));
}

class Interrupted : public ::testing::Test {
 protected:
  /// Starts the long study and waits until workers have had time to begin.
  void start(int milliseconds) {
    running_ = std::make_unique<Running>(
        std::vector<std::string>{"explore", folder_.write("longer.yaml", longer), "--csv",
                                 folder_ / "points.csv", "-o", folder_ / "points.h5", "-j", "2"});
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  }
  Folder folder_;
  std::unique_ptr<Running> running_;
};

TEST_F(Interrupted, AKillLeavesNoFileUnderTheFinalName) {
  start(700);
  running_->send(SIGKILL);
  const Output o = running_->finish();
  ASSERT_EQ(o.signal, SIGKILL) << "the study was over too soon";
  EXPECT_FALSE(exists(folder_ / "points.csv"));
  EXPECT_FALSE(exists(folder_ / "points.h5"));
}

TEST_F(Interrupted, AnInterruptKeepsWhatIsDone) {
  start(700);
  running_->send(SIGINT);
  const Output o = running_->finish();
  EXPECT_EQ(o.exitCode, 75) << o.signal << o.err;
  EXPECT_THAT(o.err, HasSubstr("interrupted"));
  const std::string csv = read(folder_ / "points.csv");
  EXPECT_EQ(csv.rfind("point_id,", 0), 0u) << "finished points are written";
  EXPECT_EQ(csv.back(), '\n');
}

TEST(Pipes, AClosedReaderIsNoCrash) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"workloads", "--json"},
        {"schema", "gpu"},
        {"platforms"},
        {"run", "-p", "upmem-dimm", "-w", "ecg-dscnn1d", "--json"}}) {
    Running running(words);
    running.closeOutput();
    const Output o = running.finish();
    EXPECT_TRUE(o.exitCode == 0 || o.exitCode == 2)
        << words.front() << ": signal " << o.signal << ", exit code " << o.exitCode;
  }
}

}  // namespace
}  // namespace wattlas::system
