#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"
#include "pim/bank/bank_run.h"

namespace wattlas::pim {

Ticks RowPass::spacing(Ticks wasOpen) const {
  if (sharers <= slots) return pitch;
  // Every bank has its share of the rows that may be open, whoever comes first.
  return std::max(pitch, Ticks((wasOpen.ps * sharers + slots - 1) / slots));
}

Ticks RowPass::own(Ticks busy) const {
  const Ticks one = openFor(open + busy) + close;
  return overlap ? std::max(busy, Ticks((one.ps + 1) / 2)) : one;
}

Ticks RowPass::duration() const {
  return cycle(column * columns);
}

Ticks RowPass::leastFor(std::int64_t rows) const {
  // With two subarrays a row waits only for the one before the previous.
  if (overlap) return times(minimumOpen + close, (rows - 1) / 2);
  return times(minimumOpen, rows);
}

RowPass rowPass(const SaMacParams& mac, const BankTiming& t, int activationBits,
                std::int64_t banksPerChip, Joules rowEnergy) {
  RowPass row;
  row.overlap = mac.overlap == "subarray";
  row.minimumOpen = nearestTicks(t.tRAS);
  row.close = nearestTicks(t.tRP);
  Seconds open = t.tRCD;
  if (mac.where() == Placement::rowAmps) {
    row.columns = 1;
    row.column = nearestTicks(mac.bitTime.value * static_cast<double>(activationBits) +
                              mac.ecc.perAccess(t.rowBits.value.value));
    open = open + mac.ecc.atOpen(t.rowBits.value.value, Seconds(0));
  } else {
    const double width = mac.width.value.value;
    row.columns = std::max<std::int64_t>(1, whole(usefulRow(mac, t).value / width));
    // Fewer lanes than the access is wide take several issues per access.
    const std::int64_t issues = std::max<std::int64_t>(
        1, whole(width / (8.0 * static_cast<double>(std::max<std::int64_t>(1, mac.lanes)))));
    row.column = nearestTicks(mac.macIssue) * issues + nearestTicks(mac.ecc.perAccess(width));
    row.recover = nearestTicks(t.tRTP);
    open = open + mac.ecc.atOpen(width, mac.macIssue);
  }
  row.open = nearestTicks(open);
  const Ticks window = nearestTicks(mac.tFAW);
  // In lock-step the columns wait until the last bank of the chip has opened its row.
  if (mac.lockStep() && window.ps > 0) row.open += window * ((banksPerChip - 1) / 4);
  row.sharers = banksPerChip;
  row.slots = std::min(mac.activeRowsPerChip, banksPerChip);
  if (window.ps > 0) row.pitch = std::max(row.pitch, Ticks(window.ps * banksPerChip / 4));
  row.pitch = std::max(row.pitch, nearestTicks(t.tRRD) * banksPerChip);
  if (mac.powerCap.value.value > 0)
    row.powerPitch = toTicks(
        Seconds(rowEnergy.value * static_cast<double>(banksPerChip) / mac.powerCap.value.value));
  row.pitch = std::max(row.pitch, row.powerPitch);
  return row;
}

Bits usefulRow(const SaMacParams& mac, const BankTiming& timing) {
  const double bits = timing.rowBits.value.value * mac.ecc.useful();
  if (mac.where() == Placement::rowAmps) return Bits(std::floor(bits));
  const double width = mac.width.value.value;
  return Bits(std::max(width, std::floor(bits / width) * width));
}

Joules energyOfRow(const SaMacParams& mac, const BankTiming& timing, const BankEnergy& energy,
                   int weightBits) {
  const Bits bits = usefulRow(mac, timing);
  double joules = energy.activation.value.value +
                  energy.access.value.value * bits.value * mac.ecc.readFactor() +
                  mac.mac.value.value * bits.value / 8.0 *
                      (static_cast<double>(weightBits) / mac.storedBits(weightBits));
  if (mac.ecc.before())
    joules += mac.ecc.decode.value.value * bits.value / static_cast<double>(mac.ecc.word);
  return Joules(joules);
}

PeakRates peakRates(const SaMacParams& mac, const BankTiming& t, int weightBits, int activationBits,
                    std::int64_t banksPerChip, Joules rowEnergy) {
  const RowPass row = rowPass(mac, t, activationBits, banksPerChip, rowEnergy);
  const double bits = usefulRow(mac, t).value;
  PeakRates peak;
  peak.row = toSeconds(row.duration());
  if (mac.where() == Placement::columnAmps) peak.stream = BitRate(bits / peak.row.value);
  peak.macsPerSecond = bits / mac.storedBits(weightBits) / peak.row.value;
  if (mac.ecc.after())  // one output of each group is the checksum
    peak.macsPerSecond *= 1.0 - 1.0 / static_cast<double>(mac.accumulators);
  return peak;
}

BankTiming atTemperature(BankTiming timing, double celsius) {
  const double often = celsius > 95 ? 4 : celsius > 85 ? 2 : 1;
  timing.tREFI.value = timing.tREFI.value / often;
  timing.tREFI.low = timing.tREFI.low / often;
  timing.tREFI.high = timing.tREFI.high / often;
  return timing;
}

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
