#include "pim/compat/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/sliced/device.h"

namespace wattlas::pim::compat {

void ToolProfile::bind(Binder& b) {
  const FieldRule rate{1e6, 1e17, {}}, joules{0, 1e-6, {}};
  b.quantity("hostToDevice", hostToDevice, rate, "host_to_device_bw_GBs");
  b.quantity("hostToDeviceEnergy", hostToDeviceEnergy, joules, "host_to_device_pj_per_bit");
  b.quantity("deviceToHost", deviceToHost, rate, "device_to_host_bw_GBs");
  b.quantity("deviceToHostEnergy", deviceToHostEnergy, joules, "device_to_host_pj_per_bit");
  b.quantity("memory", memory, rate, "mem_bw_GBs");
  b.quantity("memoryEnergy", memoryEnergy, joules, "mem_pj_per_bit");
  b.quantity("flops", flops, {1e6, 1e18, {}}, "tflops, used for every type but int4");
  b.quantity("int4Flops", int4Flops, {0, 1e18, "0 FLOPS"}, "tflops_int4; 0 = absent");
  b.quantity("flopEnergy", flopEnergy, joules, "pj_per_tflop by 1e12");
  // What the tool falls back to without saying so: its single PIM chip.
  b.quantity("softmax", softmax, {0, 1e-3, "0.4 ns"}, "softmax_ns_per_element");
  b.quantity("silu", silu, {0, 1e-3, "0.6 ns"}, "SiLU_ns_per_element");
  b.quantity("norm", norm, {0, 1e-3, "1.1 ns"}, "RMSNorm_ns_per_element");
  b.integer("kvHeads", kvHeads, {0, 1e6, "0"}, "option num_key_value_heads; 0 = not given");
  b.integer("slidingWindow", slidingWindow, {0, 1e9, "0"}, "option sliding_window; 0 = not given");
  b.texts("transferPoints", transferPoints, "layers whose input goes to the host and back (`t`)");
}

namespace {

/// Everything before the first mapped layer runs on a device `HOST` that the tool makes with the
/// defaults of its class: 1 TFLOPS, 1 GB/s, 1.1 ns an element, and next to no energy.
struct Machine {
  double flops, memory, norm;
  bool host;
};
constexpr double hostFlops = 1e12, hostMemory = 8e9, hostNorm = 1.1e-9;
constexpr double miscFlops = 1500;  ///< energy of one softmax, SiLU or norm element

/// Bytes of an element of the types that the tool knows; 0 = another type.
double bytesOf(const NumberFormat& f) {
  if (f.name == "fp32") return 4;
  if (f.name == "fp16" || f.name == "bf16") return 2;
  if (f.name == "int8") return 1;
  return f.name == "int4" ? 0.5 : 0;
}

/// Where an operator stands in its graph: what the tool calls it.
class Place {
 public:
  Place(const Graph& graph, OpId id) : graph_(graph), id_(id) {}
  const Operator* consumer(OpKind kind, bool overRope = true) const {
    for (const OpId c : graph_.consumers(id_)) {
      const Operator& next = graph_.at(c);
      if (next.kind == kind) return &next;
      if (overRope && next.kind == OpKind::rope)
        for (const OpId far : graph_.consumers(c))
          if (graph_.at(far).kind == kind) return &graph_.at(far);
    }
    return nullptr;
  }
  bool produced(OpKind kind) const {
    const auto from = graph_.producers(id_);
    return std::any_of(from.begin(), from.end(), [&](OpId p) { return graph_.at(p).kind == kind; });
  }
  bool last() const { return graph_.consumers(id_).empty(); }
  bool first(OpKind kind) const {
    for (const OpId id : graph_.order())
      if (graph_.at(id).kind == kind) return id == id_;
    return false;
  }
  /// Rows of all tokens of the phase.
  std::int64_t rows() const {
    std::int64_t most = 1;
    for (const OpId id : graph_.order())
      if (graph_.at(id).kind == OpKind::embedding)
        most = std::max(most, graph_.at(id).dims[Dim::M]);
    return most;
  }
  const Graph& graph() const { return graph_; }
  /// An operator asked for by itself runs on the device and its operands are there.
  bool alone() const { return graph_.size() == 1; }

 private:
  const Graph& graph_;
  OpId id_;
};

class Calls {
 public:
  Calls(const ToolProfile& profile, double bytes) : p_(profile), bytes_(bytes) {
    const bool narrow = bytes == 0.5 && p_.int4Flops.value.value > 0;
    device_ = {narrow ? p_.int4Flops.value.value : p_.flops.value.value, p_.memory.value.value,
               p_.norm.value.value, false};
  }
  static constexpr Machine host{hostFlops, hostMemory, hostNorm, true};
  const Machine& device() const { return device_; }

  /// A layer on `inputs` values with weights of in x out: max of FLOPs and weight bytes. The FLOPs
  /// take the first dimension of the weights, which is the input width.
  void linear(double inputs, double in, double out, std::int64_t repeat, const Machine& on) {
    work(2 * inputs * in, 8 * bytes_ * in * out, on, repeat);
  }
  void work(double flops, double bits, const Machine& on, std::int64_t repeat) {
    ToolCall call;
    const double compute = flops / on.flops, memory = bits / on.memory;
    call.seconds = std::max(compute, memory);
    call.bottleneck = compute > memory ? Bottleneck::compute : Bottleneck::memory;
    if (!on.host) call.flops = flops, call.memoryBits = bits;
    put(call, repeat);
  }
  void elements(double n, double each, std::int64_t repeat, bool onHost = false) {
    ToolCall call;
    call.seconds = n * each;
    call.bottleneck = Bottleneck::compute;
    if (!onHost) call.flops = miscFlops * n;
    put(call, repeat);
  }
  void toDevice(double values, std::int64_t repeat) {
    transfer(values, &ToolCall::toDeviceBits, p_.hostToDevice, repeat);
  }
  void toHost(double values, std::int64_t repeat) {
    transfer(values, &ToolCall::toHostBits, p_.deviceToHost, repeat);
  }
  /// Keys or values: always two bytes an element, beside the FLOPs of the product.
  void cached(double flops, double values, std::int64_t repeat) {
    work(flops, 16 * values, device_, repeat);
  }
  std::vector<ToolCall> take() { return std::move(calls_); }

 private:
  void transfer(double values, double ToolCall::*bits, const Sourced<BitRate>& rate,
                std::int64_t repeat) {
    ToolCall call;
    call.*bits = 8 * bytes_ * values;
    call.seconds = call.*bits / rate.value.value;
    call.bottleneck = Bottleneck::link;
    put(call, repeat);
  }
  void put(ToolCall call, std::int64_t repeat) {
    call.repeat = repeat;
    if (repeat > 0) calls_.push_back(call);
  }
  const ToolProfile& p_;
  double bytes_;
  Machine device_{};
  std::vector<ToolCall> calls_;
};

double real(std::int64_t n) {
  return static_cast<double>(n);
}

/// A linear layer as the tool sees it: fused projections are several layers there.
struct Layer {
  std::string name;
  double out;
};

std::vector<Layer> layersOf(const Place& place, const Operator& op) {
  const double n = real(op.dims[Dim::N]);
  if (const Operator* attention = place.consumer(OpKind::attention)) {
    const Dims& d = attention->dims;
    const double q = real(d[Dim::heads] * d[Dim::headDim]);
    const double kv = real(d[Dim::kvHeads] * d[Dim::headDim]);
    if (q + 2 * kv == n) return {{"q_proj", q}, {"k_proj", kv}, {"v_proj", kv}};
  }
  if (const Operator* act = place.consumer(OpKind::activation))
    if (act->variant == OpVariant::siluMul && 2 * act->dims[Dim::N] == op.dims[Dim::N])
      return {{"gate_proj", n / 2}, {"up_proj", n / 2}};
  if (place.last()) return {{"lm_head", n}};
  if (place.produced(OpKind::attention)) return {{"o_proj", n}};
  if (place.produced(OpKind::activation)) return {{"down_proj", n}};
  return {{op.name, n}};
}

void products(const Place& place, const Operator& op, PhaseKind phase, const ToolProfile& p,
              Calls& calls) {
  const bool decode = phase == PhaseKind::decode;
  const double k = real(op.dims[Dim::K]);
  bool arrives = !decode && !place.alone() && place.first(OpKind::gemm);
  for (const Layer& layer : layersOf(place, op)) {
    // Its vocabulary projection takes all tokens of the prompt, ours the last one.
    const bool head = layer.name == "lm_head";
    const double values =
        real(head && !decode ? std::max(place.rows(), op.dims[Dim::M]) : op.dims[Dim::M]) * k;
    // The first mapped layer of all brings the values from HOST to the device.
    std::int64_t runs = op.count;
    if (arrives) {
      calls.toDevice(values, 1);
      arrives = false;
      --runs;
    }
    const auto& points = p.transferPoints;
    if (std::find(points.begin(), points.end(), layer.name) != points.end()) {
      calls.toHost(values, runs);
      calls.toDevice(values, runs);
    }
    calls.linear(values, k, layer.out, op.count, calls.device());
    if (head && decode) {
      // Sampling, and this step's part of the answer that is sent at the very end.
      calls.elements(real(op.dims[Dim::M]) * layer.out, p.softmax.value.value, 1);
      calls.toHost(real(op.dims[Dim::M]) * k, 1);
    }
  }
}

void attention(const Place& place, const Operator& op, const WorkItem& item, const ToolProfile& p,
               Calls& calls) {
  const Dims& d = op.dims;
  const double batch = real(d[Dim::batch]), width = real(d[Dim::headDim]);
  double heads = real(d[Dim::heads]), keys = real(d[Dim::keys]);
  const bool one = item.phase == PhaseKind::inference && d[Dim::queries] == 1;
  if (item.phase != PhaseKind::decode && !one) {
    // No keys or values are read; FLOPs ignore how many keys there are.
    const double values = batch * heads * real(d[Dim::queries]) * width;
    calls.work(2 * values * batch, 0, calls.device(), 2 * op.count);
    return;
  }
  if (p.kvHeads > 0) heads = real(p.kvHeads);
  if (p.slidingWindow > 0) keys = real(p.slidingWindow);
  const double values = batch * heads * real(d[Dim::queries]) * width;
  const double flops = 2 * values * batch, cached = batch * heads * keys * width;
  calls.cached(flops, cached, 2 * op.count);
  if (item.phase != PhaseKind::decode || item.step != 0) return;
  // The first token is sampled when the tool already counts generation, and one more hidden state
  // goes to the host at the end than there are decode steps.
  for (const OpId id : place.graph().order()) {
    const Operator& last = place.graph().at(id);
    if (last.kind != OpKind::gemm || !place.graph().consumers(id).empty()) continue;
    calls.elements(real(last.dims[Dim::M] * last.dims[Dim::N]), p.softmax.value.value, 1);
    calls.toHost(real(last.dims[Dim::M] * last.dims[Dim::K]), 1);
  }
}

/// FLOPs of a convolution, with the width used for both axes; "weights" are the kernel's extents.
void convolution(const Operator& op, double bytes, Calls& calls) {
  const Dims& d = op.dims;
  const double width = real(d[Dim::width] + 2 * d[Dim::pad]);
  const double steps = std::ceil((width - 1) / real(d[Dim::stride]));
  const double kernel = real(d[Dim::kernelHeight] * d[Dim::kernelWidth]);
  calls.work(2 * real(d[Dim::batch] * d[Dim::cin]) * kernel * steps * steps, 8 * bytes * kernel,
             calls.device(), op.count);
}

}  // namespace

Support toolSupport(const Operator& op) {
  using L = Support::Level;
  const NumberFormat& f = op.kind == OpKind::attention ? op.formats.kv : op.formats.weight;
  if (bytesOf(f) == 0 || bytesOf(op.formats.activation) != bytesOf(f))
    return {L::refused, "the tool knows one type for everything: fp32, fp16, bf16, int8 or int4"};
  switch (op.kind) {
    case OpKind::gemm:
      if (op.hasWeights) return {L::native, "max of FLOPs and weight bytes"};
      return {L::refused, "the tool has no equation for products of activations"};
    case OpKind::attention:
    case OpKind::conv2d:
      return {L::native, "equation of the tool"};
    case OpKind::softmax:
    case OpKind::embedding:
      return {L::native, "equation of the tool"};
    case OpKind::norm:
      if (op.variant != OpVariant::batch) return {L::native, "time per element"};
      break;
    case OpKind::activation:
      return {L::native, "time per element for SiLU; others are free"};
    case OpKind::add:
    case OpKind::rope:
      return {L::native, "free: the tool does not see them"};
    default:
      break;
  }
  return {L::refused, "the tool has no equation for " + std::string(nameOf(op.kind))};
}

Expected<std::shared_ptr<const Program>, Refusal> toolLower(const WorkItem& item,
                                                            const ToolProfile& p) {
  if (!item.weightsResident)
    return Refusal{Refusal::Code::unsupported, "the tool has no equation for streamed weights",
                   "residency: resident"};
  const Operator op = item.op(0);
  if (const Support s = toolSupport(op); s.level == Support::Level::refused)
    return Refusal{Refusal::Code::unsupported, "'" + op.name + "': " + s.how, "compat: none"};
  const Place place(item.graph, item.region[0]);
  const double bytes = bytesOf(op.kind == OpKind::attention ? op.formats.kv : op.formats.weight);
  Calls calls(p, bytes);
  const Dims& d = op.dims;
  const double values = real(d[Dim::M] * d[Dim::N]);
  const bool decode = item.phase == PhaseKind::decode;
  switch (op.kind) {
    case OpKind::gemm:
      products(place, op, item.phase, p, calls);
      break;
    case OpKind::attention:
      attention(place, op, item, p, calls);
      break;
    case OpKind::conv2d:
      convolution(op, bytes, calls);
      break;
    case OpKind::embedding:
      // A layer of 1 x 1 on the token numbers; in the prefill on HOST.
      calls.linear(real(d[Dim::M]), 1, 1, op.count, decode ? calls.device() : Calls::host);
      break;
    case OpKind::norm: {
      std::int64_t runs = op.count;
      if (op.variant == OpVariant::layer) {
        calls.work(miscFlops * values, 8 * bytes, calls.device(), runs);
        break;
      }
      if (!decode && !place.alone() && place.first(OpKind::norm)) {
        calls.elements(values, hostNorm, 1, true);
        --runs;
      }
      calls.elements(values, p.norm.value.value, runs);
      break;
    }
    case OpKind::activation:
      if (op.variant == OpVariant::silu || op.variant == OpVariant::siluMul)
        calls.elements(values, p.silu.value.value, op.count);
      else if (op.variant == OpVariant::gelu)
        calls.linear(values, 1, 1, op.count, calls.device());
      break;
    case OpKind::softmax:
      calls.elements(values, p.softmax.value.value, op.count);
      break;
    default:
      break;
  }
  return std::shared_ptr<const Program>(
      std::make_shared<ToolProgram>(calls.take(), costOf(op).macs * op.count));
}

ToolProgram::ToolProgram(std::vector<ToolCall> calls, std::int64_t macs)
    : calls_(std::move(calls)), macs_(macs) {
  Hasher h;
  h.text("tool").integer(macs_);
  for (const ToolCall& call : calls_) {
    h.real(call.seconds).real(call.flops).real(call.memoryBits).real(call.toDeviceBits);
    h.real(call.toHostBits).integer(call.repeat).integer(static_cast<int>(call.bottleneck));
    bound_ += times(toTicks(Seconds(call.seconds)), call.repeat);
  }
  hash_ = h.finish();
}

namespace {

/// What a profile says beside the keys of units with slices.
struct Extra {
  std::string compat = "none";
  ToolProfile tool;

  void bind(Binder& b) {
    b.choice("compat", compat, {"none", "upmem-llm-framework"}, {.fallback = "none"},
             "equations of the published tool, with their defects, instead of the corrected ones");
    b.section("tool", "the profile in upmem_llm_framework, units added up; only `compat` reads it",
              [&](Binder& t) { tool.bind(t); });
  }
};

}  // namespace

ToolDevice::ToolDevice(const ConfigNode& config, const std::string& prefix) {
  SlicedParams units;
  Extra extra;
  Problems problems;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) {
    units.bindProfile(b);
    extra.bind(b);
  });
  problems.finish();
  const ToolProfile& t = tool_ = extra.tool;
  bit_ =
      energy_.add({"tool.main_mem", Category::array, Scope::chip, "bit", perBit(t.memoryEnergy)});
  flop_ = energy_.add({"tool.compute", Category::compute, Scope::chip, "FLOP", t.flopEnergy});
  toDevice_ = energy_.add(
      {"tool.host_to_device", Category::link, Scope::chip, "bit", perBit(t.hostToDeviceEnergy)});
  toHost_ = energy_.add(
      {"tool.device_to_host", Category::link, Scope::chip, "bit", perBit(t.deviceToHostEnergy)});
  const double n = static_cast<double>(units.units);
  info_.kind = "roofline";
  info_.title = units.title;
  info_.ports = {
      {"host", BitRate(std::max(units.toHost.value.value, units.toDevice.value.value * n))}};
  info_.area = units.area.value * n;
  // The tool checks no capacity: no tier, no check.
  info_.peakMacs = t.flops.value;
  info_.peakMemory = t.memory.value;
}

const KindSet& ToolDevice::kinds() const {
  return slicedKinds();
}

Profile ToolDevice::estimate(const Program& any) const {
  const auto& program = dynamic_cast<const ToolProgram&>(any);
  Profile profile;
  OperatorShare share;
  Ticks longest;
  for (const ToolCall& call : program.calls()) {
    Segment s;
    s.local = toTicks(Seconds(call.seconds));
    s.op = 0;
    s.repeat = call.repeat;
    s.bottleneck = call.bottleneck;
    s.energy.add(flop_, std::llround(call.flops));
    s.energy.add(bit_, std::llround(call.memoryBits));
    s.energy.add(toDevice_, std::llround(call.toDeviceBits));
    s.energy.add(toHost_, std::llround(call.toHostBits));
    share.energy.add(s.energy, s.repeat);
    const Ticks took = times(s.local, s.repeat);
    share.attributed += took;
    if (took > longest) share.bottleneck = call.bottleneck, longest = took;
    profile.segments.push_back(std::move(s));
  }
  share.end = share.busy = share.attributed;
  if (share.attributed.ps > 0)
    share.utilisation =
        rounded(std::min(1.0, 2.0 * static_cast<double>(program.macs()) /
                                  toSeconds(share.attributed).value / info_.peakMacs.value));
  profile.shares.push_back(std::move(share));
  profile.assumptions.push_back(
      {"device.compat",
       "upmem-llm-framework",
       {},
       {},
       "closed forms of upmem_llm_framework with their defects (docs/roofline-peer.md); no "
       "capacity check, no standing power",
       Basis::published});
  return profile;
}

CopyCost ToolDevice::copy(const CopyRequest&) const {
  CopyCost cost;
  cost.peak = info_.ports[0].peak;
  return cost;
}

void registerRoofline(Registry& registry) {
  const auto make = [](const ConfigNode& config, const std::string& prefix,
                       Problems& problems) -> std::unique_ptr<Device> {
    auto device = std::make_unique<SlicedDevice>();
    Extra extra;
    if (!device->configure(config, prefix, problems, &SlicedParams::bindProfile,
                           [&](Binder& b) { extra.bind(b); }))
      return nullptr;
    if (extra.compat == "none") return device;
    return std::make_unique<ToolDevice>(config, prefix);
  };
  const auto schema = [] {
    return schemaOf("roofline", [](Binder& b) {
      SlicedParams().bindProfile(b);
      Extra().bind(b);
    });
  };
  registry.add({"roofline",
                "one profile of upmem_llm_framework: peak rates, corrected or as that tool", make,
                schema});
}

}  // namespace wattlas::pim::compat
