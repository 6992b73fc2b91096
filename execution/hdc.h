// Hyperdimensional classifier: the signs of a random projection, and the class whose vector is
// nearest. Encoding, training and search are integer.
#pragma once

#include "execution/data_set.h"
#include "execution/integer_product.h"

namespace wattlas {

struct HdcOptions {
  std::int64_t dimensions = 4096;  ///< 64 to 65,536
  int bits = 1;                    ///< of an element of a class vector, 1 to 8
  std::int64_t epochs = 8;
  std::uint64_t seed = 1;  ///< of the projection
};

class HdcClassifier {
 public:
  /// Trains on labelled data: averaged perceptron over the encoded samples, then the class vectors
  /// are rounded to their bits. Throws InputError.
  HdcClassifier(const DataSet& train, const HdcOptions& options);

  /// Samples x dimensions of -1 and 1.
  std::vector<Code> encode(const float* inputs, std::int64_t samples) const;
  /// Nearest classes of all samples.
  std::vector<std::int64_t> classify(const DataSet& data) const;
  /// Bits of class vectors and of the projection, and operations of one sample.
  double storedBits() const;
  ProductWork work() const;

 private:
  std::vector<Code> codesOf(const float* inputs, std::int64_t samples) const;
  void round(const std::vector<double>& master);

  HdcOptions options_;
  std::int64_t values_ = 0, classes_ = 0;
  float low_ = 0, step_ = 1;  ///< inputs as 8-bit integers
  std::vector<std::int32_t> mean_;
  IntegerMatrix projection_, search_;
};

}  // namespace wattlas
