#include "pim/upmem/ledger.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/upmem/planner.h"

namespace wattlas::pim {

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
  Sourced<Watts> refresh;
  const double perSecond = dpus / p.bank.tREFI.value.value;
  refresh.value = Watts(p.energy.bank.refresh.value.value * perSecond);
  refresh.low = Watts(p.energy.bank.refresh.low.value * perSecond);
  refresh.high = Watts(p.energy.bank.refresh.high.value * perSecond);
  refresh.basis = p.energy.bank.refresh.basis;
  refresh.source = p.energy.bank.refresh.source;
  table.addPower("mram.refresh", Category::refresh, Scope::chip, refresh);
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
