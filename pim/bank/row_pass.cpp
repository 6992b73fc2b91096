#include "pim/bank/row_pass.h"

#include <algorithm>
#include <cmath>

#include "models/base/multiples.h"

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

}  // namespace wattlas::pim
