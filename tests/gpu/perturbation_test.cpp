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
  add(gemm(1, 3000, 3000, "int8"), bytes(9e6));
  add(rows(OpKind::rope, OpVariant::none, 4096, 8192), Bits(0));
  add(rows(OpKind::rope, OpVariant::none, 2, 20000), Bits(0));
  add(rows(OpKind::norm, OpVariant::rms, 20000, 8192), Bits(0));
  add(rows(OpKind::softmax, OpVariant::none, 20000, 512), Bits(0));
  add(rows(OpKind::activation, OpVariant::gelu, 4096, 8192), Bits(0));
  add(rows(OpKind::activation, OpVariant::gelu, 1, 4096), Bits(0));
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

TEST(Perturbation, EveryParameterOfAGpuMattersOrIsListed) {
  // Reasons: population counts run on the 1-bit matrix units here; zero means that the unit, the
  // link or the kernels do not exist (20 % of nothing), or that another kernel appends the keys;
  // further stacks are used only on request;
  // the graph's launch time only with launch.graph; the lowest clock only when the limit is far
  // below; voltages only below the nominal clock.
  const std::set<std::string> known = {
      "vector.logic",
      // of fp32 products: no format asks for tf32 yet, and the
      // probes' convolutions take the other Winograd form
      "matrix.tf32", "calibration.convolution.winograd", "launch.calls.convolution.least",
      "matrix.fp32", "matrix.fp8", "matrix.fp4", "energy.macFp8", "energy.macFp4", "area",
      "groupLink", "launch.perGraphNode", "power.uncore", "power.lowestClock",
      "power.voltageExponent", "power.voltageFloor", "calibration.attention.appendBandwidth",
      "calibration.attention.regroup", "calibration.launches.quantiseStart",
      "calibration.launches.quantiseBytes"};
  for (const std::string& path : inertOf(treeOf("gpu-a100-sxm"), 0.8)) {
    if (path.starts_with("stacks.")) continue;
    EXPECT_TRUE(known.count(path) > 0) << path << " changes nothing";
  }
}

TEST(Perturbation, ParametersThatAreZeroOnThatGpuMatterElsewhere) {
  const auto differs = [](const std::string& id, const std::string& stack, const std::string& key,
                          const std::string& one, const std::string& other) {
    ConfigNode tree = treeOf(id);
    if (!stack.empty()) tree.set("stack", ConfigNode::ofScalar(stack));
    tree.set(key, ConfigNode::ofScalar(one));
    const Totals before = totalsOf(tree);
    tree.set(key, ConfigNode::ofScalar(other));
    EXPECT_FALSE(totalsOf(tree) == before) << id << " " << key;
  };
  differs("gpu-h100-sxm", "vllm", "stacks.vllm.launches.quantiseStart", "9 us", "12 us");
  differs("gpu-h100-sxm", "vllm", "stacks.vllm.launches.quantiseBytes", "36", "72");
  differs("gpu-h100-sxm", "", "matrix.fp8", "4096", "2048");
  differs("gpu-a100-sxm", "", "groupLink", "100 GB/s", "20 GB/s");
  differs("gpu-a100-sxm", "", "power.uncore", "0 W", "20 W");
  differs("gpu-mi210", "", "matrix.fp32", "256", "128");
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
                                                        {"energy.macFp16", "2 pJ"},
                                                        {"energy.l2", "1 pJ/bit"},
                                                        {"energy.vectorOp", "9 pJ"},
                                                        {"power.idle", "90 W"},
                                                        {"energy.shared", "0.3 pJ/bit"}})
    EXPECT_GT(with(key, value).joules, before.joules) << key;
}

}  // namespace
}  // namespace wattlas::testing
