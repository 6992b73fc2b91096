#include "pim/upmem/host_transfers.h"

#include <algorithm>
#include <cmath>

namespace wattlas::pim {

namespace {
/// Appends the parsed texts to `out`; a bad one becomes a problem of the configuration.
void parseAll(Binder& b, const std::string& key, const std::vector<std::string>& texts,
              Dimension dimension, double unit, std::vector<double>& out) {
  for (const std::string& text : texts) {
    try {
      out.push_back(parseQuantity(text, dimension) / unit);
    } catch (const InputError& error) {
      b.problem(key, error.problems().front().what, error.problems().front().expected);
    }
  }
}
}  // namespace

void TransferTable::bind(Binder& b) {
  std::vector<std::string> sizes;
  b.texts("sizes", sizes, "bytes per DPU of the columns, rising");
  sizes_.clear();
  rows_.clear();
  parseAll(b, "sizes", sizes, Dimension::information, 8, sizes_);
  b.list("rows", "measured times by number of DPUs, rising", [this](Binder& r, std::size_t) {
    Row row;
    r.integer("dpus", row.dpus, {1, 1e9, {}}, "DPUs that take part");
    std::vector<std::string> times;
    r.texts("times", times, "time for each size");
    parseAll(r, "times", times, Dimension::time, 1, row.seconds);
    if (r.reading() && row.seconds.size() != sizes_.size())
      r.problem("times", "has " + std::to_string(row.seconds.size()) + " values",
                std::to_string(sizes_.size()) + ", one for each size");
    if (r.reading() && !rows_.empty() && row.dpus <= rows_.back().dpus)
      r.problem("dpus", "is not above the row before", "rising numbers of DPUs");
    rows_.push_back(std::move(row));
  });
  if (!b.reading()) return;
  bool good = sizes_.size() >= 2 && !rows_.empty() && sizes_.front() > 0;
  for (std::size_t i = 1; i < sizes_.size(); ++i) good = good && sizes_[i] > sizes_[i - 1];
  for (const Row& row : rows_)
    for (const double s : row.seconds) good = good && s > 0;
  if (!good) {
    b.problem("rows", "is no table of times", "two or more rising sizes, positive times");
    return;
  }
  logSizes_.clear();
  for (const double size : sizes_) logSizes_.push_back(std::log(size));
  for (Row& row : rows_) {
    row.logDpus = std::log(static_cast<double>(row.dpus));
    for (const double s : row.seconds) row.logs.push_back(std::log(s));
  }
}

double TransferTable::along(const Row& row, double bytes) const {
  if (bytes <= sizes_.front()) return row.logs.front();
  const std::size_t n = sizes_.size();
  if (bytes >= sizes_.back())  // bandwidth of the last two points
    return std::log(row.seconds[n - 1] + (bytes - sizes_[n - 1]) *
                                             (row.seconds[n - 1] - row.seconds[n - 2]) /
                                             (sizes_[n - 1] - sizes_[n - 2]));
  std::size_t i = 1;
  while (sizes_[i] < bytes) ++i;
  const double share = (std::log(bytes) - logSizes_[i - 1]) / (logSizes_[i] - logSizes_[i - 1]);
  return row.logs[i - 1] + (row.logs[i] - row.logs[i - 1]) * share;
}

double TransferTable::seconds(double dpus, double bytes) const {
  if (dpus <= static_cast<double>(rows_.front().dpus)) return std::exp(along(rows_.front(), bytes));
  const Row& last = rows_.back();
  if (dpus >= static_cast<double>(last.dpus))  // the channels are saturated
    return std::exp(along(last, bytes)) * dpus / static_cast<double>(last.dpus);
  std::size_t i = 1;
  while (static_cast<double>(rows_[i].dpus) < dpus) ++i;
  const double low = along(rows_[i - 1], bytes), high = along(rows_[i], bytes);
  const double share =
      (std::log(dpus) - rows_[i - 1].logDpus) / (rows_[i].logDpus - rows_[i - 1].logDpus);
  return std::exp(low + (high - low) * share);
}

void HostTransfers::bind(Binder& b) {
  const FieldRule rate{1e6, 1e15, {}};
  b.section("toDpu", "host to MRAM, equal parts in parallel", [this](Binder& s) { toDpu.bind(s); });
  b.section("fromDpu", "MRAM to host, equal parts in parallel",
            [this](Binder& s) { fromDpu.bind(s); });
  b.quantity("broadcastGain", broadcastGain, {1, 64, {}}, "broadcast against equal parts");
  b.quantity("serialTo", serialTo, rate, "host to one DPU");
  b.quantity("serialFrom", serialFrom, rate, "one DPU to host");
  b.quantity("scale", scale, {0.01, 100, "1"}, "factor on all transfer times");
  b.quantity("hostReduce", hostReduce, rate, "host adds partial results");
  b.quantity("relayout", relayout, {1e6, 1e15, "20 GB/s"},
             "host brings weights or keys and values into the order of the bank's MACs");
  b.quantity("launchRank", launchRank, {0, 1, {}}, "one launch within one rank");
  b.quantity("launchAgain", launchAgain, {0, 1, "1"},
             "share of it for a launch that follows another without a copy in between");
  b.quantity("launchMore", launchMore, {0, 1, {}}, "added for each further rank");
}

Seconds HostTransfers::setUp(bool toDevice, std::int64_t dpus) const {
  const TransferTable& table = toDevice ? toDpu : fromDpu;
  return Seconds(table.seconds(static_cast<double>(dpus), 0)) * scale.value.value;
}

Seconds HostTransfers::copy(CopyPattern pattern, bool toDevice, std::int64_t dpus,
                            std::int64_t bytesPerDpu) const {
  const TransferTable& table = toDevice ? toDpu : fromDpu;
  const double n = static_cast<double>(dpus), size = static_cast<double>(bytesPerDpu);
  double time = table.seconds(n, size);
  const double start = table.seconds(n, 0);
  if (pattern == CopyPattern::broadcast) {
    time = start + (time - start) / broadcastGain.value.value;
  } else if (dpus < table.smallest()) {
    // A rank with few DPUs moves its parts one after the other until the rank's own rate is met.
    const double serial = start + n * size * 8 / (toDevice ? serialTo : serialFrom).value.value;
    time = std::min(time, serial);
  }
  return Seconds(time) * scale.value.value;
}

Seconds HostTransfers::launch(std::int64_t dpus, bool again) const {
  const std::int64_t ranks = (dpus + dpusPerRank - 1) / dpusPerRank;
  const Seconds one = launchRank.value + launchMore.value * static_cast<double>(ranks - 1);
  return again ? one * launchAgain.value.value : one;
}

}  // namespace wattlas::pim
