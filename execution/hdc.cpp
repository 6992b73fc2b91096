#include "execution/hdc.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/base/error.h"
#include "models/base/multiples.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

constexpr std::int64_t samplesAtOnce = 256;

std::int64_t largest(const std::int64_t* scores, std::int64_t n) {
  return std::max_element(scores, scores + n) - scores;
}

/// Scale with the least squared error, of ranges from half a deviation to four.
double bestScale(const std::vector<double>& values, double deviation, std::int32_t levels) {
  double least = std::numeric_limits<double>::infinity(), best = 0;
  for (int tenths = 5; tenths <= 40; ++tenths) {
    const double scale = std::max(deviation * tenths / 10.0 / levels, 1e-30);
    double error = 0;
    for (const double v : values) {
      const double q = std::clamp<double>(std::nearbyint(v / scale), -levels, levels);
      error += (v - q * scale) * (v - q * scale);
    }
    if (error < least) least = error, best = scale;
  }
  return best;
}

}  // namespace

HdcClassifier::HdcClassifier(const DataSet& train, const HdcOptions& options)
    : options_(options), values_(train.values()), classes_(train.classes) {
  const std::int64_t d = options.dimensions, n = train.size();
  if (train.labels.empty() || n < 2) throw InputError("training data without labels");
  if (d < 64 || d > 65536 || options.bits < 1 || options.bits > 8)
    throw InputError(std::to_string(d) + " dimensions of " + std::to_string(options.bits) + " bits",
                     "64 to 65536 dimensions of 1 to 8 bits");
  const auto [low, high] = std::minmax_element(train.inputs.begin(), train.inputs.end());
  low_ = *low;
  step_ = *high > *low ? (*high - *low) / 255 : 1;
  std::vector<double> sums(count(values_), 0);
  for (std::size_t i = 0; i < train.inputs.size(); ++i)
    sums[i % count(values_)] += std::nearbyint((train.inputs[i] - low_) / step_);
  for (const double sum : sums)
    mean_.push_back(static_cast<std::int32_t>(std::nearbyint(sum / static_cast<double>(n))));
  Random random(options.seed);
  std::vector<std::int32_t> signs;
  for (std::int64_t i = 0; i < d * values_; ++i) signs.push_back(random.next() >> 63 ? 1 : -1);
  projection_ =
      IntegerMatrix(signs.data(), d, values_, values_, {.kernel = ProductKernel::ternary});

  std::vector<std::int8_t> encoded;
  encoded.reserve(count(n * d));
  for (std::int64_t s = 0; s < n; s += samplesAtOnce) {
    const auto part = encode(train.inputs.data() + s * values_, std::min(samplesAtOnce, n - s));
    encoded.insert(encoded.end(), part.begin(), part.end());
  }
  // Sum over time of the weights: t * weights - (sum of t * changes).
  std::vector<std::int32_t> weights(count(classes_ * d), 0);
  std::vector<double> late(weights.size(), 0);
  std::vector<std::int64_t> scores(count(classes_));
  double time = 1;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch)
    for (std::int64_t i = 0; i < n; ++i, ++time) {
      // A walk with a step that has no common factor with n visits every sample once.
      const std::int64_t s = (i * 7919 + epoch * 104729) % n;
      const std::int8_t* const h = encoded.data() + s * d;
      for (std::int64_t c = 0; c < classes_; ++c) {
        const std::int32_t* const w = weights.data() + c * d;
        std::int32_t score = 0;
        for (std::int64_t k = 0; k < d; ++k) score += h[k] * w[k];
        scores[count(c)] = score;
      }
      const std::int64_t label = train.labels[count(s)], got = largest(scores.data(), classes_);
      if (got == label) continue;
      for (std::int64_t k = 0; k < d; ++k) {
        weights[count(label * d + k)] += h[k];
        weights[count(got * d + k)] -= h[k];
        late[count(label * d + k)] += time * h[k];
        late[count(got * d + k)] -= time * h[k];
      }
    }
  std::vector<double> master(weights.size());
  for (std::size_t i = 0; i < master.size(); ++i) master[i] = weights[i] - late[i] / time;
  round(master);
}

/// Class vectors to their bits. What all classes have in common decides nothing and is left out.
void HdcClassifier::round(const std::vector<double>& master) {
  const std::int64_t d = options_.dimensions;
  const std::int32_t levels = options_.bits == 1 ? 1 : (1 << (options_.bits - 1)) - 1;
  std::vector<double> own(master);
  double squares = 0;
  for (std::int64_t k = 0; k < d; ++k) {
    double mean = 0;
    for (std::int64_t c = 0; c < classes_; ++c) mean += master[count(c * d + k)];
    for (std::int64_t c = 0; c < classes_; ++c) {
      double& v = own[count(c * d + k)];
      v -= mean / static_cast<double>(classes_);
      squares += v * v;
    }
  }
  const double deviation = std::sqrt(squares / static_cast<double>(own.size()));
  const double scale = std::max(bestScale(own, deviation, levels), 1e-30);
  std::vector<std::int32_t> rounded;
  for (const double v : own)
    rounded.push_back(options_.bits == 1 ? (v >= 0 ? 1 : -1)
                                         : static_cast<std::int32_t>(std::clamp<double>(
                                               std::nearbyint(v / scale), -levels, levels)));
  ProductOptions options;
  if (options_.bits == 1) options.kernel = ProductKernel::xnor;
  search_ = IntegerMatrix(rounded.data(), classes_, d, d, options);
}

std::vector<Code> HdcClassifier::codesOf(const float* inputs, std::int64_t samples) const {
  std::vector<Code> out(count(samples * values_));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double q = std::clamp(std::nearbyint((inputs[i] - low_) / step_), 0.0f, 255.0f);
    out[i] = static_cast<Code>(static_cast<std::int32_t>(q) - mean_[i % mean_.size()]);
  }
  return out;
}

std::vector<Code> HdcClassifier::encode(const float* inputs, std::int64_t samples) const {
  const std::vector<Code> codes = codesOf(inputs, samples);
  std::vector<std::int64_t> sums(count(samples * options_.dimensions));
  projection_.multiply(codes.data(), samples, values_, sums.data());
  std::vector<Code> out(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) out[i] = sums[i] >= 0 ? 1 : -1;
  return out;
}

std::vector<std::int64_t> HdcClassifier::classify(const DataSet& data) const {
  if (data.values() != values_)
    throw InputError("samples of " + std::to_string(data.values()) + " values",
                     std::to_string(values_) + " as in training");
  std::vector<std::int64_t> out, scores(count(samplesAtOnce * classes_));
  for (std::int64_t s = 0; s < data.size(); s += samplesAtOnce) {
    const std::int64_t some = std::min(samplesAtOnce, data.size() - s);
    const std::vector<Code> h = encode(data.inputs.data() + s * values_, some);
    search_.multiply(h.data(), some, options_.dimensions, scores.data());
    for (std::int64_t i = 0; i < some; ++i)
      out.push_back(largest(scores.data() + i * classes_, classes_));
  }
  return out;
}

double HdcClassifier::storedBits() const {
  return static_cast<double>(options_.dimensions) *
         static_cast<double>(values_ + classes_ * options_.bits);
}

ProductWork HdcClassifier::work() const {
  ProductWork sum = projection_.work();
  sum.add(search_.work());
  return sum;
}

}  // namespace wattlas
