// Ranges of values from sample data: what the quantisers of activations are made from.
#pragma once

#include <string>
#include <vector>

#include "execution/float_engine.h"
#include "execution/integer_arithmetic.h"

namespace wattlas {

enum class CalibrationRule { minMax, percentile, leastError };
/// minmax, percentile or mse. Throws InputError.
CalibrationRule parseCalibrationRule(const std::string& name);

/// What is known of one value (tensor) of the network.
struct ValueRange {
  double low = 0, high = 0;
  double meanAbsolute = 0;
};
/// Ranges by value, and by step of what lies inside: scores of attention, cells of an LSTM.
struct Calibration {
  std::vector<ValueRange> values;
  std::vector<double> largestInside;
  std::int64_t samples = 0;
};

/// Runs `samples` inputs in floating point. `percentile` leaves out one value in 10,000 at each
/// end; `leastError` takes the share of the range with the least squared error at `bits` bits.
Calibration calibrate(const ExecutableNetwork& network, const std::vector<float>& input,
                      std::int64_t samples, CalibrationRule rule, int bits);

}  // namespace wattlas
