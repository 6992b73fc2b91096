#include "execution/float_engine.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "execution/block_formats.h"
#include "execution/norm_rows.h"
#include "execution/patches.h"
#include "models/base/error.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
using MutableMap = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;

std::size_t count(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

void softmax(float* x, std::int64_t n) {
  const float most = *std::max_element(x, x + n);
  float sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += x[i] = std::exp(x[i] - most);
  for (std::int64_t i = 0; i < n; ++i) x[i] /= sum;
}

}  // namespace

StepForm formOf(OpKind kind) {
  switch (kind) {
    case OpKind::pool:
    case OpKind::upsample:
      return StepForm::pool;
    case OpKind::add:
    case OpKind::multiply:
    case OpKind::elementwise:
    case OpKind::concat:
      return StepForm::combine;
    case OpKind::norm:
      return StepForm::norm;
    case OpKind::attention:
      return StepForm::attention;
    case OpKind::activation:
    case OpKind::softmax:
    case OpKind::embedding:
      return StepForm::rows;
    default:
      if (isConvolution(kind) || kind == OpKind::gemm) return StepForm::product;
      throw std::logic_error(std::string("no engine runs ") + nameOf(kind));
  }
}

bool isProductStep(const Step& step) {
  return isConvolution(step.op.kind) || step.op.kind == OpKind::gemm;
}

ProductShape productShapeOf(const Step& step) {
  if (step.op.kind == OpKind::gemm) return {1, step.op.dims[Dim::N], step.op.dims[Dim::K]};
  const Dims& d = step.op.dims;
  return {d[Dim::groups], d[Dim::cout],
          d[Dim::cin] / d[Dim::groups] * d[Dim::kernelDepth] * d[Dim::kernelHeight] *
              d[Dim::kernelWidth]};
}

FloatEngine::FloatEngine(const ExecutableNetwork& network,
                         const std::optional<ExecutionFormat>& format, RangeRule rule)
    : network_(network), format_(format), weights_(network.steps.size()) {
  values_.resize(network.steps.size() + 1);
  for (std::size_t i = 0; i < network.steps.size(); ++i) {
    const Step& step = network.steps[i];
    if (!isProductStep(step)) continue;
    const ProductShape shape = productShapeOf(step);
    std::vector<float> weights = step.weights.weight;
    if (format_) {
      const WeightFormat& own = format_->weightOf(step.name);
      const QuantisedMatrix matrix =
          quantiseWeights(own, weights, shape.outputs, shape.inputs, rule);
      weights = dequantise(matrix);
      weightBits_ += matrix.format.storedBits(shape.outputs, shape.inputs);
      if (matrix.format.name != own.name)
        notes_.push_back(step.name + ": " + matrix.format.name + " (rows of " +
                         std::to_string(shape.inputs) + " are no whole blocks)");
    }
    weights_[i] = inOrder(weights, shape.outputs, shape.inputs, step.order);
  }
}

void FloatEngine::run(const std::vector<float>& input, std::int64_t samples) {
  values_[0] = input;
  for (std::size_t i = 0; i < network_.steps.size(); ++i) {
    const Step& step = network_.steps[i];
    values_[i + 1].resize(count(samples * step.out.values()));
    switch (formOf(step.op.kind)) {
      case StepForm::pool:
        pool(i, samples);
        break;
      case StepForm::combine:
        combine(i, samples);
        break;
      case StepForm::norm:
        norm(i, samples);
        break;
      case StepForm::attention:
        attention(i, samples);
        break;
      case StepForm::rows:
        rows(i, samples);
        break;
      case StepForm::product:
        product(i, samples);
        break;
    }
  }
}

/// Operands of a product in the format of activations, a scale for each sample or block.
void FloatEngine::roundInput(std::vector<float>& values, const PlaneShape& shape,
                             std::int64_t samples) const {
  WeightFormat format = format_->activation;
  const bool blocks = format.code == WeightCode::microscaled || format.code == WeightCode::nvfp4;
  if (!blocks) {
    values = roundedReals(format, values, samples, shape.values());
    return;
  }
  const std::int64_t each = shape.values();
  for (std::int64_t s = 0; s < samples; ++s) {
    const auto begin = values.begin() + s * each;
    const std::vector<float> one(begin, begin + each);
    const auto rounded = roundedReals(format, one, shape.places(), shape.channels);
    std::copy(rounded.begin(), rounded.end(), begin);
  }
}

void FloatEngine::product(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const PlaneShape& in = network_.shapeOf(step.inputs.front());
  std::vector<float> rounded;
  const std::vector<float>* from = &values_[step.inputs.front()];
  if (format_) {
    rounded = *from;
    roundInput(rounded, in, samples);
    from = &rounded;
  }
  const ProductShape shape = productShapeOf(step);
  std::vector<float>& out = values_[i + 1];
  const std::int64_t rows = samples * step.out.places(), each = shape.outputs / shape.groups;
  std::vector<float> patches;
  const bool conv = isConvolution(step.op.kind);
  const Patches window = conv ? Patches(step.op, in, step.out) : Patches();
  if (conv) patches.resize(count(rows * shape.inputs));
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    const std::int64_t channels = in.channels / shape.groups;
    for (std::int64_t s = 0; conv && s < samples; ++s)
      window.fill(from->data() + s * in.values(), g * channels, channels, 0.0f,
                  patches.data() + s * step.out.places() * shape.inputs);
    const ConstMap left(conv ? patches.data() : from->data(), rows, shape.inputs,
                        Eigen::OuterStride<>(shape.inputs));
    const ConstMap right(weights_[i].data() + g * each * shape.inputs, each, shape.inputs,
                         Eigen::OuterStride<>(shape.inputs));
    MutableMap to(out.data() + g * each, rows, each, Eigen::OuterStride<>(shape.outputs));
    to.noalias() = left * right.transpose();
  }
  if (step.weights.bias.empty()) return;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t o = 0; o < shape.outputs; ++o)
      out[count(r * shape.outputs + o)] += step.weights.bias[count(o)];
}

void FloatEngine::pool(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const PlaneShape& in = network_.shapeOf(step.inputs.front());
  const bool largest = step.op.variant == OpVariant::maximum;
  const bool adaptive = step.op.variant == OpVariant::adaptive;
  const bool nearest = step.op.kind == OpKind::upsample;
  for (std::int64_t s = 0; s < samples; ++s) {
    const float* const x = values_[step.inputs.front()].data() + s * in.values();
    float* const y = values_[i + 1].data() + s * step.out.values();
    std::vector<std::int64_t> places(count(step.out.places()), 0);
    std::fill(y, y + step.out.values(), largest ? -std::numeric_limits<float>::infinity() : 0.0f);
    const auto take = [&](std::int64_t to, std::int64_t from) {
      ++places[count(to)];
      if (from < 0) return;
      for (std::int64_t c = 0; c < in.channels; ++c) {
        float& v = y[to * in.channels + c];
        const float u = x[from * in.channels + c];
        v = largest ? std::max(v, u) : v + u;
      }
    };
    if (adaptive || nearest)
      forEachAdaptive(in, step.out, nearest, take);
    else
      forEachTap(windowOf(step.op, in, step.out),
                 [&](std::int64_t to, std::int64_t, std::int64_t from) { take(to, from); });
    if (largest) continue;
    for (std::int64_t p = 0; p < step.out.places(); ++p)
      for (std::int64_t c = 0; c < in.channels; ++c)
        y[p * in.channels + c] /= static_cast<float>(places[count(p)]);
  }
}

void FloatEngine::combine(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  std::int64_t channel = 0;
  for (std::size_t j = 0; j < step.inputs.size(); ++j) {
    const PlaneShape& in = network_.shapeOf(step.inputs[j]);
    for (std::int64_t s = 0; s < samples; ++s) {
      const float* const x = values_[step.inputs[j]].data() + s * in.values();
      float* const y = values_[i + 1].data() + s * step.out.values();
      if (step.op.kind == OpKind::concat) {
        for (std::int64_t p = 0; p < in.places(); ++p)
          std::copy(x + p * in.channels, x + (p + 1) * in.channels,
                    y + p * step.out.channels + channel);
        continue;
      }
      Broadcast(in, step.out).forEach([&](std::int64_t to, std::int64_t from) {
        float& v = y[to];
        const float u = x[from];
        v = j == 0                                   ? u
            : step.op.kind == OpKind::add            ? v + u
            : step.op.kind == OpKind::multiply       ? v * u
            : step.op.variant == OpVariant::subtract ? v - u
            : step.op.variant == OpVariant::maximum  ? std::max(v, u)
                                                     : std::min(v, u);
      });
    }
    channel += in.channels;
  }
}

void FloatEngine::norm(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const StepWeights& w = step.weights;
  const std::vector<float>& x = values_[step.inputs.front()];
  std::vector<float>& y = values_[i + 1];
  const auto scaled = [&](float v, std::int64_t channel) {
    const auto c = count(channel);
    return (w.weight.empty() ? v : v * w.weight[c]) + (w.bias.empty() ? 0.0f : w.bias[c]);
  };
  if (step.op.variant == OpVariant::batch) {
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto c = k % count(step.out.channels);
      const float mean = w.mean.empty() ? 0 : w.mean[c];
      const float variance = w.variance.empty() ? 1 : w.variance[c];
      y[k] = scaled((x[k] - mean) / std::sqrt(variance + static_cast<float>(normEpsilon)),
                    static_cast<std::int64_t>(c));
    }
    return;
  }
  const bool centre = step.op.variant != OpVariant::rms;
  forEachNormRow(step, samples, [&](const NormRow& row) {
    double sum = 0, squares = 0;
    row.forEach([&](std::size_t at, std::int64_t) { sum += x[at]; });
    const double mean = centre ? sum / static_cast<double>(row.size()) : 0;
    row.forEach([&](std::size_t at, std::int64_t) { squares += (x[at] - mean) * (x[at] - mean); });
    const double root = std::sqrt(squares / static_cast<double>(row.size()) + normEpsilon);
    row.forEach([&](std::size_t at, std::int64_t channel) {
      y[at] = scaled(static_cast<float>((x[at] - mean) / root), channel);
    });
  });
}

void FloatEngine::attention(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Dims& d = step.op.dims;
  const std::int64_t size = d[Dim::headDim], n = d[Dim::queries], heads = d[Dim::heads];
  const std::int64_t width = (heads + 2 * d[Dim::kvHeads]) * size;
  const Eigen::OuterStride<> stride(width);
  for (std::int64_t s = 0; s < samples; ++s) {
    const float* const x = values_[step.inputs.front()].data() + s * n * width;
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t shared = h / (heads / d[Dim::kvHeads]);
      const ConstMap q(x + h * size, n, size, stride);
      const ConstMap k(x + (heads + shared) * size, n, size, stride);
      const ConstMap v(x + (heads + d[Dim::kvHeads] + shared) * size, n, size, stride);
      Matrix scores = q * k.transpose() / std::sqrt(static_cast<float>(size));
      for (std::int64_t r = 0; r < n; ++r) {
        const auto [begin, end] = visible(step.op, r, n);
        for (std::int64_t c = 0; c < n; ++c)
          if (c < begin || c >= end) scores(r, c) = 0;
        softmax(scores.data() + r * n + begin, end - begin);
      }
      MutableMap(values_[i + 1].data() + s * n * heads * size + h * size, n, size,
                 Eigen::OuterStride<>(heads * size)) = scores * v;
    }
  }
}

void FloatEngine::rows(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const std::vector<float>& x = values_[step.inputs.front()];
  std::vector<float>& y = values_[i + 1];
  const std::int64_t n = step.out.channels, all = samples * step.out.places();
  for (std::int64_t r = 0; r < all; ++r) {
    float* const to = y.data() + r * n;
    if (step.op.kind == OpKind::softmax) {
      std::copy(x.data() + r * n, x.data() + (r + 1) * n, to);
      softmax(to, n);
    } else if (step.op.kind == OpKind::embedding) {
      const auto row = static_cast<std::int64_t>(x[count(r)]);
      if (row < 0 || row >= step.op.dims[Dim::K])
        throw InputError("token " + std::to_string(row) + " of '" + step.name + "'",
                         "a row of 0 to " + std::to_string(step.op.dims[Dim::K] - 1));
      const float* const from = step.weights.weight.data() + row * n;
      std::copy(from, from + n, to);
    } else {
      const bool gated = isGated(step.op.variant);
      const float* const from = x.data() + r * n * (gated ? 2 : 1);
      for (std::int64_t c = 0; c < n; ++c) {
        const auto v = static_cast<float>(valueOf(step.op.variant, from[c]));
        to[c] = gated ? v * from[n + c] : v;
      }
    }
  }
}

}  // namespace wattlas
