#include "accuracy/mixed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "models/base/error.h"

namespace wattlas {
namespace {

/// Mean of -log of the share that the softmax of the outputs gives the right class.
double lossOf(const Evaluation& e, const DataSet& data) {
  double sum = 0;
  for (std::int64_t s = 0; s < e.samples; ++s) {
    const float* const x = e.outputs.data() + s * e.classes;
    const double most = *std::max_element(x, x + e.classes);
    double all = 0;
    for (std::int64_t c = 0; c < e.classes; ++c) all += std::exp(x[c] - most);
    sum += std::log(all) + most - x[data.labels[static_cast<std::size_t>(s)]];
  }
  return sum / static_cast<double>(e.samples);
}

/// One way to give the layers so far formats: what it costs and disturbs.
struct Partial {
  double bits = 0, loss = 0;
  std::vector<std::size_t> choice;
};

/// Only those that nothing else beats in bits and loss: what a later layer adds is the same for
/// all.
std::vector<Partial> undominated(std::vector<Partial> all) {
  std::sort(all.begin(), all.end(), [](const Partial& a, const Partial& b) {
    return std::tie(a.bits, a.loss, a.choice) < std::tie(b.bits, b.loss, b.choice);
  });
  std::vector<Partial> out;
  for (Partial& p : all)
    if (out.empty() || p.loss < out.back().loss) out.push_back(std::move(p));
  return out;
}

}  // namespace

double weightBits(const ExecutableNetwork& network, const ExecutionFormat& format) {
  double bits = 0;
  for (const Step& step : network.steps)
    if (isProductStep(step)) {
      const ProductShape shape = productShapeOf(step);
      bits += denseBits(format.weightOf(step.name), static_cast<double>(shape.outputs),
                        static_cast<double>(shape.inputs));
    }
  return bits;
}

MixedFormats mixedFormats(const ExecutableNetwork& network, const std::vector<std::string>& choices,
                          double mostBits, const DataSet& data, const EvaluationOptions& options) {
  std::vector<ExecutionFormat> formats;
  for (const std::string& choice : choices) formats.push_back(parseTensorFormats(choice));
  for (const ExecutionFormat& f : formats)
    if (f.activation.isFloat() || f.weight.isFixed() ||
        f.activation.bits != formats.front().activation.bits)
      throw InputError("layers in " + f.name + " beside layers in " + formats.front().name,
                       "integer formats with the same activations, such as w8a8 and w4a8");
  ExecutionFormat finest =
      *std::max_element(formats.begin(), formats.end(),
                        [](const auto& a, const auto& b) { return a.weight.bits < b.weight.bits; });
  EvaluationOptions how = options;
  how.compared = false;
  const double least = lossOf(evaluate(network, finest, data, data, how), data);
  std::vector<Partial> partial(1);
  std::vector<std::string> layers;
  for (const Step& step : network.steps) {
    if (!isProductStep(step)) continue;
    layers.push_back(step.name);
    const ProductShape shape = productShapeOf(step);
    std::vector<Partial> longer;
    for (std::size_t f = 0; f < formats.size(); ++f) {
      ExecutionFormat one = finest;
      one.layers[step.name] = formats[f].weight;
      const double loss = lossOf(evaluate(network, one, data, data, how), data) - least;
      const double bits = denseBits(formats[f].weight, static_cast<double>(shape.outputs),
                                    static_cast<double>(shape.inputs));
      for (const Partial& p : partial) {
        longer.push_back({p.bits + bits, p.loss + loss, p.choice});
        longer.back().choice.push_back(f);
      }
    }
    partial = undominated(std::move(longer));
  }
  std::erase_if(partial, [&](const Partial& p) { return p.bits > mostBits; });
  if (partial.empty())
    throw InputError("no choice of formats fits " +
                         std::to_string(static_cast<std::int64_t>(mostBits / 8)) +
                         " bytes of weights",
                     "more bytes, or a smaller format among them");
  MixedFormats out{finest, partial.back().bits};
  out.format.name = "mixed";
  for (std::size_t i = 0; i < layers.size(); ++i)
    out.format.layers[layers[i]] = formats[partial.back().choice[i]].weight;
  return out;
}

double mcNemar(std::int64_t onlyFirst, std::int64_t onlySecond) {
  const auto n = static_cast<double>(onlyFirst + onlySecond);
  double tail = 0;
  for (std::int64_t i = 0; i <= std::min(onlyFirst, onlySecond); ++i) {
    const auto k = static_cast<double>(i);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) -
                     n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace wattlas
