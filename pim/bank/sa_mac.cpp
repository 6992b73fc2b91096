#include "pim/bank/sa_mac.h"

#include <algorithm>
#include <cmath>

namespace wattlas::pim {

namespace {
std::int64_t ceilDiv(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
std::int64_t whole(double v) {
  return static_cast<std::int64_t>(std::ceil(v - 1e-9));
}
}  // namespace

void SaMacParams::bind(Binder& b) {
  b.choice("placement", placement, {"col_sa", "row_sa"}, {.fallback = "col_sa"},
           "MACs behind the column multiplexer or at the row of sense amplifiers");
  b.integer("lanes", lanes, {0, 65536, "0"}, "8-bit lanes per access; 0 = no MACs in the bank");
  b.quantity("widthPerAccess", width, {8, 1e6, "64 bit"}, "bits of one column access");
  b.quantity("macIssue", macIssue, {0.1e-9, 1e-6, "5 ns"}, "column access to column access");
  b.quantity("bitTime", bitTime, {0.1e-9, 1e-6, "2.5 ns"}, "row_sa: one bit of the activations");
  b.integer("inputRegisters", inputRegisters, {1, 64, "2"}, "slices of activations held");
  b.quantity("inputBuffer", inputBuffer, {0, 1e9, "0 bit"}, "activation buffer per bank");
  b.integer("accumulators", accumulators, {1, 4096, "8"}, "32-bit sums per bank");
  b.integer("activationBits", maxActivationBits, {1, 16, "8"}, "widest activations");
  b.choice("overlap", overlap, {"none", "subarray"}, {.fallback = "none"},
           "whether the next row opens in another subarray meanwhile");
  b.integer("activeRowsPerChip", activeRowsPerChip, {1, 64, "8"}, "MAC rows open at once");
  b.quantity("tFAW", tFAW, {0, 1e-6, "0 ns"}, "window of four activations; 0 = none");
  b.quantity("areaOverhead", areaOverhead, {0, 1, "0 %"}, "area added to a bank");
  b.quantity("mac", mac, {0, 1e-9, "0.2 pJ"}, "energy of one 8 x 8 bit MAC");
  b.quantity("inputWrite", inputWrite, {0, 1000, "3"}, "DPU instructions per 8 bytes written");
  b.quantity("accumulatorRead", accumulatorRead, {0, 1000, "3"}, "DPU instructions per sum read");
  b.quantity("rowCommand", rowCommand, {0, 1000, "2"}, "DPU instructions per row pass");
}

bool SaMacParams::runs(int weightBits, int activationBits) const {
  return enabled() && weightBits <= 8 && activationBits <= maxActivationBits;
}

Ticks RowPass::cycle(Ticks busy) const {
  return std::max(std::max(open + busy + recover, minimumOpen) + close, pitch);
}

Ticks RowPass::duration() const {
  return cycle(column * columns);
}

RowPass rowPass(const SaMacParams& mac, const BankTiming& t, int activationBits,
                std::int64_t banksPerChip) {
  RowPass row;
  row.open = nearestTicks(t.tRCD);
  row.minimumOpen = nearestTicks(t.tRAS);
  row.close = nearestTicks(t.tRP);
  if (mac.where() == Placement::rowAmps) {
    row.columns = 1;
    row.column = nearestTicks(mac.bitTime.value * static_cast<double>(activationBits));
  } else {
    row.columns = std::max<std::int64_t>(1, whole(t.rowBits.value / mac.width.value));
    // Fewer lanes than the access is wide take several issues per access.
    const std::int64_t issues = std::max<std::int64_t>(
        1, whole(mac.width.value.value /
                 (8.0 * static_cast<double>(std::max<std::int64_t>(1, mac.lanes)))));
    row.column = nearestTicks(mac.macIssue) * issues;
    row.recover = nearestTicks(t.tRTP);
  }
  if (mac.overlap == "subarray") {
    // Two subarrays alternate: opening and closing hide behind the other's columns.
    const Ticks cycle = nearestTicks(t.tRAS) + nearestTicks(t.tRP);
    row.open = row.recover = row.close = Ticks(0);
    row.minimumOpen = Ticks((cycle.ps + 1) / 2);
  }
  const std::int64_t sharers = ceilDiv(banksPerChip, std::min(mac.activeRowsPerChip, banksPerChip));
  if (sharers > 1) row.pitch = row.duration() * sharers;
  const Ticks window = nearestTicks(mac.tFAW);
  if (window.ps > 0) row.pitch = std::max(row.pitch, Ticks(window.ps * banksPerChip / 4));
  return row;
}

PeakRates peakRates(const SaMacParams& mac, const BankTiming& t, int weightBits, int activationBits,
                    std::int64_t banksPerChip) {
  const RowPass row = rowPass(mac, t, activationBits, banksPerChip);
  PeakRates peak;
  peak.row = toSeconds(row.duration());
  if (mac.where() == Placement::columnAmps)
    peak.stream = BitRate(t.rowBits.value.value / peak.row.value);
  peak.macsPerSecond = t.rowBits.value.value / weightBits / peak.row.value;
  return peak;
}

std::int64_t BankWork::instructions() const {
  const std::int64_t slicesPerGroup = (rowsPerGroup - 1) * slices + lastSlices;
  return chunks *
             (chunkInstructions + groups * (slicesPerGroup * refillInstructions +
                                            rowsPerGroup * rowInstructions + readInstructions)) +
         postInstructions;
}

BankWork layOut(std::int64_t outputs, std::int64_t inputs, std::int64_t passes, int weightBits,
                int activationBits, const SaMacParams& mac, const BankTiming& timing) {
  BankWork work;
  work.passes = passes;
  const bool rowAmps = mac.where() == Placement::rowAmps;
  const double access = rowAmps ? timing.rowBits.value.value : mac.width.value.value;
  const std::int64_t perAccess =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(access) / weightBits);
  const std::int64_t accessesPerRow =
      rowAmps ? 1 : std::max<std::int64_t>(1, whole(timing.rowBits.value / mac.width.value));
  const auto words = [&](std::int64_t elements) {  // 8-byte writes of activations
    return ceilDiv(elements * activationBits, 64);
  };
  const std::int64_t buffered = static_cast<std::int64_t>(mac.inputBuffer.value.value) /
                                activationBits / perAccess * perAccess;
  const std::int64_t sums = std::min(mac.accumulators, outputs);
  std::int64_t accesses = 0;  // per group: accesses x outputs of the group
  if (buffered > 0) {
    const std::int64_t chunk = std::min(buffered, ceilDiv(inputs, perAccess) * perAccess);
    work.chunks = ceilDiv(inputs, chunk);
    work.chunkInstructions =
        whole(static_cast<double>(words(std::min(chunk, inputs))) * mac.inputWrite.value.value);
    work.columnsPerSlice = 1;
    accesses = ceilDiv(std::min(chunk, inputs), perAccess) * sums;
    work.slices = accessesPerRow;
  } else {
    work.columnsPerSlice = std::min(sums, accessesPerRow);
    work.slices = std::max<std::int64_t>(1, accessesPerRow / work.columnsPerSlice);
    accesses = ceilDiv(inputs, perAccess) * ceilDiv(sums, work.columnsPerSlice);  // in slices
    work.refillInstructions =
        whole(static_cast<double>(words(std::min(perAccess, inputs))) * mac.inputWrite.value.value);
  }
  work.groups = ceilDiv(outputs, sums);
  work.rowsPerGroup = ceilDiv(accesses, work.slices);
  work.lastSlices = accesses - (work.rowsPerGroup - 1) * work.slices;
  work.rowInstructions = whole(mac.rowCommand.value.value);
  work.readInstructions = whole(static_cast<double>(sums) * mac.accumulatorRead.value.value);
  work.macs = outputs * inputs * passes;
  return work;
}

Bits storedIn(const BankWork& work, const BankTiming& timing) {
  return timing.rowBits.value * static_cast<double>(work.rows());
}

Ticks IssueRate::time(std::int64_t instructions) const {
  const std::int64_t slots = ceilDiv(instructions * std::max(tasklets, revolver), tasklets);
  return cyclesToTicks(slots, clock);
}

Ticks withRefresh(Ticks work, const BankTiming& timing) {
  return toTicks(toSeconds(work) * (1.0 / timing.available()));
}

namespace {
Ticks passTime(const BankWork& w, const RowPass& row, const SaMacParams& mac,
               const IssueRate& issue) {
  const Ticks refill = issue.time(w.refillInstructions);
  const Ticks slice = row.column * w.columnsPerSlice;
  // One register means that a slice is written only when the previous one is used up.
  const Ticks perSlice = mac.inputRegisters > 1 ? std::max(slice, refill) : slice + refill;
  const Ticks command = issue.time(w.rowInstructions);
  const auto rowTime = [&](std::int64_t slices) {
    return std::max(row.cycle(perSlice * slices), command);
  };
  // From the last column of a group to the first of the next: the bank turns the row while the DPU
  // reads the sums, orders the row and writes its first slice.
  const Ticks turn = row.recover + row.close, dpu = issue.time(w.readInstructions) + command;
  const Ticks gap = std::max(std::max(turn, dpu) + row.open, dpu + refill);
  const Ticks group =
      rowTime(w.slices) * (w.rowsPerGroup - 1) + rowTime(w.lastSlices) + (gap - turn - row.open);
  const Ticks dma = cyclesToTicks(
      w.inputTransfers * w.inputCycles + w.outputTransfers * w.outputCycles, issue.clock);
  return (issue.time(w.chunkInstructions) + group * w.groups) * w.chunks + dma;
}
}  // namespace

Ticks closedForm(const BankWork& w, const RowPass& row, const SaMacParams& mac,
                 const BankTiming& timing, const IssueRate& issue) {
  const Ticks pass = passTime(w, row, mac, issue);
  const Ticks dpu = issue.time(w.instructions());
  // Work after a pass overlaps the next one, except after the last.
  const Ticks last = issue.time(w.postInstructions);
  return std::max(withRefresh(times(pass, w.passes), timing) + last, times(dpu, w.passes));
}

Ticks lowerBound(const BankWork& w, const RowPass& row, const IssueRate& issue) {
  const Ticks columns = times(row.column, w.columns() * w.passes);
  const Ticks rows = times(row.minimumOpen, w.rows() * w.passes);
  return std::max({columns, rows, issue.time(w.instructions() * w.passes)});
}

}  // namespace wattlas::pim
