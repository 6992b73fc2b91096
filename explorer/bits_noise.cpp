#include "explorer/bits_noise.h"

#include <cmath>
#include <map>
#include <numbers>

namespace wattlas {
namespace {

double density(double x) {
  return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
}
double below(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

/// Mean square error of a unit Gaussian on `levels` levels `step` apart, centred on zero.
double errorOf(int levels, double step) {
  double error = 0;
  for (int i = 0; i < levels; ++i) {
    const double y = (i - 0.5 * (levels - 1)) * step;
    const bool first = i == 0, last = i + 1 == levels;
    const double a = y - 0.5 * step, b = y + 0.5 * step;
    const double mass = (last ? 1 : below(b)) - (first ? 0 : below(a));
    const double da = first ? 0 : density(a), db = last ? 0 : density(b);
    const double second = mass - ((last ? 0 : b * db) - (first ? 0 : a * da));
    error += second - 2 * y * (da - db) + y * y * mass;
  }
  return error;
}

/// Of the best step; the error has one minimum over the step.
double leastError(int levels) {
  double low = 0.2 / levels, high = 8.0 / levels;
  constexpr double golden = 0.6180339887498949;
  for (int i = 0; i < 80; ++i) {
    const double x = high - golden * (high - low), y = low + golden * (high - low);
    (errorOf(levels, x) < errorOf(levels, y) ? high : low) =
        errorOf(levels, x) < errorOf(levels, y) ? y : x;
  }
  return errorOf(levels, 0.5 * (low + high));
}

double uniformNoise(int levels) {
  static std::map<int, double> known;
  const auto [at, isNew] = known.emplace(levels, 0.0);
  if (isNew) at->second = leastError(levels);
  return at->second;
}

}  // namespace

double quantisationNoise(const NumberFormat& format) {
  if (format.kind == NumberKind::binary) return uniformNoise(2);
  if (format.kind == NumberKind::ternary) return uniformNoise(3);
  // Even over an octave [1, 2): step^2 / 12 over the mean square 7/3.
  if (format.isFloat()) return std::pow(2.0, -2.0 * format.mantissaBits) / 28.0;
  constexpr int widest = 12;
  if (format.bits <= widest) return uniformNoise(1 << format.bits);
  // Hui, Neuhoff, "Asymptotic Analysis of Optimal Fixed-Rate Uniform Scalar Quantization" (2001).
  const double levels = std::pow(2.0, format.bits);
  return 4.0 * std::log(levels) / (3.0 * levels * levels);
}

double quantisationNoise(const std::string& formats) {
  const TensorFormats f = parseTensorFormats(formats);
  return quantisationNoise(f.weight) + quantisationNoise(f.activation);
}

}  // namespace wattlas
