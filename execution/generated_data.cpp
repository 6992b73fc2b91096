// Generated data sets. They exercise networks of their kind; what is measured on them is no
// accuracy on recordings. Recipes: docs/execution.md.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "execution/data_set.h"
#include "models/base/plain_text.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

double normal(Random& random) {
  const double u = 1 - random.uniform(), v = random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

void addBump(std::vector<float>& x, std::size_t begin, std::size_t length, double centre,
             double width, double height) {
  const double first = std::max(0.0, centre - 4 * width);
  const double last = std::min(static_cast<double>(length) - 1, centre + 4 * width);
  for (double t = std::ceil(first); t <= last; ++t)
    x[begin + static_cast<std::size_t>(t)] +=
        static_cast<float>(height * std::exp(-(t - centre) * (t - centre) / (2 * width * width)));
}

constexpr std::size_t rhythmLength = 3750;  ///< 15 s at 250 Hz
constexpr double rate = 250;

/// Two leads. Normal: even beats with P, QRS and T waves. Fibrillation: intervals without order, no
/// P wave, a small oscillation of 4 to 9 Hz between the beats.
std::int64_t rhythm(Random& random, std::vector<float>& x) {
  const bool fibrillation = random.below(2) == 1;
  x.assign(2 * rhythmLength, 0.0f);
  const double mean = between(random, 0.55, 1.1), spread = fibrillation ? 0.22 : 0.035;
  const double size = between(random, 0.7, 1.3), flutter = between(random, 4, 9);
  const double phase = between(random, 0, 2 * std::numbers::pi);
  const double gain[2] = {size, size * between(random, 0.5, 0.9)};
  for (double at = between(random, 0, mean) * rate; at < rhythmLength + rate;
       at += rate * std::max(0.3, mean * (1 + spread * normal(random)))) {
    for (std::size_t lead = 0; lead < 2; ++lead) {
      const std::size_t begin = lead * rhythmLength;
      const auto wave = [&](double offset, double width, double height) {
        addBump(x, begin, rhythmLength, at + offset * rate, width * rate, gain[lead] * height);
      };
      if (!fibrillation) wave(-0.16, 0.022, 0.14);
      wave(-0.03, 0.008, -0.12);
      wave(0, 0.011, 1.0);
      wave(0.03, 0.009, -0.2);
      wave(0.26, 0.05, 0.28);
    }
  }
  const double drift = between(random, 0.1, 0.4), noise = between(random, 0.03, 0.1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double t = static_cast<double>(i % rhythmLength) / rate;
    double v = 0.1 * std::sin(2 * std::numbers::pi * drift * t) + noise * normal(random);
    if (fibrillation)
      v += 0.05 * std::sin(2 * std::numbers::pi * flutter * t + phase +
                           0.8 * std::sin(2 * std::numbers::pi * 0.7 * t));
    x[i] += static_cast<float>(v);
  }
  return fibrillation ? 1 : 0;
}

/// Spectrogram-like images of 40 bands x 49 steps: each of 10 classes has three ridges that begin
/// at bands of its own and rise or fall at slopes of its own.
std::int64_t keyword(Random& random, std::vector<float>& x) {
  constexpr std::size_t bands = 40, steps = 49;
  const auto label = static_cast<std::int64_t>(random.below(10));
  Random shape(static_cast<std::uint64_t>(label) * 7919 + 17);
  x.assign(bands * steps, 0.0f);
  const double shift = between(random, -6, 6), tempo = between(random, 0.85, 1.15);
  for (int ridge = 0; ridge < 3; ++ridge) {
    const double start = between(shape, 4, 36), slope = between(shape, -0.4, 0.4);
    const double from = between(shape, 4, 18), until = from + between(shape, 12, 26);
    const double height = between(random, 0.5, 1), move = between(random, -1.5, 1.5);
    for (std::size_t t = 0; t < steps; ++t) {
      const double at = (static_cast<double>(t) - shift) * tempo;
      if (at < from || at > until) continue;
      const double band = start + move + slope * (at - from);
      for (std::size_t b = 0; b < bands; ++b) {
        const double d = static_cast<double>(b) - band;
        x[b * steps + t] += static_cast<float>(height * std::exp(-d * d / 3));
      }
    }
  }
  for (float& v : x) v += static_cast<float>(0.25 * normal(random));
  return label;
}

/// 256 samples: class k of n is a sum of two tones whose frequencies belong to it, in noise.
std::int64_t signal(Random& random, std::vector<float>& x, std::int64_t classes) {
  constexpr std::size_t length = 256;
  const auto label = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(classes)));
  Random shape(static_cast<std::uint64_t>(label) * 104729 + 3);
  const double first = between(shape, 3, 60), second = between(shape, 3, 60);
  const double detune = between(random, 0.98, 1.02), ratio = between(random, 0.5, 1);
  const double p = between(random, 0, 6.28), q = between(random, 0, 6.28);
  x.resize(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double t = 2 * std::numbers::pi * static_cast<double>(i) / length * detune;
    x[i] = static_cast<float>(std::sin(first * t + p) + ratio * std::sin(second * t + q) +
                              0.8 * normal(random));
  }
  return label;
}

std::int64_t signalClasses(const std::string& name) {
  const std::string front = "generated-signals-";
  if (!name.starts_with(front)) return 0;
  const std::int64_t n = wholeNumber(name.substr(front.size())).value_or(0);
  return n >= 2 && n <= 100 ? n : 0;
}

}  // namespace

bool isGenerated(const std::string& name) {
  return name == "generated-rhythm" || name == "generated-keywords" || signalClasses(name) > 0;
}

DataSet generateData(const std::string& name, std::int64_t first, std::int64_t count,
                     std::uint64_t seed) {
  DataSet data;
  data.name = name;
  data.source = "generated (docs/execution.md), seed " + std::to_string(seed);
  const std::int64_t signals = signalClasses(name);
  data.classes = signals > 0 ? signals : name == "generated-rhythm" ? 2 : 10;
  data.shape = signals > 0                  ? std::vector<std::int64_t>{1, 256}
               : name == "generated-rhythm" ? std::vector<std::int64_t>{2, rhythmLength}
                                            : std::vector<std::int64_t>{1, 40, 49};
  std::vector<float> x;
  for (std::int64_t i = first; i < first + count; ++i) {
    // Each sample has a state of its own, so that a part equals the same part of the whole.
    Random mix(seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(i));
    Random random(mix.next());
    data.labels.push_back(signals > 0                  ? signal(random, x, signals)
                          : name == "generated-rhythm" ? rhythm(random, x)
                                                       : keyword(random, x));
    data.inputs.insert(data.inputs.end(), x.begin(), x.end());
  }
  return data;
}

}  // namespace wattlas
