#include "gpu/sim/waves.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
// Tiles are walked in bands of this many columns, so that a wave covers a square of the grid.
constexpr std::int64_t bandColumns = 8;
constexpr std::int64_t keptWaves = 8;  // never merged at either end

/// Shares `capacity` among wishes, at most equal per weight (max-min fair).
void share(double capacity, const std::vector<double>& wish, const std::vector<double>& weight,
           std::vector<double>& got, std::vector<char>& openScratch) {
  got.assign(wish.size(), 0.0);
  std::vector<char>& open = openScratch;
  open.assign(wish.size(), 1);
  for (std::size_t round = 0; round < wish.size(); ++round) {
    double weights = 0;
    for (std::size_t i = 0; i < wish.size(); ++i)
      if (open[i]) weights += weight[i];
    if (weights <= 0 || capacity <= 0) return;
    bool closed = false;
    const double each = capacity / weights;
    for (std::size_t i = 0; i < wish.size(); ++i)
      if (open[i] && wish[i] <= each * weight[i]) {
        got[i] = wish[i];
        capacity -= wish[i];
        open[i] = 0;
        closed = true;
      }
    if (closed) continue;
    for (std::size_t i = 0; i < wish.size(); ++i)
      if (open[i]) got[i] = each * weight[i];
    return;
  }
}

}  // namespace

void WaveEngine::begin(const Kernel& kernel, bool merge) {
  kernel_ = &kernel;
  merge_ = merge;
  phase_ = Phase::starting;
  cohorts_.clear();
  group_ = 0;
  left_ = 0;
  if (!kernel.groups.empty()) enterGroup();
  started_ = wave_ = linkStep_ = 0;
  factor_ = 1;
  freeSms_ = p_.sms;
  totalCycles_ = kernel.totalCycles();
  const std::int64_t perWave = p_.sms * kernel.slotsPerSm;
  waves_ = (kernel.ctas() + perWave - 1) / perWave;
  // Too few CTAs do not fill the SMs; several waves of them do.
  const double lanes = static_cast<double>(p_.sms) * kernel.parallelPerSm;
  const double rounds = std::max(1.0, std::ceil(static_cast<double>(kernel.ctas()) / lanes));
  fill_ = kernel.groups.size() == 1 ? std::max(1.0, kernel.ctasToFill / rounds) : 1.0;
  clock_ = stretch_ = 1;
  step_ = onChip_ = active_ = dramMoved_ = computeSeconds_ = memorySeconds_ = 0;
}

/// Operand bits that CTAs [from, to) of a tiled product bring from device memory: a panel counts
/// where the walk meets it first, and row panels again in each band that L2 cannot bridge.
double WaveEngine::firstTouches(double from, double to) const {
  const TileGrid& g = kernel_->grid;
  const double rows = static_cast<double>(g.rows), columns = static_cast<double>(g.columns);
  const double plane = rows * columns;
  const double rowBits = rows * g.rowPanelBits;
  const double bands = std::ceil(columns / bandColumns);
  const bool bridged =
      rowBits < p_.memory.l2ResidentShare.value.value * p_.memory.l2Size.value.value;
  const auto upTo = [&](double index) {
    const double planes = std::floor(index / plane), inPlane = index - planes * plane;
    const double band = std::floor(inPlane / (rows * bandColumns));
    const double width = std::min<double>(bandColumns, columns - band * bandColumns);
    const double inBand = inPlane - band * rows * bandColumns;
    const double newColumns = band * bandColumns + std::min(width, inBand);
    const double rowsHere = std::min(rows, std::ceil(inBand / std::max(1.0, width)));
    const double newRows = bridged ? (band > 0 ? rows : rowsHere) : band * rows + rowsHere;
    const double rowsPerPlane = bridged ? rows : bands * rows;
    return g.columnsFromDram * (planes * columns + newColumns) * g.columnPanelBits +
           g.rowsFromDram * (planes * rowsPerPlane + newRows) * g.rowPanelBits;
  };
  return upTo(to) - upTo(from);
}

void WaveEngine::launch(std::int64_t sms, std::int64_t perSm) {
  const CtaGroup& group = kernel_->groups[group_];
  Cohort c;
  c.sms = sms;
  c.perSm = perSm;
  std::int64_t ctas = sms * perSm;
  const std::int64_t perWave = p_.sms * kernel_->slotsPerSm;
  // Waves in the middle of a long uniform kernel run as one cohort with the work of several; so do
  // equal CTAs of one group, of which the last two keep a few waves that shape the tail.
  std::int64_t rounds = 1;
  if (merge_ && kernel_->groups.size() > 1 && perSm == kernel_->slotsPerSm && groupWaves_ > 1) {
    const bool tail = group_ + 2 >= kernel_->groups.size();
    rounds = std::clamp<std::int64_t>(left_ / ctas, 1,
                                      std::max<std::int64_t>(1, groupWaves_ - (tail ? 3 : 0)));
  }
  if (merge_ && kernel_->groups.size() == 1 && waves_ > mostWaves && ctas == perWave &&
      wave_ >= keptWaves) {
    const std::int64_t most = (waves_ + mostWaves - 1) / mostWaves + 1;
    rounds = std::clamp<std::int64_t>((left_ / perWave) - keptWaves, 1, most);
  }
  factor_ = std::max(factor_, rounds);
  ctas *= rounds;
  wave_ += rounds;
  const double share = totalCycles_ > 0
                           ? static_cast<double>(ctas) * group.cycles / totalCycles_
                           : static_cast<double>(ctas) / static_cast<double>(kernel_->ctas());
  c.cycles = group.cycles * static_cast<double>(rounds);
  c.inFlight = group.inFlight * static_cast<double>(sms * perSm);
  c.chipShare = share;
  c.l2Bits = kernel_->l2Bits * share;
  if (kernel_->grid.rows > 0) {
    c.dramBits = firstTouches(static_cast<double>(started_), static_cast<double>(started_ + ctas));
    c.dramBits += kernel_->grid.outputToDram * kernel_->outputBits * share;
  } else {
    c.dramBits = kernel_->dramBits * share;
  }
  started_ += ctas;
  left_ -= ctas;
  freeSms_ -= sms;
  skipEmptyStages(c);
  cohorts_.push_back(c);
}

void WaveEngine::enterGroup() {
  left_ = kernel_->groups[group_].count;
  groupWaves_ = left_ / (p_.sms * kernel_->slotsPerSm);
}

void WaveEngine::dispatch() {
  while (freeSms_ > 0 && group_ < kernel_->groups.size()) {
    if (left_ == 0) {
      if (++group_ < kernel_->groups.size()) enterGroup();
      continue;
    }
    const std::int64_t slots = kernel_->slotsPerSm;
    if (left_ >= freeSms_ * slots) {
      launch(freeSms_, slots);
      continue;
    }
    // The tail spreads over the free SMs; the first of them hold one CTA more.
    const std::int64_t each = left_ / freeSms_, extra = left_ % freeSms_;
    const std::int64_t sms = freeSms_;
    if (extra > 0) launch(extra, each + 1);
    if (each > 0) launch(sms - extra, each);
  }
}

double WaveEngine::stageBits(const Cohort& c, double bits) const {
  if (c.stage == 2) return 0;
  return bits * (c.stage == 0 ? kernel_->overlapLoss : 1.0 - kernel_->overlapLoss);
}

double WaveEngine::stageCycles(const Cohort& c) const {
  if (c.stage == 0) return 0;
  return c.cycles * (c.stage == 2 ? kernel_->overlapLoss : 1.0 - kernel_->overlapLoss);
}

void WaveEngine::skipEmptyStages(Cohort& c) const {
  while (c.stage < 3 && stageCycles(c) <= 0 && stageBits(c, c.dramBits) <= 0 &&
         stageBits(c, c.l2Bits) <= 0)
    ++c.stage;
}

void WaveEngine::rates(double clockScale) {
  const std::size_t n = cohorts_.size();
  // Kept between steps: allocation would cost more than the arithmetic.
  auto& [limit, dramWish, l2Wish, weight, dramGot, l2Got] = scratch_;
  for (std::vector<double>* v : {&limit, &dramWish, &l2Wish, &weight}) v->assign(n, 0.0);
  const double dramPeak = reachableDram(p_, *kernel_);
  const double l2Peak = kernel_->l2Share * p_.memory.l2Bandwidth.value.value * clockScale;
  const double latency = kernel_->memoryLatency;
  for (std::size_t i = 0; i < n; ++i) {
    const Cohort& c = cohorts_[i];
    const double cycles = stageCycles(c), dram = stageBits(c, c.dramBits);
    const double slow =
        fill_ * std::max(1.0, static_cast<double>(c.perSm) / kernel_->parallelPerSm);
    limit[i] = cycles > 0 ? p_.clock.value.value * clockScale / (cycles * slow) : never;
    weight[i] = static_cast<double>(c.sms * c.perSm);
    dramWish[i] = dram > 0 ? std::min(dram * limit[i], dramPeak) : 0;
    if (c.inFlight > 0 && latency > 0) dramWish[i] = std::min(dramWish[i], c.inFlight / latency);
    const double l2 = stageBits(c, c.l2Bits);
    l2Wish[i] = l2 > 0 ? std::min(l2 * limit[i], l2Peak) : 0;
  }
  share(dramPeak, dramWish, weight, dramGot, open_);
  share(l2Peak, l2Wish, weight, l2Got, open_);
  speed_.assign(n, 0.0);
  byMemory_.assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const double dram = stageBits(cohorts_[i], cohorts_[i].dramBits);
    const double l2 = stageBits(cohorts_[i], cohorts_[i].l2Bits);
    speed_[i] = limit[i];
    if (dram > 0) speed_[i] = std::min(speed_[i], dramGot[i] / dram);
    if (l2 > 0) speed_[i] = std::min(speed_[i], l2Got[i] / l2);
    byMemory_[i] = speed_[i] < limit[i];
  }
}

double WaveEngine::power(double clockScale) const {
  const double v2 = voltageFactor(p_, clockScale);
  double watts = p_.power.idle.value.value + p_.power.uncore.value.value +
                 p_.power.active.value.value * clockScale * v2;
  const double chip = chipJoules(p_, *kernel_);
  for (std::size_t i = 0; i < cohorts_.size(); ++i) {
    const Cohort& c = cohorts_[i];
    const double work = c.cycles > 0 ? stageCycles(c) / c.cycles : stageBits(c, 1.0);
    watts += speed_[i] * (c.chipShare * work * chip * v2 +
                          stageBits(c, c.dramBits) * p_.energy.dram.value.value);
  }
  return watts;
}

/// Highest clock whose rates keep the power limit in this stretch; pauses below the lowest clock.
double WaveEngine::settleClock() {
  stretch_ = 1;
  rates(1.0);
  if (power(1.0) <= limit_) return 1.0;
  double low = p_.power.lowestClock.value.value, high = 1.0;
  rates(low);
  const double least = power(low);
  if (least > limit_) {
    const double idle = p_.power.idle.value.value;
    stretch_ = (least - idle) / (limit_ - idle);
    return low;
  }
  for (int i = 0; i < 9; ++i) {
    const double middle = 0.5 * (low + high);
    rates(middle);
    (power(middle) > limit_ ? high : low) = middle;
  }
  rates(low);
  return low;
}

double WaveEngine::next() {
  ++steps_;
  if (phase_ == Phase::starting) return step_ = kernel_->start + kernel_->latency;
  if (phase_ == Phase::linking) {
    const double part = 1.0 / static_cast<double>(kernel_->linkSteps);
    const double link = kernel_->linkFixed + kernel_->linkBits / kernel_->linkRate;
    const double dram = kernel_->dramBits / reachableDram(p_, *kernel_);
    const double l2 = kernel_->l2Bits / p_.memory.l2Bandwidth.value.value;
    return step_ = part * std::max({link, dram, l2});
  }
  clock_ = settleClock();
  step_ = never;
  for (std::size_t i = 0; i < cohorts_.size(); ++i)
    step_ = std::min(step_, (1.0 - cohorts_[i].done) / speed_[i]);
  return step_ * stretch_;
}

/// Cohorts that are through all stages give their SMs back; false when there was none.
bool WaveEngine::leave() {
  return std::erase_if(cohorts_, [this](const Cohort& c) {
           if (c.stage >= 3) freeSms_ += c.sms;
           return c.stage >= 3;
         }) > 0;
}

void WaveEngine::advance() {
  const double v2 = voltageFactor(p_, clock_);
  active_ += (phase_ == Phase::running ? clock_ * v2 : 1.0) * step_;
  if (phase_ == Phase::starting) {
    phase_ = kernel_->linkSteps > 0 ? Phase::linking : Phase::running;
    if (phase_ == Phase::running) dispatch();
  } else if (phase_ == Phase::linking) {
    onChip_ += 1.0 / static_cast<double>(kernel_->linkSteps);
    dramMoved_ += kernel_->dramBits / static_cast<double>(kernel_->linkSteps);
    if (++linkStep_ == kernel_->linkSteps) phase_ = Phase::finished;
    return;
  } else {
    double memory = 0, all = 0;
    for (std::size_t i = 0; i < cohorts_.size(); ++i) {
      Cohort& c = cohorts_[i];
      const double before = c.done;
      c.done += speed_[i] * step_;
      if (c.done > 1.0 - 1e-9) c.done = 1.0;
      const double part = c.done - before;
      const double work = c.cycles > 0 ? stageCycles(c) / c.cycles : stageBits(c, 1.0);
      onChip_ += part * c.chipShare * work * v2;
      dramMoved_ += part * stageBits(c, c.dramBits);
      all += static_cast<double>(c.sms);
      if (byMemory_[i]) memory += static_cast<double>(c.sms);
    }
    memorySeconds_ += all > 0 ? step_ * memory / all : 0;
    computeSeconds_ += all > 0 ? step_ * (1.0 - memory / all) : 0;
    for (Cohort& c : cohorts_)
      if (c.done >= 1.0) {
        ++c.stage;
        c.done = 0;
        skipEmptyStages(c);
      }
    leave();
    dispatch();
  }
  // Work without anything to do (no bits, no cycles) leaves at once.
  while (phase_ == Phase::running && leave()) dispatch();
  if (phase_ == Phase::running && cohorts_.empty()) phase_ = Phase::finished;
}

}  // namespace wattlas::gpu
