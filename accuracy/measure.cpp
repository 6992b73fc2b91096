#include "accuracy/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "models/base/error.h"

namespace wattlas {
namespace {

using Shape = std::vector<std::int64_t>;

std::size_t count(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

/// The first `shape` of an array along every axis.
NumpyArray leading(const NumpyArray& array, const Shape& shape) {
  std::vector<float> from = array.reals(), to;
  Shape at(shape.size(), 0);
  const std::int64_t all = std::accumulate(shape.begin(), shape.end(), std::int64_t{1},
                                           [](auto a, auto b) { return a * b; });
  for (std::int64_t n = 0; n < all; ++n) {
    std::int64_t index = 0;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      index = index * array.shape[axis] + at[axis];
    to.push_back(from[count(index)]);
    for (std::size_t axis = shape.size(); axis-- > 0 && ++at[axis] == shape[axis];) at[axis] = 0;
  }
  return NumpyArray::of(to, shape);
}

bool holds(const NumpyArray& array, const Shape& shape) {
  return array.isReal() && array.shape.size() == shape.size() &&
         std::equal(shape.begin(), shape.end(), array.shape.begin(), std::less_equal<>());
}

/// Zeroes all but the `kept` largest sizes, `width` weights by `width` weights.
void keepLargest(float* weights, std::int64_t n, std::int64_t kept, std::int64_t width) {
  std::vector<std::pair<double, std::int64_t>> sizes;
  for (std::int64_t at = 0; at < n; at += width) {
    double size = 0;
    for (std::int64_t k = at; k < std::min(n, at + width); ++k) size += std::abs(weights[k]);
    sizes.emplace_back(size, -at);  // of equal ones the first stays
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  for (std::size_t i = count(std::min<std::int64_t>(kept, std::ssize(sizes))); i < sizes.size();
       ++i) {
    const std::int64_t at = -sizes[i].second;
    std::fill(weights + at, weights + std::min(n, at + width), 0.0f);
  }
}

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

void loadNetworkWeights(ExecutableNetwork& network, const std::string& file) {
  const NumpyArchive archive = readNpz(file);
  if (archive.count("supernet") == 0) return loadWeights(network, archive, file);
  NumpyArchive part;
  for (const auto& [name, shape] : weightShapes(network)) {
    auto at = archive.find(name);
    if (at == archive.end()) at = archive.find(nameInBlock(name));
    if (at == archive.end()) continue;  // loadWeights says what is missing
    if (!holds(at->second, shape))
      throw InputError("array '" + name + "' of the weight-sharing network " + file +
                           " has the shape " + at->second.shapeText(),
                       "at least the shape that '" + network.name + "' needs");
    part[name] = leading(at->second, shape);
  }
  loadWeights(network, part, file);
}

ExecutionFormat executionFormatOf(const ExecutableNetwork& network) {
  std::optional<ExecutionFormat> out;
  for (const Step& step : network.steps) {
    if (!isProductStep(step)) continue;
    const ExecutionFormat own = parseTensorFormats(step.op.formats.name);
    if (!out) out = own;
    if (own.name == out->name) continue;
    if (own.activation.isFloat() || out->activation.isFloat() || own.weight.isFixed() ||
        out->weight.isFixed() || own.activation.bits != out->activation.bits ||
        own.accumulator != out->accumulator)
      throw InputError("layers in " + out->name + " and in " + own.name + " of one network",
                       "integer formats with the same activations, such as w8a8 and w4a8");
    out->layers[step.name] = own.weight;
  }
  if (!out) throw InputError("'" + network.name + "' has no layer with weights");
  return *out;
}

void pruneWeights(ExecutableNetwork& network) {
  for (Step& step : network.steps) {
    const Sparsity& s = step.op.weightSparsity;
    std::vector<float>& w = step.weights.weight;
    if (s.pattern == Sparsity::Pattern::none || w.empty() || !isProductStep(step)) continue;
    const auto n = std::ssize(w);
    const auto share = [&](std::int64_t parts) {
      return std::max<std::int64_t>(1, std::llround(s.density * static_cast<double>(parts)));
    };
    if (s.pattern == Sparsity::Pattern::unstructured) {
      keepLargest(w.data(), n, share(n), 1);
    } else if (s.pattern == Sparsity::Pattern::block) {
      const std::int64_t width = s.m > 0 ? s.m : 16;
      keepLargest(w.data(), n, share((n + width - 1) / width), width);
    } else {
      for (std::int64_t at = 0; at < n; at += s.m)
        keepLargest(w.data() + at, std::min<std::int64_t>(s.m, n - at), s.n, 1);
    }
  }
}

void clusterWeights(ExecutableNetwork& network, std::int64_t values) {
  for (Step& step : network.steps) {
    std::vector<float>& w = step.weights.weight;
    if (w.empty() || !isProductStep(step)) continue;
    std::vector<float> sorted = w;
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> centres;
    for (std::int64_t k = 0; k < values; ++k)  // starts at the quantiles
      centres.push_back(sorted[count((2 * k + 1) * std::ssize(sorted) / (2 * values))]);
    const auto nearest = [&](float x) {
      const auto up = std::lower_bound(centres.begin(), centres.end(), x);
      if (up == centres.begin()) return up;
      return up == centres.end() || x - *(up - 1) <= *up - x ? up - 1 : up;
    };
    for (int round = 0; round < 30; ++round) {
      std::vector<double> sum(centres.size(), 0), n(centres.size(), 0);
      for (const float x : sorted) {
        const auto k = static_cast<std::size_t>(nearest(x) - centres.begin());
        sum[k] += x, n[k] += 1;
      }
      for (std::size_t k = 0; k < centres.size(); ++k)
        if (n[k] > 0) centres[k] = sum[k] / n[k];
    }
    for (float& x : w) x = static_cast<float>(*nearest(x));
  }
}

const Operator* hdcSearch(const Workload& workload) {
  const Graph& graph = workload.phases.front().graph;
  for (std::size_t i = 0; i < graph.size(); ++i)
    if (const Operator& op = graph.at(static_cast<OpId>(i)); op.kind == OpKind::hamming) return &op;
  return nullptr;
}

HdcClassifier trainedHdc(const Workload& workload, const ExecutionFormat& format,
                         const DataSet& train, std::uint64_t seed) {
  if (!hasIntegers(format.weight) || format.weight.bits > 8)
    throw InputError("a hyperdimensional classifier in " + format.name,
                     "class vectors of 1 to 8 bits (binary, int2..int8)");
  HdcOptions options;
  options.dimensions = hdcSearch(workload)->dims[Dim::K];
  options.bits = format.weight.bits;
  options.seed = seed;
  return HdcClassifier(train, options);
}

AccuracyResult measuredShare(std::int64_t right, std::int64_t samples, const DataSet& data,
                             const std::string& split) {
  const double p = static_cast<double>(right) / static_cast<double>(samples);
  return {p, std::sqrt(p * (1 - p) / static_cast<double>(samples)), "measured",
          (data.source.empty() ? data.name : data.source) + ", " + split + " split"};
}

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
