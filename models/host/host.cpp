#include "models/host/host.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/base/multiples.h"
#include "models/programmable.h"

namespace wattlas {
namespace host {
namespace {

/// Work of one operator, ready for the model.
struct HostProgram final : Program {
  Hash128 hash_;
  std::vector<Footprint> footprint_;
  Ticks bound_;
  std::int64_t steps = 1;
  double macs = 0, rate = 1, macWidth = 32, ops = 0, memoryBits = 0, cacheBits = 0;
  double streamedBits = 0;
  std::vector<Assumption> assumptions;

  Hash128 hash() const override { return hash_; }
  const std::vector<Footprint>& footprint() const override { return footprint_; }
  Ticks lowerBound() const override { return bound_; }
};

double value(const Sourced<Ratio>& r) {
  return r.value.value;
}

bool multiplies(OpKind kind) {
  return isProduct(kind) || specOf(kind).opClass == OpClass::recurrent;
}

/// Steps that wait for each other; each is a call of the library.
std::int64_t dependentSteps(const Operator& op) {
  return specOf(op.kind).opClass == OpClass::recurrent && op.kind != OpKind::scan
             ? op.dims[Dim::steps]
             : 1;
}

double efficiencyOf(const Parameters& p, const Operator& op) {
  switch (op.kind) {
    case OpKind::gemm:
    case OpKind::hamming:
    case OpKind::search:
      return value(op.dims[Dim::M] * op.dims[Dim::batch] > 1 ? p.gemmEfficiency : p.gemvEfficiency);
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::conv3d:
    case OpKind::convTranspose:
    case OpKind::convGradient:
      return value(p.convEfficiency);
    case OpKind::attention:
    case OpKind::attentionGradient:
      return value(p.attentionEfficiency);
    case OpKind::spmm:
    case OpKind::scan:  // no reuse of operands
      return value(p.gemvEfficiency);
    case OpKind::lstm:
    case OpKind::gru:
    case OpKind::rnn:
      return value(op.dims[Dim::M] > 1 ? p.gemmEfficiency : p.gemvEfficiency);
    default:
      throw std::logic_error(std::string("no products in ") + nameOf(op.kind));
  }
}

}  // namespace

void Parameters::bind(Binder& b) {
  const FieldRule share{0.001, 1};
  const FieldRule perClock{0.001, 4096};
  b.text("title", title, {.fallback = "host CPU"}, "name for tables");
  b.integer("sockets", sockets, {1, 64}, "sockets");
  b.integer("cores", cores, {1, 1024}, "cores per socket");
  b.quantity("clock", clock, {1e6, 1e10}, "clock with all cores busy");
  b.section("rates", "operations per core and clock, SIMD included", [&](Binder& s) {
    s.quantity("fp32", fp32, perClock, "fp32 MACs");
    s.quantity("fp16", fp16, perClock, "fp16 and bf16 MACs (conversion included where needed)");
    s.quantity("int16", int16, perClock, "int16 MACs");
    s.quantity("int8", int8, perClock, "int8 MACs");
    s.quantity("logic", logic, perClock, "bits of XOR with population count");
    s.quantity("elementOps", elementOps, perClock, "other arithmetic");
    s.quantity("unpackOps", unpackOps, {0, 64}, "operations to unpack one value below 8 bits");
  });
  b.section("memory", "memory and caches", [&](Binder& s) {
    s.quantity("capacity", capacity, {8e6, 8e15}, "main memory");
    s.quantity("bandwidth", bandwidth, {8e6, 8e14}, "DRAM peak of all sockets");
    s.quantity("cacheSize", cacheSize, {0, 8e11}, "last-level cache of all sockets");
    s.quantity("cacheBandwidth", cacheBandwidth, {8e6, 8e15}, "bandwidth of that cache");
  });
  b.section("law", "measured law", [&](Binder& s) {
    s.quantity("call", call, {0, 1}, "fork and join of the threads of one operator");
    s.quantity("gemm", gemmEfficiency, share, "share of the MAC peak: products");
    s.quantity("gemv", gemvEfficiency, share, "share of the MAC peak: products of one row");
    s.quantity("conv", convEfficiency, share, "share of the MAC peak: convolutions");
    s.quantity("attention", attentionEfficiency, share, "share of the MAC peak: attention");
    s.quantity("element", elementEfficiency, share, "share of the lanes: everything else");
    s.quantity("memory", memoryEfficiency, share, "share of the DRAM peak");
  });
  b.section("energy", "energy per event", [&](Binder& s) {
    s.quantity("mac", macEnergy, {0, 1e-9}, "an fp32 MAC, instruction included");
    s.quantity("op", opEnergy, {0, 1e-9}, "an element operation");
    s.quantity("dram", dramEnergy, {0, 1e-9}, "a bit of main memory");
    s.quantity("cache", cacheEnergy, {0, 1e-9}, "a bit of the last-level cache");
  });
  b.section("power", "power of all sockets", [&](Binder& s) {
    s.quantity("tdp", tdp, {0.1, 1e5}, "thermal design power");
    s.quantity("idle", idle, {0, 1e5}, "power that always flows");
    s.quantity("active", active, {0, 1e5}, "added while an operator runs");
  });
  b.quantity("area", area, {0, 1e5, "0 mm2"}, "die area; 0 = unknown");
}

Path pathOf(const Parameters& p, const Operator& op) {
  using Level = Support::Level;
  const NumberFormat& a = op.formats.activation;
  const NumberFormat& w = op.kind == OpKind::attention ? op.formats.kv
                          : op.hasWeights              ? op.formats.weight
                                                       : a;
  const bool binary = w.kind == NumberKind::binary && a.kind == NumberKind::binary;
  if (op.kind == OpKind::hamming || binary) return {{Level::native, ""}, value(p.logic), 1, false};
  const int widest = std::max(w.bits, a.bits);
  const bool unpack = w.bits < 8 || a.bits < 8;
  if (w.isFloat() || a.isFloat()) {
    if (widest >= 32 && w.isFloat() && a.isFloat() && !unpack)
      return {{Level::native, ""}, value(p.fp32), 32, w.bits != a.bits};
    const bool both16 = w.bits == 16 && a.bits == 16;
    const std::string how = w.name + " and " + a.name +
                            " are converted to fp32 in registers: bytes shrink, compute does not";
    if (widest >= 32) return {{Level::emulated, how}, value(p.fp32), 32, true};
    return {{Level::emulated, how}, value(p.fp16), 32, !both16};
  }
  if (widest > 16)
    return {{Level::emulated, "wide integers run in fp32-width lanes"}, value(p.fp32), 32, unpack};
  if (widest > 8)
    return {{w.bits == a.bits ? Level::native : Level::emulated,
             w.bits == a.bits ? "" : w.name + " is widened to int16"},
            value(p.int16),
            16,
            w.bits != a.bits};
  if (w.bits == 8 && a.bits == 8) return {{Level::native, ""}, value(p.int8), 8, false};
  return {{Level::emulated, w.name + " and " + a.name + " are unpacked to int8"},
          value(p.int8),
          8,
          true};
}

HostCpu::HostCpu(Parameters p, ResolvedConfig config) : p_(std::move(p)) {
  config_ = std::move(config);
  const double lanes = static_cast<double>(p_.sockets * p_.cores) * p_.clock.value.value;
  info_.kind = "host-cpu";
  info_.title = p_.title;
  info_.tiers = {{"DRAM", p_.capacity.value}};
  info_.ports = {{"host", p_.bandwidth.value}};
  info_.tdp = p_.tdp;
  info_.area = p_.area.value;
  info_.peakMacs = OpRate(2.0 * value(p_.fp32) * lanes);
  info_.peakMemory = p_.bandwidth.value;
  mac_ = energy_.add({"mac", Category::compute, Scope::chip, "fp32-equivalent MAC", p_.macEnergy});
  op_ = energy_.add({"operation", Category::compute, Scope::chip, "operation", p_.opEnergy});
  dram_ = energy_.add({"dram.bit", Category::array, Scope::device, "bit", perBit(p_.dramEnergy)});
  cache_ =
      energy_.add({"cache.bit", Category::scratchpad, Scope::chip, "bit", perBit(p_.cacheEnergy)});
  active_ = energy_.add(
      {"active", Category::leakage, Scope::chip, "ps", scaled<Joules>(p_.active, 1e-12)});
  energy_.addPower("idle", Category::leakage, Scope::chip, p_.idle);
}

std::unique_ptr<HostCpu> HostCpu::make(const ConfigNode& config, const std::string& prefix,
                                       Problems& problems) {
  Parameters p;
  const std::size_t before = problems.list().size();
  ResolvedConfig bound = bindConfig(config, prefix, problems, [&](Binder& b) { p.bind(b); });
  if (problems.list().size() > before) return nullptr;
  return std::unique_ptr<HostCpu>(new HostCpu(std::move(p), std::move(bound)));
}

std::string HostCpu::schema() {
  return schemaOf("host-cpu device", [p = Parameters()](Binder& b) mutable { p.bind(b); });
}

const KindSet& HostCpu::kinds() const {
  return programmableKinds();
}

Support HostCpu::supportKnown(const Operator& op) const {
  if (op.kind == OpKind::collective)
    return {Support::Level::refused, "one host processor has no peers to exchange data with"};
  if (multiplies(op.kind)) return pathOf(p_, op).support;
  const NumberFormat& a = op.formats.activation;
  if (a.bits >= 32 || (a.bits >= 8 && !a.isFloat())) return {Support::Level::native, ""};
  return {Support::Level::emulated, a.name + " elements are converted to fp32 in registers"};
}

Expected<std::shared_ptr<const Program>, Refusal> HostCpu::lower(const WorkItem& item) const {
  if (item.region.size() != 1)
    return Refusal{Refusal::Code::mapping, p_.title + " runs one operator at a time",
                   "regions of one operator"};
  const Operator op = item.op(0);
  const Support how = support(op);
  if (how.level == Support::Level::refused)
    return Refusal{Refusal::Code::unsupported, "operator '" + op.name + "': " + how.how, ""};
  const OpCost cost = costOf(op);
  const double lanes = static_cast<double>(p_.sockets * p_.cores) * p_.clock.value.value;
  auto program = std::make_shared<HostProgram>();
  program->ops = static_cast<double>(cost.elementOps);
  const double activations = (cost.input + cost.output).value;
  program->steps = dependentSteps(op);
  // Every step reads the recurrent weights again.
  const double again = static_cast<double>(program->steps - 1) * cost.weightRead.value *
                       static_cast<double>(op.dims[Dim::N]) /
                       static_cast<double>(op.dims[Dim::N] + op.dims[Dim::K]);
  program->cacheBits = again + activations + (cost.weightRead + cost.kvRead + cost.kvWrite).value;
  // Activations stay in the cache when they fit; parameters and keys only when their loop does.
  const bool fits = activations <= p_.cacheSize.value.value;
  const bool loopFits =
      item.loopWorkingSet.value > 0 &&
      std::max(item.loopWorkingSet.value, program->cacheBits) <= p_.cacheSize.value.value;
  const bool weightsStay = cost.weightRead.value <= p_.cacheSize.value.value;
  program->memoryBits = program->cacheBits - (fits ? activations : 0.0) - (weightsStay ? again : 0);
  if (loopFits) program->memoryBits = 0;
  double seconds =
      std::max((program->cacheBits - again - p_.cacheSize.value.value) / p_.bandwidth.value.value,
               program->cacheBits / p_.cacheBandwidth.value.value);
  if (multiplies(op.kind)) {
    const Path path = pathOf(p_, op);
    program->macs = static_cast<double>(cost.macs);
    program->rate = path.macsPerClock * efficiencyOf(p_, op) * lanes;
    program->macWidth = path.operandBits;
    seconds = std::max(seconds, program->macs / (path.macsPerClock * lanes));
    if (path.unpack) {
      const double values =
          cost.weightRead.value / op.formats.weight.bits + cost.kvRead.value / op.formats.kv.bits;
      program->ops += value(p_.unpackOps) * values;
    }
  }
  seconds = std::max(seconds, program->ops / (value(p_.elementOps) * lanes));
  program->bound_ = Ticks(static_cast<std::int64_t>(seconds * 1e12));
  if (how.level == Support::Level::emulated)
    program->assumptions.push_back(
        {"format." + op.formats.name, how.how, "", "", "formats of " + p_.title, Basis::derived});
  if (!item.weightsResident) program->streamedBits = cost.weightRead.value;
  program->footprint_ = {{0, cost.weights + cost.state, cost.input + cost.output}};
  Hasher h;
  h.text("host-cpu").add(hashOf(op)).real(program->memoryBits).real(program->streamedBits);
  program->hash_ = h.finish();
  return std::shared_ptr<const Program>(std::move(program));
}

Profile HostCpu::estimate(const Program& program) const {
  const auto* own = dynamic_cast<const HostProgram*>(&program);
  if (own == nullptr) throw std::logic_error("a host CPU got a program of another device family");
  const double lanes = static_cast<double>(p_.sockets * p_.cores) * p_.clock.value.value;
  const double compute = own->macs / own->rate +
                         own->ops / (value(p_.elementOps) * value(p_.elementEfficiency) * lanes);
  const double memory =
      std::max(own->memoryBits / (p_.bandwidth.value.value * value(p_.memoryEfficiency)),
               own->cacheBits / p_.cacheBandwidth.value.value);
  const double call = p_.call.value.value * static_cast<double>(own->steps);
  Segment segment;
  segment.local = toTicks(Seconds(call + std::max(compute, memory)));
  segment.bottleneck = call > std::max(compute, memory) ? Bottleneck::latency
                       : compute >= memory              ? Bottleneck::compute
                                                        : Bottleneck::memory;
  segment.op = 0;
  segment.energy.add(mac_, std::llround(own->macs * own->macWidth / 32.0));
  segment.energy.add(op_, std::llround(own->ops));
  segment.energy.add(dram_, std::llround(own->memoryBits));
  segment.energy.add(cache_, std::llround(own->cacheBits));
  segment.energy.add(active_, segment.local.ps);
  if (own->streamedBits > 0)
    segment.demands.push_back({0, Bits(own->streamedBits), p_.bandwidth.value, 0, false});
  Profile profile;
  OperatorShare share;
  share.energy = segment.energy;
  share.busy = segment.local;
  share.bottleneck = segment.bottleneck;
  profile.segments.push_back(std::move(segment));
  share.attributed = share.end = profile.alone();
  const double peak = info_.peakMacs.value / 2.0 * toSeconds(share.attributed).value;
  share.utilisation = peak > 0 ? std::min(1.0, own->macs / peak) : 0.0;
  profile.shares.push_back(std::move(share));
  profile.assumptions = own->assumptions;
  profile.events = 1;
  return profile;
}

CopyCost HostCpu::copy(const CopyRequest& request) const {
  CopyCost cost;
  cost.wire = request.amount;
  cost.peak = p_.bandwidth.value;
  cost.energy.add(dram_, std::llround(request.amount.value));
  return cost;
}

}  // namespace host

void registerHost(Registry& registry) {
  DeviceKind kind;
  kind.name = "host-cpu";
  kind.title = "host processor by a measured law: every operator, every format";
  kind.make = [](const ConfigNode& config, const std::string& prefix,
                 Problems& problems) -> std::unique_ptr<Device> {
    return host::HostCpu::make(config, prefix, problems);
  };
  kind.schema = [] { return host::HostCpu::schema(); };
  registry.add(std::move(kind));
}

}  // namespace wattlas
