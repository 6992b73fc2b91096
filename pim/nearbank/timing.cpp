#include "pim/nearbank/timing.h"

namespace wattlas::pim::nearbank {

void ChannelTiming::bind(Binder& b) {
  const FieldRule time{0.01e-9, 1e-3, {}}, optional{0, 1e-3, {}};
  b.quantity("tCK", tCK, time, "one slot of the command bus");
  b.quantity("tRCD", tRCD, time, "activate to read");
  b.quantity("tRCDWR", tRCDW, time, "activate to write");
  b.quantity("tRCDMAC", tRCDMAC, time, "activate to a multiply-accumulate");
  b.quantity("tRCDAF", tRCDAF, {0, 1e-3, "0 s"}, "activate to a look-up of an activation function");
  b.quantity("tRP", tRP, time, "precharge to activate");
  b.quantity("tRAS", tRAS, time, "activate to precharge");
  b.quantity("tRTP", tRTP, time, "read or multiply-accumulate to precharge");
  b.quantity("tWTP", tWTP, time, "write to precharge: write latency, burst, recovery");
  b.quantity("tCCDS", tCCDS, time, "column to column, other bank group");
  b.quantity("tCCDL", tCCDL, time, "column to column, same bank group");
  b.quantity("tMAC", tMAC, time, "multiply-accumulate to multiply-accumulate");
  b.quantity("tBuffer", tBuffer, time, "distance of writes to registers or the global buffer");
  b.quantity("tRRD", tRRD, optional, "activate to activate");
  b.quantity("tFAW", tFAW, optional, "window of four activates of single banks");
  b.quantity("tRTW", tRTW, optional, "read to write");
  b.quantity("tWTR", tWTR, optional, "write to read");
  b.quantity("tRead", tRead, optional, "read command to the end of its data");
  b.quantity("tMOD", tMOD, optional, "between access to registers and to banks");
  b.quantity("tRFC", tRFC, time, "one refresh of all banks");
  b.quantity("tREFI", tREFI, {1e-7, 1.0, {}}, "interval between refreshes");
  checkRefreshShare(b, *this);
}

ChannelClock::ChannelClock(const ChannelTiming& t) {
  const auto ps = [](const Sourced<Seconds>& s) { return dram::nearestTicks(s.value).ps; };
  ck = ps(t.tCK);
  rcd = ps(t.tRCD);
  rcdWrite = ps(t.tRCDW);
  rcdMac = ps(t.tRCDMAC);
  rcdLookup = ps(t.tRCDAF);
  rp = ps(t.tRP);
  ras = ps(t.tRAS);
  rtp = ps(t.tRTP);
  wtp = ps(t.tWTP);
  ccds = ps(t.tCCDS);
  ccdl = ps(t.tCCDL);
  mac = ps(t.tMAC);
  buffer = ps(t.tBuffer);
  rrd = ps(t.tRRD);
  faw = ps(t.tFAW);
  rtw = ps(t.tRTW);
  wtr = ps(t.tWTR);
  read = ps(t.tRead);
  mod = ps(t.tMOD);
  rfc = ps(t.tRFC);
  refi = ps(t.tREFI);
}

}  // namespace wattlas::pim::nearbank
