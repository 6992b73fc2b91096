// Accuracy by execution: a workload with its weights on labelled data. What `wattlas execute` and
// the oracle of measured accuracy have in common.
#pragma once

#include "execution/evaluate.h"
#include "execution/hdc.h"
#include "models/result.h"

namespace wattlas {

/// Weights of an archive, or of a part of it where it says `supernet`: the first channels of each
/// layer, and the first repetitions of each block. Throws InputError.
void loadNetworkWeights(ExecutableNetwork& network, const std::string& file);
/// What formats of its operators a network is executed in. Throws InputError for mixtures that
/// no engine executes: layers may differ in their weights, not in their activations.
ExecutionFormat executionFormatOf(const ExecutableNetwork& network);
/// Sets weights to zero as the operators' sparsity says, the smallest ones first. Layers that are
/// as sparse already stay as they are.
void pruneWeights(ExecutableNetwork& network);
/// Replaces the weights of each layer by `values` shared ones (Lloyd's algorithm in one dimension).
void clusterWeights(ExecutableNetwork& network, std::int64_t values);

/// The search of a hyperdimensional classifier, which says its dimensions and bits; null for other
/// networks.
const Operator* hdcSearch(const Workload& workload);
/// Its class vectors are trained here: they follow from data and seed in seconds.
HdcClassifier trainedHdc(const Workload& workload, const ExecutionFormat& format,
                         const DataSet& train, std::uint64_t seed);

/// The share of `samples` that were right, with its standard error.
AccuracyResult measuredShare(std::int64_t right, std::int64_t samples, const DataSet& data,
                             const std::string& split);

/// Formats of layers by what each of them disturbs the output, and an integer program over bytes.
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
