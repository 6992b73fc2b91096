// Does every parameter matter: moved by 20 %, does a result move in the expected direction?
#include <cmath>
#include <set>

#include "tests/gpu/fixture.h"

namespace wattlas::testing {
namespace {

struct Totals {
  double seconds = 0, joules = 0, launch = 0, copy = 0, resident = 0, measured = 0;
  bool operator==(const Totals&) const = default;
};

/// Time and energy over operators that together use every part of the device.
Totals totalsOf(const ConfigNode& tree) {
  Registry registry;
  registerGpu(registry);
  registerHost(registry);
  const auto device = registry.make(tree, "device");
  Totals t;
  double idle = 0;
  for (const CoefficientId id : device->energy().powers())
    idle += device->energy().at(id).perCount.value.value;
  const auto add = [&](const Operator& op, Bits loop) {
    if (device->support(op).level == Support::Level::refused) return;
    const auto program = lower(*device, op, loop);
    const Profile profile = device->estimate(*program);
    t.seconds += toSeconds(profile.alone()).value;
    t.joules += profile.shares[0].energy.energy(device->energy()).value +
                idle * static_cast<double>(profile.alone().ps);
  };
  for (const char* format :
       {"fp32", "fp16", "bf16", "fp8-e4m3", "fp4-e2m1", "int16", "int8", "int4", "w4a16", "binary"})
    for (Operator op : sample(format)) add(op, Bits(0));
  for (const Operator& op : sample()) add(op, bytes(25e6));
  Operator shortened = gemm(4096, 8192, 8192, "fp32");
  shortened.formats.weight.name = shortened.formats.activation.name = "tf32";
  add(shortened, Bits(0));
  add(gemm(1, 3000, 3000, "int8"), bytes(9e6));
  add(rows(OpKind::rope, OpVariant::none, 4096, 8192), Bits(0));
  add(rows(OpKind::rope, OpVariant::none, 2, 20000), Bits(0));
  add(rows(OpKind::norm, OpVariant::rms, 20000, 8192), Bits(0));
  add(rows(OpKind::softmax, OpVariant::none, 20000, 512), Bits(0));
  add(rows(OpKind::activation, OpVariant::gelu, 4096, 8192), Bits(0));
  add(rows(OpKind::activation, OpVariant::gelu, 1, 4096), Bits(0));
  add(rows(OpKind::activation, OpVariant::siluMul, 4, 8192), Bits(0));
  add(rows(OpKind::add, OpVariant::none, 20000, 8192), Bits(0));
  add(rows(OpKind::embedding, OpVariant::none, 4096, 8192), Bits(0));
  add(rows(OpKind::embedding, OpVariant::none, 1, 4096), Bits(0));
  add(attention(128, 8, 8, 1, 8192), Bits(0));
  add(attention(5, 8, 8, 1, 128), Bits(0));
  add(attention(5, 16, 8, 1, 2048), Bits(0));
  Operator hamming = gemm(1000, 10, 4096, "binary");
  hamming.kind = OpKind::hamming;
  add(hamming, Bits(0));
  Operator reduce = gemm(1, 1 << 22, 1);
  reduce.kind = OpKind::collective;
  reduce.variant = OpVariant::allReduce;
  reduce.hasWeights = false;
  reduce.dims[Dim::groups] = 4;
  add(reduce, Bits(0));
  // Fused Winograd: few channels, for which stored transforms do not pay.
  for (const std::int64_t channels : {8, 16, 32}) {
    Operator few = convolution(channels, channels, 1, "fp32");
    few.dims[Dim::height] = few.dims[Dim::width] = 224;
    add(few, Bits(0));
  }
  // What clocks of measurements see: of short kernels the host, of long ones what comes before.
  if (const auto* timed = dynamic_cast<const TimedDevice*>(device.get())) {
    std::vector<Operator> calls = sample();
    calls.push_back(gemm(64, 64, 64));
    calls.back().hasWeights = false;
    for (const Operator& op : calls)
      for (const Timing timing : {Timing::event, Timing::hostSync})
        for (const double seconds : {1e-6, 1e-3})
          t.measured += toSeconds(timed->measured(op, timing, toTicks(Seconds(seconds)))).value;
  }
  t.launch = toSeconds(device->launch().perProgram + device->launch().hostSync).value;
  t.copy = toSeconds(device->copy({CopyPattern::scatter, true, bytes(1e6)}).latency).value +
           bytes(1e6).value / device->copy({}).peak.value;
  t.resident = device->info().tiers[0].capacity.value + device->info().area.value +
               device->info().tdp.value.value;
  return t;
}

/// Parameters of which neither `factor` times the value nor the inverse changes a result.
std::set<std::string> inertOf(const ConfigNode& base, double factor) {
  Registry registry;
  registerGpu(registry);
  registerHost(registry);
  const auto device = registry.make(base, "device");
  const Totals before = totalsOf(base);
  std::set<std::string> inert;
  for (const ParameterRecord& record : device->config().parameters) {
    const auto changesNothing = [&](double moved) {
      // Shares stay shares.
      if (record.dimension == Dimension::ratio && record.value <= 1 && moved > 1 &&
          !record.path.ends_with("ctasToFill"))
        moved = 1;
      ConfigNode tree = base;
      tree.set(record.path, ConfigNode::ofScalar(exactQuantity(moved, record.dimension)));
      return totalsOf(tree) == before;
    };
    if (changesNothing(record.value * factor) && changesNothing(record.value / factor))
      inert.insert(record.path);
  }
  return inert;
}

ConfigNode treeOf(const std::string& id) {
  return loadConfig(*dataPath.find("devices", id), dataPath);
}

/// A parameter that the sample on an A100 does not show, and where it does show.
struct Elsewhere {
  std::string key, id, one, other;
  std::vector<std::pair<std::string, std::string>> with = {};
};
const std::vector<Elsewhere>& shownElsewhere() {
  // Zero there: the unit, the link or the kernel does not exist.
  static const std::vector<Elsewhere> list = {
      {"vector.logic", "gpu-h100-sxm", "16", "32"},
      {"matrix.fp32", "gpu-mi210", "256", "128"},
      {"matrix.fp8", "gpu-h100-sxm", "4096", "2048"},
      {"matrix.fp4", "gpu-b200-sxm", "16384", "8192"},
      {"energy.macFp8", "gpu-h100-sxm", "0.5 pJ", "1 pJ"},
      {"energy.macFp4", "gpu-b200-sxm", "0.2 pJ", "0.4 pJ"},
      {"area", "gpu-a100-sxm", "0 mm2", "826 mm2"},
      {"groupLink", "gpu-a100-sxm", "100 GB/s", "20 GB/s"},
      {"launch.perGraphNode", "gpu-a100-sxm", "1 us", "2 us", {{"launch.graph", "true"}}},
      {"launch.calls.convolution.least", "gpu-a100-sxm", "0 us", "900 us"},
      {"calibration.attention.appendBandwidth", "gpu-a100-sxm", "0 GB/s", "20 GB/s"},
      {"calibration.attention.regroup", "gpu-a100-sxm", "0 us", "4 us"},
      {"calibration.launches.quantiseStart",
       "gpu-h100-sxm",
       "9 us",
       "12 us",
       {{"calibration.launches.quantiseBytes", "36"}}},
      {"calibration.launches.quantiseBytes", "gpu-h100-sxm", "36", "72"},
      {"calibration.launches.cacheWriteToken", "gpu-h100-sxm", "0 us", "4 us"},
      {"calibration.launches.cacheWriteRound",
       "gpu-h100-sxm",
       "0.5 us",
       "1 us",
       {{"calibration.launches.cacheWriteToken", "4 us"}}},
      {"calibration.launches.rest", "gpu-h100-sxm", "0 us", "1 ms"},
      {"calibration.stream.measuredPerSm", "gpu-b200-sxm", "25", "12"},
      // Below the nominal clock, or at the lowest one.
      {"power.uncore", "gpu-a100-sxm", "0 W", "20 W"},
      {"power.voltageExponent", "gpu-a100-sxm", "0.7", "1", {{"power.tdp", "220 W"}}},
      {"power.voltageFloor", "gpu-a100-sxm", "0.7", "0.95", {{"power.tdp", "220 W"}}},
      {"power.lowestClock", "gpu-a100-sxm", "0.3", "0.4", {{"power.tdp", "80 W"}}}};
  return list;
}

TEST(Perturbation, EveryParameterOfAGpuMattersThereOrElsewhere) {
  std::set<std::string> elsewhere;
  for (const Elsewhere& e : shownElsewhere()) elsewhere.insert(e.key);
  for (const std::string& path : inertOf(treeOf("gpu-a100-sxm"), 0.8))
    // Further stacks are used on request only; their parameters are those of the first.
    EXPECT_TRUE(path.starts_with("stacks.") || elsewhere.count(path) > 0)
        << path << " changes nothing";
  for (const Elsewhere& e : shownElsewhere()) {
    ConfigNode tree = treeOf(e.id);
    for (const auto& [key, value] : e.with) tree.set(key, ConfigNode::ofScalar(value));
    tree.set(e.key, ConfigNode::ofScalar(e.one));
    const Totals before = totalsOf(tree);
    tree.set(e.key, ConfigNode::ofScalar(e.other));
    EXPECT_FALSE(totalsOf(tree) == before) << e.id << " " << e.key;
  }
}

TEST(Perturbation, EveryParameterOfAProcessorMattersOrIsListed) {
  for (const std::string& path : inertOf(treeOf("cpu-xeon"), 0.8))
    EXPECT_TRUE(path == "area") << path << " changes nothing";
}

TEST(Perturbation, DirectionsAreAsPhysicsSays) {
  const ConfigNode base = treeOf("gpu-a100-sxm");
  const Totals before = totalsOf(base);
  const auto with = [&](const std::string& key, const std::string& value) {
    ConfigNode tree = base;
    tree.set(key, ConfigNode::ofScalar(value));
    return totalsOf(tree);
  };
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"memory.bandwidth", "1600 GB/s"},
           {"clock", "1100 MHz"},
           {"sms", "86"},
           {"matrix.fp16", "800"},
           {"vector.fp32", "50"},
           {"memory.l2Bandwidth", "3000 GB/s"},
           {"memory.l2Size", "20 MB"},
           {"calibration.gemm.start", "8 us"},
           {"calibration.gemm.efficiency", "0.7"},
           {"calibration.gemm.dramEfficiency", "0.5"},
           {"calibration.gemm.overlapLoss", "0.8"},
           {"calibration.stream.norm.rowTime", "9 us"},
           {"calibration.attention.decodeEfficiency", "0.4"},
           {"power.tdp", "250 W"}})
    EXPECT_GT(with(key, value).seconds, before.seconds) << key;
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"energy.dram", "9 pJ/bit"},
                                                        {"energy.macFp16", "3 pJ"},
                                                        {"energy.l2", "1 pJ/bit"},
                                                        {"energy.vectorOp", "9 pJ"},
                                                        {"power.idle", "90 W"},
                                                        {"energy.shared", "0.3 pJ/bit"}})
    EXPECT_GT(with(key, value).joules, before.joules) << key;
}

}  // namespace
}  // namespace wattlas::testing
