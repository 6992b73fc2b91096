#include "execution/calibration.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace wattlas {
namespace {

constexpr std::size_t bins = 4096;
constexpr std::int64_t samplesAtOnce = 32;  ///< samples that run at once

/// Counts of values between the extremes of a first pass.
class Histogram {
 public:
  explicit Histogram(const ValueRange& range)
      : low_(std::min(range.low, 0.0)), high_(std::max(range.high, 0.0)), counts_(bins, 0) {
    width_ = (high_ - low_) / static_cast<double>(bins);
  }
  void add(const std::vector<float>& values) {
    if (width_ <= 0) return;
    for (const float v : values) {
      const double at = (v - low_) / width_;
      ++counts_[std::min(bins - 1, static_cast<std::size_t>(std::max(at, 0.0)))];
    }
    total_ += static_cast<double>(values.size());
  }
  ValueRange percentile(ValueRange range) const {
    const double cut = total_ * 1e-4;
    double below = 0, above = 0;
    std::size_t first = 0, last = bins - 1;
    while (first < last && below + counts_[first] <= cut) below += counts_[first++];
    while (last > first && above + counts_[last] <= cut) above += counts_[last--];
    range.low = std::min(0.0, std::max(range.low, low_ + width_ * static_cast<double>(first)));
    range.high = std::max(0.0, std::min(range.high, low_ + width_ * static_cast<double>(last + 1)));
    return range;
  }
  ValueRange leastError(ValueRange range, int bits) const {
    double least = std::numeric_limits<double>::infinity(), best = 1;
    for (int percent = 100; percent >= 20; --percent) {
      const double error = errorOf(percent / 100.0, bits);
      if (error < least) least = error, best = percent / 100.0;
    }
    range.low *= best, range.high *= best;
    return range;
  }

 private:
  double errorOf(double share, int bits) const {
    const Quantiser q = Quantiser::forRange(low_ * share, high_ * share, bits);
    double sum = 0;
    for (std::size_t i = 0; i < bins; ++i) {
      if (counts_[i] == 0) continue;
      const double x = low_ + width_ * (static_cast<double>(i) + 0.5);
      const double d = x - q.value(q.quantise(x));
      sum += counts_[i] * d * d;
    }
    return sum;
  }

  double low_, high_, width_ = 0, total_ = 0;
  std::vector<double> counts_;
};

/// f(value number, its values) for all samples.
template <class F>
void observe(FloatEngine& engine, const ExecutableNetwork& network, const std::vector<float>& input,
             std::int64_t samples, F&& f) {
  const std::int64_t each = network.input.values();
  for (std::int64_t s = 0; s < samples; s += samplesAtOnce) {
    const std::int64_t some = std::min(samplesAtOnce, samples - s);
    engine.run({input.begin() + s * each, input.begin() + (s + some) * each}, some);
    for (std::size_t i = 0; i <= network.steps.size(); ++i) f(i, engine.value(i));
  }
}

}  // namespace

CalibrationRule parseCalibrationRule(const std::string& name) {
  if (name == "minmax") return CalibrationRule::minMax;
  if (name == "percentile") return CalibrationRule::percentile;
  if (name == "mse") return CalibrationRule::leastError;
  throw InputError("calibration '" + name.substr(0, 40) + "'", "minmax, percentile or mse",
                   didYouMean(name, {"minmax", "percentile", "mse"}));
}

Calibration calibrate(const ExecutableNetwork& network, const std::vector<float>& input,
                      std::int64_t samples, CalibrationRule rule, int bits) {
  Calibration out;
  out.samples = samples;
  out.values.resize(network.steps.size() + 1);
  std::vector<double> count(out.values.size(), 0);
  FloatEngine engine(network);
  observe(engine, network, input, samples, [&](std::size_t i, const std::vector<float>& values) {
    ValueRange& range = out.values[i];
    for (const float v : values) {
      range.low = std::min<double>(range.low, v);
      range.high = std::max<double>(range.high, v);
      range.meanAbsolute += std::abs(static_cast<double>(v));
    }
    count[i] += static_cast<double>(values.size());
  });
  for (std::size_t i = 0; i < network.steps.size(); ++i)
    out.largestInside.push_back(engine.largestInside(i));
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    if (count[i] > 0) out.values[i].meanAbsolute /= count[i];
    if (!std::isfinite(out.values[i].low) || !std::isfinite(out.values[i].high))
      throw InputError("values behind '" + (i == 0 ? "input" : network.steps[i - 1].name) +
                           "' are no finite numbers",
                       "weights and data that stay within fp32");
  }
  if (rule == CalibrationRule::minMax) return out;
  std::vector<Histogram> histograms(out.values.begin(), out.values.end());
  observe(engine, network, input, samples,
          [&](std::size_t i, const std::vector<float>& values) { histograms[i].add(values); });
  for (std::size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = rule == CalibrationRule::percentile
                        ? histograms[i].percentile(out.values[i])
                        : histograms[i].leastError(out.values[i], bits);
  return out;
}

}  // namespace wattlas
