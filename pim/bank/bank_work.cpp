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

namespace {
/// Transfers of the DPU that want the bank during a pass.
struct Transfers {
  std::int64_t in = 0, out = 0;
};

/// How long the bank waits for its DPU before a row, and how much of a transfer that hides.
struct Pause {
  Ticks idle, hides;
};
struct Pauses {
  Pause chunk, group, row;  ///< before the first row of a chunk, of another group, other rows
};

/// How much later the rows of a pass are for the transfers. Some go before each row; where the bank
/// waits for the DPU it serves more, and the last that began meanwhile is waited for.
Ticks shownOf(Transfers left, Ticks in, Ticks out, const Pauses& pauses, const BankWork& w,
              const SaMacParams& mac) {
  Ticks shown;
  const auto any = [&] { return left.in + left.out > 0; };
  const auto before = [&](const Pause& pause) {
    Ticks taken;
    for (std::int64_t n = 0; any() && (n < mac.transfersPerRow || taken < pause.idle); ++n) {
      taken += left.in > 0 ? in : out;
      --(left.in > 0 ? left.in : left.out);
    }
    shown += std::max(Ticks(0), taken - std::max(pause.idle, pause.hides));
  };
  for (std::int64_t group = 0; any() && group < w.chunks * w.groups; ++group) {
    before(group % w.groups == 0 && w.chunkInstructions > 0 ? pauses.chunk : pauses.group);
    for (std::int64_t row = 1; any() && row < w.rowsPerGroup; ++row) before(pauses.row);
  }
  return shown + times(in, left.in) + times(out, left.out);
}

Ticks passTime(const BankWork& w, Transfers transfers, const RowPass& row, const SaMacParams& mac,
               const IssueRate& issue) {
  const Ticks refill = issue.time(w.refillInstructions);
  const Ticks slice = row.column * w.columnsPerSlice;
  // One register means that a slice is written only when the previous one is used up.
  const bool ahead = mac.inputRegisters > 1;
  const Ticks perSlice = ahead ? slice : slice + refill;
  const Ticks command = issue.time(w.rowInstructions);
  // What the DPU does for a row; with registers to spare it goes on while the bank turns the row.
  const auto dpuTime = [&](std::int64_t slices) {
    return (ahead ? times(refill, slices) : Ticks(0)) + command;
  };
  // Among the banks of the chip, and what the bank does not use of it.
  const auto cycle = [&](std::int64_t slices) {
    return row.cycle(columnsAfterWait(slices, w, row, mac, refill));
  };
  const auto others = [&](std::int64_t slices) {
    return cycle(slices) - row.own(columnsAfterWait(slices, w, row, mac, refill));
  };
  const auto rowTime = [&](std::int64_t slices) {
    return std::max({row.own(perSlice * slices), cycle(slices), dpuTime(slices)});
  };
  // With two subarrays the next row is open already.
  const Ticks open = row.overlap ? Ticks(0) : row.open;
  const Ticks columnsLast = perSlice * w.lastSlices;
  const Ticks ownLast = row.own(columnsLast), cycleLast = cycle(w.lastSlices);
  // From the last column of a group to the first of the next: the bank turns the row, which must
  // have been open for its least time, while the DPU reads the sums, orders the row and writes its
  // first slice.
  const Ticks turn = row.overlap ? Ticks(0) : ownLast - columnsLast - open;
  const Ticks read = issue.time(w.readInstructions), dpu = read + command;
  const Ticks gap = std::max(std::max(turn, dpu) + open, dpu + refill);
  const Ticks fill = issue.time(w.chunkInstructions);
  // The input buffer is filled when bank and DPU are through with the chunk before.
  const Ticks chunk = std::max(turn, read) + command + fill;
  const auto last = [&](Ticks pause) {
    return std::max(
        {ownLast + pause - turn - open, cycleLast, dpuTime(w.lastSlices) + slice + read});
  };
  const Ticks rows = (times(rowTime(w.slices), w.groups * (w.rowsPerGroup - 1)) +
                      times(last(gap), w.groups - 1) + last(fill.ps > 0 ? chunk + open : gap)) *
                     w.chunks;
  const Ticks in = cyclesToTicks(w.inputCycles, issue.clock),
              out = cyclesToTicks(w.outputCycles, issue.clock);
  // A transfer before a row makes the bank later. What the DPU is slower anyway and has written
  // ahead, or the turn of the other banks, hides that much of it.
  const Ticks own = row.own(perSlice * w.slices);
  const Ticks slack =
      ahead ? std::min(dpuTime(w.slices) - own, runAhead(w, row, mac, issue)) : Ticks(0);
  // Before a group it orders the row and writes as many slices as there are registers.
  const std::int64_t written =
      std::min(mac.inputRegisters, w.rowsPerGroup > 1 ? w.slices : w.lastSlices);
  const Ticks writes = refill + std::max(Ticks(0), times(refill - slice, written - 1));
  const Ticks hidden = std::min(std::max(dpu, dpu + writes - open) - turn, last(gap) - ownLast);
  const Pauses pauses{{chunk - turn, others(w.lastSlices)},
                      {std::max(turn, dpu) - turn, std::max(hidden, others(w.lastSlices))},
                      {Ticks(0), std::max({slack, others(w.slices), Ticks(0)})}};
  return rows + shownOf(transfers, in, out, pauses, w, mac);
}
}  // namespace

Ticks closedForm(const BankWork& w, const RowPass& row, const SaMacParams& mac,
                 const BankTiming& timing, const IssueRate& issue) {
  // Inputs of the first pass come before it, outputs of the last leave after it; the others move
  // beside the rows of the passes between.
  const Transfers both{w.inputTransfers, w.outputTransfers}, none;
  const auto pass = [&](Transfers t) { return passTime(w, t, row, mac, issue); };
  Ticks all = times(cyclesToTicks(w.inputCycles, issue.clock), both.in) +
              times(cyclesToTicks(w.outputCycles, issue.clock), both.out);
  if (w.passes == 1)
    all += pass(none);
  else
    all += pass({both.in, 0}) + times(pass(both), w.passes - 2) + pass({0, both.out});
  const Ticks dpu = issue.time(w.instructions());
  // Work after a pass overlaps the next one, except after the last.
  const Ticks last = issue.time(w.postInstructions);
  return std::max(withRefresh(all, w, row, mac, timing, issue) + last, times(dpu, w.passes));
}

Ticks lowerBound(const BankWork& w, const RowPass& row, const IssueRate& issue) {
  const Ticks columns = times(row.column, w.columns() * w.passes);
  const Ticks rows = row.leastFor(w.rows() * w.passes);
  return std::max({columns, rows, issue.time(w.instructions() * w.passes)});
}

}  // namespace wattlas::pim
