#include "pim/bank/bank_work.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"

namespace wattlas::pim {

namespace {

/// Parts in which inner products of `inputs` leave the accumulators so that none overflows.
std::int64_t accumulatorParts(std::int64_t inputs, int weightBits, int activationBits,
                              const SaMacParams& mac) {
  const std::int64_t room = mac.accumulatorBits - weightBits - activationBits;
  if (room >= 40) return 1;
  return ceilDiv(inputs, std::int64_t{1} << std::max<std::int64_t>(0, room));
}
}  // namespace

std::int64_t BankWork::instructions() const {
  const std::int64_t slicesPerGroup = (rowsPerGroup - 1) * slices + lastSlices;
  return chunks *
             (chunkInstructions + groups * (slicesPerGroup * refillInstructions +
                                            rowsPerGroup * rowInstructions + readInstructions)) +
         postInstructions;
}

BankWork layOut(const BankProduct& p, const SaMacParams& mac, const BankTiming& timing,
                std::int64_t banksPerChip) {
  BankWork work;
  work.passes = p.passes;
  const bool rowAmps = mac.where() == Placement::rowAmps;
  const int stored = mac.storedBits(p.weightBits);
  const double row = usefulRow(mac, timing).value;
  const double access = rowAmps ? row : mac.width.value.value;
  const std::int64_t perAccess =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(access) / stored);
  const std::int64_t accessesPerRow =
      rowAmps ? 1 : std::max<std::int64_t>(1, whole(row / mac.width.value.value));
  const std::int64_t writers = mac.lockStep() ? banksPerChip : 1;  // DPUs that feed one slice
  const auto writes = [&](std::int64_t elements) {                 // of 8 bytes of activations
    return whole(static_cast<double>(ceilDiv(elements * p.activationBits, 64)) *
                 mac.inputWrite.value.value / static_cast<double>(writers));
  };
  const std::int64_t sharing = p.sharing > 0 ? std::min(p.sharing, p.outputs) : p.outputs;
  const std::int64_t inputSets = ceilDiv(p.outputs, sharing);
  const std::int64_t check = mac.ecc.after() ? 1 : 0;  // a checksum output in every group
  const std::int64_t sums = std::min(mac.accumulators - check, sharing);
  const std::int64_t interleaved = sums + check;
  const std::int64_t parts = accumulatorParts(p.inputs, stored, p.activationBits, mac);
  const std::int64_t inputs = ceilDiv(p.inputs, parts);
  const std::int64_t buffered = static_cast<std::int64_t>(mac.inputBuffer.value.value) /
                                p.activationBits / perAccess * perAccess;
  std::int64_t accesses = 0;  // per group: accesses x outputs of the group
  if (buffered > 0) {
    const std::int64_t chunk = std::min(buffered, ceilDiv(inputs, perAccess) * perAccess);
    work.chunks = ceilDiv(inputs, chunk) * parts * inputSets;
    work.chunkInstructions = writes(std::min(chunk, inputs));
    work.columnsPerSlice = 1;
    accesses = ceilDiv(std::min(chunk, inputs), perAccess) * interleaved;
    work.slices = accessesPerRow;
  } else {
    work.columnsPerSlice = std::min(interleaved, accessesPerRow);
    work.slices = std::max<std::int64_t>(1, accessesPerRow / work.columnsPerSlice);
    accesses =
        ceilDiv(inputs, perAccess) * ceilDiv(interleaved, work.columnsPerSlice);  // in slices
    work.refillInstructions = writes(std::min(perAccess, inputs));
  }
  work.groups = ceilDiv(sharing, sums) * (buffered > 0 ? 1 : inputSets * parts);
  work.rowsPerGroup = ceilDiv(accesses, work.slices);
  work.lastSlices = accesses - (work.rowsPerGroup - 1) * work.slices;
  work.rowInstructions =
      whole(mac.rowCommand.value.value / static_cast<double>(mac.lockStep() ? banksPerChip : 1));
  // Without adders every lane holds a sum of its own: each is read, all but one are added.
  const double perSum =
      mac.reduction == "lanes"
          ? static_cast<double>(perAccess) * (mac.accumulatorRead.value.value + 1.0) - 1.0
          : mac.accumulatorRead.value.value;
  work.readInstructions = whole(static_cast<double>(interleaved) * perSum +
                                static_cast<double>(check) * (static_cast<double>(sums) + 2.0) +
                                (parts > 1 ? static_cast<double>(sums) : 0.0));
  work.macs = p.outputs * p.inputs * p.passes;
  work.checkMacs = check * ceilDiv(work.macs, sums);
  return work;
}

BankWork layOut(std::int64_t outputs, std::int64_t inputs, std::int64_t passes, int weightBits,
                int activationBits, const SaMacParams& mac, const BankTiming& timing) {
  return layOut({outputs, inputs, passes, 0, weightBits, activationBits}, mac, timing);
}

Bits storedIn(const BankWork& work, const BankTiming& timing) {
  return timing.rowBits.value * static_cast<double>(work.rows());
}

Ticks IssueRate::time(std::int64_t instructions) const {
  const std::int64_t slots = ceilDiv(instructions * std::max(tasklets, revolver), tasklets);
  return cyclesToTicks(slots, clock);
}

namespace {
/// How long a DPU whose registers are full when a row closes goes on before it needs the bank: the
/// next slice is as far as the last one and the turn took; then the row opens and uses a slice.
Ticks runAhead(const BankWork& w, const RowPass& row, const SaMacParams& mac,
               const IssueRate& issue) {
  const Ticks slice = row.column * w.columnsPerSlice;
  const Ticks turn = row.overlap ? Ticks(0) : row.recover + row.close + row.open;
  return times(issue.time(w.refillInstructions), mac.inputRegisters) - slice - slice - turn;
}

/// What the bank does for the units in one pass: rows and columns.
Ticks workOf(const BankWork& w, const RowPass& row) {
  const Ticks turn = row.overlap ? Ticks(0) : row.recover + row.close + row.open;
  return times(turn, w.rows()) + times(row.column, w.columns());
}
}  // namespace

Ticks columnsAfterWait(std::int64_t slices, const BankWork& w, const RowPass& row,
                       const SaMacParams& mac, Ticks refill) {
  const Ticks slice = row.column * w.columnsPerSlice;
  const Ticks bank = times(slice, slices);
  const std::int64_t behind = slices - mac.inputRegisters;
  if (behind <= 0 || refill.ps == 0) return bank;
  if (mac.inputRegisters == 1) return bank + times(refill, behind);
  return std::max(bank, slice * 2 + times(refill, behind));
}

Ticks withRefresh(Ticks work, const BankWork& w, const RowPass& row, const SaMacParams& mac,
                  const BankTiming& timing, const IssueRate& issue) {
  const double refresh = timing.tRFC.value.value, interval = timing.tREFI.value.value;
  double hidden = 0;
  if (w.refillInstructions > 0 && mac.inputRegisters > 1 && work.ps > 0) {
    const Ticks ahead = runAhead(w, row, mac, issue);
    // What the bank has to catch up afterwards must fit into its pauses.
    const double busy = toSeconds(times(workOf(w, row), w.passes)).value / toSeconds(work).value;
    const double idle = 1.0 - std::min(1.0, busy);
    hidden = std::clamp(std::min(toSeconds(ahead).value, idle * interval), 0.0, refresh);
  }
  return toTicks(toSeconds(work) * (1.0 / (1.0 - (refresh - hidden) / interval)));
}

Ticks lowerBound(const BankWork& w, const RowPass& row, const IssueRate& issue) {
  const Ticks columns = times(row.column, w.columns() * w.passes);
  const Ticks rows = row.leastFor(w.rows() * w.passes);
  return std::max({columns, rows, issue.time(w.instructions() * w.passes)});
}

}  // namespace wattlas::pim
