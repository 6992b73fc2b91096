#include "results/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "models/base/error.h"
#include "models/base/units.h"
#include "models/records.h"

namespace wattlas {
namespace {

void add(std::vector<Share>& shares, const std::string& name, double value) {
  const auto found =
      std::find_if(shares.begin(), shares.end(), [&](const Share& s) { return s.name == name; });
  if (found == shares.end())
    shares.push_back({name, value, 0});
  else
    found->value += value;
}

void finish(std::vector<Share>& shares) {
  double total = 0;
  for (const Share& s : shares) total += s.value;
  if (total > 0)
    for (Share& s : shares) s.share = s.value / total;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.value > b.value; });
}

int levelOf(const std::string& name) {
  static constexpr std::array<std::string_view, 3> levels = {"analytic", "event", "detailed"};
  const auto found = std::find(levels.begin(), levels.end(), name);
  return static_cast<int>(found - levels.begin());
}

std::string rangeText(const std::string& low, const std::string& high) {
  return low == high ? "" : readableQuantity(low) + " .. " + readableQuantity(high);
}

bool isEnergyOrPower(const std::string& value) {
  return value.ends_with(" J") || value.ends_with(" W") || value.ends_with(" J/bit");
}

}  // namespace

std::string readableQuantity(const std::string& value) {
  const auto blank = value.find(' ');
  if (blank == std::string::npos) return value;
  static const std::map<std::string, Dimension> units = {
      {"s", Dimension::time},   {"Hz", Dimension::frequency},    {"J", Dimension::energy},
      {"W", Dimension::power},  {"bit", Dimension::information}, {"bit/s", Dimension::bandwidth},
      {"mm2", Dimension::area}, {"op/s", Dimension::throughput}};
  const auto unit = units.find(value.substr(blank + 1));
  try {
    const std::string digits = value.substr(0, blank);
    if (value.ends_with(" J/bit"))
      return formatQuantity(parseQuantity(digits + " J", Dimension::energy), Dimension::energy) +
             "/bit";
    return unit == units.end() ? value
                               : formatQuantity(parseQuantity(value, unit->second), unit->second);
  } catch (const InputError&) {
    return value;  // words, not a quantity
  }
}

std::vector<Share> timeByBound(const RunResult& result) {
  std::vector<Share> shares;
  if (!result.feasible) return shares;
  for (const OperatorResult& o : result.operators) {
    const bool waits = o.kind == "idle" || o.kind == "transfer";
    if (o.attributedS > 0) add(shares, waits ? o.kind : o.bound, o.attributedS);
  }
  finish(shares);
  return shares;
}

std::vector<Share> energyByCategory(const RunResult& result) {
  std::vector<Share> shares;
  if (!result.feasible) return shares;
  for (std::size_t i = 0; i < result.breakdownJ.size(); ++i)
    if (result.breakdownJ[i] > 0)
      add(shares, nameOf(static_cast<Category>(i)), result.breakdownJ[i]);
  finish(shares);
  return shares;
}

std::string platformText(const RunResult& result) {
  return result.platform + (result.timeS > 0 ? hostNote(result.hostS / result.timeS) : "");
}

std::string markedFidelity(const RunResult& result) {
  const std::string levels = fidelityText(result);
  return levels.substr(0, levels.find('+')) + (belowRequested(result).empty() ? "" : "*");
}

bool belowRequested(const RunResult& result, const std::string& component) {
  const auto used = result.fidelityUsed.find(component);
  if (used == result.fidelityUsed.end() || levelOf(used->second) >= levelOf(result.fidelity))
    return false;
  return component == "device" || std::any_of(result.operators.begin(), result.operators.end(),
                                              [&](const OperatorResult& o) {
                                                return o.device == component && o.attributedS > 0;
                                              });
}

std::string belowRequested(const RunResult& result) {
  std::string names;
  for (const auto& [component, level] : result.fidelityUsed)
    if (belowRequested(result, component)) names += (names.empty() ? "" : ", ") + component;
  return names;
}

std::vector<WeakSpot> weakSpots(const RunResult& result) {
  std::vector<WeakSpot> spots;
  std::set<std::string> sources;
  const auto joules = [](double j) { return formatQuantity(j, Dimension::energy); };
  for (const LedgerCell& cell : result.ledger) {
    if (cell.basis != Basis::assumption) continue;
    sources.insert(cell.source);
    const double energy = cell.count * cell.perCountJ;
    if (energy <= 0 || !result.feasible) continue;
    spots.push_back({cell.component + " " + cell.coefficient, joules(energy),
                     cell.lowJ == cell.highJ ? ""
                                             : joules(cell.count * cell.lowJ) + " .. " +
                                                   joules(cell.count * cell.highJ),
                     cell.source, energy / result.energyJ});
  }
  std::stable_sort(spots.begin(), spots.end(), [](const WeakSpot& a, const WeakSpot& b) {
    return a.energyShare > b.energyShare;
  });
  for (const bool ranged : {true, false})
    for (const Assumption& a : result.assumptions) {
      const bool isCell = isEnergyOrPower(a.value) && sources.count(a.source) > 0;
      if (a.basis == Basis::assumption && !isCell && (a.low != a.high) == ranged)
        spots.push_back({a.key, readableQuantity(a.value), rangeText(a.low, a.high), a.source, 0});
    }
  return spots;
}

}  // namespace wattlas
