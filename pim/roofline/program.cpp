#include "pim/roofline/program.h"

#include <algorithm>

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
  d.tiles = std::max(1.0, op.read.value / (p.tileBuffer.value.value / 2)) * passes;
  return d;
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
    h.real(call.toHostBits).integer(call.repeat).integer(static_cast<int>(call.bound));
    bound_ += times(toTicks(Seconds(call.seconds)), call.repeat);
  }
  hash_ = h.finish();
}

}  // namespace wattlas::pim
