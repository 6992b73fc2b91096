#include "models/bookkeeping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace wattlas {

Bookkeeping::Bookkeeping(const Experiment& experiment, const Tariff& tariff, RunResult& result,
                         Detail detail)
    : x_(experiment), tariff_(tariff), result_(result), full_(detail == Detail::full) {
  const std::vector<ComponentIndex> components = tariff_.components();
  ledger_.resize(static_cast<std::size_t>(
      std::max<int>(onOthers, *std::max_element(components.begin(), components.end()) + 1)));
  busy_.assign(ledger_.size(), 0.0);
  for (const ComponentIndex component : components)
    ledger_[component].assign(tariff_.tableOf(component).all().size(),
                              std::numeric_limits<double>::quiet_NaN());
  (void)tariff_.staticPower();  // refuses a run at rated power when none is known
}

void Bookkeeping::assume(const Assumption& assumption) {
  if (!full_) return;
  if (assumed_.insert(assumption.key + "=" + assumption.value).second)
    result_.assumptions.push_back(assumption);
}

void Bookkeeping::fold(const Replication& fold) {
  if (!full_) return;
  for (const Replication& known : result_.replications)
    if (known.kind == fold.kind && known.factor == fold.factor && known.what == fold.what) return;
  result_.replications.push_back(fold);
}

void Bookkeeping::addCharges(const std::vector<Charge>& charges) {
  for (const Charge& charge : charges) {
    double& cell = ledger_[charge.component][static_cast<std::size_t>(charge.id)];
    cell = std::isnan(cell) ? charge.count : cell + charge.count;
  }
}

void Bookkeeping::busy(ComponentIndex component, Ticks time, double members) {
  busy_[component] += ps(time) * members;
}

void Bookkeeping::load(const BookedLoad& load, Ticks end) {
  addCharges(load.charges);
  if (rows_.empty()) {
    rows_.push_back({{}, 0, BottleneckCategory::transfer});
    describe(BottleneckCategory::transfer, "load", onLink, Bottleneck::link, {}, {});
    if (full_) result_.operators.back().name = "load weights";
  }
  rows_.front().attributed += load.copy.alone;
  rows_.front().dynamicJ += load.energyJ;
  now_ = end;
  if (full_) result_.operators.front().endS = seconds(now_);
  timeline_.push_back({load.copy.alone, Joules(load.energyJ)});
}

void Bookkeeping::beginPhase(const Phase& phase) {
  phase_ = &phase;
  books_.clear();
  books_.reserve(phase.graph.size());
  rows_.reserve(rows_.size() + phase.graph.size() + 2);
  phaseStart_ = now_;
  phaseTransfer_ = {};
  phaseTransferJ_ = 0;
  phaseFirstRow_ = rows_.size();
}

void Bookkeeping::region(const BookedRegion& region, const PlannedRegion* plan, Ticks end) {
  books_.push_back({&region, rows_.size()});
  ++regionNumber_;
  for (const BookedShare& share : region.shares)
    rows_.push_back(
        {share.attributed, share.dynamicJ,
         share.known ? bottleneckCategoryOf(share.bottleneck) : BottleneckCategory::unknown});
  if (region.component == onHost)
    for (const BookedShare& share : region.shares) hostTime_ += share.attributed;
  addCharges(region.charges);
  bound_ += region.bound;
  now_ = end;
  phaseTransfer_ += region.transfer;
  phaseTransferJ_ += region.transferJ;
  if (plan == nullptr) return;
  DesignReport design;  // exchanges have no program
  if (!plan->groups.empty()) design = plan->groups.front().program->designReport(full_);
  if (!design.empty()) result_.design.join(design);
  if (full_) describe(region, *plan, design);
}

void Bookkeeping::describe(const BookedRegion& booked, const PlannedRegion& plan,
                           const DesignReport& design) {
  for (std::size_t i = 0; i < plan.ops.size(); ++i) {
    const BookedShare& share = booked.shares[i];
    const Operator& op = phase_->graph.at(plan.ops[i]);
    OperatorResult row;
    row.name = op.name;
    row.kind = nameOf(op.kind);
    row.phase = nameOf(phase_->kind);
    row.device = tariff_.nameOf(plan.component());
    row.region = regionNumber_;
    row.count = op.count * phase_->repeat;
    if (share.known) row.bound = nameOf(share.bottleneck);
    if (i < design.operators.size()) row.design = design.operators[i];
    const double run = ps(share.attributed);
    row.utilisation = run > 0 ? std::min(1.0, share.utilisation / run) : 0.0;
    // Cost over all steps of a group: exact for equal programs, growing bytes by their mean.
    for (const StepGroup& group : plan.groups) {
      if (!share.known) break;
      const double each = static_cast<double>(op.count) * static_cast<double>(group.steps) *
                          static_cast<double>(tariff_.microBatches());
      const OpCost first = costOf(atStep(op, group.firstStep));
      const OpCost final = costOf(atStep(op, group.firstStep + group.steps - 1));
      const auto mean = [&](double a, double b) { return 0.5 * (a + b) * each; };
      const auto traffic = [](const OpCost& c) {
        return toBytes(c.weights + c.input + c.output + c.kvRead + c.kvWrite);
      };
      row.macs += mean(static_cast<double>(first.macs), static_cast<double>(final.macs));
      row.bytes += mean(traffic(first), traffic(final));
    }
    result_.operators.push_back(std::move(row));
  }
}

void Bookkeeping::describe(BottleneckCategory kind, const char* phase, ComponentIndex component,
                           Bottleneck bound, Ticks start, Ticks end) {
  if (!full_) return;
  OperatorResult& row = result_.operators.emplace_back();
  row.name = row.kind = nameOf(kind);
  row.phase = phase;
  row.device = tariff_.nameOf(component);
  row.startS = seconds(start);
  row.endS = seconds(end);
  row.bound = nameOf(bound);
}

void Bookkeeping::endPhase(const std::vector<TaskSpan>& spans) {
  if (spans.empty())
    layOut();
  else
    layOutSpans(spans);
  if (phaseTransfer_.ps > 0 || phaseTransferJ_ > 0) {
    rows_.push_back({phaseTransfer_, phaseTransferJ_, BottleneckCategory::transfer});
    describe(BottleneckCategory::transfer, nameOf(phase_->kind), onLink, Bottleneck::link,
             phaseStart_, now_);
    if (full_) result_.operators.back().count = phase_->repeat;
  }
  PhaseResult phase;
  phase.name = nameOf(phase_->kind);
  phase.timeS = seconds(now_ - phaseStart_);
  phase.tokens = static_cast<double>(phase_->tokens);
  for (std::size_t r = phaseFirstRow_; r < rows_.size(); ++r) phase.energyJ += rows_[r].dynamicJ;
  result_.phases.push_back(phase);
}

void Bookkeeping::cell(ComponentIndex component, CoefficientId id, double count, bool idle) {
  const double supply = tariff_.supply();
  const Coefficient& c = tariff_.tableOf(component).at(id);
  const Category category = component == onHost ? Category::host : c.category;
  const double joule = count * (c.perCount.value.value * supply);
  result_.breakdownJ[static_cast<std::size_t>(category)] += joule;
  result_.energyJ += joule;
  if (!full_) return;
  const auto& each = c.perCount;
  result_.ledger.push_back({tariff_.nameOf(component), category, idle ? c.id + ", idle" : c.id,
                            count, each.value.value * supply, each.low.value * supply,
                            each.high.value * supply, each.basis, each.source});
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
  result_.ledger.push_back({tariff_.nameOf(onDevice), Category::leakage, "rated power", ps(now_),
                            perCount, perCount, perCount, Basis::published,
                            "rated power of the device file"});
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
    describe(BottleneckCategory::idle, "idle", onDevice, Bottleneck::latency, busy, period);
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
