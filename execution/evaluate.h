// A network on data in one number format: accuracy, agreement with floating point, and where
// precision goes.
#pragma once

#include <map>

#include "execution/data_set.h"
#include "execution/integer_engine.h"

namespace wattlas {

struct EvaluationOptions {
  CalibrationRule calibration = CalibrationRule::minMax;
  IntegerOptions integer;
  std::int64_t analysed = 256;  ///< samples of SQNR and histograms
  bool compared = true;         ///< with fp32: its classes, SQNR and histograms
};

struct LayerReport {
  std::string name;
  OpKind kind = OpKind::gemm;
  double sqnrDb = 0;  ///< power of the reference over that of the difference; infinity = equal
  AccumulatorUse accumulators;  ///< empty for layers without sums
  bool sums = false;
};

struct Evaluation {
  std::int64_t samples = 0, classes = 0;
  std::vector<std::int64_t> predicted;
  std::vector<float> outputs;                        ///< samples x outputs
  std::int64_t correct = -1, referenceCorrect = -1;  ///< -1 without labels
  std::int64_t agreeing = 0;                         ///< samples of the same class as the reference
  double seconds = 0, referenceSeconds = 0;
  std::vector<LayerReport> layers;
  ProductWork work;
  double weightBits = 0;  ///< as every simulation of the network counts them
  int accumulatorBits = 0;
  std::vector<std::string> notes;

  double share(std::int64_t hits) const {
    return static_cast<double>(hits) / static_cast<double>(std::max<std::int64_t>(samples, 1));
  }
};

/// `calibration` holds samples that ranges come from; both sets are channels first, as loaded.
Evaluation evaluate(const ExecutableNetwork& network, const ExecutionFormat& format,
                    const DataSet& data, const DataSet& calibration,
                    const EvaluationOptions& options);
/// Refuses data whose samples the network does not take.
void checkData(const ExecutableNetwork& network, const DataSet& data);

}  // namespace wattlas
