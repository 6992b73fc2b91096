// The end of a simulation: static power, idle time, supply losses, ledger and totals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/bookkeeping.h"

namespace wattlas {
double Bookkeeping::staticPower() const {
  if (x_.run.energyMode == EnergyMode::tdp) return tdpW_;
  double watts = 0;
  const auto add = [&](int component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id)))
        watts += table.at(id).perCount.value.value * 1e12 * share;
  };
  add(device, 1.0);
  if (x_.platform->host.device != nullptr) add(host, x_.platform->hostShare);
  return watts;
}

void Bookkeeping::chargeStatic(Ticks total) {
  const auto add = [&](int component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id))) addCount(component, id, ps(total) * share);
  };
  add(device, 1.0);
  if (x_.platform->host.device != nullptr) add(host, x_.platform->hostShare);
}

void Bookkeeping::ledgerToResult() {
  const double supply = x_.run.scope == Scope::wall ? x_.platform->pue.value.value /
                                                          x_.platform->supplyEfficiency.value.value
                                                    : 1.0;
  static constexpr const char* names[] = {"device", "host", "link"};
  // Energy is added up in the order of the cells, so that a result reads like its ledger.
  const auto book = [&](Category category, double joule) {
    result_.breakdownJ[static_cast<std::size_t>(category)] += joule;
    result_.energyJ += joule;
  };
  for (const int component : {device, host, link})
    for (std::size_t i = 0; i < ledger_[static_cast<std::size_t>(component)].size(); ++i) {
      const double count = ledger_[static_cast<std::size_t>(component)][i];
      if (std::isnan(count)) continue;
      const Coefficient& c = tableOf(component).at(static_cast<CoefficientId>(i));
      const Category category = component == host ? Category::host : c.category;
      book(category, count * (c.perCount.value.value * supply));
      if (!full_) continue;
      LedgerCell cell;
      cell.component = names[component];
      cell.category = category;
      cell.coefficient = c.id;
      cell.count = count;
      cell.perCountJ = c.perCount.value.value * supply;
      cell.lowJ = c.perCount.low.value * supply;
      cell.highJ = c.perCount.high.value * supply;
      cell.basis = c.perCount.basis;
      cell.source = c.perCount.source;
      result_.ledger.push_back(std::move(cell));
    }
  if (x_.run.energyMode == EnergyMode::tdp) {
    LedgerCell cell;
    cell.component = "device";
    cell.category = Category::leakage;
    cell.coefficient = "rated power";
    cell.count = ps(now_);
    cell.perCountJ = cell.lowJ = cell.highJ = tdpW_ * 1e-12 * supply;
    book(cell.category, cell.count * cell.perCountJ);
    cell.basis = Basis::published;
    cell.source = "rated power of the device file";
    if (full_) result_.ledger.push_back(std::move(cell));
  }
}

void Bookkeeping::listParameters() {
  if (!full_) return;
  for (const ParameterRecord& p : x_.platform->config.parameters) {
    if (p.basis != Basis::assumption) continue;
    if (p.path.starts_with("host.") && x_.run.scope < Scope::node) continue;
    const bool supply = p.path == "supplyEfficiency" || p.path == "pue";
    if (supply && x_.run.scope != Scope::wall) continue;
    const bool interval = p.low != p.high;
    assume({p.path, exactQuantity(p.value, p.dimension),
            interval ? exactQuantity(p.low, p.dimension) : "",
            interval ? exactQuantity(p.high, p.dimension) : "", p.source, p.basis});
  }
}

void Bookkeeping::close() {
  const double supply = x_.run.scope == Scope::wall ? x_.platform->pue.value.value /
                                                          x_.platform->supplyEfficiency.value.value
                                                    : 1.0;
  const Ticks busy = now_;
  const double rate = x_.workload->options.rate;
  if (rate > 0) {
    const Ticks period = toTicks(Seconds(static_cast<double>(x_.workload->options.batch) / rate));
    if (period < busy) {
      result_.feasible = false;
      result_.reasons.push_back(fmt::format("rate: a batch of {} arrives every {} but takes {}",
                                            x_.workload->options.batch, format(toSeconds(period)),
                                            format(toSeconds(busy))));
      result_.operators.clear();
      result_.phases.clear();
      return;
    }
    OperatorResult row;
    row.name = row.kind = "idle";
    row.phase = "idle";
    row.device = "device";
    row.startS = seconds(busy);
    row.endS = seconds(period);
    row.bound = nameOf(Bound::latency);
    addRow(std::move(row), period - busy, 0);
    now_ = period;
  }
  const double watts = staticPower();
  chargeStatic(now_);
  ledgerToResult();
  result_.timeS = seconds(now_);
  result_.boundS = seconds(bound_);
  result_.powerAvgW = result_.timeS > 0 ? result_.energyJ / result_.timeS : 0.0;
  const double peak =
      (peakPower(timeline_, toTicks(x_.platform->powerWindow.value)).value + watts) * supply;
  result_.powerPeakW = std::max(peak, result_.powerAvgW);
  for (const Row& row : rows_) {
    OperatorResult& out = result_.operators[row.index];
    out.attributedS = seconds(row.attributed);
    out.energyJ = (row.dynamicJ + watts * out.attributedS) * supply;
  }
  for (PhaseResult& phase : result_.phases) {
    phase.energyJ = (phase.energyJ + watts * phase.timeS) * supply;
    if (phase.tokens <= 0 || phase.timeS <= 0) continue;
    phase.tokensPerS = phase.tokens / phase.timeS;
    phase.energyPerTokenJ = phase.energyJ / phase.tokens;
  }
  listParameters();
}

}  // namespace wattlas
