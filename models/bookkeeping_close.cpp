// The end of a simulation: static power, idle time, supply losses, ledger and totals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/bookkeeping.h"

namespace wattlas {

void Bookkeeping::cell(ComponentIndex component, CoefficientId id, double count, bool idle) {
  const double supply = tariff_.supply();
  const Coefficient& c = tariff_.tableOf(component).at(id);
  const Category category = component == onHost ? Category::host : c.category;
  const double joule = count * (c.perCount.value.value * supply);
  result_.breakdownJ[static_cast<std::size_t>(category)] += joule;
  result_.energyJ += joule;
  if (!full_) return;
  LedgerCell cell;
  cell.component = tariff_.nameOf(component);
  cell.category = category;
  cell.coefficient = idle ? c.id + ", idle" : c.id;
  cell.count = count;
  cell.perCountJ = c.perCount.value.value * supply;
  cell.lowJ = c.perCount.low.value * supply;
  cell.highJ = c.perCount.high.value * supply;
  cell.basis = c.perCount.basis;
  cell.source = c.perCount.source;
  result_.ledger.push_back(std::move(cell));
}

void Bookkeeping::ledgerToResult(double watts) {
  const double supply = tariff_.supply();
  // Energy is added up in the order of the cells, so that a result reads like its ledger.
  for (const ComponentIndex component : tariff_.components())
    for (std::size_t i = 0; i < ledger_[component].size(); ++i)
      if (!std::isnan(ledger_[component][i]))
        cell(component, static_cast<CoefficientId>(i), ledger_[component][i], false);
  // What flows all the time: while components work, and while they wait.
  std::vector<Charge> standing;
  tariff_.chargeStatic(now_, standing);
  for (const Charge& all : standing) {
    const double share = all.component == onHost ? x_.platform->hostShare : 1.0;
    const double busy = std::min(all.count, busy_[all.component] * share);
    cell(all.component, all.id, busy, false);
    cell(all.component, all.id, all.count - busy, true);
  }
  if (x_.run.energyMode != EnergyMode::tdp) return;
  const double perCount = watts * 1e-12 * supply;
  result_.breakdownJ[static_cast<std::size_t>(Category::leakage)] += ps(now_) * perCount;
  result_.energyJ += ps(now_) * perCount;
  if (!full_) return;
  LedgerCell cell;
  cell.component = tariff_.nameOf(onDevice);
  cell.category = Category::leakage;
  cell.coefficient = "rated power";
  cell.count = ps(now_);
  cell.perCountJ = cell.lowJ = cell.highJ = perCount;
  cell.basis = Basis::published;
  cell.source = "rated power of the device file";
  result_.ledger.push_back(std::move(cell));
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
  const double supply = tariff_.supply();
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
    rows_.push_back({period - busy, 0, BottleneckCategory::idle});
    if (full_) {
      OperatorResult row;
      row.name = row.kind = row.phase = "idle";
      row.device = tariff_.nameOf(onDevice);
      row.startS = seconds(busy);
      row.endS = seconds(period);
      row.bound = nameOf(Bottleneck::latency);
      result_.operators.push_back(std::move(row));
    }
    now_ = period;
  }
  const double watts = tariff_.staticPower();
  ledgerToResult(watts);
  result_.timeS = seconds(now_);
  result_.hostS = seconds(hostTime_);
  result_.boundS = seconds(bound_);
  result_.powerAvgW = result_.timeS > 0 ? result_.energyJ / result_.timeS : 0.0;
  const double peak =
      (peakPower(timeline_, toTicks(x_.platform->powerWindow.value)).value + watts) * supply;
  result_.powerPeakW = std::max(peak, result_.powerAvgW);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const double attributed = seconds(rows_[r].attributed);
    result_.attributedS[static_cast<std::size_t>(rows_[r].cause)] += attributed;
    if (!full_) continue;
    result_.operators[r].attributedS = attributed;
    result_.operators[r].energyJ = (rows_[r].dynamicJ + watts * attributed) * supply;
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
