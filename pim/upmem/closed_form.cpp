#include "pim/upmem/closed_form.h"

#include <algorithm>

#include "pim/upmem/planner.h"

namespace wattlas::pim {

namespace {

struct TileCycles {
  std::int64_t latency = 0, occupancy = 0;
};

TileCycles dmaOf(const Tile& t, const DmaParams& dma) {
  TileCycles c;
  c.latency = dma.latency(false, t.readBytes, t.reads) +
              dma.latency(false, t.read2Bytes, t.reads2) +
              dma.latency(true, t.writeBytes, t.writes);
  c.occupancy = dma.occupancy(false, t.readBytes, t.reads) +
                dma.occupancy(false, t.read2Bytes, t.reads2) +
                dma.occupancy(true, t.writeBytes, t.writes);
  return c;
}

struct LoopCycles {
  std::int64_t issue = 0, dma = 0, chain = 0;
};

LoopCycles cyclesOf(const TileLoop& loop, const DpuParams& dpu) {
  const TileCycles dma = dmaOf(loop.tile, dpu.dma);
  const std::int64_t rounds = ceilDiv(loop.tiles, dpu.tasklets);
  return {loop.tiles * loop.tile.instructions, loop.tiles * dma.occupancy,
          rounds * (loop.tile.instructions * dpu.revolver + dma.latency)};
}

}  // namespace

StageTime closedForm(const DpuWork& work, const Kernel& kernel, const UpmemParams& params) {
  StageTime result;
  const Hertz clock = params.dpu.effectiveClock();
  std::int64_t longest = -1;
  const auto take = [&](Ticks time, std::int64_t weight, Bound bound) {
    result.time += time;
    if (weight > longest) {
      longest = weight;
      result.bound = bound;
    }
  };
  for (const TileLoop& loop : work.loops) {
    if (loop.tiles == 0) continue;
    const LoopCycles c = cyclesOf(loop, params.dpu);
    const std::int64_t active = std::min(loop.tiles, params.dpu.tasklets);
    // Tasklets of the last, partly filled round share the issue slots among fewer.
    const std::int64_t rounds = loop.tiles / params.dpu.tasklets;
    const std::int64_t rest = loop.tiles % params.dpu.tasklets;
    std::int64_t issue = rounds * loop.tile.instructions * std::max(params.dpu.revolver, active);
    if (rest > 0) issue += loop.tile.instructions * std::max(params.dpu.revolver, rest);
    const std::int64_t fill = dmaOf(loop.tile, params.dpu.dma).latency;
    const std::int64_t cycles = std::max({issue + fill, c.dma, c.chain});
    const Bound bound = cycles == c.chain && c.chain > issue + fill ? Bound::latency
                        : cycles == c.dma                           ? Bound::memory
                                                                    : Bound::compute;
    take(cyclesToTicks(cycles, clock), cycles, bound);
  }
  if (work.hasBank) {
    const RowPass row = params.rowPass(kernel.weightBits, kernel.activationBits);
    const Ticks time = closedForm(work.bank, row, params.saMac, params.bank, params.issue());
    const Ticks dpu = times(params.issue().time(work.bank.instructions()), work.bank.passes);
    take(time, time.ps / 1000, dpu >= time ? Bound::control : Bound::memory);
  }
  return result;
}

StageTime closedForm(const Stage& stage, const UpmemParams& params) {
  if (const auto* x = std::get_if<Exchange>(&stage.what))
    return {toTicks(params.host.copy(x->pattern, x->toDevice, x->dpus, x->bytesPerDpu)),
            Bound::link};
  if (const auto* h = std::get_if<HostWork>(&stage.what)) {
    if (h->kind == HostWork::Kind::launch)
      return {toTicks(params.host.launch(h->dpus)), Bound::host};
    return {toTicks(bytes(static_cast<double>(h->bytes)) / params.host.hostReduce.value),
            Bound::host};
  }
  StageTime longest;
  const Kernel& kernel = std::get<Kernel>(stage.what);
  for (const DpuClass& c : kernel.classes) {
    const StageTime t = closedForm(c.work, kernel, params);
    if (t.time > longest.time) longest = t;
  }
  return longest;
}

Ticks lowerBound(const Stage& stage, const UpmemParams& params) {
  const auto* kernel = std::get_if<Kernel>(&stage.what);
  if (kernel == nullptr) return closedForm(stage, params).time;
  Ticks longest;
  for (const DpuClass& c : kernel->classes) {
    Ticks sum;
    for (const TileLoop& loop : c.work.loops) {
      if (loop.tiles == 0) continue;
      const LoopCycles x = cyclesOf(loop, params.dpu);
      sum += cyclesToTicks(std::max({x.issue, x.dma, x.chain}), params.dpu.effectiveClock());
    }
    if (c.work.hasBank) {
      const RowPass row = params.rowPass(kernel->weightBits, kernel->activationBits);
      sum += lowerBound(c.work.bank, row, params.issue());
    }
    longest = std::max(longest, sum);
  }
  return longest;
}

}  // namespace wattlas::pim
