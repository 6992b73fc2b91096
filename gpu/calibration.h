// Measured kernel times against the models, and the fit of the constants to them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gpu/parameters.h"
#include "workloads/graph/operator.h"

namespace wattlas::gpu {

/// One measured kernel of configs/validation/gpu-kernels.csv.
struct MeasuredKernel {
  std::string device, stack, kind;  ///< kind: gemm, attn_decode, silu_mul, ...
  Operator op;
  double loopBits = 0;  ///< infinity when unknown
  double microseconds = 0;
  bool test = false;            ///< held out from every fit
  double bytes = 0, flops = 0;  ///< compulsory, for the fitted roofline
  std::string source;
};
/// Reads the CSV. Throws InputError with the line.
std::vector<MeasuredKernel> readMeasured(const std::string& file);

/// Microseconds of one kernel on the device, without host launch: closed form, no power limit
/// (micro-benchmarks are over before the limiter acts).
double closedFormMicroseconds(const Parameters& p, const MeasuredKernel& row);
/// The same from the wave engine of the event model.
double eventMicroseconds(const Parameters& p, const MeasuredKernel& row);

struct ErrorFigures {
  std::int64_t rows = 0;
  double mape = 0, median = 0, p90 = 0,
         bias = 0;  ///< shares; bias: mean of predicted / measured - 1
};
ErrorFigures errorsOf(const std::vector<double>& predicted, const std::vector<double>& measured);

/// Fitted three-parameter roofline, the baseline every figure is printed beside:
/// t = start + max(flops / rate, bytes / bandwidth).
struct Roofline {
  double start = 0, rate = 1, bandwidth = 1;
  double microseconds(const MeasuredKernel& row) const;
};
Roofline fitRoofline(const std::vector<MeasuredKernel>& rows);

/// Nelder-Mead minimisation over `start` (all > 0, searched in the logarithm); deterministic.
std::vector<double> minimise(const std::function<double(const std::vector<double>&)>& cost,
                             std::vector<double> start, int iterations);
/// Mean |log(predicted / measured)|: what fits minimise.
double logError(const std::vector<double>& predicted, const std::vector<double>& measured);

}  // namespace wattlas::gpu
