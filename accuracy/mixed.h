// Formats of layers by what each of them disturbs the output, and an integer program over bytes.
#pragma once

#include "accuracy/measure.h"

namespace wattlas {

struct MixedFormats {
  ExecutionFormat format;  ///< with one format a layer
  double bits = 0;         ///< of all weights
};

/// The least sum of disturbances within `mostBits` of weights, exactly: one format of `choices` for
/// each layer with weights. A layer's disturbance in a format is the loss of likelihood of the
/// right classes on `data` when this layer alone is in it. Throws InputError: no choice fits.
MixedFormats mixedFormats(const ExecutableNetwork& network, const std::vector<std::string>& choices,
                          double mostBits, const DataSet& data, const EvaluationOptions& options);
/// Bits of the weights in one format.
double weightBits(const ExecutableNetwork& network, const ExecutionFormat& format);

/// Probability that classifiers that are equally often right differ at least so much on the same
/// samples (McNemar's exact test).
double mcNemar(std::int64_t onlyFirst, std::int64_t onlySecond);

}  // namespace wattlas
