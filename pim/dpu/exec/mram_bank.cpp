
#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "models/base/parameter.h"
#include "pim/dpu/exec/timing.h"

namespace wattlas::dpu {

using dram::Clock;
using Kind = dram::CommandKind;

namespace {

/// From picoseconds to 1/1000 cycles of the DPU.
dram::Timing inCycles(const dram::Timing& ps, double clockHz) {
  dram::Timing t = ps;
  for (Clock dram::Timing::*time :
       {&dram::Timing::rcdRead, &dram::Timing::rp, &dram::Timing::ras,
        &dram::Timing::writeToPrecharge, &dram::Timing::refi, &dram::Timing::rfc})
    t.*time = std::llround(static_cast<double>(ps.*time) * 1e-9 * clockHz);
  t.rcdWrite = t.rcdRead;
  t.rpAll = t.rp;
  t.rc = t.ras + t.rp;
  return t;
}

}  // namespace

dram::Timing mramRows() {
  dram::Timing t;
  t.commandBus = false;
  t.rcdRead = 13330;           // JEDEC DDR4-2400; public simulator: 13.3 ns
  t.rp = 13330;                // JEDEC DDR4-2400; public simulator: 13.3 ns
  t.ras = 32500;               // JEDEC DDR4; public simulator: 32.5 ns
  t.writeToPrecharge = 15000;  // JEDEC DDR4
  t.refi = 7800000;            // JEDEC DDR4 up to 85 C
  t.rfc = 260000;              // JEDEC DDR4, 4 Gb: 260 ns; 8 Gb: 350 ns
  return t;
}

void bindMramRows(Binder& b, bool& detail, dram::Timing& rows) {
  b.flag("detail", detail, {.fallback = "false"},
         "Time rows and refresh of MRAM transfers one by one instead of by the measured average");
  const auto time = [&](const char* key, Clock& ps, const char* fallback, const char* doc) {
    Sourced<Seconds> value{Seconds(static_cast<double>(ps) * 1e-12)};
    b.quantity(key, value, {.min = 0, .max = 1e-3, .fallback = fallback}, doc);
    if (b.reading()) ps = std::llround(value.value.value * 1e12);
  };
  time("tRCD", rows.rcdRead, "13.33 ns", "Activation to data (JEDEC DDR4-2400)");
  time("tRP", rows.rp, "13.33 ns", "Precharge (JEDEC DDR4-2400)");
  time("tRAS", rows.ras, "32.5 ns", "Activation to precharge (JEDEC DDR4)");
  time("tWR", rows.writeToPrecharge, "15 ns", "End of a write to precharge (JEDEC DDR4)");
  time("tREFI", rows.refi, "7800 ns", "Between two refreshes (JEDEC DDR4); 0: no refresh");
  time("tRFC", rows.rfc, "260 ns", "A refresh (JEDEC DDR4, 4 Gb die)");
}

void checkMramRows(const dram::Timing& t) {
  constexpr Clock most = 1'000'000'000;
  for (const Clock ps : {t.rcdRead, t.rp, t.ras, t.writeToPrecharge, t.refi, t.rfc}) {
    if (ps < 0 || ps > most) throw InputError("MRAM bank time out of range", "0 to 1 ms");
  }
  if (t.refi > 0 && t.rfc >= t.refi) {
    throw InputError("an MRAM refresh is as long as the time between two", "tRFC below tREFI");
  }
}

MramBank::MramBank(const DpuTiming& timing)
    : rowBytes_(static_cast<std::uint32_t>(timing.mramRowBytes)),
      rows_(inCycles(timing.bank, timing.clockHz)),
      state_(rows_),
      nextRefresh_(rows_.refi) {}

void MramBank::close(Clock from) {
  if (!state_.open(0)) return;
  const dram::Command precharge{Kind::PRE, 0, 0};
  state_.issue(precharge, std::max(from, state_.ruled(precharge)));
}

/// Does the refreshes that were due by `begin`; returns when the bank is free again. A refresh
/// waits for the transfer that it would interrupt.
Clock MramBank::refreshed(Clock begin) {
  while (rows_.refi > 0 && nextRefresh_ <= begin) {
    close(nextRefresh_ - rows_.rp);  // the controller sees it come
    const Clock at = std::max(nextRefresh_, state_.ruled({Kind::REF}));
    state_.issue({Kind::REF}, at);
    begin = std::max(begin, at + rows_.rfc);
    nextRefresh_ += rows_.refi;
  }
  return begin;
}

MramBank::Access MramBank::access(Clock begin, std::uint32_t mram, std::uint32_t bytes, bool write,
                                  Clock data) {
  Access a;
  a.begin = refreshed(begin);
  Clock now = a.begin;
  for (std::uint32_t at = mram; at < mram + bytes;) {
    const std::uint32_t row = at / rowBytes_;
    const std::uint32_t next = std::min(mram + bytes, (row + 1) * rowBytes_);
    const dram::Command column{write ? Kind::WR : Kind::RD, 0, 0, -1, row};
    if (state_.open(0) && state_.openRow(0) == row) {
      ++a.hits;
    } else {
      close(now);
      const dram::Command activate{Kind::ACT, 0, 0, -1, row};
      state_.issue(activate, std::max(now, state_.ruled(activate)));
      now = std::max(now, state_.ruled(column));
      ++a.opened;
    }
    now += data * (next - mram) / bytes - data * (at - mram) / bytes;
    state_.issue(column, now);  // the last of its data
    at = next;
  }
  a.extra = now - a.begin - data;
  return a;
}

double MramBank::misses(std::uint32_t bytes) const {
  return static_cast<double>(rows_.rcdRead + rows_.rp) / 1000 * (1 + (bytes - 8.0) / rowBytes_);
}

double MramBank::occupancy(double fixed, double perByte, std::uint32_t bytes, bool write) const {
  const double share =
      rows_.refi == 0 ? 0 : static_cast<double>(rows_.rfc) / static_cast<double>(rows_.refi);
  const double recovery = write ? static_cast<double>(rows_.writeToPrecharge) / 1000 : 0;
  return std::max(0.0, (fixed + perByte * bytes) * (1 - share) - recovery - misses(bytes));
}

double MramBank::latency(double fixed, double perByte, std::uint32_t bytes) const {
  // A lone transfer meets a refresh and its precharge by their share of time and waits half of
  // them.
  const double rfc = static_cast<double>(rows_.rfc + rows_.rp) / 1000;
  const double wait =
      rows_.refi == 0 ? 0 : rfc * rfc / 2 / (static_cast<double>(rows_.refi) / 1000);
  return std::max(0.0, fixed + perByte * bytes - wait - misses(bytes));
}

}  // namespace wattlas::dpu
