// Moves every parameter of a device file by 20 % and finds what reacts.
#pragma once

#include <cmath>
#include <functional>
#include <map>

#include "tests/pim/support.h"

namespace wattlas::pim_test {

struct Reaction {
  bool time = false, energy = false, description = false;
  bool any() const { return time || energy || description; }
};

/// Reaction of all `ops` to `path` scaled by 0.8 and 1.2 (where the file accepts it).
inline Reaction react(const std::string& id, const Sets& base, const ParameterRecord& parameter,
                      const std::vector<Operator>& ops) {
  Reaction reaction;
  const auto figures = [&](const Device& device) {
    std::vector<double> out;
    for (const Operator& op : ops) {
      const auto program = lower(device, op);
      const Profile p = device.estimate(*program);
      out.push_back(toSeconds(p.alone()).value);
      out.push_back(dynamicJoules(device, p));
    }
    out.push_back(toSeconds(device.launch().perProgram).value);
    out.push_back(standingWatts(device));
    out.push_back(device.info().area.value + device.info().tiers[0].capacity.value);
    const CopyCost copy = device.copy({CopyPattern::scatter, true, Bits(1e4)});
    out.push_back(toSeconds(copy.latency).value);
    return out;
  };
  const auto before = figures(*deviceOf(id, base));
  for (const double factor : {0.8, 1.2}) {
    Sets sets = base;
    sets.push_back({parameter.path, exactQuantity(parameter.value * factor, parameter.dimension)});
    std::unique_ptr<Device> device;
    try {
      device = deviceOf(id, sets);
    } catch (const InputError&) {
      continue;  // outside its limits in this direction
    }
    const auto after = figures(*device);
    for (std::size_t i = 0; i < 2 * ops.size(); ++i)
      if (std::abs(after[i] - before[i]) > 1e-9 * std::abs(before[i]))
        (i % 2 == 0 ? reaction.time : reaction.energy) = true;
    for (std::size_t i = 2 * ops.size(); i < before.size(); ++i)
      if (after[i] != before[i]) reaction.description = true;
  }
  return reaction;
}

}  // namespace wattlas::pim_test
