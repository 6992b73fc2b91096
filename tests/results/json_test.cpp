#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/results/sample.h"

namespace wattlas {
namespace {

using nlohmann::ordered_json;
using test::infeasibleResult;
using test::sampleResult;

std::vector<std::string> keysOf(const ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(ResultJson, KeysStandInTheOrderOfTheContract) {
  const auto j = ordered_json::parse(toJson(sampleResult()));
  EXPECT_EQ(keysOf(j),
            (std::vector<std::string>{
                "schema",      "version",      "config_hash",    "platform", "workload",
                "format",      "batch",        "seed",           "fidelity", "coupling",
                "scope",       "energy_mode",  "includes",       "mapping",  "fidelity_used",
                "feasible",    "reasons",      "time_s",         "bound_s",  "energy_j",
                "power_avg_w", "power_peak_w", "power_window_s", "area_mm2", "energy_breakdown_j",
                "phases",      "operators",    "memory",         "folds",    "assumptions",
                "notes",       "ledger",       "config",         "host"}));
  EXPECT_EQ(keysOf(j["operators"][0]),
            (std::vector<std::string>{"name", "kind", "phase", "region", "device", "count",
                                      "start_s", "end_s", "attributed_s", "energy_j", "bound",
                                      "utilisation", "macs", "bytes"}));
  EXPECT_EQ(keysOf(j["energy_breakdown_j"]),
            (std::vector<std::string>{"compute", "array", "activation", "refresh", "scratchpad",
                                      "link", "host", "control", "static"}));
}

TEST(ResultJson, ReadingBackGivesTheSameText) {
  RunResult r = sampleResult();
  r.uncertainty = {true, 1, 2, 3, 4, 5, 6};
  r.accuracy = {0.91, std::nullopt, "table", "paper"};
  EXPECT_EQ(toJson(resultFromJson(toJson(r))), toJson(r));
  EXPECT_EQ(resultFromJson(toJson(r)).seed, 18446744073709551615ULL);
}

TEST(ResultJson, AnInfeasibleResultSurvivesAndItsNumbersAreNull) {
  const RunResult r = infeasibleResult();
  const auto j = ordered_json::parse(toJson(r));
  for (const char* key : {"time_s", "bound_s", "energy_j", "power_avg_w", "power_peak_w",
                          "power_window_s", "area_mm2"})
    EXPECT_TRUE(j[key].is_null()) << key;
  for (const auto& [key, value] : j["energy_breakdown_j"].items()) EXPECT_TRUE(value.is_null());
  EXPECT_EQ(j["reasons"].size(), 2u);
  EXPECT_EQ(toJson(resultFromJson(toJson(r))), toJson(r));
}

TEST(ResultJson, NumbersHaveTwelveDigitsAndCountsStayExact) {
  RunResult r = sampleResult();
  r.timeS = 1.0 / 3.0;
  r.operators[0].macs = 1234567890123456.0;
  const std::string text = toJson(r);
  EXPECT_NE(text.find("\"time_s\": 0.333333333333,"), std::string::npos);
  EXPECT_NE(text.find("\"macs\": 1234567890123456,"), std::string::npos);
}

TEST(ResultJson, KeysThatNobodyAskedForAreAbsent) {
  const auto j = ordered_json::parse(toJson(sampleResult(), false));
  for (const char* key : {"uncertainty", "accuracy", "carbon", "host"})
    EXPECT_FALSE(j.contains(key)) << key;
}

TEST(ResultJson, UnknownAreaIsNullAndNotZero) {
  RunResult r = sampleResult();
  r.areaMm2 = 0;
  EXPECT_TRUE(ordered_json::parse(toJson(r))["area_mm2"].is_null());
}

TEST(ResultJson, BrokenTextIsRefusedWithAReason) {
  const std::string good = toJson(sampleResult());
  EXPECT_THROW(resultFromJson(""), std::runtime_error);
  EXPECT_THROW(resultFromJson("[]"), std::runtime_error);
  EXPECT_THROW(resultFromJson("{\"schema\": 2}"), std::runtime_error);
  EXPECT_THROW(resultFromJson(good.substr(0, good.size() / 2)), std::runtime_error);
  std::string other = good;
  other.replace(other.find("symmetry"), 8, "sympathy");
  try {
    resultFromJson(other);
    FAIL();
  } catch (const std::runtime_error& problem) {
    EXPECT_NE(std::string(problem.what()).find("sympathy"), std::string::npos);
  }
}

}  // namespace
}  // namespace wattlas
