// What regions add to the books, and the highest power of what was added.
#include <algorithm>
#include <cmath>

#include "models/booked.h"
#include "models/costing.h"

namespace wattlas {

Watts peakPower(const std::vector<PowerPiece>& pieces, Ticks window) {
  // Energy is piecewise linear in time, so the maximum is met by a window that starts or ends at a
  // border of two pieces.
  std::vector<std::int64_t> time{0};
  std::vector<double> energy{0.0};
  time.reserve(pieces.size() + 1);
  energy.reserve(pieces.size() + 1);
  for (const PowerPiece& piece : pieces) {
    if (piece.duration.ps <= 0) continue;
    time.push_back(time.back() + piece.duration.ps);
    energy.push_back(energy.back() + piece.energy.value);
  }
  const std::int64_t total = time.back();
  if (total == 0) return Watts(0);
  const std::int64_t length = std::min(window.ps, total);
  if (length == total) return Watts(energy.back() / (static_cast<double>(length) * 1e-12));
  // Borders are visited in order, so the piece that holds a time is never before the last one.
  const auto energyAt = [&](std::int64_t t, std::size_t& piece) {
    while (piece + 1 < time.size() && time[piece + 1] <= t) ++piece;
    if (piece + 1 >= time.size()) return energy.back();
    const double share =
        static_cast<double>(t - time[piece]) / static_cast<double>(time[piece + 1] - time[piece]);
    return energy[piece] + share * (energy[piece + 1] - energy[piece]);
  };
  double best = 0.0;
  for (const std::int64_t offset : {std::int64_t{0}, length}) {
    std::size_t first = 0, last = 0;
    for (const std::int64_t border : time) {
      const std::int64_t start = border - offset;
      if (start < 0 || start + length > total) continue;
      best = std::max(best, energyAt(start + length, last) - energyAt(start, first));
    }
  }
  return Watts(best / (static_cast<double>(length) * 1e-12));
}

namespace {

/// Adds entries from `kept` on to earlier ones of the same coefficient.
void merge(std::vector<Charge>& to, std::size_t kept) {
  for (std::size_t i = kept; i < to.size(); ++i) {
    const Charge charge = to[i];
    const auto end = to.begin() + static_cast<std::ptrdiff_t>(kept);
    const auto known = std::find_if(to.begin(), end, [&](const Charge& c) {
      return c.component == charge.component && c.id == charge.id;
    });
    if (known != end)
      known->count += charge.count;
    else
      to[kept++] = charge;
  }
  to.resize(kept);
}

/// Joules of one copy; appends what `repeats` of them count.
double spend(const Tariff& tariff, const CopyCharge& charge, double repeats,
             std::vector<Charge>& to) {
  tariff.charge(onLink, charge.links, repeats, to);
  double joules = tariff.joules(onLink, charge.links);
  for (const auto& [component, counts] : charge.ends) {
    tariff.charge(component, counts, repeats, to);
    joules += tariff.joules(component, counts);
  }
  return joules;
}

}  // namespace

RegionBooker::RegionBooker(const Tariff& tariff, const Phase& phase, const PlannedRegion& region)
    : tariff_(tariff), phase_(phase), region_(region) {
  out_.component = region.component();
  out_.count = region.count;
  out_.shares.resize(region.ops.size());
}

void RegionBooker::runs(const StepGroup& group, const Profile& profile, Ticks alone, Ticks duration,
                        Ticks launch) {
  const ComponentIndex component = region_.component();
  const std::int64_t instances = region_.count * group.steps * tariff_.microBatches();
  const double factor = static_cast<double>(instances);
  const double stretch = alone.ps > 0 ? ps(duration) / ps(alone) : 1.0;
  // Stages of a pipeline work side by side at best.
  out_.bound += Ticks(times(group.program->lowerBound(), instances).ps / tariff_.stages());
  out_.events += profile.events;

  EnergyCounts spent;
  for (const Segment& segment : profile.segments) spent.add(segment.energy, segment.repeat);
  const std::size_t before = out_.charges.size();
  const double members = tariff_.members(component);
  tariff_.charge(component, spent, factor * members, out_.charges);
  merge(out_.charges, before);

  Ticks given;
  for (std::size_t i = 0; i < profile.shares.size(); ++i) {
    const OperatorShare& share = profile.shares[i];
    BookedShare& row = out_.shares[static_cast<std::size_t>(share.op)];
    const bool last = i + 1 == profile.shares.size();
    // The last share takes what rounding left, so that shares add up to the duration exactly.
    const Ticks stretched =
        last ? duration - given : Ticks(std::llround(ps(share.attributed) * stretch));
    given += stretched;
    Ticks attributed = stretched;
    if (i == 0) attributed += launch;
    row.attributed += times(attributed, instances);
    row.dynamicJ += tariff_.joules(component, share.energy) * factor * members;
    row.utilisation += share.utilisation * ps(times(stretched, instances));
    if (!row.known || group.firstStep == 0) {
      const bool launchBound = i == 0 && launch > stretched;
      row.bottleneck = region_.onHost ? Bottleneck::host
                       : launchBound  ? Bottleneck::control
                                      : share.bottleneck;
    }
    row.known = true;
  }

  const Ticks instance = duration + launch;
  const double joules = spent.energy(tariff_.tableOf(component), Scope::node).value * members;
  out_.runs.push_back({&profile, launch, instance, instances,
                       instance.ps > 0 ? joules / toSeconds(instance).value : 0.0});
  if (group.firstStep == 0) out_.firstInstance = instance;
  out_.lastInstance = instance;
  out_.duration += times(instance, instances);

  // The last group counts: longest context, highest energy.
  out_.pieces.clear();
  for (const Segment& segment : profile.segments) {
    Ticks longest = segment.local;
    for (const Demand& d : segment.demands) longest = std::max(longest, toTicks(d.amount / d.peak));
    const double length = ps(longest) * static_cast<double>(segment.repeat) * stretch;
    out_.pieces.push_back(
        {Ticks(std::llround(length)), Joules(tariff_.joules(component, segment.energy) * members *
                                             static_cast<double>(segment.repeat))});
  }
  out_.piecesLaunch = launch;
}

void RegionBooker::exchange(CopyPart transfer, std::int64_t rounds, CoefficientId link,
                            double bits) {
  const std::int64_t instances = region_.count * phase_.repeat * tariff_.microBatches();
  EnergyCounts wire;
  wire.add(link, std::llround(bits));
  tariff_.charge(onLink, wire, static_cast<double>(instances), out_.charges);
  const double each = tariff_.joules(onLink, wire);
  const Ticks time = times(transfer.alone, rounds);
  transfer.repeat = rounds * instances;
  out_.copies.push_back(transfer);
  out_.firstInstance = out_.lastInstance = time;
  out_.duration += times(time, instances);
  out_.pieces = {{time, Joules(each)}};
  BookedShare& row = out_.shares.front();
  row.known = true;
  row.bottleneck = Bottleneck::link;
  row.attributed = times(time, instances);
  row.dynamicJ = each * static_cast<double>(instances);
}

void RegionBooker::copies(CopyPart copy, const CopyCharge& charge, std::int64_t perStep) {
  const Ticks time = copy.alone;
  const std::int64_t all = perStep * phase_.repeat * tariff_.microBatches();
  copy.repeat = all;
  out_.copies.push_back(copy);
  const std::size_t before = out_.charges.size();
  const double each = spend(tariff_, charge, static_cast<double>(all), out_.charges);
  merge(out_.charges, before);
  out_.transferJ += each * static_cast<double>(all);
  out_.transfer += times(time, all);
  out_.copiesPerStep += times(time, perStep);
  out_.copyEnergyPerStep += Joules(each * static_cast<double>(perStep));
  out_.duration += times(time, all);
}

BookedLoad bookLoad(const Tariff& tariff, const CopyPart& copy, const CopyCharge& charge) {
  BookedLoad load;
  load.copy = copy;
  load.energyJ = spend(tariff, charge, 1, load.charges);
  return load;
}

}  // namespace wattlas
