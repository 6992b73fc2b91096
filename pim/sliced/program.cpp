#include "pim/sliced/program.h"

#include <algorithm>
#include <cmath>

namespace wattlas::pim {

Ticks exchangeTime(const SlicedOp& op, const SlicedParams& p) {
  if (op.gather.value + op.broadcast.value <= 0) return Ticks(0);
  if (!p.isPeer())
    return toTicks(p.exchangeLatency.value + op.gather / p.toHost.value +
                   op.broadcast / p.toDevice.value);
  // Ring: units - 1 steps, in each of which every unit passes one part on.
  const double steps = static_cast<double>(p.units - 1);
  return toTicks(p.exchangeLatency.value * steps + op.gather / p.peerRate.value);
}

SlicedDemand demandOf(const SlicedOp& op, const SlicedParams& p, const MemoryPort& memory) {
  SlicedDemand d;
  d.exchange = toSeconds(exchangeTime(op, p));
  d.latency = memory.latency();
  const double passes = static_cast<double>(op.passes);
  if (op.operations > 0) d.compute = Seconds(op.operations / op.rate.value);
  d.elements = op.elements;
  const double half = p.tileBuffer.value.value / 2;
  const double perPass = std::max(1.0, std::ceil(op.read.value / half - 1e-9));
  d.tiles = static_cast<std::int64_t>(perPass) * op.passes;
  d.read = memory.read(op.read * passes);
  d.memory = d.read + memory.write(op.written);
  d.tile = memory.read(Bits(std::min(op.read.value, half)));
  d.whole = memory.read(op.read * passes - (op.read - Bits(half * (perPass - 1))));
  return d;
}

Seconds pipelineTime(const SlicedDemand& d, const SlicedParams& p) {
  const double n = static_cast<double>(d.tiles);
  const double compute = d.compute.value / n, vector = d.elements.value / n,
               store = (d.memory.value - d.read.value) / n;
  // Own links leave the memory alone: it fills both halves of the buffer during the exchange.
  const double input = d.exchange.value;
  const double begin = (p.isPeer() ? 0.0 : input) + d.latency.value;
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

SlicedProgram::SlicedProgram(std::vector<SlicedOp> operators, const SlicedParams& p)
    : operators_(std::move(operators)) {
  Hasher h;
  Footprint need{0, Bits(0), Bits(0)};
  const double peak = p.memoryRate.value.value * (p.dram ? 1.0 : p.memoryEfficiency.value.value);
  for (const SlicedOp& op : operators_) {
    h.real(op.gather.value).real(op.broadcast.value).real(op.read.value).real(op.written.value);
    h.real(op.operations).real(op.rate.value).real(op.elements.value).integer(op.passes);
    h.integer(op.macs).integer(op.bitsMoved).integer(op.vectorElements);
    h.integer(op.otherElements).integer(op.linkBits).integer(op.energyClass);
    for (const Assumption& a : op.assumptions) h.text(a.key).text(a.value);
    need.resident += op.resident;
    need.workspace.value = std::max(need.workspace.value, op.workspace.value);
    // Arithmetic waits for its input; the memory may run ahead.
    const Ticks memory =
        toTicks((op.read * static_cast<double>(op.passes) + op.written) / BitRate(peak));
    const Ticks compute =
        op.operations > 0 ? toTicks(Seconds(op.operations / op.rate.value)) : Ticks(0);
    bound_ += std::max(memory, exchangeTime(op, p) + std::max(compute, toTicks(op.elements)));
  }
  footprint_ = {need};
  hash_ = h.finish();
}

}  // namespace wattlas::pim
