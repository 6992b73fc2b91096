// Sums of products of integers: rows of activations times a matrix of weights. Every kernel gives
// the same accumulators; formats decide which one runs (docs/integer-arithmetic.md).
#pragma once

#include <cstdint>
#include <vector>

namespace wattlas {

using Code = std::int16_t;  ///< an activation, up to 16 bits

/// What a product executed, for reports.
struct ProductWork {
  double multiplications = 0, additions = 0, shifts = 0, populationCounts = 0;
  void add(const ProductWork& o, double times = 1) {
    multiplications += o.multiplications * times, additions += o.additions * times;
    shifts += o.shifts * times, populationCounts += o.populationCounts * times;
  }
};

enum class ProductKernel {
  multiply,  ///< int32 sums that wrap
  wide,      ///< int64 sums
  ternary,   ///< additions and subtractions; also binary weights
  shifts,    ///< weights that are sums of signed powers of two
  xnor,      ///< one bit times one bit
  sliced,    ///< digits of both operands
  fixed,     ///< products that lose their low bits
};

struct ProductOptions {
  ProductKernel kernel = ProductKernel::multiply;
  int weightBits = 8, activationBits = 8;    ///< sliced: widths of the operands
  int weightDigit = 4, activationDigit = 4;  ///< sliced: of a digit
  int fractionBits = 0;                      ///< fixed: bits that a product loses
};

/// A matrix of weights, outputs x inputs, laid out for its kernel.
class IntegerMatrix {
 public:
  IntegerMatrix() = default;
  IntegerMatrix(const std::int32_t* weights, std::int64_t outputs, std::int64_t inputs,
                std::int64_t stride, const ProductOptions& options);

  /// out[r][o] = sum_k a[r][k] w[o][k]; rows of `a` are `stride` apart.
  void multiply(const Code* a, std::int64_t rows, std::int64_t stride, std::int64_t* out) const;
  /// The same with sums of 32 bits; `multiply` kernel only.
  void multiply(const Code* a, std::int64_t rows, std::int64_t stride, std::int32_t* out) const;
  /// Operations for one row.
  const ProductWork& work() const { return work_; }
  std::int64_t outputs() const { return outputs_; }
  std::int64_t inputs() const { return inputs_; }
  const ProductOptions& options() const { return options_; }

 private:
  struct Term {
    std::int32_t input;
    std::int8_t shift;
    bool negative;
  };
  void pack();
  void listTerms();
  void addTerms(const Code* a, std::int64_t rows, std::int64_t stride, std::int64_t* out) const;
  void countBits(const Code* a, std::int64_t rows, std::int64_t stride, std::int64_t* out) const;
  void slice(const Code* a, std::int64_t rows, std::int64_t stride, std::int64_t* out) const;
  void truncate(const Code* a, std::int64_t rows, std::int64_t stride, std::int64_t* out) const;

  std::int64_t outputs_ = 0, inputs_ = 0;
  ProductOptions options_;
  std::vector<std::int32_t> weights_;     ///< outputs x inputs
  std::vector<Code> packed_;              ///< pairs of inputs of 8 outputs together
  std::vector<std::int64_t> wide_;        ///< outputs x inputs
  std::vector<std::vector<Term>> terms_;  ///< by output
  std::vector<std::uint64_t> signs_;      ///< xnor: one bit a weight
  std::vector<IntegerMatrix> digits_;     ///< sliced
  ProductWork work_;
};

}  // namespace wattlas
