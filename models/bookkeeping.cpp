#include "models/bookkeeping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wattlas {
namespace {

double ps(Ticks t) {
  return static_cast<double>(t.ps);
}
double seconds(Ticks t) {
  return toSeconds(t).value;
}

}  // namespace

Bookkeeping::Bookkeeping(const Experiment& experiment, RunResult& result)
    : x_(experiment), result_(result) {
  Coefficient bit{"link.bit", Category::link, Scope::node, "bit", {}};
  const auto& e = x_.platform.link.energyPerBit;
  bit.perCount.value = Joules(e.value.value);
  bit.perCount.low = Joules(e.low.value);
  bit.perCount.high = Joules(e.high.value);
  bit.perCount.basis = e.basis;
  bit.perCount.source = e.source;
  linkTable_.add(bit);
  if (x_.run.energyMode != EnergyMode::tdp) return;
  tdpW_ = x_.platform.device.device->info().tdp.value.value;
  if (tdpW_ <= 0)
    throw InputError(Problem{
        {"--energy", 0}, x_.platform.id, "no rated power is known", "--energy activity", {}});
  if (x_.run.scope >= Scope::node && x_.platform.host.device != nullptr)
    tdpW_ += x_.platform.hostShare * x_.platform.host.device->info().tdp.value.value;
}

void Bookkeeping::assume(const Assumption& assumption) {
  if (assumed_.insert(assumption.key + "=" + assumption.value).second)
    result_.assumptions.push_back(assumption);
}

void Bookkeeping::fold(const Fold& fold) {
  for (const Fold& known : result_.folds)
    if (known.kind == fold.kind && known.factor == fold.factor && known.what == fold.what) return;
  result_.folds.push_back(fold);
}

const EnergyTable& Bookkeeping::tableOf(int component) const {
  if (component == link) return linkTable_;
  return component == host ? x_.platform.host.device->energy()
                           : x_.platform.device.device->energy();
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

void Bookkeeping::charge(int component, const EnergyCounts& counts, double factor) {
  const EnergyTable& table = tableOf(component);
  for (const auto& entry : counts.entries())
    if (counted(component, table.at(entry.id)))
      ledger_[{component, entry.id}] += static_cast<double>(entry.count) * factor;
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
    row.name = op.name;
    row.kind = nameOf(op.kind);
    row.phase = nameOf(phase_->kind);
    row.device = region.onHost ? "host" : "device";
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

void Bookkeeping::layOut() {
  // One step: runs of regions with the same count > 1 are layers, which interleave. Start is that
  // of the first instance, end that of the last one at the last step.
  const double window = std::max(1.0, x_.platform.powerWindow.value.value * 1e12);
  std::size_t i = 0;
  Ticks first = phaseStart_;  // position within the first step
  Ticks fromEnd;              // distance from the end of the phase, filled backwards below
  std::vector<Ticks> tail(books_.size());
  struct Block {
    std::size_t begin, end;
    std::int64_t count;
  };
  std::vector<Block> blocks;
  while (i < books_.size()) {
    std::size_t j = i + 1;
    const std::int64_t count = books_[i].plan->count;
    while (j < books_.size() && books_[j].plan->count == count && count > 1) ++j;
    blocks.push_back({i, j, count});
    i = j;
  }
  for (const Block& block : blocks) {
    Ticks layer, copyTime;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      RegionBook& book = books_[k];
      copyTime += book.copiesPerStep;
      for (std::size_t r = 0; r < book.plan->ops.size(); ++r)
        result_.operators[rows_[book.firstRow + r].index].startS =
            seconds(first + copyTime + layer);
      layer += book.firstInstance;
    }
    first += copyTime + times(layer, block.count);

    std::vector<PowerPiece> one;
    double length = 0;
    for (std::size_t k = block.begin; k < block.end; ++k) {
      const RegionBook& book = books_[k];
      one.push_back({book.copyTime, book.copyEnergy});
      one.push_back({book.piecesLaunch, Joules(0)});
      one.insert(one.end(), book.pieces.begin(), book.pieces.end());
      length += ps(book.lastInstance + book.copiesPerStep);
    }
    const auto enough =
        static_cast<std::int64_t>(std::min(1000.0, 2 + 2 * window / std::max(1.0, length)));
    for (std::int64_t n = 0; n < std::min(block.count, enough); ++n)
      if (timeline_.size() < 100000) timeline_.insert(timeline_.end(), one.begin(), one.end());
  }
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (std::size_t k = block->end; k-- > block->begin;) {
      RegionBook& book = books_[k];
      for (std::size_t r = 0; r < book.plan->ops.size(); ++r)
        result_.operators[rows_[book.firstRow + r].index].endS = seconds(now_ - fromEnd);
      fromEnd += book.lastInstance;
    }
    Ticks layer, copyTime;
    for (std::size_t k = block->begin; k < block->end; ++k) {
      layer += books_[k].lastInstance;
      copyTime += books_[k].copiesPerStep;
    }
    fromEnd += times(layer, block->count - 1) + copyTime;
  }
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
  if (x_.platform.host.device != nullptr) add(host, x_.platform.hostShare);
  return watts;
}

void Bookkeeping::chargeStatic(Ticks total) {
  const auto add = [&](int component, double share) {
    const EnergyTable& table = tableOf(component);
    for (const CoefficientId id : table.powers())
      if (counted(component, table.at(id))) ledger_[{component, id}] += ps(total) * share;
  };
  add(device, 1.0);
  if (x_.platform.host.device != nullptr) add(host, x_.platform.hostShare);
}

void Bookkeeping::ledgerToResult() {
  const double supply = x_.run.scope == Scope::wall
                            ? x_.platform.pue.value.value / x_.platform.supplyEfficiency.value.value
                            : 1.0;
  static constexpr const char* names[] = {"device", "host", "link"};
  for (const auto& [key, count] : ledger_) {
    const auto& [component, id] = key;
    const Coefficient& c = tableOf(component).at(id);
    LedgerCell cell;
    cell.component = names[component];
    cell.category = component == host ? Category::host : c.category;
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
    cell.basis = Basis::published;
    cell.source = "rated power of the device file";
    result_.ledger.push_back(std::move(cell));
  }
  for (const LedgerCell& cell : result_.ledger) {
    const double joule = cell.count * cell.perCountJ;
    result_.breakdownJ[static_cast<std::size_t>(cell.category)] += joule;
    result_.energyJ += joule;
  }
}

void Bookkeeping::listParameters() {
  for (const ParameterRecord& p : x_.platform.config.parameters) {
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
  const double supply = x_.run.scope == Scope::wall
                            ? x_.platform.pue.value.value / x_.platform.supplyEfficiency.value.value
                            : 1.0;
  const Ticks busy = now_;
  const double rate = x_.workload.options.rate;
  if (rate > 0) {
    const Ticks period = toTicks(Seconds(static_cast<double>(x_.workload.options.batch) / rate));
    if (period < busy) {
      result_.feasible = false;
      result_.reasons.push_back(fmt::format("rate: a batch of {} arrives every {} but takes {}",
                                            x_.workload.options.batch, format(toSeconds(period)),
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
      (peakPower(timeline_, toTicks(x_.platform.powerWindow.value)).value + watts) * supply;
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
