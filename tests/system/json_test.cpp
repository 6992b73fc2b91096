// Does `run --json` print one object with every key of the contract, of the right kind?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

using nlohmann::json;

/// Kinds: s text, b flag, i whole number, n number, a list, o object; '?' allows null.
struct Key {
  const char* name;
  const char* kind;
};

bool is(const json& value, char kind) {
  switch (kind) {
    case 's':
      return value.is_string();
    case 'b':
      return value.is_boolean();
    case 'i':
      return value.is_number_integer();
    case 'n':
      return value.is_number() && std::isfinite(value.get<double>());
    case 'a':
      return value.is_array();
    default:
      return value.is_object();
  }
}

void expectKeys(const json& object, const std::vector<Key>& keys, const std::string& where) {
  ASSERT_TRUE(object.is_object()) << where;
  for (const Key& key : keys) {
    ASSERT_TRUE(object.contains(key.name)) << where << "." << key.name;
    const json& value = object[key.name];
    const bool nullable = key.kind[1] == '?';
    EXPECT_TRUE((nullable && value.is_null()) || is(value, key.kind[0]))
        << where << "." << key.name << " = " << value;
  }
}

const std::vector<Key> topKeys = {
    {"schema", "i"},          {"version", "s"},       {"config_hash", "s"},
    {"platform", "s"},        {"workload", "s"},      {"format", "s"},
    {"batch", "i"},           {"seed", "i"},          {"fidelity", "s"},
    {"coupling", "s"},        {"scope", "s"},         {"includes", "o"},
    {"mapping", "s"},         {"fidelity_used", "o"}, {"feasible", "b"},
    {"reasons", "a"},         {"time_s", "n?"},       {"bound_s", "n?"},
    {"energy_j", "n?"},       {"power_avg_w", "n?"},  {"power_peak_w", "n?"},
    {"power_window_s", "n?"}, {"area_mm2", "n?"},     {"energy_breakdown_j", "o"},
    {"phases", "o"},          {"operators", "a"},     {"memory", "o"},
    {"folds", "a"},           {"assumptions", "a"},   {"host", "o"}};

void expectResult(const json& r) {
  expectKeys(r, topKeys, "result");
  expectKeys(r["includes"],
             {{"weight_load", "b"},
              {"input_copy", "b"},
              {"output_copy", "b"},
              {"launch", "b"},
              {"host", "b"},
              {"idle_devices", "b"},
              {"refresh", "b"},
              {"psu", "b"}},
             "includes");
  expectKeys(r["energy_breakdown_j"],
             {{"compute", "n?"},
              {"array", "n?"},
              {"activation", "n?"},
              {"refresh", "n?"},
              {"scratchpad", "n?"},
              {"link", "n?"},
              {"host", "n?"},
              {"control", "n?"},
              {"static", "n?"}},
             "energy_breakdown_j");
  for (const auto& [name, phase] : r["phases"].items())
    expectKeys(phase,
               {{"time_s", "n?"},
                {"energy_j", "n?"},
                {"tokens", "n?"},
                {"tokens_per_s", "n?"},
                {"energy_per_token_j", "n?"}},
               "phases." + name);
  const std::set<std::string> bounds = {"compute", "memory", "link", "latency", "control", "host"};
  for (const json& row : r["operators"]) {
    expectKeys(row,
               {{"name", "s"},
                {"kind", "s"},
                {"phase", "s"},
                {"region", "i"},
                {"device", "s"},
                {"count", "i"},
                {"start_s", "n"},
                {"end_s", "n"},
                {"attributed_s", "n"},
                {"energy_j", "n"},
                {"bound", "s"},
                {"utilisation", "n"},
                {"macs", "n"},
                {"bytes", "n"}},
               "operators[]");
    EXPECT_EQ(bounds.count(row["bound"]), 1u) << row["bound"];
  }
  expectKeys(
      r["memory"],
      {{"tiers", "a"}, {"weights_bytes", "n?"}, {"peak_bytes", "n?"}, {"capacity_bytes", "n?"}},
      "memory");
  for (const json& tier : r["memory"]["tiers"])
    expectKeys(
        tier,
        {{"name", "s"}, {"resident_bytes", "n"}, {"peak_bytes", "n?"}, {"capacity_bytes", "n?"}},
        "memory.tiers[]");
  for (const json& a : r["assumptions"])
    expectKeys(a,
               {{"key", "s"},
                {"value", "s"},
                {"low", "s"},
                {"high", "s"},
                {"source", "s"},
                {"basis", "s"}},
               "assumptions[]");
  expectKeys(r["host"], {{"wall_s", "n"}, {"events", "i"}, {"rss_bytes", "i"}, {"cpu", "s"}},
             "host");
}

json run(const std::vector<std::string>& more) {
  std::vector<std::string> words = {"run", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Output o = wattlas(words);
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const json value = json::parse(o.out, nullptr, false);
  EXPECT_FALSE(value.is_discarded()) << "exactly one object: " << o.out.substr(0, 200);
  return value;
}

TEST(ResultJson, HasEveryKeyForEveryFamily) {
  for (const char* platform : {"upmem-dimm", "upmem-samac-col256", "pim-ai-4chip", "gpu-h100-sxm",
                               "fpga-zcu104", "cpu-xeon"})
    expectResult(run({"-p", platform, "-w", "ecg-dscnn1d", "--format", "int8"}));
}

TEST(ResultJson, LanguageModelsHaveTwoPhases) {
  const json r = run({"-p", "pim-ai-4chip", "-w", "llama2-7b", "--prompt", "128", "--generate",
                      "32", "--format", "fp16"});
  expectResult(r);
  ASSERT_TRUE(r["phases"].contains("prefill") && r["phases"].contains("decode"));
  const json& decode = r["phases"]["decode"];
  EXPECT_EQ(decode["tokens"], 32);
  EXPECT_NEAR(decode["tokens_per_s"].get<double>(), 32 / decode["time_s"].get<double>(), 1e-6);
  EXPECT_NEAR(decode["energy_per_token_j"].get<double>(), decode["energy_j"].get<double>() / 32,
              1e-9);
}

TEST(ResultJson, InfeasibleIsAResultWithoutNumbers) {
  const json r = run({"-p", "upmem-dpu", "-w", "llama2-7b"});
  expectResult(r);
  EXPECT_FALSE(r["feasible"].get<bool>());
  ASSERT_FALSE(r["reasons"].empty());
  for (const char* key : {"time_s", "bound_s", "energy_j", "power_avg_w", "power_peak_w"})
    EXPECT_TRUE(r[key].is_null()) << key;
  for (const auto& [name, cell] : r["energy_breakdown_j"].items())
    EXPECT_TRUE(cell.is_null()) << name;
}

TEST(ResultJson, StrictTurnsInfeasibleIntoThree) {
  EXPECT_EQ(wattlas({"run", "-p", "upmem-dpu", "-w", "llama2-7b", "--strict"}).exitCode, 3);
  EXPECT_EQ(wattlas({"run", "-p", "upmem-dimm", "-w", "gemv:64x64", "--strict"}).exitCode, 0);
}

TEST(ResultJson, NotesGoToStandardError) {
  const Output o = wattlas({"run", "-p", "gpu-l4", "-w", "ecg-dscnn1d", "--prompt", "5", "--json"});
  EXPECT_EQ(o.exitCode, 0);
  EXPECT_THAT(o.err, ::testing::HasSubstr("prompt is ignored"));
  EXPECT_FALSE(json::parse(o.out, nullptr, false).is_discarded());
}

TEST(ResultJson, NoColoursOutsideATerminal) {
  const Output o = wattlas({"run", "-p", "upmem-dimm", "-w", "gemv:64x64"});
  EXPECT_EQ(o.out.find('\x1b'), std::string::npos);
}

TEST(ResultJson, FlagsAreAliasesAndALaterSetWins) {
  const json flag = run({"-p", "gpu-l4", "-w", "gemm:4x64x64", "--batch", "2"});
  const json set = run({"-p", "gpu-l4", "-w", "gemm:4x64x64", "--set", "workload.batch=2"});
  const json later = run({"-p", "gpu-l4", "-w", "gemm:4x64x64", "--batch", "8", "--set",
                          "workload.batch=4", "--set", "workload.batch=2"});
  EXPECT_EQ(flag["config_hash"], set["config_hash"]);
  EXPECT_EQ(flag["config_hash"], later["config_hash"]);
}

TEST(Compare, PrintsOneObjectWithAllResults) {
  const Output o =
      wattlas({"compare", "-p", "upmem-dimm", "-p", "gpu-l4", "-p", "fpga-zcu104", "-w",
               "ecg-dscnn1d", "-w", "gemv:256x256", "--format", "int8", "--json"});
  ASSERT_EQ(o.exitCode, 0) << o.err;
  const json all = json::parse(o.out, nullptr, false);
  ASSERT_FALSE(all.is_discarded());
  ASSERT_EQ(all["results"].size(), 6u);
  for (const json& r : all["results"]) expectResult(r);
}

TEST(Compare, EqualsSingleRuns) {
  const Output both = wattlas({"compare", "-p", "upmem-dimm", "-p", "gpu-l4", "-w", "ecg-dscnn1d",
                               "--format", "int8", "--json"});
  const json all = json::parse(both.out, nullptr, false);
  ASSERT_FALSE(all.is_discarded());
  json second = run({"-p", "gpu-l4", "-w", "ecg-dscnn1d", "--format", "int8"});
  json compared = all["results"][1];
  second.erase("host");
  compared.erase("host");
  EXPECT_EQ(compared, second);
}

TEST(Compare, TableSaysItsScope) {
  const Output o = wattlas(
      {"compare", "-p", "upmem-dimm", "-p", "gpu-l4", "-w", "gemv:256x256", "--scope", "device"});
  EXPECT_THAT(o.out, ::testing::HasSubstr("scope device"));
}

/// Merged configurations carry their own scope: files are the way to mix scopes.
TEST(Compare, MixedScopesAreRefused) {
  Folder folder;
  std::vector<std::string> words = {"compare", "-w", "gemv:64x64"};
  for (const char* scope : {"device", "node"}) {
    const Output o =
        wattlas({"run", "-p", "gpu-l4", "-w", "gemv:64x64", "--scope", scope, "--print-config"});
    ASSERT_EQ(o.exitCode, 0);
    words.insert(words.end(), {"-p", folder.write(std::string(scope) + ".yaml", o.out)});
  }
  const Output o = wattlas(words);
  EXPECT_EQ(o.exitCode, 2) << o.out;
  EXPECT_THAT(o.err, ::testing::HasSubstr("scope"));
}

}  // namespace
}  // namespace wattlas::system
