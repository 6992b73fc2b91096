#include "accuracy/measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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

}  // namespace wattlas
