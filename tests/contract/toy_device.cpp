#include "tests/contract/toy_device.h"

#include <algorithm>

namespace wattlas {
namespace {

struct ToyParameters {
  std::int64_t lanes = 64, tile = 4096;
  Sourced<Hertz> clock;
  Sourced<Bits> store, buffer;
  Sourced<BitRate> linkPeak;
  Sourced<Joules> energyPerMac;
  Sourced<JoulesPerBit> energyPerBit;
  Sourced<Watts> leakage;

  void bind(Binder& b) {
    b.integer("lanes", lanes, {.min = 1, .max = 1e6}, "MACs a cycle");
    b.integer("tile", tile, {.min = 64, .fallback = "4096"}, "MACs of one step");
    b.quantity("clock", clock, {.min = 1e6}, "Clock");
    b.quantity("store", store, {.min = 1}, "Capacity of the large tier");
    b.quantity("buffer", buffer, {.min = 1}, "Capacity of the small tier");
    b.quantity("linkPeak", linkPeak, {.min = 1}, "What the port takes");
    b.quantity("energyPerMac", energyPerMac, {.min = 0}, "Energy of a MAC");
    b.quantity("energyPerBit", energyPerBit, {.min = 0}, "Energy of a bit at the port");
    b.quantity("leakage", leakage, {.min = 0}, "Static power");
  }
};

struct ToyProgram final : Program {
  std::vector<std::int64_t> macs;  ///< of each operator of the region
  Bits traffic;                    ///< input of the first, output of the last
  std::int64_t steps = 1, cyclesPerStep = 1;
  Ticks floor;
  std::vector<Footprint> needs;

  Hash128 hash() const override {
    Hasher h;
    for (const std::int64_t m : macs) h.integer(m);
    return h.real(traffic.value).integer(steps).integer(cyclesPerStep).finish();
  }
  const std::vector<Footprint>& footprint() const override { return needs; }
  Ticks lowerBound() const override { return floor; }
};

class ToyDevice final : public ConfiguredDevice {
 public:
  ToyDevice(const ToyParameters& p, ResolvedConfig config) : p_(p) {
    config_ = std::move(config);
    info_.kind = "toy";
    info_.title = "Contract-test device";
    info_.tiers = {{"store", p.store.value}, {"buffer", p.buffer.value}};
    info_.ports = {{"host", p.linkPeak.value}};
    info_.peakMacs = OpRate(2.0 * static_cast<double>(p.lanes) * p.clock.value.value);
    mac_ = energy_.add({"mac", Category::compute, Scope::chip, "MAC", p.energyPerMac});
    Sourced<Joules> bit;
    bit.value = Joules(p.energyPerBit.value.value);
    bit.low = Joules(p.energyPerBit.low.value);
    bit.high = Joules(p.energyPerBit.high.value);
    bit_ = energy_.add({"port.bit", Category::link, Scope::device, "bit", bit});
    energy_.addPower("leakage", Category::leakage, Scope::chip, p.leakage);
  }

  int modelVersion() const override { return 1; }

  const KindSet& kinds() const override {
    static const KindSet known{OpKind::gemm, OpKind::activation};
    return known;
  }
  Support supportKnown(const Operator& op) const override {
    if (op.formats.weight.bits > 8) return {Support::Level::emulated, "two passes of 8 bits"};
    return {Support::Level::native, ""};
  }

  std::vector<std::vector<OpId>> partition(const Graph& graph,
                                           const std::vector<OpId>& mine) const override {
    std::vector<std::vector<OpId>> regions;
    for (const OpId id : mine) {
      const bool fuse = !regions.empty() && regions.back().size() == 1 &&
                        graph.at(id).kind == OpKind::activation &&
                        graph.at(regions.back()[0]).kind == OpKind::gemm &&
                        graph.at(id).count == graph.at(regions.back()[0]).count;
      if (fuse)
        regions.back().push_back(id);
      else
        regions.push_back({id});
    }
    return regions;
  }

  Expected<std::shared_ptr<const Program>, Refusal> lower(const WorkItem& item) const override {
    auto program = std::make_shared<ToyProgram>();
    std::int64_t all = 0;
    for (std::size_t i = 0; i < item.region.size(); ++i) {
      const Operator op = item.op(i);
      if (support(op).level == Support::Level::refused)
        return Refusal{Refusal::Code::unsupported, support(op).how, "a product"};
      const OpCost cost = costOf(op);
      const std::int64_t passes = op.formats.weight.bits > 8 ? 2 : 1;
      program->macs.push_back(std::max<std::int64_t>(1, (cost.macs + cost.elementOps) * passes));
      all += program->macs.back();
      if (i == 0) program->traffic += cost.input;
      if (i + 1 == item.region.size()) program->traffic += cost.output;
    }
    program->steps = (all + p_.tile - 1) / p_.tile;
    program->cyclesPerStep = (p_.tile + p_.lanes - 1) / p_.lanes;
    program->floor =
        std::max(toTicks(Seconds(static_cast<double>(all) / static_cast<double>(p_.lanes) /
                                 p_.clock.value.value)),
                 toTicks(program->traffic / p_.linkPeak.value));
    program->needs = {{0, Bits(0), program->traffic}};
    return std::shared_ptr<const Program>(program);
  }

  /// Closed form: all steps, or all traffic, whichever is longer.
  Profile estimate(const Program& program) const override {
    const auto& p = static_cast<const ToyProgram&>(program);
    return profileOf(p, cyclesToTicks(p.steps * p.cyclesPerStep, p_.clock.value), 1);
  }

  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event};
  }
  /// A step's traffic moves while the step before it computes.
  Profile simulate(const Program& program, Fidelity) const override {
    const auto& p = static_cast<const ToyProgram&>(program);
    const std::int64_t parts = std::min<std::int64_t>(p.steps, 8);
    Profile profile = profileOf(p, cyclesToTicks(p.steps * p.cyclesPerStep, p_.clock.value), parts);
    profile.events = parts;
    return profile;
  }

  CopyCost copy(const CopyRequest& request) const override {
    return {Ticks(1000), request.amount, p_.linkPeak.value, {}};
  }

  /// `steps` segments of equal length with their part of the traffic.
  Profile profileOf(const ToyProgram& p, Ticks compute, std::int64_t parts) const {
    Profile out;
    Segment segment;
    segment.local = Ticks((compute.ps + parts - 1) / parts);
    segment.demands.push_back(
        {0, p.traffic / static_cast<double>(parts), p_.linkPeak.value, 0, false});
    segment.repeat = parts;
    std::int64_t all = 0;
    for (const std::int64_t m : p.macs) all += m;
    // Counts are whole; what does not divide goes into one more, empty segment.
    const auto bits = static_cast<std::int64_t>(p.traffic.value);
    segment.energy.add(mac_, all / parts);
    segment.energy.add(bit_, bits / parts);
    out.segments.push_back(segment);
    Segment rest;
    rest.energy.add(mac_, all % parts);
    rest.energy.add(bit_, bits % parts);
    out.segments.push_back(rest);
    const Ticks total = out.alone();
    Ticks given;
    for (std::size_t i = 0; i < p.macs.size(); ++i) {
      OperatorShare share;
      share.op = static_cast<std::int32_t>(i);
      const bool last = i + 1 == p.macs.size();
      const auto part =
          static_cast<std::int64_t>(static_cast<double>(total.ps) * static_cast<double>(p.macs[i]) /
                                    static_cast<double>(all));
      share.attributed = last ? total - given : Ticks(part);
      share.start = given;
      given += share.attributed;
      share.end = given;
      share.busy = share.attributed;
      share.energy.add(mac_, p.macs[i]);
      if (i == 0) share.energy.add(bit_, bits);
      out.shares.push_back(share);
    }
    return out;
  }

 private:
  ToyParameters p_;
  CoefficientId mac_ = 0, bit_ = 0;
};

}  // namespace

void registerToy(Registry& registry) {
  registry.add({"toy", "Contract-test device",
                [](const ConfigNode& config, const std::string& prefix,
                   Problems& problems) -> std::unique_ptr<Device> {
                  ToyParameters p;
                  const std::size_t before = problems.list().size();
                  ResolvedConfig bound =
                      bindConfig(config, prefix, problems, [&](Binder& b) { p.bind(b); });
                  if (problems.list().size() > before) return nullptr;
                  return std::make_unique<ToyDevice>(p, std::move(bound));
                },
                [] { return schemaOf("toy", [](Binder& b) { ToyParameters().bind(b); }); }});
}

}  // namespace wattlas
