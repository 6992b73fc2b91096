// UpmemProgram: identity and bound; and the profile made from stage times.
#include <algorithm>
#include <array>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/bank/bank_run.h"
#include "pim/upmem/device.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

namespace {

void hashTile(Hasher& h, const Tile& t) {
  h.integer(t.reads).integer(t.readBytes).integer(t.reads2).integer(t.read2Bytes);
  h.integer(t.instructions).integer(t.writes).integer(t.writeBytes).integer(t.extensionPj);
}

void hashBank(Hasher& h, const BankWork& b) {
  for (const std::int64_t v :
       {b.passes, b.chunks, b.groups, b.rowsPerGroup, b.slices, b.lastSlices, b.columnsPerSlice,
        b.refillInstructions, b.chunkInstructions, b.rowInstructions, b.readInstructions,
        b.postInstructions, b.inputTransfers, b.inputCycles, b.outputTransfers, b.outputCycles,
        b.macs, b.checkMacs})
    h.integer(v);
}

void hashStage(Hasher& h, const Stage& stage) {
  h.integer(static_cast<std::int64_t>(stage.what.index()));
  if (const auto* x = std::get_if<Exchange>(&stage.what)) {
    h.integer(x->toDevice)
        .integer(static_cast<int>(x->pattern))
        .integer(x->dpus)
        .integer(x->bytesPerDpu);
  } else if (const auto* w = std::get_if<HostWork>(&stage.what)) {
    h.integer(static_cast<int>(w->kind)).integer(w->bytes).integer(w->dpus);
  } else {
    const Kernel& kernel = std::get<Kernel>(stage.what);
    h.integer(kernel.weightBits).integer(kernel.activationBits);
    h.integer(static_cast<std::int64_t>(kernel.classes.size()));
    for (const DpuClass& c : kernel.classes) {
      h.integer(c.dpus).integer(static_cast<std::int64_t>(c.work.loops.size()));
      for (const TileLoop& loop : c.work.loops) {
        hashTile(h, loop.tile);
        h.integer(loop.tiles);
      }
      h.integer(c.work.hasBank);
      if (c.work.hasBank) hashBank(h, c.work.bank);
    }
  }
}

}  // namespace

std::int64_t Kernel::dpus() const {
  std::int64_t n = 0;
  for (const DpuClass& c : classes) n += c.dpus;
  return n;
}

void UpmemProgram::finish(const UpmemParams& params) {
  Hasher h;
  Footprint need{0, Bits(0), Bits(0)};
  Ticks bound;
  for (const OpPlan& op : operators_) {
    h.integer(static_cast<std::int64_t>(op.stages.size())).integer(op.macs);
    for (const Assumption& a : op.assumptions) h.text(a.key).text(a.value);
    for (const Stage& stage : op.stages) {
      hashStage(h, stage);
      bound += pim::lowerBound(stage, params);
    }
    need.resident += op.resident;
    need.workspace.value = std::max(need.workspace.value, op.workspace.value);
  }
  footprint_ = {need};
  hash_ = h.finish();
  bound_ = bound;
}

Profile profileOf(const UpmemProgram& program, const std::vector<StageTime>& outcomes,
                  const UpmemDevice& device) {
  Profile profile;
  const UpmemParams& p = device.params();
  std::size_t next = 0;
  Ticks now;
  for (std::size_t i = 0; i < program.operators().size(); ++i) {
    const OpPlan& op = program.operators()[i];
    OperatorShare share;
    share.op = static_cast<std::int32_t>(i);
    share.start = now;
    Ticks longest;
    for (const Stage& stage : op.stages) {
      const StageTime& outcome = outcomes.at(next++);
      Segment segment;
      segment.local = outcome.time;
      segment.bottleneck = outcome.bottleneck;
      segment.op = share.op;
      segment.energy = countsOf(stage, p, device.coefficients());
      if (const auto* x = std::get_if<Exchange>(&stage.what)) {
        // The model is the time alone: set-up, then the wire at the rate that the model leaves.
        const Ticks wire =
            outcome.time - std::min(outcome.time, toTicks(p.host.setUp(x->toDevice, x->dpus)));
        const Bits amount = wireBits(*x, p);
        if (amount.value > 0)
          segment.demands.push_back(
              {0, amount,
               BitRate(amount.value /
                       std::max(1e-12, toSeconds(std::max(wire, Ticks(1000))).value)),
               0, !x->toDevice});
      }
      share.energy.add(segment.energy);
      if (std::holds_alternative<Kernel>(stage.what)) share.busy += outcome.time;
      if (outcome.time > longest) {
        longest = outcome.time;
        share.bottleneck = outcome.bottleneck;
      }
      now += outcome.time;
      profile.segments.push_back(std::move(segment));
    }
    share.end = now;
    share.attributed = share.end - share.start;
    const double peak = op.peakMacs;
    if (share.attributed.ps > 0 && peak > 0)
      share.utilisation =  // rounded where it is written
          std::min(1.0, static_cast<double>(op.macs) / toSeconds(share.attributed).value / peak);
    profile.shares.push_back(std::move(share));
    for (const Assumption& a : op.assumptions) profile.assumptions.push_back(a);
  }
  return profile;
}

namespace {

struct Adder {
  const UpmemParams& p;
  const UpmemCoefficients& ids;
  EnergyCounts& counts;

  void instructions(std::int64_t n) {
    counts.add(ids.fetch, n);
    counts.add(ids.execute, n);
    counts.add(ids.wram,
               std::llround(static_cast<double>(n) * p.energy.wramPerInstruction.value.value));
  }
  void transfers(std::int64_t n, std::int64_t bytes) {
    const std::int64_t row = static_cast<std::int64_t>(p.bank.rowBits.value.value / 8);
    counts.add(ids.mramBit, n * bytes * 8);
    counts.add(ids.activation, n * ceilDiv(bytes, row));
    counts.add(ids.wram, n * ceilDiv(bytes, 8));
  }
};

void addBank(const BankWork& b, const Kernel& kernel, std::int64_t dpus, Adder& add) {
  const UpmemParams& p = add.p;
  const double access = p.saMac.where() == Placement::rowAmps ? usefulRow(p.saMac, p.bank).value
                                                              : p.saMac.width.value.value;
  const std::int64_t columns = p.saMac.where() == Placement::rowAmps ? b.rows() : b.columns();
  const std::int64_t all = b.passes * dpus;
  const EccParams& ecc = p.saMac.ecc;
  add.counts.add(add.ids.mramBit,
                 std::llround(static_cast<double>(columns * all) * access * ecc.readFactor()));
  if (ecc.before())
    add.counts.add(add.ids.eccWord, std::llround(static_cast<double>(columns * all) * access /
                                                 static_cast<double>(ecc.word)));
  add.counts.add(add.ids.activation, b.rows() * all);
  add.counts.add(add.ids.mac, ceilDiv((b.macs + b.checkMacs) * dpus * kernel.weightBits, 8));
  add.instructions(b.instructions() * all);
  const std::int64_t block = static_cast<std::int64_t>(p.dpu.block.value.value / 8);
  add.transfers((b.inputTransfers + b.outputTransfers) * all, block);
}

}  // namespace

void UpmemCoefficients::declare(EnergyTable& table, const UpmemParams& p) {
  fetch = table.add({"dpu.fetch", Category::control, Scope::chip, "instruction", p.energy.fetch});
  execute =
      table.add({"dpu.execute", Category::compute, Scope::chip, "instruction", p.energy.execute});
  Sourced<Joules> picojoule;
  picojoule.value = picojoule.low = picojoule.high = Joules(1e-12);
  extension = table.add({"dpu.extension", Category::compute, Scope::chip, "pJ", picojoule});
  wram = table.add({"dpu.wram", Category::scratchpad, Scope::chip, "8-byte access", p.energy.wram});
  mramBit =
      table.add({"mram.access", Category::array, Scope::chip, "bit", perBit(p.energy.bank.access)});
  activation = table.add({"mram.activation", Category::activation, Scope::chip, "activation",
                          p.energy.bank.activation});
  mac = table.add({"saMac.mac", Category::compute, Scope::chip, "8-bit MAC", p.saMac.mac});
  eccWord = table.add(
      {"saMac.ecc", Category::compute, Scope::chip, "code word decoded", p.saMac.ecc.decode});
  const double dpus = static_cast<double>(p.dpus());
  table.addPower("dpu.static", Category::leakage, Scope::chip,
                 scaled<Watts>(p.energy.dpuStatic, dpus));
  table.addPower("mram.refresh", Category::refresh, Scope::chip,
                 scaled<Watts>(p.energy.bank.refresh, dpus / p.bank.tREFI.value.value));
  const double dimms = static_cast<double>(ceilDiv(p.ranks, p.ranksPerDimm));
  table.addPower("dimm.static", Category::leakage, Scope::device,
                 scaled<Watts>(p.energy.dimmStatic, dimms));
}

Bits wireBits(const Exchange& x, const UpmemParams& p) {
  const double all = 8.0 * static_cast<double>(x.bytesPerDpu) * static_cast<double>(x.dpus);
  return Bits(x.pattern == CopyPattern::broadcast ? all / p.host.broadcastGain.value.value : all);
}

EnergyCounts countsOf(const Stage& stage, const UpmemParams& p, const UpmemCoefficients& ids) {
  EnergyCounts counts;
  Adder add{p, ids, counts};
  if (const auto* x = std::get_if<Exchange>(&stage.what)) {
    const std::int64_t row = static_cast<std::int64_t>(p.bank.rowBits.value.value / 8);
    counts.add(ids.mramBit, x->bytesPerDpu * x->dpus * 8);
    counts.add(ids.activation, x->dpus * ceilDiv(x->bytesPerDpu, row));
    return counts;
  }
  const auto* kernel = std::get_if<Kernel>(&stage.what);
  if (kernel == nullptr) return counts;
  for (const DpuClass& c : kernel->classes) {
    for (const TileLoop& loop : c.work.loops) {
      const std::int64_t n = loop.tiles * c.dpus;
      add.instructions(n * loop.tile.instructions);
      counts.add(ids.extension, n * loop.tile.extensionPj);
      add.transfers(n * loop.tile.reads, loop.tile.readBytes);
      add.transfers(n * loop.tile.reads2, loop.tile.read2Bytes);
      add.transfers(n * loop.tile.writes, loop.tile.writeBytes);
    }
    if (c.work.hasBank) addBank(c.work.bank, *kernel, c.dpus, add);
  }
  return counts;
}

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
