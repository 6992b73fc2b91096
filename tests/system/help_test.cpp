// Can a person find out what there is? Help, version and lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Help, VersionIsOneLine) {
  const Output o = wattlas({"--version"});
  EXPECT_EQ(o.exitCode, 0);
  EXPECT_THAT(o.out, ::testing::MatchesRegex("wattlas [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Help, AWrongCommandNamesThoseThereAre) {
  const Output top = wattlas({"nosuch"});
  EXPECT_EQ(top.exitCode, 2);
  EXPECT_THAT(top.err, HasSubstr("'nosuch' is not a command (expected one of run, compare"));
  const Output below = wattlas({"campaign", "stats"});
  EXPECT_EQ(below.exitCode, 2);
  EXPECT_THAT(below.err, HasSubstr("'stats' is not a command of 'campaign' (expected one of plan"));
  EXPECT_THAT(below.err, HasSubstr("did you mean 'status'?"));
  const Output none = wattlas({"dpu"});
  EXPECT_EQ(none.exitCode, 2);
  EXPECT_THAT(none.err, HasSubstr("'dpu' needs a command (expected one of asm, objdump, run"));
}

TEST(Help, ACommandOfTheContractThatIsNotBuiltSaysSoAndIsNotListed) {
  const std::string overview = wattlas({"--help"}).out;
  int asked = 0;
  for (const char* name : {"import", "execute", "offload", "serving", "fifo", "folding", "suggest",
                           "explain", "sustainml", "completion"}) {
    if (overview.find(std::string("\n  ") + name + " ") != std::string::npos) continue;
    ++asked;
    const Output o = wattlas({name, "x"});
    EXPECT_EQ(o.exitCode, 2) << name;
    EXPECT_THAT(o.err, HasSubstr(std::string("'") + name + "' is not available yet"));
  }
  if (asked == 0) GTEST_SKIP() << "everything is built";
}

TEST(Help, EveryCommandShowsAnExample) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run"},
                                                  {"compare"},
                                                  {"predict"},
                                                  {"explore"},
                                                  {"validate"},
                                                  {"devices"},
                                                  {"platforms"},
                                                  {"workloads"},
                                                  {"formats"},
                                                  {"schema"},
                                                  {"dpu"},
                                                  {"dpu", "asm"},
                                                  {"dpu", "objdump"},
                                                  {"dpu", "run"},
                                                  {"dpu", "isa-report"},
                                                  {"dpu", "isa-export"},
                                                  {"dpu", "kernels"},
                                                  {"dpu", "layers"},
                                                  {"dram"},
                                                  {"dram", "run"},
                                                  {"dram", "list"}}) {
    std::vector<std::string> words = command;
    words.push_back("--help");
    const Output o = wattlas(words);
    EXPECT_EQ(o.exitCode, 0) << command.back();
    EXPECT_THAT(o.out, HasSubstr("Example:\n  wattlas " + command.front())) << command.back();
  }
}

TEST(Help, EveryCommandOfTheOverviewHasHelp) {
  const Output o = wattlas({"--help"});
  EXPECT_EQ(o.exitCode, 0);
  for (const char* name : {"run", "compare", "predict", "explore", "validate", "devices",
                           "platforms", "workloads", "formats", "schema", "dpu", "dram"})
    EXPECT_THAT(o.out, HasSubstr(std::string("\n  ") + name + " "));
}

json parsed(const std::vector<std::string>& words) {
  const Output o = wattlas(words);
  EXPECT_EQ(o.exitCode, 0) << o.err;
  EXPECT_EQ(o.err, "");
  const json value = json::parse(o.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << o.out.substr(0, 200);
  return value;
}

TEST(Lists, AreOneJsonObjectEach) {
  for (const char* what : {"devices", "platforms", "workloads", "formats"}) {
    const json list = parsed({what, "--json"});
    ASSERT_TRUE(list.is_object()) << what;
    EXPECT_EQ(list["schema"], 1);
    ASSERT_TRUE(list[what].is_array()) << what;
    EXPECT_GT(list[what].size(), 5u) << what;
  }
}

TEST(Lists, WorkloadsCountTheirWork) {
  for (const json& row : parsed({"workloads", "--json"})["workloads"]) {
    EXPECT_GT(row["macs"].get<double>(), 0) << row["id"];
    EXPECT_GT(row["weights_bytes"].get<double>(), 0) << row["id"];
  }
}

TEST(Lists, EveryListedPlatformCanBeConfigured) {
  for (const json& row : parsed({"platforms", "--json"})["platforms"]) {
    const std::string id = row["id"];
    const Output o = wattlas({"run", "-p", id, "-w", "gemv:64x64", "--print-config"});
    EXPECT_EQ(o.exitCode, 0) << id << o.err;
  }
}

TEST(Schema, IsJsonForEveryKind) {
  for (const char* kind :
       {"platform", "workload", "run", "upmem", "pim-ai", "gpu", "fpga-dataflow", "host-cpu"}) {
    const json schema = parsed({"schema", kind});
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema") << kind;
    EXPECT_TRUE(schema.contains("properties") || schema.contains("oneOf") ||
                schema.contains("anyOf"))
        << kind;
  }
}

}  // namespace
}  // namespace wattlas::system
