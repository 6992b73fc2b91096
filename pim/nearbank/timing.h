// Timing of one (pseudo-)channel whose banks compute: distances between its commands.
#pragma once

#include "models/dram/bank_timing.h"

namespace wattlas::pim::nearbank {

struct ChannelTiming : dram::Distances {
  void bind(Binder& binder);
};

/// The same in whole picoseconds, for the schedulers.
struct ChannelClock {
  explicit ChannelClock(const ChannelTiming& t);
  std::int64_t ck, rcd, rcdWrite, rcdMac, rcdLookup, rp, ras, rtp, wtp, ccds, ccdl, mac, buffer,
      rrd, faw, rtw, wtr, read, mod, rfc, refi;
};

}  // namespace wattlas::pim::nearbank
