#include "results/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "models/base/units.h"

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

/// "device.energy.mram.read" names the coefficient "mram.read".
bool namesCoefficient(std::string_view key, std::string_view coefficient) {
  if (coefficient.empty() || !key.ends_with(coefficient)) return false;
  return key.size() == coefficient.size() || key[key.size() - coefficient.size() - 1] == '.';
}

std::string rangeText(const std::string& low, const std::string& high) {
  if (low.empty() && high.empty()) return {};
  return low == high ? "" : low + " .. " + high;
}

}  // namespace

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

std::string claimedFidelity(const RunResult& result) {
  std::string lowest;
  for (const auto& [component, level] : result.fidelityUsed)
    if (component != "host" && (lowest.empty() || levelOf(level) < levelOf(lowest))) lowest = level;
  if (!lowest.empty()) return lowest;
  return result.fidelityUsed.empty() ? result.fidelity : result.fidelityUsed.begin()->second;
}

std::string belowRequested(const RunResult& result) {
  std::string names;
  for (const auto& [component, level] : result.fidelityUsed)
    if (levelOf(level) < levelOf(result.fidelity)) names += (names.empty() ? "" : ", ") + component;
  return names;
}

std::vector<WeakSpot> weakSpots(const RunResult& result) {
  std::vector<WeakSpot> spots;
  const double total = result.feasible ? result.energyJ : 0;
  std::vector<bool> used(result.ledger.size(), false);
  for (const Assumption& a : result.assumptions) {
    if (a.basis != Basis::assumption) continue;
    WeakSpot spot{a.key, a.value, rangeText(a.low, a.high), a.source, 0};
    for (std::size_t i = 0; i < result.ledger.size(); ++i) {
      const LedgerCell& cell = result.ledger[i];
      if (used[i] || !namesCoefficient(a.key, cell.coefficient)) continue;
      used[i] = true;
      if (total > 0) spot.energyShare += cell.count * cell.perCountJ / total;
    }
    spots.push_back(std::move(spot));
  }
  for (std::size_t i = 0; i < result.ledger.size(); ++i) {
    const LedgerCell& cell = result.ledger[i];
    if (used[i] || cell.basis != Basis::assumption || cell.count <= 0) continue;
    const auto joules = [](double j) { return formatQuantity(j, Dimension::energy); };
    spots.push_back({cell.component + "." + cell.coefficient, joules(cell.perCountJ),
                     cell.lowJ == cell.highJ ? "" : joules(cell.lowJ) + " .. " + joules(cell.highJ),
                     cell.source, total > 0 ? cell.count * cell.perCountJ / total : 0});
  }
  std::stable_sort(spots.begin(), spots.end(), [](const WeakSpot& a, const WeakSpot& b) {
    return a.energyShare > b.energyShare;
  });
  return spots;
}

}  // namespace wattlas
