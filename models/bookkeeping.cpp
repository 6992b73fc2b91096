#include "models/bookkeeping.h"

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
    if (full_) {
      OperatorResult row;
      row.name = "load weights";
      row.kind = "transfer";
      row.phase = "load";
      row.device = tariff_.nameOf(onLink);
      row.bound = nameOf(Bottleneck::link);
      result_.operators.push_back(std::move(row));
    }
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

void Bookkeeping::transferRow(Ticks start) {
  rows_.push_back({phaseTransfer_, phaseTransferJ_, BottleneckCategory::transfer});
  if (!full_) return;
  OperatorResult row;
  row.name = row.kind = "transfer";
  row.phase = nameOf(phase_->kind);
  row.device = tariff_.nameOf(onLink);
  row.count = phase_->repeat;
  row.startS = seconds(start);
  row.endS = seconds(now_);
  row.bound = nameOf(Bottleneck::link);
  result_.operators.push_back(std::move(row));
}

void Bookkeeping::endPhase(const std::vector<TaskSpan>& spans) {
  if (spans.empty())
    layOut();
  else
    layOutSpans(spans);
  if (phaseTransfer_.ps > 0 || phaseTransferJ_ > 0) transferRow(phaseStart_);
  PhaseResult phase;
  phase.name = nameOf(phase_->kind);
  phase.timeS = seconds(now_ - phaseStart_);
  phase.tokens = static_cast<double>(phase_->tokens);
  for (std::size_t r = phaseFirstRow_; r < rows_.size(); ++r) phase.energyJ += rows_[r].dynamicJ;
  result_.phases.push_back(phase);
}

}  // namespace wattlas
