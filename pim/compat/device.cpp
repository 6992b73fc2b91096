#include "pim/compat/device.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/sliced/device.h"

namespace wattlas::pim::compat {

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
