// Execution in floating point: the reference beside integers, and formats whose units compute with
// floats (operands rounded to the format, sums in fp32).
#pragma once

#include <optional>
#include <vector>

#include "execution/steps.h"
#include "execution/weight_format.h"

namespace wattlas {

class FloatEngine {
 public:
  /// Without a format fp32 throughout.
  explicit FloatEngine(const ExecutableNetwork& network,
                       const std::optional<ExecutionFormat>& format = std::nullopt,
                       const Rounding& rounding = {});

  /// `input`: samples x values, channels last. Afterwards value(i) is that of all samples.
  void run(const std::vector<float>& input, std::int64_t samples);
  const std::vector<float>& value(std::size_t i) const { return values_[i]; }
  const std::vector<float>& output() const { return values_.back(); }
  /// The largest size inside of a step so far: scores of attention, cells of an LSTM.
  double largestInside(std::size_t step) const { return largestInside_[step]; }
  /// Formats that layers fell back to, such as "dense1: fp16".
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  template <class Engine>
  friend void runSteps(Engine&, const ExecutableNetwork&, std::int64_t);
  void product(std::size_t i, std::int64_t samples);
  void pool(std::size_t i, std::int64_t samples);
  void combine(std::size_t i, std::int64_t samples);
  void norm(std::size_t i, std::int64_t samples);
  void attention(std::size_t i, std::int64_t samples);
  void rows(std::size_t i, std::int64_t samples);
  void recurrent(std::size_t i, std::int64_t samples);
  void rotary(std::size_t i, std::int64_t samples);
  std::vector<float> prepared(const Step& step, const std::vector<float>& weights,
                              std::int64_t outputs, std::int64_t inputs);
  void roundInput(std::vector<float>& values, std::int64_t rows, std::int64_t places,
                  std::int64_t channels) const;

  const ExecutableNetwork& network_;
  std::optional<ExecutionFormat> format_;
  Rounding rounding_;
  std::vector<StepWeights> weights_;  ///< of products and recurrences, as executed
  std::vector<std::vector<float>> values_;
  std::vector<double> largestInside_;
  std::vector<std::string> notes_;
};

}  // namespace wattlas
