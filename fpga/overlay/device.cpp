#include "fpga/overlay/device.h"

#include <algorithm>
#include <cmath>

#include "fpga/device.h"
#include "fpga/kind.h"
#include "fpga/register.h"
#include "models/base/multiples.h"
#include "models/registry.h"
#include "workloads/graph/exact.h"

namespace wattlas::fpga {

void OverlayParameters::bind(Binder& binder) {
  constexpr double many = 1e9;
  binder.text("title", title, {.fallback = title}, "name for people");
  binder.text("part", part, {.fallback = part}, "vendor's name of the chip");
  binder.section("array", "units that compute", [&](Binder& b) {
    b.quantity("clock", clock, {1e6, 2e9, {}}, "clock of the array");
    b.integer("cores", cores, {1, 64, "1"}, "arrays, each on an inference of its own");
    b.integer("pixels", pixels, {1, 4096, {}}, "output pixels or rows at once");
    b.integer("inputs", inputs, {1, 4096, {}}, "input channels at once");
    b.integer("outputs", outputs, {1, 4096, {}}, "output channels at once");
    b.flag("channelAugmentation", augmented, {.fallback = "false"},
           "with few input channels, neighbours in a row of the kernel fill the input lanes");
    b.integer("rowPixels", rowPixels, {0, 4096, "0"},
              "rows that a pass over weights takes at least (how fast weights enter)");
    b.integer("depthwisePixels", depthwisePixels, {1, 4096, "1"}, "depthwise unit: pixels");
    b.integer("depthwiseChannels", depthwiseChannels, {0, 4096, "0"},
              "depthwise unit: channels, 0 = there is none");
    b.integer("lanes", lanes, {1, many, "16"}, "element-wise results or pooled inputs a cycle");
    b.integer("mostBits", mostBits, {1, 32, "8"}, "of weights and activations");
    b.flag("ternaryOnly", ternaryOnly, {.fallback = "false"}, "weights of three values only");
    b.flag("sequences", sequences, {.fallback = "false"},
           "attention, norms, rotary embeddings and tables have logic of their own");
    b.quantity("layerTime", layerTime, {0, 1, {}}, "start of a layer: instructions, fill");
    b.quantity("featureBuffer", featureBuffer, {0, 1e12, {}}, "feature maps kept by a core");
  });
  binder.section("memory", "memory of the board", [&](Binder& b) {
    b.quantity("bandwidth", bandwidth, {1e3, 1e14, {}}, "peak, all cores");
    b.quantity("port", port, {1e3, 1e14, {}}, "peak of a core's ports");
    b.quantity("efficiency", efficiency, {0.01, 1, "80 %"}, "share of the peaks that bursts reach");
    b.quantity("capacity", capacity, {8e3, 1e14, {}}, "size");
    b.quantity("energy", memoryEnergy, {0, 1e-9, {}}, "energy of a transferred bit");
  });
  binder.section("host", "what a call costs", [&](Binder& b) {
    b.quantity("callOverhead", callTime, {0, 1, {}}, "run-time library and interrupt of one call");
  });
  binder.section("energy", "dynamic energy", [&](Binder& b) {
    b.quantity("product", product, {0, 1e-9, {}}, "one product with buffers and control");
  });
  binder.section("power", "power that flows all the time", [&](Binder& b) {
    b.quantity("board", standing, {0, 1000, {}}, "board, processing system, clocked overlay");
  });
  for (const auto& [key, count] : resourceKinds)
    binder.section(key, "fabric", [&, kind = count](Binder& b) {
      b.integer("used", used.*kind, {0, many, "0"}, "by the overlay");
      b.integer("total", board.*kind, {0, many, "0"}, "on the device");
    });
}

namespace {

bool isConvolution(const Operator& op) {
  return op.kind == OpKind::conv1d || op.kind == OpKind::conv2d;
}
/// What a core gets of the memory while `active` cores work in step.
double rateOf(const OverlayParameters& p, std::int64_t active) {
  const double each = p.bandwidth.value.value / static_cast<double>(active);
  return std::min(p.port.value.value, each) * p.efficiency.value.value;
}
double secondsOf(const OverlayStep& s, const OverlayParameters& p, std::int64_t active) {
  return std::max(static_cast<double>(s.cycles) / p.clock.value.value, s.bits / rateOf(p, active)) +
         p.layerTime.value.value;
}
/// Of all instances and inferences: rounds of all cores, then one of those that are left.
double secondsOf(const OverlayStep& s, const OverlayParameters& p, const OverlayProgram& program) {
  const std::int64_t full = program.inferences() / p.cores, left = program.inferences() % p.cores;
  double each = static_cast<double>(full) * secondsOf(s, p, p.cores);
  if (left > 0) each += secondsOf(s, p, left);
  return each * static_cast<double>(s.count);
}

}  // namespace

OverlayProgram::OverlayProgram(std::vector<OverlayStep> steps, std::int64_t inferences,
                               Bits resident, Bits workspace, const OverlayParameters& p)
    : steps_(std::move(steps)), inferences_(inferences), p_(p) {
  footprint_ = {{0, resident, workspace}};
  Hasher h;
  h.text("fpga-overlay").integer(inferences_);
  double seconds = 0;
  for (const OverlayStep& s : steps_) {
    h.integer(s.cycles).real(s.bits).integer(s.products).integer(s.count);
    seconds += static_cast<double>(s.cycles * s.count) / p.clock.value.value;
  }
  hash_ = h.finish();
  bound_ = toTicks(Seconds(seconds * static_cast<double>(ceilDiv(inferences_, p.cores))));
}

DesignReport OverlayProgram::designReport(bool) const {
  DesignReport report;
  if (p_.board.lut == 0) return report;
  for (const auto& [name, count] : resourceKinds) {
    const auto all = static_cast<double>(p_.board.*count);
    report.fabric.push_back({name, static_cast<double>(p_.used.*count), 0, all, all});
  }
  double seconds = 0;
  for (const OverlayStep& s : steps_)
    seconds += secondsOf(s, p_, p_.cores) * static_cast<double>(s.count);
  report.iiCycles = report.latencyCycles = std::round(seconds * p_.clock.value.value);
  report.throughputPerS = static_cast<double>(p_.cores) / seconds;
  report.bottleneck = "one core, layer after layer";
  return report;
}

OverlayDevice::OverlayDevice(OverlayParameters parameters, ResolvedConfig config)
    : p_(std::move(parameters)) {
  config_ = std::move(config);
  info_.kind = "fpga-overlay";
  info_.title = p_.title;
  info_.tiers = {{"board memory", p_.capacity.value}};
  info_.ports = {{"host", p_.bandwidth.value}};
  info_.peakMacs = OpRate(2.0 * static_cast<double>(p_.cores * p_.pixels * p_.inputs * p_.outputs) *
                          p_.clock.value.value);
  info_.peakMemory = p_.bandwidth.value;
  product_ = energy_.add({"array.product", Category::compute, Scope::chip, "product", p_.product});
  memory_ =
      energy_.add({"memory.bit", Category::array, Scope::device, "bit", perBit(p_.memoryEnergy)});
  energy_.addPower("board", Category::leakage, Scope::device, p_.standing);
}

const KindSet& OverlayDevice::kinds() const {
  using enum OpKind;
  static const KindSet known =
      KindSet{conv1d, conv2d,    gemm, pool,    add,      activation,
              norm,   attention, rope, softmax, embedding}
          .with({Dim::strideHeight, Dim::padHeight, Dim::padEndHeight, Dim::inputs});
  return known;
}

Support OverlayDevice::supportKnown(const Operator& op) const {
  const bool products =
      isConvolution(op) || op.kind == OpKind::gemm || op.kind == OpKind::attention;
  for (const auto& [format, tensor] :
       {std::pair{&op.formats.weight, "weights"}, std::pair{&op.formats.activation, "activations"}})
    if (format->isFloat() || format->bits > p_.mostBits)
      return refused(std::string(tensor) + " in " + format->name +
                     ": the array computes with integers of at most " +
                     std::to_string(p_.mostBits) + " bits");
  if (products && p_.ternaryOnly && op.kind == OpKind::gemm && op.hasWeights &&
      op.formats.weight.kind != NumberKind::ternary)
    return refused("weights in " + op.formats.weight.name +
                   ": products are looked up in tables for weights of three values");
  if (op.kind == OpKind::gemm && !op.hasWeights && !p_.sequences)
    return refused("both operands are activations: the array takes weights from memory");
  switch (op.kind) {
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::gemm:
    case OpKind::pool:
    case OpKind::add:
      return {Support::Level::native, ""};
    case OpKind::activation:
      if (p_.sequences || op.variant == OpVariant::relu) return {Support::Level::native, ""};
      return refused(std::string(nameOf(op.variant)) + " is no instruction of the array");
    case OpKind::norm:
      if (p_.sequences || op.variant == OpVariant::batch) return {Support::Level::native, ""};
      return refused("a norm over the row is no instruction of the array");
    case OpKind::attention:
    case OpKind::rope:
    case OpKind::softmax:
    case OpKind::embedding:
      if (p_.sequences) return {Support::Level::native, ""};
      return refused(std::string(nameOf(op.kind)) + " is no instruction of the array");
    default:
      return refused(std::string(nameOf(op.kind)) + " is no instruction of the array");
  }
}

std::vector<std::vector<OpId>> OverlayDevice::partition(const Graph&,
                                                        const std::vector<OpId>& mine) const {
  // One call of the run-time library executes everything up to the next operator of the host.
  return mine.empty() ? std::vector<std::vector<OpId>>{} : std::vector<std::vector<OpId>>{mine};
}

OverlayStep OverlayDevice::stepOf(const Operator& op) const {
  OverlayStep step;
  const OpCost cost = costOf(op);
  const Dims& d = op.dims;
  step.count = op.count;
  step.products = cost.macs;
  const auto products = [&](std::int64_t rows, std::int64_t k, std::int64_t n) {
    // Weights enter no faster than that many rows use them.
    return ceilDiv(std::max(rows, p_.rowPixels), p_.pixels) * ceilDiv(k, p_.inputs) *
           ceilDiv(n, p_.outputs);
  };
  double elements = static_cast<double>(cost.elementOps);
  if (isConvolution(op)) {
    const std::int64_t rows = outputHeight(op), columns = outputWidth(op),
                       taps = d[Dim::kernelHeight] * d[Dim::kernelWidth], groups = d[Dim::groups];
    const bool depthwise = groups > 1 && groups == d[Dim::cin] && p_.depthwiseChannels > 0;
    // What a row of the kernel takes: each tap its channels, or all taps together.
    const std::int64_t channels = d[Dim::cin] / groups, across = d[Dim::kernelWidth] * channels;
    const bool together = p_.augmented && channels < p_.inputs;
    const std::int64_t passes = together ? d[Dim::kernelHeight] : taps;
    step.cycles = depthwise
                      ? rows * ceilDiv(columns, p_.depthwisePixels) *
                            ceilDiv(d[Dim::cout], p_.depthwiseChannels) * taps
                      : rows * passes * groups *
                            products(columns, together ? across : channels, d[Dim::cout] / groups);
    elements = 0;  // bias, activation and requantisation follow in the pipeline
  } else if (op.kind == OpKind::gemm) {
    step.cycles = products(d[Dim::M], d[Dim::K], d[Dim::N]);
    elements = 0;
  } else if (op.kind == OpKind::attention) {
    const std::int64_t queries = d[Dim::queries] * d[Dim::batch];
    step.cycles = 2 * d[Dim::heads] * products(queries, d[Dim::headDim], d[Dim::keys]);
  } else {
    elements = std::max(elements, (cost.input.value + cost.output.value) /
                                      static_cast<double>(2 * op.formats.activation.bits));
  }
  step.cycles += static_cast<std::int64_t>(std::ceil(elements / static_cast<double>(p_.lanes)));
  const double features = cost.input.value + cost.output.value;
  step.bits = cost.weightRead.value + cost.kvRead.value + cost.kvWrite.value;
  if (features > p_.featureBuffer.value.value) step.bits += features;
  return step;
}

Expected<std::shared_ptr<const Program>, Refusal> OverlayDevice::lower(const WorkItem& item) const {
  std::vector<OverlayStep> steps;
  Bits resident, workspace;
  std::int64_t batch = 1;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    Operator op = item.op(i);
    if (const Support s = support(op); s.level == Support::Level::refused)
      return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how,
                     "another device, such as the host"};
    const OpCost cost = costOf(op);
    resident += (cost.weights + cost.state) * static_cast<double>(op.weightCopies());
    workspace = std::max(workspace, cost.input + cost.output);
    // Images of a batch go to the cores one by one; rows of a matrix product stay together.
    if (isConvolution(op) || op.kind == OpKind::pool) {
      batch = std::max(batch, op.dims[Dim::batch]);
      op.dims[Dim::batch] = 1;
    }
    steps.push_back(stepOf(op));
  }
  return std::shared_ptr<const Program>(
      std::make_shared<OverlayProgram>(std::move(steps), batch, resident, workspace, p_));
}

Profile OverlayDevice::estimate(const Program& program) const {
  const auto& mine = dynamic_cast<const OverlayProgram&>(program);
  Profile profile;
  Ticks at;
  for (std::size_t i = 0; i < mine.steps().size(); ++i) {
    const OverlayStep& s = mine.steps()[i];
    const double compute = static_cast<double>(s.cycles) / p_.clock.value.value,
                 stream = s.bits / rateOf(p_, std::min(mine.inferences(), p_.cores));
    const double most = std::max({compute, stream, p_.layerTime.value.value});
    const Bottleneck bottleneck = most == compute  ? Bottleneck::compute
                                  : most == stream ? Bottleneck::memory
                                                   : Bottleneck::control;
    Segment segment;
    segment.local = toTicks(Seconds(secondsOf(s, p_, mine)));
    segment.op = static_cast<std::int32_t>(i);
    segment.bottleneck = bottleneck;
    const std::int64_t runs = s.count * mine.inferences();
    segment.energy.add(product_, s.products * runs);
    segment.energy.add(memory_, static_cast<std::int64_t>(s.bits) * runs);
    OperatorShare share;
    share.op = static_cast<std::int32_t>(i);
    share.start = at;
    share.attributed = share.busy = segment.local;
    at += share.attributed;
    share.end = at;
    share.energy = segment.energy;
    share.bottleneck = bottleneck;
    const double peak = info_.peakMacs.value / 2;
    if (share.attributed.ps > 0)
      share.utilisation =
          rounded(std::min(1.0, static_cast<double>(s.products) * static_cast<double>(runs) /
                                    (toSeconds(share.attributed).value * peak)));
    profile.segments.push_back(std::move(segment));
    profile.shares.push_back(std::move(share));
  }
  return profile;
}

CopyCost OverlayDevice::copy(const CopyRequest& request) const {
  CopyCost cost;
  cost.wire = request.amount;
  cost.peak = p_.bandwidth.value;
  cost.energy.add(memory_, static_cast<std::int64_t>(request.amount.value));
  return cost;
}

LaunchCost OverlayDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(p_.callTime.value);
  return cost;
}

DeviceKind overlayKind() {
  return kindOf<OverlayParameters>(
      "fpga-overlay",
      "an array in an FPGA that takes layer after layer as instructions (DPU, LLM overlays)",
      [](OverlayParameters p, ResolvedConfig bound) {
        return std::make_unique<OverlayDevice>(std::move(p), std::move(bound));
      });
}

}  // namespace wattlas::fpga

namespace wattlas {

void registerFpga(Registry& registry) {
  registry.add(fpga::dataflowKind());
  registry.add(fpga::overlayKind());
}

}  // namespace wattlas
