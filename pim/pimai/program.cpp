// PimAiProgram: identity, bound; closed-form times; the profile.
#include <algorithm>
#include <cmath>

#include "pim/pimai/device.h"

namespace wattlas::pim {

namespace {

Seconds streamTime(const PimAiOp& op, const PimAiParams& p) {
  return op.stream * static_cast<double>(op.streamPasses) / p.streamRate();
}
Seconds computeTime(const PimAiOp& op) {
  return op.operations > 0 ? Seconds(op.operations / op.rate.value) : Seconds(0);
}

/// Refreshes of all banks fall due after every interval of the program.
Seconds withRefresh(Seconds stream, const PimAiParams& p) {
  const double interval = p.bank.tREFI.value.value, length = p.bank.tRFC.value.value;
  if (!p.allBank() || stream.value < interval) return stream;
  const double refreshes = 1 + std::floor((stream.value - interval) / (interval - length));
  return Seconds(stream.value + refreshes * length);
}

/// Tiles are computed behind their reading: arithmetic waits for the first tile, for the last, or
/// for the last whole one.
Seconds pipelineTime(const PimAiOp& op, const PimAiParams& p, Seconds stream, Seconds compute) {
  const StreamTiles tiles = tilesOf(op, p);
  if (tiles.rows == 0) return compute;
  const double row = p.bank.rowBits.value.value / p.channelRate.value.value;
  const double perRow =
      compute.value / static_cast<double>(tiles.rows) / static_cast<double>(op.streamPasses);
  const double first = std::min(static_cast<double>(tiles.rowsPerTile) * row,
                                tiles.perChannel / p.channelRate.value.value);
  const std::int64_t rest = (tiles.rows - 1) % tiles.rowsPerTile + 1;  // rows of the last tile
  const double last = static_cast<double>(rest) * perRow;
  double time = std::max(first + compute.value, stream.value + last);
  if (tiles.rows > tiles.rowsPerTile || op.streamPasses > 1) {
    const double lastRead =
        tiles.perChannel / p.channelRate.value.value - static_cast<double>(tiles.rows - rest) * row;
    const double whole = static_cast<double>(std::min(tiles.rowsPerTile, tiles.rows)) * perRow;
    time = std::max(time, stream.value - lastRead + whole + last);
  }
  return p.bank.tRCD.value + Seconds(time);
}

}  // namespace

StreamTiles tilesOf(const PimAiOp& op, const PimAiParams& p) {
  StreamTiles tiles;
  const double rowBits = p.bank.rowBits.value.value, channels = static_cast<double>(p.channels);
  tiles.perChannel = op.stream.value / channels;
  if (op.stream.value > 0)
    tiles.rows =
        std::max<std::int64_t>(1, std::llround(std::ceil(tiles.perChannel / rowBits - 1e-9)));
  tiles.rowsPerTile = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(p.tileBuffer.value.value / 2 / channels / rowBits));
  tiles.operationsPerRow =
      op.operations / static_cast<double>(std::max<std::int64_t>(1, tiles.rows * op.streamPasses));
  return tiles;
}

PimAiProgram::PimAiProgram(std::vector<PimAiOp> operators, const PimAiParams& p)
    : operators_(std::move(operators)) {
  Hasher h;
  Footprint need{0, Bits(0), Bits(0)};
  for (const PimAiOp& op : operators_) {
    h.real(op.gather.value).real(op.broadcast.value).real(op.stream.value).real(op.operations);
    h.real(op.rate.value).real(op.elements.value).integer(op.streamPasses).integer(op.macs);
    h.integer(op.bitsMoved).integer(op.vectorElements).integer(op.otherElements);
    h.integer(op.energyClass).integer(op.linkBits);
    for (const Assumption& a : op.assumptions) h.text(a.key).text(a.value);
    need.resident += op.resident;
    need.workspace.value = std::max(need.workspace.value, op.workspace.value);
    bound_ += PimAiDevice::exchangeTime(op, p) +
              std::max(toTicks(streamTime(op, p)), toTicks(computeTime(op))) + toTicks(op.elements);
  }
  footprint_ = {need};
  hash_ = h.finish();
}

Ticks PimAiDevice::exchangeTime(const PimAiOp& op, const PimAiParams& p) {
  if (op.gather.value + op.broadcast.value == 0) return Ticks(0);
  const double chips = static_cast<double>(p.chips);
  const Seconds up = op.gather / BitRate(p.chipLink.value.value * chips);
  const Seconds down = op.broadcast / p.broadcastLink.value;
  return toTicks(p.exchangeLatency.value + up + down);
}

Profile PimAiDevice::estimate(const Program& program) const {
  const auto& mine = dynamic_cast<const PimAiProgram&>(program);
  const PimAiParams& p = params_;
  std::vector<PimAiTimes> times;
  for (const PimAiOp& op : mine.operators()) {
    PimAiTimes t;
    t.exchange = exchangeTime(op, p);
    t.elements = toTicks(op.elements);
    // Single banks refresh while the others deliver; a whole-channel refresh stops the stream.
    const Seconds stream = withRefresh(streamTime(op, p), p), compute = computeTime(op);
    t.stream = toTicks(pipelineTime(op, p, stream, compute));
    t.bottleneck = compute > stream ? Bottleneck::compute : Bottleneck::memory;
    times.push_back(t);
  }
  return profileOf(mine, times);
}

EnergyCounts PimAiDevice::countsOf(const PimAiOp& op) const {
  EnergyCounts counts;
  counts.add(bit_, op.bitsMoved);
  counts.add(activation_, static_cast<std::int64_t>(std::ceil(static_cast<double>(op.bitsMoved) /
                                                              params_.bank.rowBits.value.value)));
  counts.add(op.energyClass == 0 ? flop_ : op.energyClass == 1 ? int8_ : int4_, 2 * op.macs);
  counts.add(flop_, std::llround(static_cast<double>(op.vectorElements) *
                                 params_.vectorFlops.value.value) +
                        op.otherElements);
  counts.add(link_, op.linkBits);
  return counts;
}

Profile PimAiDevice::profileOf(const PimAiProgram& program,
                               const std::vector<PimAiTimes>& times) const {
  Profile profile;
  Ticks now;
  for (std::size_t i = 0; i < program.operators().size(); ++i) {
    const PimAiOp& op = program.operators()[i];
    const PimAiTimes& t = times.at(i);
    OperatorShare share;
    share.op = static_cast<std::int32_t>(i);
    share.start = now;
    if (t.exchange.ps > 0) {
      Segment s;
      s.local = t.exchange;
      s.op = share.op;
      s.bottleneck = Bottleneck::link;
      const double chips = static_cast<double>(params_.chips);
      // A broadcast drives the links of all chips, or of all DIMMs.
      const double links = static_cast<double>(params_.writtenLinks());
      s.demands.push_back({0, op.gather, BitRate(params_.chipLink.value.value * chips), 0, true});
      s.demands.push_back(
          {0, op.broadcast * links, BitRate(params_.broadcastLink.value.value * links), 0, false});
      std::erase_if(s.demands, [](const Demand& d) { return d.amount.value <= 0; });
      profile.segments.push_back(std::move(s));
    }
    Segment work;
    work.local = t.stream + t.elements;
    work.op = share.op;
    work.bottleneck = t.elements > t.stream ? Bottleneck::compute : t.bottleneck;
    work.energy = countsOf(op);
    share.energy = work.energy;
    share.bottleneck = t.exchange > work.local ? Bottleneck::link : work.bottleneck;
    share.busy = work.local;
    profile.segments.push_back(std::move(work));
    now += t.exchange + t.stream + t.elements;
    share.end = now;
    share.attributed = share.end - share.start;
    const double peak = op.rate.value / 2 * static_cast<double>(params_.chips);
    if (share.attributed.ps > 0 && peak > 0)
      share.utilisation = rounded(
          std::min(1.0, static_cast<double>(op.macs) / toSeconds(share.attributed).value / peak));
    profile.shares.push_back(std::move(share));
    for (const Assumption& a : op.assumptions) profile.assumptions.push_back(a);
  }
  return profile;
}

}  // namespace wattlas::pim
