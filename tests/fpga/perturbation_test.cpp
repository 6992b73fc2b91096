// Does every parameter, moved by 20 %, move what it should and in the right direction?
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "fpga/resources.h"
#include "models/base/units.h"
#include "tests/fpga/bench_board.h"

namespace wattlas::fpga {
namespace {

using namespace test;

/// What is looked at, on a device.
using Figure = std::function<double(const Device&)>;

const Workload& ecg() {
  static const Workload w = network("ecg-dscnn1d", {{"format", "int8"}, {"batch", "3"}});
  return w;
}

double seconds(const Device& d) {
  return toSeconds(run(d, ecg()).alone()).value;
}
double energy(const Device& d) {
  return joules(d, run(d, ecg()));
}
Figure used(const char* name) {
  return [name](const Device& d) {
    const auto program = lowered(d, ecg());
    const Resources& all = pipelineOf(*program).design().total;
    const std::string kind = name;
    return static_cast<double>(kind == "lut"      ? all.lut
                               : kind == "ff"     ? all.ff
                               : kind == "dsp"    ? all.dsp
                               : kind == "bram18" ? all.bram18
                                                  : all.uram);
  };
}

struct Expectation {
  Figure figure;
  int sign;  ///< +1: more of the parameter is more of the figure
};

const std::map<std::string, Expectation>& expectations() {
  const auto budget = [](std::int64_t Resources::*member) {
    return [member](const Device& d) {
      return static_cast<double>(budgetOf(dataflow(d).parameters()).*member);
    };
  };
  const Figure launch = [](const Device& d) {
    return static_cast<double>(d.launch().perProgram.ps);
  };
  const Figure reachable = [](const Device& d) {
    return reachableClock(0.5, dataflow(d).parameters()).value;
  };
  const Figure additions = [](const Device& d) {
    return additionsPerCycle(16, dataflow(d).parameters());
  };
  const Figure product = [](const Device& d) {
    return static_cast<double>(productCycles(16, 16, dataflow(d).parameters()));
  };
  static const std::map<std::string, Expectation> all = {
      {"fabric.maxClock", {reachable, 1}},
      {"fabric.derating", {reachable, -1}},
      {"host.callInstructions", {launch, 1}},
      {"host.cyclesPerInstruction", {launch, 1}},
      {"host.clock", {launch, -1}},
      {"host.registerAccesses", {launch, 1}},
      {"host.registerAccess", {launch, 1}},
      {"host.lineFlush",
       {[](const Device& d) {
          return static_cast<double>(d.copy({.amount = Bits(8192)}).latency.ps);
        },
        1}},
      {"law.multiplier", {product, 1}},
      {"law.adder", {additions, -1}},
      {"law.adderBit", {additions, -1}},
      {"fabric.lut.usable", {budget(&Resources::lut), 1}},
      {"fabric.ff.usable", {budget(&Resources::ff), 1}},
      {"fabric.dsp.usable", {budget(&Resources::dsp), 1}},
      {"fabric.bram36.usable", {budget(&Resources::bram18), 1}},
      {"fabric.uram.usable", {budget(&Resources::uram), 1}},
      {"fabric.clock", {seconds, -1}},
      {"memory.bandwidth", {seconds, -1}},
      {"memory.dmaClock", {seconds, -1}},
      {"memory.capacity", {[](const Device& d) { return d.info().tiers[1].capacity.value; }, 1}},
      {"memory.energy", {energy, 1}},
      {"host.callOverhead", {launch, 1}},
      {"host.copyLatency",
       {[](const Device& d) { return static_cast<double>(d.copy({}).latency.ps); }, 1}},
      {"law.lutScale", {used("lut"), 1}},
      {"law.ffPerLut", {used("ff"), 1}},
      {"law.hlsLutScale", {used("lut"), 1}},
      {"power.static", {energy, 1}},
      {"power.board", {energy, 1}},
      {"energy.lutLogic", {energy, 1}},
      {"energy.lutRouting", {energy, 1}},
      {"energy.ffClock", {energy, 1}},
      {"energy.bram36", {energy, 1}},
      {"energy.uram", {energy, 1}},
      {"energy.dsp", {energy, 1}},
      {"energy.technology", {energy, 1}},
      {"energy.toggleRate", {energy, 1}},
  };
  return all;
}

/// Settings under which a parameter matters.
Settings settingsFor(const std::string& path) {
  Settings s = {{"folding.pe", "1"}, {"folding.simd", "1"}, {"style", "finn"}};
  if (path == "memory.bandwidth") s.push_back({path, "1 MB/s"});
  if (path == "memory.dmaClock") s.push_back({path, "200 kHz"});
  if (path == "host.copyLatency" || path == "host.callOverhead") s.push_back({path, "10 us"});
  if (path == "law.hlsLutScale") s = {{"style", "hls4ml"}, {"folding.reuse", "8"}};
  if (path == "law.multiplier") s.push_back({"fabric.clock", "400 MHz"});  // it counts in cycles
  // UltraRAM is used where block RAM is scarce.
  if (path == "energy.uram") s.push_back({"fabric.bram36.total", "18"});
  return s;
}

TEST(Perturbation, EveryParameterMovesItsFigureInTheRightDirection) {
  const auto plain = board("fpga-zcu104");
  for (const ParameterRecord& record : plain->config().parameters) {
    const auto expected = expectations().find(record.path);
    ASSERT_NE(expected, expectations().end()) << record.path << " has no expectation";
    const Settings base = settingsFor(record.path);
    const auto device = board("fpga-zcu104", base);
    double value = 0;
    for (const ParameterRecord& r : device->config().parameters)
      if (r.path == record.path) value = r.value;
    ASSERT_GT(value, 0) << record.path;
    const auto figure = [&](double factor) {
      Settings moved = base;
      moved.push_back({record.path, exactQuantity(value * factor, record.dimension)});
      return expected->second.figure(*board("fpga-zcu104", moved));
    };
    const double less = figure(0.8), more = figure(1.2);
    EXPECT_GT((more - less) * expected->second.sign, 0)
        << record.path << ": " << less << " .. " << more;
  }
}

TEST(Perturbation, StructuralParametersMatterToo) {
  const auto time = [](const Settings& s) { return seconds(*board("fpga-zcu104", s)); };
  EXPECT_GT(time({{"memory.dmaWidth", "1"}}), time({{"memory.dmaWidth", "128"}}));
  EXPECT_GT(time({{"folding.pe", "1"}}), time({{"folding.pe", "4"}}));
  EXPECT_GT(time({{"folding.simd", "1"}}), time({{"folding.simd", "4"}}));
  EXPECT_GT(time({{"folding.targetCycles", "100000"}}), time({}));
  EXPECT_GT(time({{"style", "hls4ml"}, {"folding.reuse", "64"}}),
            time({{"style", "hls4ml"}, {"folding.reuse", "8"}}));
  const Settings hls = {{"style", "hls4ml"}, {"folding.reuse", "8"}};
  Settings slowPixels = hls, slowSource = hls;
  slowPixels.push_back({"law.pixelCycles", "9"});
  slowSource.push_back({"law.sourceCycles", "30"});
  EXPECT_GT(time(slowPixels), time(hls));
  EXPECT_GT(time(slowSource), time(hls));

  const auto count = [](const char* what, const Settings& s) {
    return used(what)(*board("fpga-zcu104", s));
  };
  const Settings narrow = {{"folding.pe", "2"}, {"folding.simd", "2"}};
  const auto with = [&](const char* key, const char* value) {
    Settings s = narrow;
    s.push_back({key, value});
    return s;
  };
  EXPECT_LT(count("dsp", with("multiplier.dspThreshold", "9")), count("dsp", narrow));
  EXPECT_LT(count("dsp", with("multiplier.dspPacking", "true")), count("dsp", narrow));
  EXPECT_GT(count("lut", with("law.unitLuts", "600")), count("lut", narrow));
  EXPECT_GT(count("lut", with("fifo.depth", "128")), count("lut", with("fifo.depth", "2")));
}

TEST(Perturbation, MoreResourcesNeverSlowAnAutomaticDesignDown) {
  for (const char* key : {"fabric.lut.total", "fabric.dsp.total", "fabric.bram36.total"}) {
    double before = 1e9;
    for (const char* value : {"300", "30000", "300000"}) {
      const std::string amount = std::string(key) == "fabric.lut.total"
                                     ? std::to_string(std::stoll(value) + 20000)
                                     : value;
      const auto program = lowered(*board("fpga-zcu104", {{key, amount}}), ecg());
      const double now =
          static_cast<double>(boundCycles(pipelineOf(*program).design().pipeline, 1));
      EXPECT_LE(now, before) << key << " " << amount;
      before = now;
    }
  }
}

}  // namespace
}  // namespace wattlas::fpga
