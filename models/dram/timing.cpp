#include "models/dram/timing.h"

#include <algorithm>
#include <cmath>

namespace wattlas::dram {

Clock clocksOf(Seconds time, Hertz clock) {
  return static_cast<Clock>(std::ceil(time.value * clock.value - 0.01));
}

Timing timingOf(const DramSpec& spec) {
  const TimingSpec& t = spec.timing;
  const Organisation& o = spec.organisation;
  const Hertz f = t.clock.value;
  const auto n = [&](const Sourced<Seconds>& s) {
    return std::max<Clock>(0, clocksOf(s.value, f));
  };
  const auto count = [](const Sourced<Count>& c) {
    return static_cast<Clock>(std::llround(c.value.value));
  };
  Timing c;
  c.clock = f;
  c.cl = count(t.cl);
  c.cwl = count(t.cwl);
  c.burst = o.burstLength / o.beatsPerClock;
  c.rcdRead = n(t.tRCD);
  c.rcdWrite = n(t.tRCDW);
  c.rp = n(t.tRP);
  c.rpAll = std::max(n(t.tRPab), c.rp);
  c.ras = n(t.tRAS);
  c.rc = c.ras + c.rp;
  c.activateClocks = t.activateClocks;
  c.columnClocks = t.columnClocks;
  c.separateRowBus = t.separateRowBus;
  c.splitActivate = t.splitActivate;
  // Two commands never share a clock, data never overlap, whatever the file says.
  c.ccdS = std::max({count(t.ccdS), c.burst, c.columnClocks});
  c.ccdL = std::max(n(t.tCCDL), c.ccdS);
  c.ccdLWrite = std::max(n(t.tCCDLW), c.ccdL);
  c.rrdS = std::max(n(t.tRRD), c.activateClocks);
  c.rrdL = std::max(n(t.tRRDL), c.rrdS);
  c.faw = n(t.tFAW);
  c.rtp = n(t.tRTP);
  const Clock wtrS = n(t.tWTR), wtrL = std::max(n(t.tWTRL), wtrS);
  const Clock gap = count(t.readToWriteGap), rank = count(t.rankSwitch);
  c.readToWrite = std::max(c.cl + c.burst + gap - c.cwl, c.columnClocks);
  c.writeToReadS = c.cwl + c.burst + wtrS;
  c.writeToReadL = c.cwl + c.burst + wtrL;
  c.sameOtherRank = std::max(c.burst + rank, c.columnClocks);
  c.readToWriteOther = std::max(c.cl + c.burst + rank - c.cwl, c.columnClocks);
  c.writeToReadOther = std::max(c.cwl + c.burst + rank - c.cl, c.columnClocks);
  c.writeToPrecharge = c.cwl + c.burst + n(t.tWR);
  c.rfc = n(t.tRFC);
  c.refi = static_cast<Clock>(std::floor(t.tREFI.value.value * f.value + 0.01));
  c.ranks = static_cast<int>(o.ranks);
  c.groups = static_cast<int>(o.bankGroups);
  c.banksPerGroup = static_cast<int>(o.banksPerGroup);
  if (spec.refresh.banksPerCommand > 0) {
    c.refreshUnits = o.banksPerRank() / spec.refresh.banksPerCommand;
    c.rfcBank = n(t.tRFCpb);
    c.bankRefreshToActivate = std::max<Clock>(n(t.tRREFD), 1);
    c.bankRefreshToRefresh = std::max(n(t.tPBR2PBR), c.bankRefreshToActivate);
  }
  return c;
}

}  // namespace wattlas::dram
