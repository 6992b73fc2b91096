#include "results/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "models/base/error.h"
#include "results/summary.h"
#include "results/trace.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::infeasibleResult;
using test::sampleResult;
using testing::HasSubstr;
using testing::Not;

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) most = std::max(most, displayWidth(line));
  return most;
}

TEST(TextTableTest, ColumnsAlignByCharactersNotBytes) {
  TextTable table({{"name"}, {"n", true}});
  table.add({"µµ", "1"});
  table.add({"abcd", "22"});
  EXPECT_EQ(table.text({}), "  name   n\n  µµ     1\n  abcd  22\n");
}

TEST(TextTableTest, ColumnsWithoutTextAreLeftOut) {
  TextTable table({{"a"}, {"empty"}, {"b"}});
  table.add({"1", "", "2"});
  EXPECT_THAT(table.text({}), Not(HasSubstr("empty")));
}

TEST(TextTableTest, WideTextShrinksToTheWidth) {
  TextTable table({{"a", false, 200}, {"n", true}});
  table.add({std::string(150, 'x'), "123"});
  const std::string text = table.text({false, 60});
  EXPECT_LE(widest(text), 60u);
  EXPECT_THAT(text, HasSubstr("xx..  123"));
}

TEST(TextTableTest, WrappedLinesKeepTheIndent) {
  EXPECT_EQ(wrapped("one two three", 8, 2), "one two\n  three");
}

TEST(PrintRun, SaysWhatMatters) {
  const std::string text = printRun(sampleResult());
  for (const char* part : {"upmem-dimm runs llama2-7b in w8a8kv8, batch 2", "scope node",
                           "1.25x its physical bound of 1 s", "64 tokens/s", "is bound by memory",
                           "40.0 % of the energy is array", "layer.qkv", "Where the energy goes",
                           "MRAM", "128 identical DPUs", "mram.read"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_LE(widest(text), 110u);
}

TEST(PrintRun, MarksWhatIsOnlyAFormula) {
  EXPECT_THAT(printRun(sampleResult()), HasSubstr("* no event model yet for link"));
  RunResult all = sampleResult();
  for (auto& [component, level] : all.fidelityUsed) level = "event";
  EXPECT_THAT(printRun(all), Not(HasSubstr("*")));
}

TEST(PrintRun, MarksTheRowsOfSuchADevice) {
  EXPECT_THAT(printRun(sampleResult()), HasSubstr("link*"));
}

TEST(PrintRun, ColoursOnlyWhenTold) {
  EXPECT_THAT(printRun(sampleResult()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(printRun(sampleResult(), {true, 110}), HasSubstr("\x1b[1m"));
}

TEST(PrintRun, AnInfeasibleDesignShowsItsReasonsAndNoNumbers) {
  const std::string text = printRun(infeasibleResult());
  EXPECT_THAT(text, HasSubstr("INFEASIBLE"));
  EXPECT_THAT(text, HasSubstr("weights need 140 GB"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("Operators")));
}

TEST(Summary, AssumptionsAreSortedByTheirEnergyShare) {
  const auto spots = weakSpots(sampleResult());
  ASSERT_EQ(spots.size(), 3u);
  EXPECT_EQ(spots[0].key, "device mram.read");  // its parameter is not listed again
  EXPECT_NEAR(spots[0].energyShare, 0.4, 1e-12);
  EXPECT_EQ(spots[1].key, "host core.busy");
  EXPECT_NEAR(spots[1].energyShare, 0.1, 1e-12);
  EXPECT_EQ(spots[2].key, "fidelity.link");
}

TEST(Summary, ParametersReadInUsualUnits) {
  RunResult r = sampleResult();
  r.assumptions = {{"dpu.clock", "350000000 Hz", "3e8 Hz", "4e8 Hz", "guess", Basis::assumption}};
  EXPECT_EQ(weakSpots(r).back().value, "350 MHz");
  EXPECT_EQ(weakSpots(r).back().range, "300 MHz .. 400 MHz");
}

TEST(Summary, TimeSharesCoverTransfersAndAddUp) {
  double sum = 0;
  for (const Share& s : timeByBound(sampleResult())) sum += s.share;
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_EQ(timeByBound(sampleResult())[0].name, "memory");
}

TEST(PrintCompare, NamesWinnersAndFactors) {
  RunResult fast = sampleResult("pim-ai-4chip", 0.25);
  const std::string text = printCompare({sampleResult(), fast});
  EXPECT_THAT(text, HasSubstr("0.25x"));
  EXPECT_THAT(text, HasSubstr("pim-ai-4chip w8a8kv8: 4x faster than upmem-dimm w8a8kv8"));
  EXPECT_THAT(text, HasSubstr("4x less than upmem-dimm"));
  EXPECT_LE(widest(text), 110u);
}

TEST(PrintCompare, RefusesMixedScopesAndEnergyModes) {
  RunResult other = sampleResult("b");
  other.scope = "chip";
  EXPECT_THROW(printCompare({sampleResult(), other}), InputError);
  other = sampleResult("b");
  other.energyMode = "tdp";
  EXPECT_THROW(printCompare({sampleResult(), other}), InputError);
}

TEST(PrintCompare, AnInfeasibleFirstResultIsNotTheReference) {
  const std::string text =
      printCompare({infeasibleResult(), sampleResult("a"), sampleResult("b", 2)});
  EXPECT_THAT(text, HasSubstr("infeasible"));
  EXPECT_THAT(text, HasSubstr("ratios to a w8a8kv8"));
}

TEST(PrintPareto, ListsTheFrontAndCountsTheRest) {
  std::vector<PointRow> rows = {makePointRow("a", sampleResult("slow", 2), {{"clock", "1 GHz"}}),
                                makePointRow("b", sampleResult("fast", 1), {{"clock", "2 GHz"}}),
                                makePointRow("c", infeasibleResult())};
  rows[1].pareto = true;
  const std::string text = printPareto(rows);
  EXPECT_THAT(text, HasSubstr("3 points, 2 feasible, 1 in the Pareto set"));
  EXPECT_THAT(text, HasSubstr("2x faster than slow w8a8kv8 (clock=1 GHz), the best of"));
  EXPECT_THAT(text, HasSubstr("gpu-h100-sxm: weights need 140 GB"));
  EXPECT_LE(widest(text), 110u);
}

TEST(PrintPareto, ShowsTheFastestPointOfPlatformsOutsideTheSet) {
  std::vector<PointRow> rows = {makePointRow("a", sampleResult("fast", 1)),
                                makePointRow("b", sampleResult("slow", 4)),
                                makePointRow("c", sampleResult("slow", 2))};
  rows[0].pareto = true;
  const std::string text = printPareto(rows, {}, ParetoTable::Form::table);
  EXPECT_THAT(text, HasSubstr("●    fast"));
  EXPECT_THAT(text, HasSubstr("2.5 s"));
  EXPECT_THAT(text, Not(HasSubstr("5 s  400 J")));
  EXPECT_THAT(text, Not(HasSubstr("least energy")));
}

TEST(PrintPareto, AWinnerThatRestsOnAnUnknownSaysHowOftenItIsTheBest) {
  std::vector<PointRow> rows = {makePointRow("a", sampleResult("fast", 1)),
                                makePointRow("b", sampleResult("slow", 2))};
  rows[0].pareto = true;
  WinnerRow time{"llama2-7b", "time_s", "a", "b", "device.link.launch"};
  time.probability = 0.16;
  time.value = 1.25;
  time.low = 2;
  time.high = 9;
  WinnerRow energy{"llama2-7b", "energy_j", "a", "", ""};
  energy.value = 100;
  const std::string text = printPareto(rows, {}, ParetoTable::Form::verdicts, {}, {time, energy});
  EXPECT_THAT(text, HasSubstr("1.25 s ?"));
  EXPECT_THAT(text, HasSubstr("time 16 % ?, energy "));
  EXPECT_THAT(text, HasSubstr("best in 16 % of the"));
  EXPECT_LE(widest(text), 110u);
  const std::string brief = printPareto(rows, {}, ParetoTable::Form::brief, {}, {time, energy});
  EXPECT_THAT(brief,
              HasSubstr("? time: 1.25 s as given, but best in 16 % of the scenarios, where it "
                        "is 2 s .. 9 s; rests on"));
}

TEST(PrintPareto, WorkOfTheHostIsNamed) {
  RunResult r = sampleResult("fpga-zcu104");
  r.hostS = r.timeS;
  const PointRow row = makePointRow("a", r);
  EXPECT_EQ(row.device, "host");
  EXPECT_THAT(printPareto({row}), HasSubstr("fpga-zcu104 on its host"));
  r.hostS = 0.34 * r.timeS;
  EXPECT_THAT(printCompare({r}), HasSubstr("fpga-zcu104 + host 34 %"));
}

TEST(PrintPareto, UnknownAccuracyOfFormatsIsSaid) {
  RunResult other = sampleResult("b");
  other.format = "ternary";
  EXPECT_THAT(printPareto({makePointRow("a", sampleResult("a")), makePointRow("b", other)}),
              HasSubstr("accuracy unknown in w8a8kv8, ternary"));
}

TEST(PrintPareto, LongReasonsAreCut) {
  RunResult r = infeasibleResult();
  r.reasons = {std::string(5000, 'x')};
  EXPECT_LT(printPareto({makePointRow("a", r)}).size(), 600u);
}

TEST(PrintPareto, RefusesMixedScopes) {
  RunResult chip = sampleResult();
  chip.scope = "chip";
  EXPECT_THROW(printPareto({makePointRow("a", sampleResult()), makePointRow("b", chip)}),
               InputError);
}

TEST(TraceTest, SlicesOfATrackDoNotOverlapAndSharesAddUp) {
  const RunResult r = sampleResult();
  const auto trace = nlohmann::json::parse(traceJson(r));
  std::map<std::pair<int, int>, double> ends;
  double attributed = 0;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    double& end = ends[{event["pid"].get<int>(), event["tid"].get<int>()}];
    EXPECT_GE(event["ts"].get<double>() + 1e-6, end) << event;
    end = event["ts"].get<double>() + event["dur"].get<double>();
    if (event["pid"] == 2) attributed += event["dur"].get<double>();
  }
  EXPECT_NEAR(attributed, r.timeS * 1e6, 1e-3);
}

TEST(TraceTest, OverlappingOperatorsGetLanes) {
  RunResult r = sampleResult();
  r.operators[1].startS = 0.1;  // overlaps with the first one on the same device
  EXPECT_THAT(traceJson(r), HasSubstr("\"device 2\""));
}

TEST(TraceTest, AnInfeasibleResultHasNoTimeline) {
  EXPECT_THROW(traceJson(infeasibleResult()), InputError);
}

}  // namespace
}  // namespace wattlas
