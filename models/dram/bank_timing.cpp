#include "models/dram/bank_timing.h"

#include <cmath>

namespace wattlas::dram {

void checkRefreshShare(Binder& b, const Distances& d) {
  if (b.reading() && d.tRFC.value > 0.9 * d.tREFI.value)
    b.problem("tRFC", "refresh takes more than nine tenths of the time", "tRFC up to 0.9 x tREFI");
}

void BankTiming::bind(Binder& b) {
  const FieldRule time{0.1e-9, 1e-3, {}};
  b.quantity("tRCD", tRCD, time, "activate to column command");
  b.quantity("tRP", tRP, time, "precharge to activate");
  b.quantity("tRAS", tRAS, time, "activate to precharge");
  b.quantity("tRTP", tRTP, time, "column read to precharge");
  b.quantity("tRFC", tRFC, time, "duration of one refresh");
  b.quantity("tREFI", tREFI, {1e-7, 1.0, {}}, "interval between refreshes");
  b.quantity("tRRD", tRRD, {0, 1e-3, "0 ns"}, "activate to activate of another bank; 0 = no rule");
  b.quantity("tFAW", tFAW, {0, 1e-3, "0 ns"}, "window of four activates of a channel; 0 = no rule");
  b.quantity("row", rowBits, {64, 1e6, {}}, "size of one row of the bank");
  checkRefreshShare(b, *this);
}

void BankEnergy::bind(Binder& b) {
  b.quantity("access", access, {0, 1e-9, {}}, "column access from the cells to the bank's unit");
  b.quantity("activation", activation, {0, 1e-6, {}}, "activate and precharge one row");
  b.quantity("refresh", refresh, {0, 1e-3, {}}, "one refresh of one bank");
}

Ticks nearestTicks(Seconds seconds) {
  return Ticks(static_cast<std::int64_t>(std::llround(seconds.value * 1e12)));
}

}  // namespace wattlas::dram
