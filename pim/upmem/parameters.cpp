#include "pim/upmem/parameters.h"

#include <algorithm>
#include <cmath>

#include "pim/dpu/exec/isa_files.h"
#include "pim/dpu/exec/timing.h"

namespace wattlas::pim {

void DmaParams::bind(Binder& b) {
  const FieldRule cycles{0, 100000, {}};
  b.quantity("readLatency", readLatency, cycles, "cycles of a read besides its bytes");
  b.quantity("writeLatency", writeLatency, cycles, "cycles of a write besides its bytes");
  b.quantity("perByte", perByte, cycles, "cycles per byte until the tasklet goes on");
  b.quantity("readOccupancy", readOccupancy, cycles, "engine cycles of a read besides its bytes");
  b.quantity("writeOccupancy", writeOccupancy, cycles, "engine cycles of a write");
  b.quantity("occupancyPerByte", occupancyPerByte, cycles, "engine cycles per byte");
  b.flag("bankDetail", bankDetail, {.fallback = "false"},
         "time the rows that transfers open one by one, with the times of `bank`, instead of by "
         "the measured average");
}

std::int64_t DmaParams::latency(bool write, std::int64_t bytes, std::int64_t count) const {
  if (bankDetail) return rowByRow(write, bytes, count).latency;
  const double waits = (write ? writeLatency : readLatency).value.value +
                       perByte.value.value * static_cast<double>(bytes);
  return static_cast<std::int64_t>(static_cast<double>(count) * std::max(waits, law(write, bytes)));
}

std::int64_t DmaParams::occupancy(bool write, std::int64_t bytes, std::int64_t count) const {
  if (bankDetail) return rowByRow(write, bytes, count).occupancy;
  return static_cast<std::int64_t>(static_cast<double>(count) * law(write, bytes));
}

double DmaParams::law(bool write, std::int64_t bytes) const {
  return (write ? writeOccupancy : readOccupancy).value.value +
         occupancyPerByte.value.value * static_cast<double>(bytes);
}

/// Runs the transfers through the executor's bank. Another tasklet's row is open before them, and
/// they begin at a row, as tiles do; long runs repeat, so a part of them stands for all.
DmaParams::Cost DmaParams::rowByRow(bool write, std::int64_t bytes, std::int64_t count) const {
  constexpr std::int64_t most = 512;
  const std::int64_t runs = std::min(count, most);
  if (runs <= 0) return {};
  dpu::DpuTiming timing;
  timing.clockHz = clock.value;
  timing.mramRowBytes = static_cast<int>(rowBytes);
  timing.bank = rows;
  dpu::MramBank bank(timing);
  const auto size = static_cast<std::uint32_t>(bytes);
  const double fixed = (write ? writeOccupancy : readOccupancy).value.value;
  const dram::Clock own =
      std::llround(1000 * bank.occupancy(fixed, occupancyPerByte.value.value, size, write));
  const dram::Clock wait =
      std::llround(1000 * bank.latency((write ? writeLatency : readLatency).value.value,
                                       perByte.value.value, size));
  const auto other = static_cast<std::uint32_t>(most * bytes / rowBytes + 2) *
                     static_cast<std::uint32_t>(rowBytes);
  constexpr dram::Clock start = 1000000000;  // long after the row of before was opened
  bank.access(0, other, 8, write, start);
  dram::Clock engine = start, tasklet = start;
  for (std::int64_t i = 0; i < runs; ++i) {
    const auto access = bank.access(engine, static_cast<std::uint32_t>(i) * size, size, write, own);
    tasklet += access.extra + std::max(wait, own);
    engine = access.begin + access.extra + own;
  }
  const double scale = static_cast<double>(count) / static_cast<double>(runs) / 1000;
  return {std::llround(static_cast<double>(tasklet - start) * scale),
          std::llround(static_cast<double>(engine - start) * scale)};
}

void DpuParams::bind(Binder& b) {
  b.quantity("clock", clock, {1e6, 1e10, {}}, "clock of the DPU");
  b.integer("tasklets", tasklets, {1, 24, "16"}, "tasklets that the kernels start");
  b.integer("revolver", revolver, {1, 24, "11"}, "cycles between instructions of a tasklet");
  b.texts("isa", isa, "instructions beyond the stock ones: ids of configs/isa or paths");
  if (b.reading()) {
    try {
      extension = dpu::loadIsa(isa);
    } catch (const InputError& error) {
      for (const Problem& p : error.problems())
        b.problem(
            "isa",
            (p.place.file.empty() ? "" : p.place.file + ":" + std::to_string(p.place.line) + ": ") +
                p.what,
            p.expected + (p.hint.empty() ? "" : "; " + p.hint));
    }
  }
  b.quantity("stretch", clockDerating, {1, 2, "1"}, "effective over nominal clock period");
  b.quantity("wram", wram, {8192, 1e9, "64 KiB"}, "working memory");
  b.quantity("stack", stack, {0, 1e9, "1 KiB"}, "working memory of a tasklet that is no buffer");
  b.quantity("block", block, {64, 16384, "1 KiB"}, "largest DMA transfer of the kernels");
  b.section("dma", "transfers between MRAM and WRAM", [this](Binder& s) { dma.bind(s); });
  if (b.reading() && wram.value.value / 2 < stack.value.value * static_cast<double>(tasklets) +
                                                512.0 * static_cast<double>(tasklets))
    b.problem("tasklets", "leave no room for buffers in the working memory",
              "fewer tasklets, smaller stacks or more WRAM");
}

void UpmemEnergy::bind(Binder& b) {
  const FieldRule joules{0, 1e-6, {}};
  b.quantity("fetch", fetch, joules, "one instruction: fetch, decode, sequencing");
  b.quantity("execute", execute, joules, "one instruction: registers and arithmetic");
  b.quantity("wram", wram, joules, "one 8-byte access to WRAM");
  b.quantity("wramPerInstruction", wramPerInstruction, {0, 2, {}}, "WRAM accesses per instruction");
  b.quantity("dpuStatic", dpuStatic, {0, 10, {}}, "one DPU and its bank, all the time");
  b.quantity("dimmStatic", dimmStatic, {0, 100, {}}, "buffers of one DIMM, all the time");
  b.section("bank", "cells of one bank", [this](Binder& s) { bank.bind(s); });
}

void UpmemParams::bind(Binder& b) {
  const FieldRule small{1, 1024, {}};
  b.integer("ranks", ranks, {1, 4096, {}}, "ranks of the device");
  b.integer("chipsPerRank", chipsPerRank, small, "chips of a rank");
  b.integer("dpusPerChip", dpusPerChip, small, "DPUs (banks) of a chip");
  b.integer("ranksPerDimm", ranksPerDimm, small, "ranks of a DIMM");
  b.section("dpu", "the processor beside each bank", [this](Binder& s) { dpu.bind(s); });
  b.quantity("mram", mram, {8e6, 1e13, {}}, "memory of one DPU");
  b.section("bank", "timing of the bank", [this](Binder& s) { bank.bind(s); });
  b.quantity("temperature", temperature, {-40, 125, "60"},
             "of the die in degrees Celsius: refresh comes twice as often above 85");
  b.section("saMac", "MACs at the bank's sense amplifiers; lanes 0 = none",
            [this](Binder& s) { saMac.bind(s); });
  b.section("kernels", "instructions of the DPU kernels", [this](Binder& s) {
    s.choice("cost", kernelSource, {"executed", "table"}, {.fallback = "executed"},
             "run generated assembly where there is a kernel, or take the table below throughout");
    s.integer("unroll", unroll, {1, 8, "8"}, "bodies of an executed kernel's loop in a row");
    if (s.reading() && (unroll & (unroll - 1)) != 0)
      s.problem("unroll", "is no power of two, so that whole tiles would not divide",
                "1, 2, 4 or 8");
    kernels.bind(s);
  });
  b.section("host", "transfers and launches", [this](Binder& s) { host.bind(s); });
  b.section("energy", "energy and power", [this](Binder& s) { energy.bind(s); });
  b.quantity("chipArea", chipArea, {0, 1e5, {}}, "area of one chip without MACs");
  b.choice("fold", fold, {"auto", "off"}, {.fallback = "auto"},
           "simulate identical DPUs once, or each of them");
  host.dpusPerRank = dpusPerRank();
  if (!b.reading()) return;
  bank = atTemperature(bank, temperature.value.value);
  dpu.dma.rows.rcdRead = nearestTicks(bank.tRCD).ps;
  dpu.dma.rows.rp = nearestTicks(bank.tRP).ps;
  dpu.dma.rows.ras = nearestTicks(bank.tRAS).ps;
  dpu.dma.rows.refi = 0;  // the model and `stretch` keep the average of refresh
  dpu.dma.rowBytes = static_cast<std::int64_t>(bank.rowBits.value.value / 8);
  dpu.dma.clock = dpu.clock.value;
  if (dpu.dma.bankDetail && dpu.dma.rowBytes % 8 != 0)
    b.problem("bank.row", "is no whole number of 8-byte words", "a multiple of 8 bytes");
  if (!saMac.enabled()) return;
  // Units that take the place of cells leave fewer rows.
  if (const double lost = macArea().capacityLost; lost > 0) {
    const double row = bank.rowBits.value.value;
    mram.value = Bits(std::floor(mram.value.value * (1.0 - lost) / row) * row);
    if (mram.value.value <= 0)
      b.problem("saMac.area.die", "leaves no room for cells", "`grows`, or smaller units");
  }
  const double row = bank.rowBits.value.value, wide = saMac.width.value.value;
  if (saMac.where() == Placement::columnAmps && (wide > row || std::fmod(row, wide) != 0))
    b.problem("saMac.widthPerAccess", "does not divide the row", "a divisor of the row size");
  const double limit = saMac.where() == Placement::rowAmps ? row : wide;
  if (static_cast<double>(saMac.lanes) * 8 > limit)
    b.problem("saMac.lanes", "are wider than an access", "at most the access width / 8 bit");
  if (saMac.where() == Placement::rowAmps && static_cast<double>(saMac.lanes) * 8 != row)
    b.problem("saMac.lanes", "do not cover the row", "row size / 8 bit for row_sa");
}

RowPass UpmemParams::rowPass(int weightBits, int activationBits) const {
  return pim::rowPass(saMac, bank, activationBits, dpusPerChip,
                      energyOfRow(saMac, bank, energy.bank, weightBits));
}

PeakRates UpmemParams::peakRates(int weightBits, int activationBits) const {
  return pim::peakRates(saMac, bank, weightBits, activationBits, dpusPerChip,
                        energyOfRow(saMac, bank, energy.bank, weightBits));
}

}  // namespace wattlas::pim
