#include "models/program.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "models/device.h"

namespace wattlas {
namespace {
const std::vector<std::string> fidelityNames = {"analytic", "event", "detailed"};
}

const char* nameOf(Fidelity fidelity) {
  return fidelityNames[static_cast<std::size_t>(fidelity)].c_str();
}

Fidelity parseFidelity(const std::string& text) {
  for (std::size_t i = 0; i < fidelityNames.size(); ++i)
    if (fidelityNames[i] == text) return static_cast<Fidelity>(i);
  throw InputError("'" + text.substr(0, 40) + "' is not a fidelity", "analytic, event or detailed",
                   didYouMean(text, fidelityNames));
}

const char* nameOf(Bottleneck bottleneck) {
  static constexpr const char* names[] = {"compute", "memory",  "link",
                                          "latency", "control", "host"};
  return names[static_cast<std::size_t>(bottleneck)];
}

const char* nameOf(Refusal::Code code) {
  static constexpr const char* names[] = {"unsupported", "capacity", "format", "mapping", "budget"};
  return names[static_cast<std::size_t>(code)];
}

const char* nameOf(ReplicationKind kind) {
  static constexpr const char* names[] = {"symmetry", "periodicity", "repetition"};
  return names[static_cast<std::size_t>(kind)];
}

const char* nameOf(Support::Level level) {
  static constexpr const char* names[] = {"native", "emulated", "refused"};
  return names[static_cast<std::size_t>(level)];
}

Ticks Profile::alone() const {
  Ticks total;
  for (const Segment& segment : segments) {
    Ticks longest = segment.local;
    for (const Demand& demand : segment.demands)
      longest = std::max(longest, toTicks(demand.amount / demand.peak));
    total += times(longest, segment.repeat);
  }
  return total;
}

Hash128 Device::hash() const {
  return Hasher().text(info().kind).integer(modelVersion()).add(config().complete.hash()).finish();
}

std::vector<std::vector<OpId>> Device::partition(const Graph&,
                                                 const std::vector<OpId>& mine) const {
  std::vector<std::vector<OpId>> regions;
  for (const OpId op : mine) regions.push_back({op});
  return regions;
}

Support Device::support(const Operator& op) const {
  if (std::string missing = kinds().missing(op); !missing.empty())
    return {Support::Level::refused, std::move(missing)};
  const TensorFormats& f = op.formats;
  for (const NumberFormat* format : {op.hasWeights ? &f.weight : nullptr, &f.activation,
                                     op.kind == OpKind::attention ? &f.kv : nullptr})
    if (format != nullptr && !format->isPlain() && !decodes())
      return {Support::Level::refused,
              format->name + ": nothing here decodes it or applies the scales of its groups"};
  return supportKnown(op);
}

Profile Device::simulate(const Program&, Fidelity) const {
  throw std::logic_error(info().kind + " has a closed form only");
}

Bits Device::residentBits(const Operator& op) const {
  const OpCost cost = costOf(op);
  return cost.weights * static_cast<double>(op.weightCopies()) +
         cost.state * static_cast<double>(op.count);
}

void DesignReport::join(const DesignReport& other) {
  if (empty()) {
    *this = other;
    operators.clear();
    return;
  }
  streams.insert(streams.end(), other.streams.begin(), other.streams.end());
  for (std::size_t i = 0; i < std::min(fabric.size(), other.fabric.size()); ++i)
    fabric[i].used += other.fabric[i].used - other.fabric[i].shell;
  latencyCycles += other.latencyCycles;
  if (other.iiCycles <= iiCycles) return;
  iiCycles = other.iiCycles;
  throughputPerS = other.throughputPerS;
  bottleneck = other.bottleneck;
}

double DesignReport::used(const std::string& name) const {
  for (const FabricUse& f : fabric)
    if (f.name == name) return f.used;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace wattlas
