// Transfers between host and MRAM: measured times by number of DPUs and bytes per DPU, one model
// for every size and population.
#pragma once

#include <string>
#include <vector>

#include "models/base/parameter.h"
#include "models/device.h"

namespace wattlas::pim {

/// Times of one direction on a grid of populations and sizes, interpolated in logarithms.
class TransferTable {
 public:
  void bind(Binder& binder);
  /// Time for `bytesPerDpu` on each of `dpus` (at least the grid's first population: a rank).
  double seconds(double dpus, double bytesPerDpu) const;
  /// First population of the grid: a whole rank.
  std::int64_t smallest() const { return rows_.front().dpus; }

 private:
  struct Row {
    std::int64_t dpus = 0;
    std::vector<double> seconds, logs;
    double logDpus = 0;
  };
  double along(const Row& row, double bytesPerDpu) const;  ///< logarithm of seconds
  std::vector<double> sizes_, logSizes_;                   ///< bytes
  std::vector<Row> rows_;
};

struct HostTransfers {
  TransferTable toDpu, fromDpu;
  Sourced<Ratio> broadcastGain;           ///< speed of a broadcast over equal parallel copies
  Sourced<BitRate> serialTo, serialFrom;  ///< one DPU alone
  Sourced<Ratio> scale;                   ///< common factor on all times (another host)
  Sourced<BitRate> hostReduce;            ///< rate at which the host combines partial results
  Sourced<BitRate> relayout;              ///< rate at which the host interleaves weights for MACs
  Sourced<Seconds> launchRank;            ///< one launch, within one rank
  Sourced<Ratio> launchAgain;             ///< share of it for a launch straight after another
  Sourced<Seconds> launchMore;            ///< added per further rank
  std::int64_t dpusPerRank = 64;

  void bind(Binder& binder);
  Seconds copy(CopyPattern pattern, bool toDevice, std::int64_t dpus,
               std::int64_t bytesPerDpu) const;
  /// Part of `copy` that does not depend on the size.
  Seconds setUp(bool toDevice, std::int64_t dpus) const;
  /// `again`: the kernel before it ended and the host has not touched MRAM since.
  Seconds launch(std::int64_t dpus, bool again = false) const;
};

}  // namespace wattlas::pim
