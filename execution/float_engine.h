// Execution in floating point: the reference beside integers, and formats whose units compute with
// floats (operands rounded to the format, sums in fp32).
#pragma once

#include <optional>
#include <vector>

#include "execution/network.h"
#include "execution/weight_format.h"

namespace wattlas {

class FloatEngine {
 public:
  /// Without a format fp32 throughout.
  explicit FloatEngine(const ExecutableNetwork& network,
                       const std::optional<ExecutionFormat>& format = std::nullopt,
                       RangeRule rule = RangeRule::minMax);

  /// `input`: samples x values, channels last. Afterwards value(i) is that of all samples.
  void run(const std::vector<float>& input, std::int64_t samples);
  const std::vector<float>& value(std::size_t i) const { return values_[i]; }
  const std::vector<float>& output() const { return values_.back(); }
  /// Formats that layers fell back to, such as "dense1: fp16".
  const std::vector<std::string>& notes() const { return notes_; }
  /// Bits of the weights as stored.
  double weightBits() const { return weightBits_; }

 private:
  void product(std::size_t i, std::int64_t samples);
  void pool(std::size_t i, std::int64_t samples);
  void combine(std::size_t i, std::int64_t samples);
  void norm(std::size_t i, std::int64_t samples);
  void attention(std::size_t i, std::int64_t samples);
  void rows(std::size_t i, std::int64_t samples);
  void roundInput(std::vector<float>& values, const PlaneShape& shape, std::int64_t samples) const;

  const ExecutableNetwork& network_;
  std::optional<ExecutionFormat> format_;
  std::vector<std::vector<float>> weights_;  ///< by step: outputs x inputs in the order executed
  std::vector<std::vector<float>> values_;
  std::vector<std::string> notes_;
  double weightBits_ = 0;
};

/// Outputs of a step's product, and inputs of one of them.
struct ProductShape {
  std::int64_t groups = 1, outputs = 1, inputs = 1;  ///< outputs of all groups together
};
ProductShape productShapeOf(const Step& step);
/// Columns of a matrix moved into the order that is executed.
template <class T>
std::vector<T> inOrder(const std::vector<T>& matrix, std::int64_t rows, std::int64_t columns,
                       const std::vector<std::int32_t>& order) {
  if (order.empty()) return matrix;
  std::vector<T> out(matrix.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      out[static_cast<std::size_t>(r * columns + c)] =
          matrix[static_cast<std::size_t>(r * columns + order[static_cast<std::size_t>(c)])];
  return out;
}
bool isProductStep(const Step& step);

/// How engines go about a kind.
enum class StepForm { pool, combine, norm, attention, rows, product };
/// Throws std::logic_error for a kind that networks are refused with.
StepForm formOf(OpKind kind);

}  // namespace wattlas
