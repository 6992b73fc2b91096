#include "pim/upmem/device.h"

#include <algorithm>

namespace wattlas::pim {

bool UpmemDevice::configure(const ConfigNode& config, const std::string& prefix,
                            Problems& problems) {
  const std::size_t before = problems.list().size();
  UpmemParams& p = params_;
  config_ = bindConfig(config, prefix, problems, [&](Binder& b) { p.bind(b); });
  if (problems.list().size() != before) return false;
  ids_.declare(energy_, p);
  costs_ = std::make_unique<KernelCosts>(p.kernels, settingOf(p));

  DeviceInfo& info = info_;
  info.kind = "upmem";
  info.title = p.title;
  info.activationsOnHost = true;
  const double dpus = static_cast<double>(p.dpus());
  info.tiers = {{"MRAM", p.mram.value * dpus, true}};
  const Exchange widest{true, CopyPattern::scatter, p.dpus(), std::int64_t{1} << 25};
  const double seconds = p.host.copy(widest.pattern, true, widest.dpus, widest.bytesPerDpu).value;
  info.ports = {{"host", BitRate(wireBits(widest, p).value / seconds)}};
  const double chips = static_cast<double>(p.ranks * p.chipsPerRank);
  info.area = p.chipArea.value * chips;
  if (p.dpu.extension) info.area += p.dpu.extension->area() * static_cast<double>(p.dpus());
  if (p.saMac.enabled() && p.saMac.area.die == "grows")
    info.area += p.macArea().total() * static_cast<double>(p.dpus());
  const double busy = p.dpu.clock.value.value *
                      (p.energy.fetch.value.value + p.energy.execute.value.value +
                       p.energy.wram.value.value * p.energy.wramPerInstruction.value.value);
  info.tdp = Watts(dpus * (busy + p.energy.dpuStatic.value.value) +
                   p.energy.dimmStatic.value.value *
                       static_cast<double>(ceilDiv(p.ranks, p.ranksPerDimm)));
  info.tdp.basis = Basis::derived;
  info.tdp.source = "all DPUs busy, standing power included";
  const NumberFormat byte = parseNumberFormat("int8");
  double macs = p.dpu.effectiveClock().value / costs_->matrix(byte, byte).mac;
  const double perByte = std::max(0.5, p.dpu.dma.occupancyPerByte.value.value);
  double stream = 8.0 * p.dpu.effectiveClock().value / perByte;
  if (p.saMac.enabled()) {
    const PeakRates peak =
        p.peakRates(8, std::min<int>(8, static_cast<int>(p.saMac.maxActivationBits)));
    macs = peak.macsPerSecond;
    stream = p.bank.rowBits.value.value / peak.row.value;
  }
  info.peakMacs = OpRate(2.0 * macs * dpus);
  info.peakMemory = BitRate(stream * dpus);
  return true;
}

Support UpmemDevice::supportKnown(const Operator& op) const {
  return Planner(params_, *costs_).support(op);
}

namespace {

Hash128 planKey(const Operator& op) {
  return Hasher().add(hashOf(op)).integer(op.count).integer(op.storedCount).finish();
}

}  // namespace

Expected<OpPlan, Refusal> UpmemDevice::planOf(const Operator& op) const {
  {
    const std::lock_guard lock(mutex_);
    if (auto waiting = waiting_.extract(planKey(op))) return std::move(waiting.mapped());
  }
  return Planner(params_, *costs_).plan(op);
}

Expected<std::shared_ptr<const Program>, Refusal> UpmemDevice::lower(const WorkItem& item) const {
  std::vector<OpPlan> plans;
  for (std::size_t i = 0; i < item.region.size(); ++i) {
    auto plan = planOf(item.op(i));
    if (!plan) return plan.error();
    plans.push_back(std::move(*plan));
  }
  auto program = std::make_shared<UpmemProgram>(std::move(plans));
  program->finish(params_);
  return std::shared_ptr<const Program>(std::move(program));
}

Profile UpmemDevice::estimate(const Program& program) const {
  const auto& mine = dynamic_cast<const UpmemProgram&>(program);
  std::vector<StageTime> outcomes;
  for (const OpPlan& op : mine.operators())
    for (const Stage& stage : op.stages) outcomes.push_back(closedForm(stage, params_));
  return profileOf(mine, outcomes, *this);
}

CopyCost UpmemDevice::copy(const CopyRequest& request) const {
  const std::int64_t dpus = params_.dpus();
  const bool all = request.pattern == CopyPattern::broadcast;
  const auto payload = static_cast<std::int64_t>(toBytes(request.amount) + 7);
  const Exchange x{request.toDevice, request.pattern, dpus,
                   ceilDiv(ceilDiv(payload, all ? 1 : dpus), 8) * 8};
  CopyCost cost;
  const Seconds setUp = params_.host.setUp(request.toDevice, dpus);
  const Seconds time = params_.host.copy(x.pattern, x.toDevice, dpus, x.bytesPerDpu);
  cost.latency = toTicks(setUp);
  cost.wire = wireBits(x, params_);
  cost.peak = BitRate(cost.wire.value / std::max(1e-12, (time - setUp).value));
  // Units in the bank want weights interleaved: the host does it while it sends.
  if (params_.saMac.enabled() && request.toDevice)
    cost.peak = std::min(cost.peak, params_.host.relayout.value);
  cost.energy = countsOf(Stage{x}, params_, ids_);
  return cost;
}

LaunchCost UpmemDevice::launch() const {
  LaunchCost cost;
  cost.perProgram = toTicks(params_.host.launch(params_.dpus()));
  cost.perOperator = true;
  return cost;
}

Bits UpmemDevice::residentBits(const Operator& op) const {
  const OpCost cost = costOf(op);
  const double copies = static_cast<double>(op.weightCopies());
  if (op.kind == OpKind::attention) return cost.state * static_cast<double>(op.count);
  auto plan = planOf(op);
  if (!plan) return cost.weights * copies;
  const Bits resident = plan->resident;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= mostWaiting) waiting_.clear();
  waiting_.insert_or_assign(planKey(op), std::move(*plan));
  return resident * copies;
}

}  // namespace wattlas::pim
