#include "results/plot.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "models/base/error.h"
#include "models/base/random.h"
#include "results/plot_frame.h"
#include "results/store.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::infeasibleResult;
using test::sampleResult;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> labelsOf(const DrawnAxis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks())
    if (!tick.label.empty()) labels.push_back(tick.label);
  return labels;
}

/// Each opened element is closed, and nothing else is: good enough for what Svg can write.
bool wellFormed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    const std::string name =
        tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" /", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  return open.empty();
}

std::vector<PointRow> samplePoints(int n) {
  std::vector<PointRow> rows;
  Random random(1);
  for (int i = 0; i < n; ++i) {
    PointRow row = makePointRow(
        fmt::format("{}", i),
        sampleResult(i % 2 == 0 ? "upmem-dimm" : "gpu-h100-sxm", 0.01 + random.uniform()));
    row[metricEnergy] *= 0.5 + random.uniform();
    rows.push_back(row);
  }
  rows[0].pareto = true;
  return rows;
}

TEST(AxisTest, WideRangesAreLogarithmicWithDecades) {
  const DrawnAxis axis({1e-6, 1e-3}, 0, 100, Dimension::time);
  EXPECT_TRUE(axis.logarithmic());
  EXPECT_EQ(labelsOf(axis), (std::vector<std::string>{"1 us", "10 us", "100 us", "1 ms"}));
  EXPECT_NEAR(axis.at(std::sqrt(1e-6 * 1e-3)), 50, 1e-9);
}

TEST(AxisTest, NarrowRangesAreLinearWithRoundSteps) {
  const DrawnAxis axis({1.0, 3.0}, 0, 100, Dimension::energy);
  EXPECT_FALSE(axis.logarithmic());
  EXPECT_EQ(labelsOf(axis), (std::vector<std::string>{"1 J", "1.5 J", "2 J", "2.5 J", "3 J"}));
}

TEST(AxisTest, OneValueNoValueAndZeroStillGiveAnAxis) {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {5.0}, {0.0}, {-1.0, 1e9}, {missing}}) {
    const DrawnAxis axis(values, 0, 100, Dimension::power);
    EXPECT_LT(axis.low(), axis.high());
    EXPECT_LT(axis.ticks().size(), 100u);
    for (const double v : values) {
      if (std::isnan(v)) continue;
      EXPECT_TRUE(axis.at(v) >= 0 && axis.at(v) <= 100) << v;
    }
  }
}

TEST(AxisTest, WhatHasNoPlaceIsNotDrawn) {
  const DrawnAxis axis({1.0, 1000.0}, 0, 100, Dimension::ratio);
  EXPECT_TRUE(std::isnan(axis.at(0.0)));
  EXPECT_TRUE(std::isnan(axis.at(missing)));
}

TEST(ParetoPlot, IsWellFormedNamesTheFrontAndItsScope) {
  const Plot plot = paretoPlot(samplePoints(40));
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.svg, HasSubstr("upmem-dimm w8a8kv8</text>"));
  EXPECT_THAT(plot.svg, HasSubstr("scope node"));
  EXPECT_THAT(plot.svg, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(plot.svg, Not(HasSubstr("nan")));
}

TEST(ParetoPlot, ItsCsvHoldsEveryPointShown) {
  std::vector<PointRow> rows = samplePoints(40);
  rows.push_back(makePointRow("x", infeasibleResult()));
  const Plot plot = paretoPlot(rows);
  EXPECT_EQ(std::count(plot.csv.begin(), plot.csv.end(), '\n'), 41);
  EXPECT_THAT(plot.csv,
              HasSubstr("workload,point_id,platform,format,family,scope,time_s,energy_j"));
}

TEST(ParetoPlot, ManyPointsStaySmall) {
  const Plot plot = paretoPlot(samplePoints(10000));
  EXPECT_LT(plot.svg.size(), 1500000u);  // about 100 bytes a mark, covered ones left out
  EXPECT_LT(paretoPlot(samplePoints(120)).svg.size(), 60000u);
}

TEST(ParetoPlot, HostileTextIsEscaped) {
  std::vector<PointRow> rows = samplePoints(2);
  rows[0].workload = rows[1].workload = "<script>\"&\x01";
  const Plot plot = paretoPlot(rows, {"time_s"}, {"energy_j"}, "a < b & c");
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.svg, Not(HasSubstr("<script>")));
}

TEST(ParetoPlot, AWinnerThatRestsOnAnUnknownCarriesItsChance) {
  std::vector<PointRow> rows = samplePoints(6);
  WinnerRow winner{rows[0].workload, "time_s", rows[0].id, "", ""};
  winner.probability = 0.16;
  rows[0].pareto = true;
  const Plot plot = paretoPlot(rows, {"time_s"}, {"energy_j"}, "", {winner});
  EXPECT_THAT(plot.svg, HasSubstr("? (time 16 %)"));
  EXPECT_THAT(plot.svg, HasSubstr("? = rests on an unknown"));
}

TEST(ParetoPlot, WhatTheHostRanIsDrawnAsTheHost) {
  std::vector<PointRow> rows = samplePoints(2);
  rows[0].device = "host";
  rows[0][metricHostShare] = 1;
  const Plot plot = paretoPlot(rows);
  EXPECT_THAT(plot.svg, HasSubstr("run on the host"));
  EXPECT_THAT(plot.csv, HasSubstr(",run on the host,"));
}

TEST(ParetoPlot, BadRequestsAreRefused) {
  EXPECT_THROW(paretoPlot(samplePoints(3), {"speed"}), InputError);
  EXPECT_THROW(paretoPlot(samplePoints(3), {"accuracy"}), InputError);
  EXPECT_THROW(paretoPlot({}), InputError);
  std::vector<PointRow> rows = samplePoints(2);
  rows[1].scope = "chip";
  EXPECT_THROW(paretoPlot(rows), InputError);
}

TEST(RooflinePlot, TakesThePeakFromUtilisationAndDrawsNoSlopeThatItDoesNotKnow) {
  const Plot plot = rooflinePlot({sampleResult()});
  EXPECT_TRUE(wellFormed(plot.svg));
  // layer.qkv: 2e12 operations in 0.25 s at half the peak.
  EXPECT_THAT(plot.csv, HasSubstr("roof,upmem-dimm,,,,,,16000000000000,"));
  EXPECT_THAT(plot.svg, HasSubstr("16 Top/s peak"));
  EXPECT_THAT(plot.svg, HasSubstr("no slope where the memory's peak is not known"));
  EXPECT_THAT(plot.svg, Not(HasSubstr("B/s")));
}

TEST(RooflinePlot, GivenRoofsAreDrawnAsTheyAre) {
  const Plot plot = rooflinePlot({sampleResult()}, {{"sheet", 2e13, 1e11}});
  EXPECT_THAT(plot.svg, HasSubstr("sheet 20 Top/s peak<"));
  EXPECT_THAT(plot.svg, HasSubstr(">100 GB/s peak<"));
}

TEST(RooflinePlot, LeavesOutTheHostAndCopies) {
  RunResult r = sampleResult();
  r.operators[0].device = "host";
  const Plot plot = rooflinePlot({r});
  EXPECT_THAT(plot.csv, Not(HasSubstr("layer.qkv")));
  EXPECT_THAT(plot.csv, Not(HasSubstr("copy")));
  EXPECT_THROW(rooflinePlot({infeasibleResult()}), InputError);
}

TEST(EnergyPlot, ShowsSharesOnlyWhenTotalsAreFarApart) {
  EXPECT_THAT(energyPlot({sampleResult(), sampleResult("b", 0.5)}).svg,
              Not(HasSubstr("share of the energy")));
  const Plot plot = energyPlot({sampleResult("b", 0.01), sampleResult()});
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.svg, HasSubstr("share of the energy"));
  EXPECT_THAT(plot.svg, HasSubstr("100 J, 100x"));
}

TEST(EnergyPlot, RatiosStayWithinAWorkload) {
  RunResult small = sampleResult("c", 1e-6);
  small.workload = "ecg-dscnn1d";
  const std::string svg = energyPlot({sampleResult(), sampleResult("b", 0.5), small}).svg;
  EXPECT_THAT(svg, HasSubstr(">100 J, 2x<"));
  EXPECT_THAT(svg, HasSubstr(">100 uJ<"));
}

TEST(EnergyPlot, RefusesMixedScopesAndNothingToShow) {
  RunResult chip = sampleResult("b");
  chip.scope = "chip";
  EXPECT_THROW(energyPlot({sampleResult(), chip}), InputError);
  EXPECT_THROW(energyPlot({infeasibleResult()}), InputError);
}

TEST(StorePlot, EveryKindComesFromAResultsFile) {
  const Folder folder;
  writeRunStore(folder / "run.h5", sampleResult());
  for (const char* kind : {"pareto", "roofline", "energy"})
    EXPECT_TRUE(wellFormed(plotOfStore(kind, folder / "run.h5").svg)) << kind;
  EXPECT_THROW(plotOfStore("paretto", folder / "run.h5"), InputError);
  EXPECT_THROW(plotOfStore("pareto", folder / "none.h5"), InputError);
}

TEST(StorePlot, TakesTheBestPointOfEachPlatform) {
  const Folder folder;
  StoreWriter writer({"s", "node", "activity", ""});
  for (const double scale : {2.0, 1.0, 3.0}) {
    const RunResult r = sampleResult("upmem-dimm", scale);
    writer.append(makePointRow(fmt::format("{}", scale), r), toJson(r, false, -1));
  }
  writer.commit(folder / "a.h5");
  const std::string csv = plotOfStore("energy", folder / "a.h5").csv;
  EXPECT_THAT(csv, HasSubstr("upmem-dimm,llama2-7b,w8a8kv8,node,100,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2);
}

TEST(WritePlot, PutsTheCsvBesideThePicture) {
  const Folder folder;
  writePlot(folder / "a.svg", {Svg(1, 1), "", "x\n"});
  EXPECT_TRUE(std::filesystem::exists(folder / "a.csv"));
  EXPECT_THROW(writePlot(folder / "a.png", Plot(Svg(1, 1), "", "")), InputError);
}

TEST(FamilyTest, LongerNamesWinAndPathsCountByTheirFile) {
  EXPECT_EQ(familyOf("upmem-samac-row").name, "UPMEM + sense-amplifier MAC");
  EXPECT_EQ(familyOf("upmem-server").name, "UPMEM");
  EXPECT_EQ(familyOf("./my/gpu-new.yaml").name, "GPU");
  EXPECT_EQ(familyOf("abacus").name, "other");
}

TornadoBar bar(const std::string& parameter, double low, double high) {
  return {"0", parameter, low, high, "energy_j"};
}

TEST(RooflinePlot, GivesEachOfManyPlatformsItsOwnPanel) {
  std::vector<RunResult> results;
  for (const char* platform : {"upmem-dimm", "gpu-h100-sxm", "pim-ai-4chip", "fpga-zcu104"})
    results.push_back(sampleResult(platform));
  const auto panels = [&](std::size_t n) {
    const std::string svg =
        rooflinePlot({results.begin(), results.begin() + static_cast<std::ptrdiff_t>(n)}).svg;
    EXPECT_TRUE(wellFormed(svg));
    std::size_t axes = 0;
    for (std::size_t at = svg.find("operations per byte"); at != std::string::npos;
         at = svg.find("operations per byte", at + 1))
      ++axes;
    return axes;
  };
  EXPECT_EQ(panels(3), 1u);
  EXPECT_EQ(panels(4), 4u);
}

TEST(Measures, HaveWordsAndTheUnitOfPlainNamesOnly) {
  EXPECT_EQ(measureOf("decode.tokens_per_s").name, "decode tokens per second");
  EXPECT_EQ(measureOf("energy_breakdown_j.link").name, "link energy");
  EXPECT_EQ(measureOf("energy_breakdown_j.link").dimension, Dimension::energy);
  EXPECT_EQ(measureOf("prefill.time_s").dimension, Dimension::time);
  for (const char* expression : {"time_s * energy_j", "1 ÷ time_s", "power_peak_w÷time_s"}) {
    EXPECT_EQ(measureOf(expression).name, expression);
    EXPECT_EQ(measureOf(expression).dimension, Dimension::ratio) << expression;
  }
}

TEST(TornadoPlot, ShowsTheWidestBarFirst) {
  const Plot plot = tornadoPlot({bar("small", 9, 11), bar("wide", 14, 5)}, 10, "p");
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_LT(plot.svg.find(">wide<"), plot.svg.find(">small<"));
  EXPECT_THAT(plot.csv, HasSubstr("0,wide,energy_j,14,5,10,,\n"));
}

TEST(TornadoPlot, TellsRisingFromFallingParameters) {
  EXPECT_THAT(tornadoPlot({bar("up", 5, 14)}, 10, "").svg,
              HasSubstr("class=\"c0\"><title>up</title>"));
  EXPECT_THAT(tornadoPlot({bar("down", 14, 5)}, 10, "").svg,
              HasSubstr("class=\"c1\"><title>down</title>"));
}

TEST(TornadoPlot, MarksEndsThatWereSimulated) {
  TornadoBar confirmed = bar("wide", 14, 5);
  confirmed.simulatedLow = 15;
  confirmed.simulatedHigh = 4.5;
  const Plot plot = tornadoPlot({confirmed, bar("small", 9, 11)}, 10, "p");
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.csv, HasSubstr("0,wide,energy_j,14,5,10,15,4.5\n"));
  EXPECT_THAT(plot.csv, HasSubstr("0,small,energy_j,9,11,10,,\n"));
  EXPECT_THAT(plot.svg, HasSubstr("the same end simulated"));
  EXPECT_THAT(tornadoPlot({bar("small", 9, 11)}, 10, "").svg, Not(HasSubstr("simulated")));
}

TEST(TornadoPlot, LeavesOutWhatMovesNothing) {
  const Plot plot = tornadoPlot({bar("still", 10, 10), bar("wide", 5, 14)}, 10, "p");
  EXPECT_THAT(plot.svg, Not(HasSubstr(">still<")));
  EXPECT_THROW(tornadoPlot({bar("still", 10, 10)}, 10, ""), InputError);
}

TEST(TornadoPlot, RefusesToShowNothing) {
  EXPECT_THROW(tornadoPlot({}, 10, ""), InputError);
  EXPECT_THROW(tornadoPlot({bar("x", missing, 1)}, 10, ""), InputError);
}

TEST(HypervolumePlot, DrawsABandOnlyWithSeveralSeeds) {
  const std::vector<HistoryStep> one = {{10, 0.2, 1, "w"}, {20, 0.5, 1, "w"}};
  std::vector<HistoryStep> two = one;
  two.insert(two.end(), {{10, 0.4, 2, "w"}, {20, 0.6, 2, "w"}});
  EXPECT_THAT(hypervolumePlot(one, "s").svg, Not(HasSubstr("class=\"band\"")));
  const Plot plot = hypervolumePlot(two, "s");
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.svg, HasSubstr("class=\"band\""));
  EXPECT_THAT(plot.csv, HasSubstr("w,20,2,0.5,0.55,0.6\n"));
}

TEST(HypervolumePlot, ACurveKeepsItsLastValueWhereItHasNoStep) {
  const Plot plot = hypervolumePlot({{10, 0.2, 1, ""}, {30, 0.8, 1, ""}, {20, 0.4, 2, ""}}, "");
  EXPECT_THAT(plot.csv, HasSubstr("\n,20,2,0.2,0.3,0.4\n"));
  EXPECT_THAT(plot.csv, HasSubstr("\n,10,2,0,0.1,0.2\n"));
  EXPECT_THROW(hypervolumePlot({}, ""), InputError);
}

std::vector<PointRow> gridPoints() {
  std::vector<PointRow> rows;
  for (const char* a : {"1", "2", "4"})
    for (const char* b : {"x", "y"})
      for (const double scale : {3.0, 1.0}) {
        PointRow row =
            makePointRow(fmt::format("{}{}{}", a, b, scale),
                         sampleResult("upmem-dimm", scale * std::stod(a)), {{"ga", a}, {"gb", b}});
        row.feasible = !(std::string(a) == "4" && std::string(b) == "y");
        rows.push_back(row);
      }
  return rows;
}

TEST(HeatmapPlot, QuantitiesStandInOrderWhateverTheSearchMetFirst) {
  std::vector<PointRow> rows;
  for (const char* batch : {"32", "1", "8"})
    for (const char* clock : {"1.2 GHz", "350 MHz"})
      rows.push_back(makePointRow(std::string(batch) + clock, sampleResult(),
                                  {{"batch", batch}, {"clock", clock}}));
  const Plot plot = heatmapPlot(rows, "batch", "clock", {"time_s"}, "");
  EXPECT_THAT(plot.csv, HasSubstr("llama2-7b,1,350 MHz,1.25,1,1\nllama2-7b,8,350 MHz,1.25,1,1\n"
                                  "llama2-7b,32,350 MHz,1.25,1,1\nllama2-7b,1,1.2 GHz"));
}

TEST(HeatmapPlot, ShowsTheBestOfEachCell) {
  const Plot plot = heatmapPlot(gridPoints(), "ga", "gb", {"energy_j"}, "s");
  EXPECT_TRUE(wellFormed(plot.svg));
  EXPECT_THAT(plot.csv, HasSubstr("llama2-7b,2,x,200,2,2\n"));
  EXPECT_THAT(plot.csv, HasSubstr("llama2-7b,4,y,,2,0\n"));
  EXPECT_THAT(plot.svg, HasSubstr(">infeasible</text>"));
  EXPECT_THAT(heatmapPlot(gridPoints(), "ga", "gb", {"energy_j", true}, "s").csv,
              HasSubstr("llama2-7b,2,x,600,2,2\n"));
}

TEST(Plots, AllMarkWhatRestsOnAnUnknown) {
  EXPECT_THAT(energyPlot({sampleResult()}, {"energy 16 %"}).svg,
              HasSubstr("100 J ? (energy 16 %)"));
  EXPECT_THAT(rooflinePlot({sampleResult()}, {}, {"time 16 %"}).svg, HasSubstr(" ? (time 16 %)<"));
  const std::vector<PointRow> rows = gridPoints();
  WinnerRow winner{rows[1].workload, "energy_j", rows[1].id, "", ""};
  winner.probability = 0.16;
  const std::string map = heatmapPlot(rows, "ga", "gb", {"energy_j"}, "s", {winner}).svg;
  EXPECT_THAT(map, HasSubstr(" J ?</text>"));
  EXPECT_THAT(map, HasSubstr("? = rests on an unknown"));
}

TEST(HeatmapPlot, RefusesParametersThatAreNotThere) {
  EXPECT_THROW(heatmapPlot(gridPoints(), "ga", "gc", {"energy_j"}, ""), InputError);
  EXPECT_THROW(heatmapPlot(gridPoints(), "ga", "ga", {"energy_j"}, ""), InputError);
  EXPECT_THROW(heatmapPlot(gridPoints(), "ga", "gb", {"joules"}, ""), InputError);
}

TEST(Pdf, IsTheSameAtAnyTimeAndHoldsTheTexts) {
  const Plot plot = paretoPlot(samplePoints(40));
  const std::string pdf = plot.drawing.pdf(plot.label);
  EXPECT_TRUE(pdf.starts_with("%PDF-1."));
  EXPECT_THAT(pdf, HasSubstr("%%EOF"));
  EXPECT_EQ(pdf, plot.drawing.pdf(plot.label));
  EXPECT_THAT(pdf, Not(HasSubstr("CreationDate")));
}

TEST(Pdf, DrawsEveryKindOfPartAndAnyText) {
  Svg svg(200, 100);
  const std::size_t empty = svg.pdf("t").size();
  svg.text(10, 10, "µ … é 漢 \xff (", "title halo", Anchor::middle, -90);
  svg.mark(Shape::circle, 50, 50, 5, "o1");
  svg.mark(Shape::star, 60, 50, 5, "c2");
  svg.polyline("1,1 2,2 3,1 ", "front");
  svg.area({{0, 0}, {10, 0}, {5, 5}}, "band");
  EXPECT_GT(svg.pdf("t").size(), empty + 100);
}

TEST(WritePlot, ChoosesTheFormByTheName) {
  const Folder folder;
  const Plot plot = paretoPlot(samplePoints(10));
  writePlot(folder / "a.svg", plot);
  writePlot(folder / "b.pdf", plot);
  EXPECT_EQ(folder.files(), 4u) << "each with its CSV";
  std::ifstream in(folder / "b.pdf", std::ios::binary);
  std::string start(5, ' ');
  in.read(start.data(), 5);
  EXPECT_EQ(start, "%PDF-");
  EXPECT_THROW(writePlot(folder / "c.png", plot), InputError);
}

TEST(PlotOfStore, DrawsWhatTheTablesHold) {
  const Folder folder;
  StoreWriter writer({"study", "node", "activity", ""});
  for (const PointRow& row : gridPoints()) writer.append(row);
  writer.addTable(tableOf<HistoryStep>({{1, 0.5, 1, "w"}}));
  std::vector<TornadoBar> bars = {bar("a", 1, 2), bar("b", 1, 3)};
  bars[0].point = "1x1";
  bars[1].point = "2x1";
  writer.addTable(tableOf(bars));
  writer.commit(folder / "a.h5");
  EXPECT_THAT(plotOfStore("tornado", folder / "a.h5").csv, HasSubstr("1x1,a,")) << "the best point";
  EXPECT_THAT(plotOfStore("tornado", folder / "a.h5", {.point = "2x"}).csv, HasSubstr("2x1,b,"));
  EXPECT_THROW(plotOfStore("tornado", folder / "a.h5", {.point = "9"}), InputError);
  EXPECT_TRUE(wellFormed(plotOfStore("hypervolume", folder / "a.h5").svg));
  EXPECT_THAT(plotOfStore("heatmap", folder / "a.h5").csv, HasSubstr("workload,ga,gb,energy_j"));
  EXPECT_THAT(
      plotOfStore("heatmap", folder / "a.h5", {.x = "gb", .y = "ga", .metric = "time_s"}).csv,
      HasSubstr("workload,gb,ga,time_s"));
}

}  // namespace
}  // namespace wattlas
