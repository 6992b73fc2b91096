// Does `wattlas dram` run patterns and request files, and refuse what it cannot read?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<std::string> words(std::vector<std::string> more) {
  std::vector<std::string> all = {"dram", "run", "--spec", "ddr4-3200"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

json dramJson(std::vector<std::string> more) {
  more.push_back("--json");
  const Output o = wattlas(words(std::move(more)));
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const json value = json::parse(o.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << o.out;
  return value;
}

void expectRefused(std::vector<std::string> more, const std::string& text) {
  const Output o = wattlas(words(std::move(more)));
  EXPECT_EQ(o.exitCode, 2) << "signal " << o.signal << "\n" << o.err;
  EXPECT_THAT(o.err, HasSubstr(text));
  EXPECT_EQ(o.out, "");
}

TEST(Dram, BothLevelsAgreeAndEnergyAddsUp) {
  const std::vector<std::string> mix = {"--pattern", "mixed",    "--requests",
                                        "2000",      "--writes", "0.3"};
  auto detailed = mix;
  detailed.insert(detailed.end(), {"--fidelity", "detailed"});
  const json a = dramJson(mix), b = dramJson(detailed);
  EXPECT_NEAR(a["time_s"].get<double>() / b["time_s"].get<double>(), 1, 0.01);
  EXPECT_NEAR(a["energy_j"].get<double>() / b["energy_j"].get<double>(), 1, 0.001);
  EXPECT_LT(a["host"]["events"], b["host"]["events"]);
  double parts = 0, cells = 0;
  for (const auto& part : a["energy_breakdown_j"]) parts += part.get<double>();
  for (const auto& cell : a["ledger"]) cells += cell["energy_j"].get<double>();
  EXPECT_NEAR(parts / a["energy_j"].get<double>(), 1, 1e-9);
  EXPECT_NEAR(cells / a["energy_j"].get<double>(), 1, 1e-9);
  EXPECT_EQ(a["requests"]["reads"].get<int>() + a["requests"]["writes"].get<int>(), 2000);
}

TEST(Dram, WritesCommandsAndTimeline) {
  Folder folder;
  const json r = dramJson({"--pattern", "random", "--requests", "300", "--commands",
                           folder / "commands.csv", "--trace", folder / "banks.json"});
  const std::string csv = read(folder / "commands.csv");
  EXPECT_TRUE(csv.starts_with("time_ps,channel,rank,bank_group,bank,command,row,column\n"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n') - 1,
            r["commands"]["ACT"].get<int>() + r["commands"]["RD"].get<int>() +
                r["commands"]["PRE"].get<int>() + r["commands"]["REF"].get<int>());
  const json timeline = json::parse(read(folder / "banks.json"), nullptr, false);
  ASSERT_FALSE(timeline.is_discarded());
  int activates = 0;
  for (const auto& event : timeline["traceEvents"]) activates += event["name"] == "ACT";
  EXPECT_EQ(activates, r["commands"]["ACT"].get<int>());
}

TEST(Dram, RunsRequestFiles) {
  Folder folder;
  const std::string file = folder.write(
      "requests.csv", "time,command,address\n0,R,0x0\n100 ns,W,0x40\n1 us,R,0x100000\n");
  const json r = dramJson({"--trace-in", file});
  EXPECT_EQ(r["requests"]["reads"], 2);
  EXPECT_EQ(r["requests"]["writes"], 1);
  EXPECT_NEAR(r["time_s"].get<double>(), 1e-6 + 30e-9, 40e-9);
}

TEST(Dram, TheConfigurationMovesTheResult) {
  const std::vector<std::string> mix = {"--pattern", "random", "--requests", "1500"};
  const double before = dramJson(mix)["time_s"].get<double>();
  for (const char* set : {"timing.tFAW=60 ns", "timing.tRP=40 ns", "controller.readQueue=2",
                          "refresh.tRFC=2 us", "organisation.bankGroups=1"}) {
    auto slow = mix;
    slow.insert(slow.end(), {"--set", set});
    EXPECT_GT(dramJson(slow)["time_s"].get<double>(), 1.02 * before) << set;
  }
}

TEST(Dram, BadInputIsRefused) {
  Folder folder;
  expectRefused({"--trace-in", folder / "none.csv"}, "none.csv");
  expectRefused({"--trace-in", folder.write("a.csv", "time,command,address\n1,R,zero\n")},
                "a.csv:2");
  expectRefused({"--trace-in", folder.write("b.csv", std::string(3000, '\xff'))}, "header");
  expectRefused({"--trace-in", folder.write("c.csv", "time,command,address\n1,R,0\n2,R,0\n"),
                 "--max-requests", "1"},
                "more than 1 requests");
  expectRefused({"--pattern", "randon"}, "did you mean 'random'");
  expectRefused({"--fidelity", "analytic"}, "event or detailed");
  expectRefused({"--requests", "0"}, "1 to 5,000,000");
  expectRefused({"--interval", "1000000000000"}, "too many clocks");
  expectRefused({"--set", "refresh.tREFI=351 ns"}, "nine tenths of the time");
  expectRefused({"--writes", "1.5"}, "0 to 1");
  expectRefused({"--writes", "nan"}, "0 to 1");
  expectRefused({"--set", "controller.page=half"}, "open, closed");
  expectRefused({"--set", "controller.mapping=row:row"}, "lacks");
  expectRefused({"--set", "controller.refresh=bank"}, "no bank-wise refresh");
  expectRefused({"--set", "timing.tRCD=-1 ns"}, "out of range");
  expectRefused({"--set", "organisation.rows=12"}, "power of two");
  expectRefused({"--footprint", "1 B"}, "smaller than one access");
  expectRefused({"--commands", folder / "no/such/folder.csv"}, "folder");
  EXPECT_EQ(wattlas({"dram", "run", "--spec", "ddr9"}).exitCode, 2);
  EXPECT_EQ(wattlas({"dram", "run"}).exitCode, 2);
}

TEST(Dram, ListsEverySpecificationAndItsSchema) {
  const Output list = wattlas({"dram", "list"});
  EXPECT_EQ(list.exitCode, 0);
  for (const char* id : {"ddr4-2400", "ddr4-3200", "ddr5-6400", "lpddr5-6400", "lpddr5-9600",
                         "gddr6-14000", "hbm2", "hbm2e", "hbm3"})
    EXPECT_THAT(list.out, HasSubstr(id));
  const Output schema = wattlas({"schema", "dram"});
  EXPECT_EQ(schema.exitCode, 0);
  EXPECT_FALSE(json::parse(schema.out, nullptr, false).is_discarded());
  EXPECT_THAT(schema.out, HasSubstr("tFAW"));
}

}  // namespace
}  // namespace wattlas::system
