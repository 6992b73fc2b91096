// The end of a simulation: static power, idle time, supply losses, ledger and totals.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/bookkeeping.h"

namespace wattlas {

void Bookkeeping::ledgerToResult(double watts) {
  const double supply = tariff_.supply();
  // Energy is added up in the order of the cells, so that a result reads like its ledger.
  const auto book = [&](Category category, double joule) {
    result_.breakdownJ[static_cast<std::size_t>(category)] += joule;
    result_.energyJ += joule;
  };
  for (const ComponentIndex component : tariff_.components())
    for (std::size_t i = 0; i < ledger_[component].size(); ++i) {
      const double count = ledger_[component][i];
      if (std::isnan(count)) continue;
      const Coefficient& c = tariff_.tableOf(component).at(static_cast<CoefficientId>(i));
      const Category category = component == onHost ? Category::host : c.category;
      book(category, count * (c.perCount.value.value * supply));
      if (!full_) continue;
      LedgerCell cell;
      cell.component = tariff_.nameOf(component);
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
  if (x_.run.energyMode != EnergyMode::tdp) return;
  const double perCount = watts * 1e-12 * supply;
  book(Category::leakage, ps(now_) * perCount);
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
  std::vector<Charge> statics;
  tariff_.chargeStatic(now_, statics);
  addCharges(statics);
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
