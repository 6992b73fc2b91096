#include "pim/roofline/program.h"

#include <algorithm>
#include <cmath>

namespace wattlas::pim {

Ticks exchangeTime(const RooflineOp& op, const RooflineParams& p) {
  if (op.gather.value + op.broadcast.value <= 0) return Ticks(0);
  if (!p.isPeer())
    return toTicks(p.exchangeLatency.value + op.gather / p.toHost.value +
                   op.broadcast / p.toDevice.value);
  // Ring: units - 1 steps, in each of which every unit passes one part on.
  const double steps = static_cast<double>(p.units - 1);
  return toTicks(p.exchangeLatency.value * steps + op.gather / p.peerRate.value);
}

RooflineDemand demandOf(const RooflineOp& op, const RooflineParams& p) {
  RooflineDemand d;
  d.exchange = toSeconds(exchangeTime(op, p));
  const double passes = static_cast<double>(op.passes);
  d.memory = (op.read * passes + op.written) / p.streamRate();
  if (op.operations > 0) d.compute = Seconds(op.operations / op.rate.value);
  d.elements = op.elements;
  const double half = p.tileBuffer.value.value / 2;
  const double perPass = std::max(1.0, std::ceil(op.read.value / half - 1e-9));
  d.tiles = static_cast<std::int64_t>(perPass) * op.passes;
  d.read = op.read * passes / p.streamRate();
  d.tile = Bits(std::min(op.read.value, half)) / p.streamRate();
  d.whole = d.read - (op.read - Bits(half * (perPass - 1))) / p.streamRate();
  return d;
}

Seconds pipelineTime(const RooflineDemand& d, const RooflineParams& p) {
  const double n = static_cast<double>(d.tiles);
  const double compute = d.compute.value / n, vector = d.elements.value / n,
               store = (d.memory.value - d.read.value) / n;
  // Own links leave the memory alone: it fills both halves of the buffer during the exchange.
  const double input = d.exchange.value;
  const double begin = (p.isPeer() ? 0.0 : input) + p.memoryLatency.value.value;
  const double first = std::max(begin + d.tile.value, input);  // first tile and input are there
  const double after = compute + vector;
  // When the memory decides, results of the last tiles leave after the last tile has come: those
  // that were not ready when its fetch began.
  const double period = std::max({d.read.value / n + store, compute, vector, 1e-30});
  const double late = std::min(n, 1 + std::ceil(after / period));
  double filled = begin + d.read.value;  // the last tile is there
  if (d.tiles > 2)                       // the third waits for the half that the first leaves
    filled = std::max(filled, first + compute + d.read.value - 2 * d.tile.value);
  filled += (n - late) * store;
  double stored = filled + std::max(late * store, after + store);
  // Arithmetic and vector units wait for the first tile, for the last, or for the last whole one:
  // the rest that comes behind it is fetched in no time, but is work like the others.
  double computed = first + d.compute.value, made = first + compute + d.elements.value;
  if (d.tiles > 1) {
    const double whole = begin + d.whole.value;
    computed = std::max(computed, whole + 2 * compute);
    made = std::max(made, whole + compute + 2 * vector);
    // The first of the late results is not ready before its tile has passed.
    const double sooner = std::max(0.0, late - 2) * d.tile.value;
    const double stores = late + std::max(0.0, n - late - 1);
    stored = std::max(stored, whole - sooner + after + stores * store);
  }
  return Seconds(std::max({computed + vector + store, made + store, stored}));
}

RooflineProgram::RooflineProgram(RooflineOp op, const RooflineParams& p) : op_(std::move(op)) {
  Hasher h;
  h.real(op_.gather.value).real(op_.broadcast.value).real(op_.read.value).real(op_.written.value);
  h.real(op_.operations).real(op_.rate.value).real(op_.elements.value).integer(op_.passes);
  h.integer(op_.macs).integer(op_.bitsMoved).integer(op_.vectorElements);
  h.integer(op_.otherElements).integer(op_.linkBits).integer(op_.energyClass);
  for (const Assumption& a : op_.assumptions) h.text(a.key).text(a.value);
  hash_ = h.finish();
  footprint_ = {{0, op_.resident, op_.workspace}};
  // Arithmetic waits for its input; the memory may run ahead.
  const RooflineDemand d = demandOf(op_, p);
  const Ticks exchange = exchangeTime(op_, p);
  bound_ =
      std::max(toTicks(d.memory), exchange + std::max(toTicks(d.compute), toTicks(d.elements)));
}

ToolProgram::ToolProgram(std::vector<ToolCall> calls, std::int64_t macs)
    : calls_(std::move(calls)), macs_(macs) {
  Hasher h;
  h.text("tool").integer(macs_);
  for (const ToolCall& call : calls_) {
    h.real(call.seconds).real(call.flops).real(call.memoryBits).real(call.toDeviceBits);
    h.real(call.toHostBits).integer(call.repeat).integer(static_cast<int>(call.bottleneck));
    bound_ += times(toTicks(Seconds(call.seconds)), call.repeat);
  }
  hash_ = h.finish();
}

}  // namespace wattlas::pim
