// Timing of one (pseudo-)channel whose banks compute: distances between its commands.
#pragma once

#include "models/base/parameter.h"

namespace wattlas::pim::nearbank {

/// Distances in seconds as the data sheets and public simulators give them; sources stand in
/// configs/memories/*.yaml. Nothing is rounded to a clock: a longer distance is never faster.
struct ChannelTiming {
  Sourced<Seconds> tCK;      ///< one slot of the command bus
  Sourced<Seconds> tRCD;     ///< activate to read
  Sourced<Seconds> tRCDWR;   ///< activate to write
  Sourced<Seconds> tRCDMAC;  ///< activate to a multiply-accumulate
  Sourced<Seconds> tRCDAF;   ///< activate to a look-up of an activation function
  Sourced<Seconds> tRP;      ///< precharge to activate
  Sourced<Seconds> tRAS;     ///< activate to precharge
  Sourced<Seconds> tRTP;     ///< read or multiply-accumulate to precharge
  Sourced<Seconds> tWTP;     ///< write to precharge: write latency, burst and recovery
  Sourced<Seconds> tCCDS;    ///< column to column, other bank group
  Sourced<Seconds> tCCDL;    ///< column to column, same bank group
  Sourced<Seconds> tMAC;     ///< multiply-accumulate to multiply-accumulate
  Sourced<Seconds> tBuffer;  ///< distance of writes to registers or to the global buffer
  Sourced<Seconds> tRRD;     ///< activate to activate
  Sourced<Seconds> tFAW;     ///< window of four activates; applies to commands that open one bank
  Sourced<Seconds> tRTW;     ///< read to write
  Sourced<Seconds> tWTR;     ///< write to read
  Sourced<Seconds> tRead;    ///< read command to the end of its data
  Sourced<Seconds> tMOD;     ///< between access to registers and to banks
  Sourced<Seconds> tRFC;     ///< one refresh of all banks
  Sourced<Seconds> tREFI;    ///< interval between refreshes

  void bind(Binder& binder);
};

/// The same in whole picoseconds, for the schedulers.
struct ChannelClock {
  explicit ChannelClock(const ChannelTiming& t);
  std::int64_t ck, rcd, rcdWrite, rcdMac, rcdLookup, rp, ras, rtp, wtp, ccds, ccdl, mac, buffer,
      rrd, faw, rtw, wtr, read, mod, rfc, refi;
};

}  // namespace wattlas::pim::nearbank
