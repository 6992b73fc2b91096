#include "fpga/device.h"

#include <algorithm>
#include <cmath>

#include "fpga/kind.h"
#include "fpga/recurrence.h"
#include "fpga/resources.h"

namespace wattlas::fpga {
namespace {

/// A stepped run of more cycles than this is a mistake, not a wish.
constexpr std::int64_t longestSteppedRun = 200'000'000;

std::string hertz(Hertz clock) {
  return formatQuantity(clock.value, Dimension::frequency);
}

/// Why a format cannot be computed in fabric made for integers; empty when it can.
std::string formatProblem(const NumberFormat& format, const char* tensor) {
  if (format.isFloat())
    return std::string(tensor) + " in " + format.name +
           ": the pipelines compute with integers and fixed point (1 to 32 bits, such as int8 or "
           "fixed<16,6>)";
  if (format.bits > 32)
    return std::string(tensor) + " in " + format.name + ": at most 32 bits are supported";
  return {};
}

}  // namespace

DataflowDevice::DataflowDevice(Parameters parameters, ResolvedConfig config)
    : p_(std::move(parameters)) {
  config_ = std::move(config);
  describe();
  makeEnergy();
}

void DataflowDevice::describe() {
  info_.kind = "fpga-dataflow";
  info_.title = p_.title;
  const Resources budget = budgetOf(p_);
  const auto bits = [](std::int64_t n, double each) {
    return Bits(static_cast<double>(std::max<std::int64_t>(n, 0)) * each);
  };
  Tier chip{"on-chip memory",
            bits(budget.bram18, 18432) + bits(budget.uram, 294912) + bits(budget.lut, 64)};
  info_.tiers = {chip, {"board memory", p_.memoryCapacity.value}};
  info_.ports = {{"host", p_.memoryBandwidth.value}};
  info_.tdp = {};
  // One product of the widest format a DSP block and cycle.
  info_.peakMacs = OpRate(2.0 * static_cast<double>(std::max<std::int64_t>(budget.dsp, 1)) *
                          p_.clock.value.value);
  info_.peakMemory = p_.memoryBandwidth.value;
}

const KindSet& DataflowDevice::kinds() const {
  using enum OpKind;
  static const KindSet known =
      KindSet{gemm, conv1d, conv2d,    attention, softmax,  norm,         activation,
              add,  rope,   embedding, pool,      hamming,  concat,       collective,
              rnn,  gru,    lstm,      slice,     quantize, convTranspose}
          .with({Dim::strideHeight, Dim::padHeight, Dim::padEndHeight, Dim::dilation,
                 Dim::dilationHeight, Dim::outputPad, Dim::inputs, Dim::steps, Dim::directions,
                 Dim::valueDim});
  return known;
}

Support DataflowDevice::supportKnown(const Operator& op) const {
  switch (op.kind) {
    case OpKind::attention:
      if (op.cached)
        return refused(
            "keys and values of earlier inferences stay in a cache; a pipeline keeps those of one "
            "inference (cached: false)");
      break;
    case OpKind::rope:
    case OpKind::embedding:
    case OpKind::collective:
      return refused(
          std::string(nameOf(op.kind)) +
          " has no unit in a dataflow pipeline: it reads memory in an order that depends "
          "on data or context");
    case OpKind::norm:
      if (op.variant == OpVariant::group || op.variant == OpVariant::instance)
        return refused(
            "a norm over places needs the whole image before its first result; batch, "
            "layer and RMS norms have units");
      break;
    case OpKind::activation:
      if (isGated(op.variant))
        return refused("a gated activation needs two streams; only functions of one value");
      break;
    case OpKind::rnn:
    case OpKind::gru:
    case OpKind::lstm:
      if (op.dims[Dim::directions] > 1)
        return refused("a second direction reads the sequence from its end; a stream has none");
      break;
    default:  // the layers that fpga/layer.cpp builds
      break;
  }
  if (op.kind == OpKind::hamming) return {Support::Level::native, ""};
  for (const auto& [format, tensor] :
       {std::pair{&op.formats.weight, "weights"}, std::pair{&op.formats.activation, "activations"}})
    if (const std::string why = formatProblem(*format, tensor); !why.empty()) return refused(why);
  if (op.weightSparsity.pattern != Sparsity::Pattern::none)
    return {Support::Level::emulated,
            "zero weights are stored and multiplied like others unless the layer is "
            "unrolled (hls4ml at reuse 1)"};
  return {Support::Level::native, ""};
}

std::vector<std::vector<OpId>> DataflowDevice::partition(const Graph& graph,
                                                         const std::vector<OpId>& mine) const {
  if (!mine.empty() && mine.size() == graph.size()) return {graph.order()};
  // A path that leaves the device and comes back must come back to a later pipeline.
  std::vector<char> isMine(graph.size(), 0);
  for (const OpId op : mine) isMine[static_cast<std::size_t>(op)] = 1;
  std::vector<std::size_t> level(graph.size(), 0);
  std::vector<std::vector<OpId>> regions;
  for (const OpId op : graph.order()) {
    const auto at = static_cast<std::size_t>(op);
    for (const OpId producer : graph.producers(op)) {
      const auto from = static_cast<std::size_t>(producer);
      const bool returns = isMine[at] != 0 && isMine[from] == 0;
      const bool leaves = isMine[at] == 0 && isMine[from] != 0;
      level[at] = std::max(level[at], level[from] + (returns || leaves ? 1 : 0));
    }
    if (isMine[at] == 0) continue;
    // Regions of equal depth are one: they fit side by side.
    if (regions.size() <= level[at]) regions.resize(level[at] + 1);
    regions[level[at]].push_back(op);
  }
  std::erase_if(regions, [](const std::vector<OpId>& r) { return r.empty(); });
  return regions;
}

double DataflowDevice::shareOf(const WorkItem& item) const {
  if (item.region.size() == item.graph.size()) return 1;
  // Several pipelines of one network are on the chip at the same time: each gets the part of the
  // fabric that its products ask for.
  double own = 0, all = 0;
  for (OpId id = 0; id < static_cast<OpId>(item.graph.size()); ++id) {
    const Operator& op = item.graph.at(id);
    if (support(op).level == Support::Level::refused) continue;
    const double work = static_cast<double>(costOf(op).macs) * static_cast<double>(op.count) + 1;
    all += work;
    if (std::find(item.region.begin(), item.region.end(), id) != item.region.end()) own += work;
  }
  return all > 0 ? own / all : 1;
}

std::optional<Refusal> DataflowDevice::unfit(const WorkItem& item) const {
  for (const OpId id : item.region) {
    const Operator& op = item.graph.at(id);
    const Support s = support(op);
    if (s.level != Support::Level::refused) continue;
    const bool format = op.formats.weight.isFloat() || op.formats.activation.isFloat();
    return Refusal{format ? Refusal::Code::format : Refusal::Code::unsupported,
                   "'" + op.name + "': " + s.how, "another device, such as the host"};
  }
  if (item.weightsResident) return std::nullopt;
  return Refusal{Refusal::Code::capacity,
                 "a dataflow pipeline keeps its weights on the chip; they do not fit and cannot be "
                 "streamed for every use",
                 "folding.weights: streamed (style finn), a larger device or an overlay"};
}

std::optional<Refusal> DataflowDevice::tooFast(const Design& design) const {
  const double fill = static_cast<double>(design.total.lut + p_.shellLut) /
                      static_cast<double>(std::max<std::int64_t>(p_.lut.total, 1));
  const bool pumped = std::any_of(design.foldings.begin(), design.foldings.end(),
                                  [](const Folding& f) { return f.pumping != Pumping::none; });
  const Hertz limit(reachableClock(fill, p_).value / (pumped ? 2 : 1));
  if (p_.clock.value.value <= limit.value) return std::nullopt;
  return Refusal{Refusal::Code::mapping,
                 "a clock of " + hertz(p_.clock.value) + " is beyond " + p_.part +
                     ": a design of " + std::to_string(design.total.lut + p_.shellLut) +
                     " LUTs closes timing up to " + hertz(limit) +
                     (pumped ? ", half of what its parts at twice the clock reach" : ""),
                 "fabric.clock: " + hertz(Hertz(std::floor(limit.value / 1e6) * 1e6)) + " or less"};
}

Expected<std::shared_ptr<const Program>, Refusal> DataflowDevice::lower(
    const WorkItem& item) const {
  const double share = shareOf(item),
               cyclesPerBit = p_.clock.value.value / p_.memoryBandwidth.value.value;
  const auto programOf = [&](std::shared_ptr<const Design> design)
      -> Expected<std::shared_ptr<const Program>, Refusal> {
    if (auto refusal = tooFast(*design)) return *refusal;
    return std::shared_ptr<const Program>(std::make_shared<DataflowProgram>(std::move(design), p_));
  };
  const std::optional<Hash128> key =
      item.weightsResident ? designKey(item, p_, share) : std::nullopt;
  const std::lock_guard lock(memory_->mutex);
  if (key) {
    const auto known = memory_->designs.find(*key);
    if (known != memory_->designs.end() && cyclesPerBit <= known->second->pipeline.unpacedUpTo)
      return programOf(known->second);
  }
  if (auto refusal = unfit(item)) return *refusal;
  auto built = buildDesign(item, p_, share, *memory_);
  if (!built) return built.error();
  const auto design = std::make_shared<const Design>(std::move(*built));
  if (key && cyclesPerBit <= design->pipeline.unpacedUpTo) {
    if (memory_->designs.size() >= DesignMemory::mostDesigns) memory_->designs.clear();
    memory_->designs.insert_or_assign(*key, design);
  }
  return programOf(design);
}

Trace DataflowDevice::run(const DataflowProgram& program, Fidelity fidelity) const {
  const Pipeline& pipeline = program.design().pipeline;
  if (fidelity == Fidelity::detailed)
    return stepThrough(pipeline, program.frames(), longestSteppedRun);
  Played& played = *program.design().played;
  std::call_once(played.once, [&] { played.trace = evaluate(pipeline, {program.frames(), true}); });
  return played.trace;
}

CopyCost DataflowDevice::copy(const CopyRequest& request) const {
  CopyCost cost;
  // The processor cleans its caches of a buffer that a DMA engine reads, or drops its lines.
  const double lines = std::ceil(request.amount.value / (8 * static_cast<double>(p_.lineBytes)));
  cost.latency = toTicks(Seconds(p_.copyLatency.value.value + lines * p_.lineFlush.value.value));
  cost.wire = request.amount;
  cost.peak = p_.memoryBandwidth.value;
  cost.energy.add(c_.memory, static_cast<std::int64_t>(request.amount.value));
  return cost;
}

LaunchCost DataflowDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(p_.callTime());
  return cost;
}

Bits DataflowDevice::residentBits(const Operator& op) const {
  if (requestFor(op.name, p_).weights == "streamed") return {};
  return costOf(op).weights * static_cast<double>(op.weightCopies());
}

DeviceKind dataflowKind() {
  return kindOf<Parameters>(
      "fpga-dataflow", "a network as one pipeline of streaming layers on an FPGA (FINN, hls4ml)",
      [memory = std::make_shared<DesignMemory>()](Parameters p, ResolvedConfig bound) {
        p.coefficients = Parameters::coefficientsOf(bound.complete);
        auto device = std::make_unique<DataflowDevice>(std::move(p), std::move(bound));
        device->share(memory);
        return device;
      });
}

}  // namespace wattlas::fpga
