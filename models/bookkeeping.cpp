#include "models/bookkeeping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace wattlas {
Bookkeeping::Bookkeeping(const Experiment& experiment, RunResult& result, Detail detail)
    : x_(experiment), result_(result), full_(detail == Detail::full) {
  for (const int component : {device, host, link})
    if (component != host || x_.platform->host.device != nullptr)
      ledger_[static_cast<std::size_t>(component)].assign(tableOf(component).all().size(),
                                                          std::numeric_limits<double>::quiet_NaN());
  if (x_.run.energyMode != EnergyMode::tdp) return;
  tdpW_ = x_.platform->device.device->info().tdp.value.value;
  if (tdpW_ <= 0)
    throw InputError(Problem{
        {"--energy", 0}, x_.platform->id, "no rated power is known", "--energy activity", {}});
  if (x_.run.scope >= Scope::node && x_.platform->host.device != nullptr)
    tdpW_ += x_.platform->hostShare * x_.platform->host.device->info().tdp.value.value;
}

void Bookkeeping::assume(const Assumption& assumption) {
  if (!full_) return;
  if (assumed_.insert(assumption.key + "=" + assumption.value).second)
    result_.assumptions.push_back(assumption);
}

void Bookkeeping::fold(const Fold& fold) {
  if (!full_) return;
  for (const Fold& known : result_.folds)
    if (known.kind == fold.kind && known.factor == fold.factor && known.what == fold.what) return;
  result_.folds.push_back(fold);
}

const EnergyTable& Bookkeeping::tableOf(int component) const {
  if (component == link) return x_.platform->linkEnergy;
  return component == host ? x_.platform->host.device->energy()
                           : x_.platform->device.device->energy();
}

bool Bookkeeping::counted(int component, const Coefficient& c) const {
  if (x_.run.energyMode == EnergyMode::tdp) return false;
  if (component != device && x_.run.scope < Scope::node) return false;
  return c.scope <= x_.run.scope;
}

double Bookkeeping::joules(int component, const EnergyCounts& counts) const {
  double sum = 0;
  const EnergyTable& table = tableOf(component);
  for (const auto& entry : counts.entries()) {
    const Coefficient& c = table.at(entry.id);
    if (counted(component, c)) sum += c.perCount.value.value * static_cast<double>(entry.count);
  }
  return sum;
}

void Bookkeeping::addCount(int component, CoefficientId id, double count) {
  double& cell = ledger_[static_cast<std::size_t>(component)][static_cast<std::size_t>(id)];
  cell = std::isnan(cell) ? count : cell + count;
}

void Bookkeeping::charge(int component, const EnergyCounts& counts, double factor) {
  const EnergyTable& table = tableOf(component);
  for (const auto& entry : counts.entries())
    if (counted(component, table.at(entry.id)))
      addCount(component, entry.id, static_cast<double>(entry.count) * factor);
}

void Bookkeeping::addRow(OperatorResult row, Ticks attributed, double dynamicJ) {
  rows_.push_back({attributed, dynamicJ, result_.operators.size()});
  result_.operators.push_back(std::move(row));
}

void Bookkeeping::openingCopy(Ticks time, const CopyCost& cost) {
  EnergyCounts wire;
  wire.add(0, std::llround(cost.wire.value));
  charge(link, wire, 1);
  charge(device, cost.energy, 1);
  const double energy = joules(link, wire) + joules(device, cost.energy);
  if (rows_.empty()) {
    OperatorResult row;
    row.name = "load weights";
    row.kind = "transfer";
    row.phase = "load";
    row.device = "link";
    row.bound = nameOf(Bound::link);
    addRow(row, {}, 0);
  }
  rows_.front().attributed += time;
  rows_.front().dynamicJ += energy;
  now_ += time;
  result_.operators.front().endS = seconds(now_);
  timeline_.push_back({time, Joules(energy)});
}

void Bookkeeping::beginPhase(const Phase& phase) {
  phase_ = &phase;
  books_.clear();
  books_.reserve(phase.graph.size() + 1);  // references to books stay valid
  phaseStart_ = now_;
  phaseTransfer_ = {};
  phaseTransferJ_ = 0;
  phaseFirstRow_ = rows_.size();
}

RegionBook& Bookkeeping::region(const PlannedRegion& region) {
  RegionBook book;
  book.plan = &region;
  book.firstRow = rows_.size();
  ++regionNumber_;
  for (const OpId id : region.ops) {
    const Operator& op = phase_->graph.at(id);
    OperatorResult row;
    if (full_) {
      row.name = op.name;
      row.kind = nameOf(op.kind);
      row.phase = nameOf(phase_->kind);
      row.device = region.onHost ? "host" : "device";
    }
    row.region = regionNumber_;
    row.count = op.count * phase_->repeat;
    addRow(std::move(row), {}, 0);
  }
  books_.push_back(std::move(book));
  return books_.back();
}

void Bookkeeping::runs(RegionBook& book, const StepGroup& group, const Profile& profile,
                       Ticks alone, Ticks duration, Ticks launch) {
  const PlannedRegion& region = *book.plan;
  const int component = region.onHost ? host : device;
  const std::int64_t instances = region.count * group.steps;
  const double factor = static_cast<double>(instances);
  const double stretch = alone.ps > 0 ? ps(duration) / ps(alone) : 1.0;
  bound_ += times(group.program->bound(), instances);

  EnergyCounts spent;
  for (const Segment& segment : profile.segments) spent.add(segment.energy, segment.repeat);
  charge(component, spent, factor);

  Ticks given;
  for (std::size_t i = 0; i < profile.shares.size(); ++i) {
    const OperatorShare& share = profile.shares[i];
    Row& row = rows_[book.firstRow + static_cast<std::size_t>(share.op)];
    OperatorResult& out = result_.operators[row.index];
    const bool last = i + 1 == profile.shares.size();
    // The last share takes what rounding left, so that shares add up to the duration exactly.
    const Ticks stretched =
        last ? duration - given : Ticks(std::llround(ps(share.attributed) * stretch));
    given += stretched;
    Ticks attributed = stretched;
    if (i == 0) attributed += launch;
    row.attributed += times(attributed, instances);
    row.dynamicJ += joules(component, share.energy) * factor;
    out.utilisation += share.utilisation * ps(times(stretched, instances));  // normalised later
    if (out.bound.empty() || group.firstStep == 0) {
      const bool launchBound = i == 0 && launch > stretched;
      out.bound = nameOf(region.onHost ? Bound::host : launchBound ? Bound::control : share.bound);
    }
    if (!full_) continue;
    // Cost over all steps of the group: exact for equal programs, growing bytes by their mean.
    const OpId id = region.ops[static_cast<std::size_t>(share.op)];
    const Operator& op = phase_->graph.at(id);
    const double each = static_cast<double>(op.count) * static_cast<double>(group.steps);
    const OpCost first = costOf(atStep(op, group.firstStep));
    const OpCost final = costOf(atStep(op, group.firstStep + group.steps - 1));
    const auto mean = [&](double a, double b) { return 0.5 * (a + b) * each; };
    const auto traffic = [](const OpCost& c) {
      return toBytes(c.weights + c.input + c.output + c.kvRead + c.kvWrite);
    };
    out.macs += mean(static_cast<double>(first.macs), static_cast<double>(final.macs));
    out.bytes += mean(traffic(first), traffic(final));
  }

  const Ticks instance = duration + launch;
  if (group.firstStep == 0) book.firstInstance = instance;
  book.lastInstance = instance;
  now_ += times(instance, instances);

  std::vector<PowerPiece> pieces;
  for (const Segment& segment : profile.segments) {
    Ticks longest = segment.local;
    for (const Demand& d : segment.demands) longest = std::max(longest, toTicks(d.amount / d.peak));
    const double length = ps(longest) * static_cast<double>(segment.repeat) * stretch;
    pieces.push_back({Ticks(std::llround(length)), Joules(joules(component, segment.energy) *
                                                          static_cast<double>(segment.repeat))});
  }
  book.pieces = std::move(pieces);  // the last group: longest context, highest energy
  book.piecesLaunch = launch;
}

void Bookkeeping::copies(RegionBook& book, Ticks time, const CopyCost& cost, std::int64_t perStep) {
  EnergyCounts wire;
  wire.add(0, std::llround(cost.wire.value));
  const std::int64_t all = perStep * phase_->repeat;
  charge(link, wire, static_cast<double>(all));
  charge(device, cost.energy, static_cast<double>(all));
  const double each = joules(link, wire) + joules(device, cost.energy);
  phaseTransferJ_ += each * static_cast<double>(all);
  phaseTransfer_ += times(time, all);
  book.copyTime += times(time, perStep);
  book.copyEnergy += Joules(each * static_cast<double>(perStep));
  book.copiesPerStep += times(time, perStep);
  now_ += times(time, all);
}

void Bookkeeping::endPhase() {
  layOut();
  for (std::size_t r = phaseFirstRow_; r < rows_.size(); ++r) {
    OperatorResult& out = result_.operators[rows_[r].index];
    const double run = ps(rows_[r].attributed);
    out.utilisation = run > 0 ? std::min(1.0, out.utilisation / run) : 0.0;
  }
  if (phaseTransfer_.ps > 0 || phaseTransferJ_ > 0) {
    OperatorResult row;
    row.name = "transfer";
    row.kind = "transfer";
    row.phase = nameOf(phase_->kind);
    row.device = "link";
    row.count = phase_->repeat;
    row.startS = seconds(phaseStart_);
    row.endS = seconds(now_);
    row.bound = nameOf(Bound::link);
    addRow(std::move(row), phaseTransfer_, phaseTransferJ_);
  }
  PhaseResult phase;
  phase.name = nameOf(phase_->kind);
  phase.timeS = seconds(now_ - phaseStart_);
  phase.tokens = static_cast<double>(phase_->tokens);
  for (std::size_t r = phaseFirstRow_; r < rows_.size(); ++r) phase.energyJ += rows_[r].dynamicJ;
  result_.phases.push_back(phase);
}

}  // namespace wattlas
