// Training of a workload's network with libtorch. No torch in this header.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "execution/data_set.h"
#include "models/base/config.h"

namespace wattlas {

/// One training: everything that its result depends on.
struct TrainRequest {
  std::string model, data = "fashion-mnist";
  std::vector<std::string> sets;  ///< workload.KEY=VALUE
  /// KEY=V1,V2,..: values of a weight-sharing network, ascending. Each step trains the largest, the
  /// smallest and two random ones (sandwich rule: Yu, Huang 2019).
  std::vector<std::string> elastic;
  std::string format;            ///< quantisation-aware when given
  std::string init;              ///< weights to start from
  std::string output;            ///< archive of weights; a checkpoint stands beside it meanwhile
  std::string pattern = "none";  ///< pruning: none, unstructured, channel, or N:M such as 2:4
  double density = 1;            ///< share of weights that are kept (unstructured, channel)
  std::int64_t epochs = 3, samples = 0, batch = 64;
  std::uint64_t seed = 1;
  double rate = 0.05, decay = 1e-4;
  Split split = Split::validation;  ///< what accuracy is measured on

  /// Of the keys above in one text, for caches and checkpoints.
  std::string key() const;
};

struct TrainResult {
  double accuracy = 0, error = 0;  ///< share of the split, and its standard error
  double floatAccuracy = 0;        ///< the same weights in fp32
  std::int64_t samples = 0, epochs = 0, resumedFrom = 0;
  std::vector<double> losses;  ///< mean of each epoch
  double seconds = 0;
  std::string source;
};

/// Called after each epoch: epochs done, mean loss, seconds since the start.
using TrainProgress = std::function<void(std::int64_t, double, double)>;

/// One thread, so that the same request gives the same weights. Throws InputError.
TrainResult train(const TrainRequest& request, const SearchPath& path,
                  const TrainProgress& progress);

}  // namespace wattlas
