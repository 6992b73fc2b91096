// UpmemProgram: identity and bound; and the profile made from stage times.
#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
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

}  // namespace wattlas::pim
