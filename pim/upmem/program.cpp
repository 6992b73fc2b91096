// UpmemProgram: identity and bound; and the profile made from stage times.
#include <algorithm>

#include "pim/upmem/device.h"

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

}  // namespace wattlas::pim
