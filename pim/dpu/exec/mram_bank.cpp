#include "pim/dpu/exec/mram_bank.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"
#include "models/base/parameter.h"
#include "pim/dpu/exec/timing.h"

namespace wattlas::dpu {

namespace {

void time(Binder& b, const char* key, double& ns, const char* fallback, const char* doc) {
  Sourced<Seconds> value{Seconds(ns * 1e-9)};
  b.quantity(key, value, {.min = 0, .max = 1e-3, .fallback = fallback}, doc);
  if (b.reading()) ns = value.value.value * 1e9;
}

}  // namespace

void MramBankTiming::bind(Binder& b) {
  b.flag("detail", detail, {.fallback = "false"},
         "Time rows and refresh of MRAM transfers one by one instead of by the measured average");
  time(b, "tRCD", tRcdNs, "13.33 ns", "Activation to data (JEDEC DDR4-2400)");
  time(b, "tRP", tRpNs, "13.33 ns", "Precharge (JEDEC DDR4-2400)");
  time(b, "tRAS", tRasNs, "32.5 ns", "Activation to precharge (JEDEC DDR4)");
  time(b, "tWR", tWrNs, "15 ns", "End of a write to precharge (JEDEC DDR4)");
  time(b, "tREFI", tRefiNs, "7800 ns", "Between two refreshes (JEDEC DDR4); 0: no refresh");
  time(b, "tRFC", tRfcNs, "260 ns", "A refresh (JEDEC DDR4, 4 Gb die)");
}

void MramBankTiming::check() const {
  for (const double ns : {tRcdNs, tRpNs, tRasNs, tWrNs, tRefiNs, tRfcNs}) {
    if (!(ns >= 0 && ns <= 1e6)) throw InputError("MRAM bank time out of range", "0 to 1 ms");
  }
  if (tRefiNs > 0 && tRfcNs >= tRefiNs) {
    throw InputError("an MRAM refresh is as long as the time between two", "tRFC below tREFI");
  }
}

MramBank::MramBank(const DpuTiming& timing)
    : rowBytes_(static_cast<std::uint32_t>(timing.mramRowBytes)) {
  const auto milli = [&](double ns) {
    return static_cast<std::uint64_t>(std::llround(ns * 1e-6 * timing.clockHz));
  };
  const MramBankTiming& bank = timing.bank;
  rcd_ = milli(bank.tRcdNs);
  rp_ = milli(bank.tRpNs);
  ras_ = milli(bank.tRasNs);
  wr_ = milli(bank.tWrNs);
  refi_ = milli(bank.tRefiNs);
  rfc_ = milli(bank.tRfcNs);
  nextRefresh_ = refi_;
}

/// Does the refreshes that were due by `begin`; returns when the bank is free again. A refresh
/// waits for the transfer that it would interrupt.
std::uint64_t MramBank::refreshed(std::uint64_t begin) {
  if (refi_ == 0 || begin < nextRefresh_) return begin;
  const std::uint64_t missed = (begin - nextRefresh_) / refi_;
  const std::uint64_t last = nextRefresh_ + missed * refi_;
  // Earlier ones are over unless they all wait for one long transfer.
  const std::uint64_t started = std::max(last, idle_ + missed * rfc_);
  nextRefresh_ = last + refi_;
  open_ = kClosed;
  return std::max(begin, started + rfc_);
}

MramBank::Access MramBank::access(std::uint64_t begin, std::uint32_t mram, std::uint32_t bytes) {
  Access a;
  a.begin = refreshed(begin);
  std::uint64_t now = a.begin;
  for (std::uint32_t row = mram / rowBytes_; row <= (mram + bytes - 1) / rowBytes_; ++row) {
    if (row == open_) {
      ++a.hits;
      continue;
    }
    std::uint64_t opens = now;
    const bool first = a.activations + a.hits == 0;  // later rows follow the data of the one before
    if (first && open_ != kClosed) opens = std::max({opens, activated_ + ras_, written_ + wr_});
    if (open_ != kClosed) opens += rp_;
    activated_ = opens;
    now = opens + rcd_;
    open_ = row;
    ++a.activations;
  }
  a.rows = now - a.begin;
  return a;
}

void MramBank::end(std::uint64_t at, bool write) {
  idle_ = at;
  if (write) written_ = at;
}

double MramBank::occupancy(double fixed, double perByte, std::uint32_t bytes, bool write) const {
  const double miss = static_cast<double>(rcd_ + rp_) / 1000;
  const double share = refi_ == 0 ? 0 : static_cast<double>(rfc_) / static_cast<double>(refi_);
  const double recovery = write ? static_cast<double>(wr_) / 1000 : 0;
  return std::max(0.0, (fixed + perByte * bytes) * (1 - share) - recovery -
                           miss * (1 + (bytes - 8.0) / rowBytes_));
}

double MramBank::latency(double fixed, double perByte, std::uint32_t bytes) const {
  const double miss = static_cast<double>(rcd_ + rp_) / 1000;
  // A lone transfer meets a refresh with probability tRFC / tREFI and then waits half of it.
  const double rfc = static_cast<double>(rfc_) / 1000;
  const double wait = refi_ == 0 ? 0 : rfc * rfc / 2 / (static_cast<double>(refi_) / 1000);
  return std::max(0.0, fixed + perByte * bytes - wait - miss * (1 + (bytes - 8.0) / rowBytes_));
}

}  // namespace wattlas::dpu
