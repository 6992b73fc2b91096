#include <algorithm>
#include <array>

#include "pim/bank/bank_run.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

namespace {

struct Cycles {
  std::int64_t latency = 0, occupancy = 0;
  Cycles& operator+=(const Cycles& o) {
    latency += o.latency;
    occupancy += o.occupancy;
    return *this;
  }
};

Cycles dmaOf(const DmaParams& dma, bool write, std::int64_t bytes, std::int64_t n) {
  if (n == 0) return {};
  return {dma.latency(write, bytes, n), dma.occupancy(write, bytes, n)};
}

struct LoopCycles {
  std::int64_t issue = 0, dma = 0, chain = 0;
  Cycles first;  ///< transfers before a tile's first instruction
  Cycles write;
};

LoopCycles cyclesOf(const TileLoop& loop, const DpuParams& dpu) {
  const Tile& t = loop.tile;
  LoopCycles c;
  const Cycles one = dmaOf(dpu.dma, false, t.read2Bytes, std::min<std::int64_t>(1, t.reads2));
  Cycles all = c.first = dmaOf(dpu.dma, false, t.readBytes, t.reads);
  c.first += one;
  all += {one.latency * t.reads2, one.occupancy * t.reads2};
  c.write = dmaOf(dpu.dma, true, t.writeBytes, t.writes);
  all += c.write;
  c.issue = loop.tiles * t.instructions;
  c.dma = loop.tiles * all.occupancy;
  // The instruction that starts a transfer passes the pipeline while the transfer runs.
  const std::int64_t others =
      std::max<std::int64_t>(0, t.instructions - t.reads - t.reads2 - t.writes);
  c.chain = ceilDiv(loop.tiles, dpu.tasklets) * (others * dpu.revolver + all.latency);
  return c;
}

/// Cycles until all tasklets have issued their instructions and written what they made, when the
/// engine lets one after the other begin: slots stay empty until there are enough of them, and
/// again at the end, when the first are done.
double issueTime(const TileLoop& loop, const LoopCycles& c, const DpuParams& dpu) {
  const std::int64_t n = std::min(loop.tiles, dpu.tasklets);
  const std::int64_t more = loop.tiles % n;  // tasklets with a tile more than the others
  const auto work = [&](std::int64_t tasklet) {
    return static_cast<double>((loop.tiles / n + (tasklet < more ? 1 : 0)) *
                               loop.tile.instructions);
  };
  // Progress of a computing tasklet is common to all, in instructions.
  double now = static_cast<double>(c.first.latency), progress = 0;
  std::array<double, 64> target{};  // progress at which each is done
  std::int64_t begun = 0, done = 0;
  double engine = 0, end = 0;  // of the last writes
  const auto slots = [&] { return static_cast<double>(std::max(dpu.revolver, begun - done)); };
  // Those with a tile more finish after the others, each kind in its order of beginning.
  std::int64_t next = more < n ? more : 0;
  while (done < n) {
    const double arrival =
        begun < n ? static_cast<double>(c.first.latency + begun * c.first.occupancy) : 1e300;
    const double leave = next < begun ? now + (target[next] - progress) * slots() : 1e300;
    const double then = std::min(arrival, leave);
    if (begun > done) progress += (then - now) / slots();
    now = std::max(now, then);
    if (arrival <= leave) {
      target[static_cast<std::size_t>(begun)] = progress + work(begun);
      ++begun;
    } else {
      ++done;
      next = next + 1 == n ? 0 : next + 1;
      end = std::max(now, engine) + static_cast<double>(c.write.latency);
      engine = std::max(now, engine) + static_cast<double>(c.write.occupancy);
    }
  }
  return end;
}

}  // namespace

StageTime closedForm(const DpuWork& work, const Kernel& kernel, const UpmemParams& params) {
  StageTime result;
  const Hertz clock = params.dpu.effectiveClock();
  std::int64_t longest = -1;
  const auto take = [&](Ticks time, std::int64_t weight, Bottleneck bottleneck) {
    result.time += time;
    if (weight > longest) {
      longest = weight;
      result.bottleneck = bottleneck;
    }
  };
  for (const TileLoop& loop : work.loops) {
    if (loop.tiles == 0) continue;
    const LoopCycles c = cyclesOf(loop, params.dpu);
    const std::int64_t active = std::min(loop.tiles, params.dpu.tasklets);
    const std::int64_t rest = loop.tiles % active;
    // The last tasklet with a whole number of rounds began after the ones before it.
    const std::int64_t late = (rest > 0 ? rest - 1 : active - 1) * c.first.occupancy;
    // After the last transfer its tile is computed.
    const std::int64_t part = loop.tile.instructions / std::max<std::int64_t>(1, loop.tile.reads2);
    const std::int64_t after =
        std::max<std::int64_t>(0, part * params.dpu.revolver - (active - 1) * c.write.occupancy);
    const auto issue = static_cast<std::int64_t>(issueTime(loop, c, params.dpu));
    const std::int64_t cycles = std::max({issue, c.dma + after, c.chain + late});
    const Bottleneck bottleneck = cycles == issue           ? Bottleneck::compute
                                  : cycles == c.dma + after ? Bottleneck::memory
                                                            : Bottleneck::latency;
    take(cyclesToTicks(cycles, clock), cycles, bottleneck);
  }
  if (work.hasBank) {
    const RowPass row = params.rowPass(kernel.weightBits, kernel.activationBits);
    const Ticks time =
        runBank(work.bank, row, params.saMac, params.bank, params.issue(), true).time;
    const Ticks dpu = times(params.issue().time(work.bank.instructions()), work.bank.passes);
    take(time, time.ps / 1000, dpu >= time ? Bottleneck::control : Bottleneck::memory);
  }
  return result;
}

StageTime closedForm(const Stage& stage, const UpmemParams& params) {
  if (const auto* x = std::get_if<Exchange>(&stage.what))
    return {toTicks(params.host.copy(x->pattern, x->toDevice, x->dpus, x->bytesPerDpu)),
            Bottleneck::link};
  if (const auto* h = std::get_if<HostWork>(&stage.what)) {
    if (h->kind == HostWork::Kind::launch)
      // Partial sums travel through WRAM: the banks stay with the DPUs.
      return {toTicks(params.host.launch(h->dpus, true)), Bottleneck::host};
    return {toTicks(bytes(static_cast<double>(h->bytes)) / params.host.hostReduce.value),
            Bottleneck::host};
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
      LoopCycles x = cyclesOf(loop, params.dpu);
      if (params.dpu.dma.bankDetail) {
        const dram::Timing& rows = params.dpu.dma.rows;
        // Each run of transfers may find its first row open.
        const Tile& t = loop.tile;
        const std::int64_t runs = (t.reads > 0 ? 1 : 0) + t.reads2 + (t.writes > 0 ? 1 : 0);
        const auto miss =
            runs * static_cast<std::int64_t>(1 + static_cast<double>(rows.rcdRead + rows.rp) *
                                                     1e-12 * params.dpu.clock.value.value);
        x.dma = std::max<std::int64_t>(0, x.dma - loop.tiles * miss);
        x.chain =
            std::max<std::int64_t>(0, x.chain - ceilDiv(loop.tiles, params.dpu.tasklets) * miss);
      }
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
