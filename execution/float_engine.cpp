#include "execution/float_engine.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/base/error.h"
#include "models/base/multiples.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;
using MutableMap = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;

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
    case OpKind::slice:
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
    case OpKind::rope:
      return StepForm::rotary;
    default:
      if (isConvolution(kind) || kind == OpKind::gemm) return StepForm::product;
      if (isRecurrent(kind)) return StepForm::recurrent;
      throw std::logic_error(std::string("no engine runs ") + nameOf(kind));
  }
}

ProductShape productShapeOf(const Step& step) {
  if (step.op.kind == OpKind::gemm) return {1, step.op.dims[Dim::N], step.op.dims[Dim::K]};
  const Dims& d = step.op.dims;
  return {d[Dim::groups], d[Dim::cout],
          d[Dim::cin] / d[Dim::groups] * d[Dim::kernelDepth] * d[Dim::kernelHeight] *
              d[Dim::kernelWidth]};
}

std::int64_t rowOf(const Step& step, double token) {
  if (token >= 0 && token < static_cast<double>(step.op.dims[Dim::K]))
    return static_cast<std::int64_t>(token);
  throw InputError("token " + std::to_string(token) + " of '" + step.name + "'",
                   "a row of 0 to " + std::to_string(step.op.dims[Dim::K] - 1));
}

double angleOf(const Step& step, std::int64_t position, std::int64_t pair) {
  const double base = step.weights.base.empty() ? 1e4 : step.weights.base.front();
  return static_cast<double>(position) *
         std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(step.rotated));
}

FloatEngine::FloatEngine(const ExecutableNetwork& network,
                         const std::optional<ExecutionFormat>& format, const Rounding& rounding)
    : network_(network),
      format_(format),
      rounding_(rounding),
      weights_(network.steps.size()),
      values_(network.steps.size() + 1),
      largestInside_(network.steps.size(), 0) {
  if (format_) checkExecutable(*format_);
  for (std::size_t i = 0; i < network.steps.size(); ++i) {
    const Step& step = network.steps[i];
    weights_[i].directions = step.weights.directions;
    const std::int64_t hidden = step.op.dims[Dim::N];
    for (RecurrentWeights& w : weights_[i].directions) {
      const auto gates = static_cast<std::int64_t>(w.hidden.size()) / hidden;
      w.input = prepared(step, w.input, gates, step.op.dims[Dim::K]);
      w.hidden = prepared(step, w.hidden, gates, hidden);
    }
    if (!isProductStep(step)) continue;
    const ProductShape shape = productShapeOf(step);
    weights_[i].weight = inOrder(prepared(step, step.weights.weight, shape.outputs, shape.inputs),
                                 shape.outputs, shape.inputs, step.order);
  }
}

/// Weights as the format has them.
std::vector<float> FloatEngine::prepared(const Step& step, const std::vector<float>& weights,
                                         std::int64_t outputs, std::int64_t inputs) {
  if (!format_) return weights;
  const NumberFormat& own = format_->weightOf(step.name);
  const QuantisedMatrix matrix = quantiseWeights(own, weights, outputs, inputs, rounding_);
  if (matrix.format.name != own.name)
    notes_.push_back(step.name + ": " + matrix.format.name + " (rows of " + std::to_string(inputs) +
                     " are no whole blocks)");
  return dequantise(matrix);
}

void FloatEngine::run(const std::vector<float>& input, std::int64_t samples) {
  values_[0] = input;
  for (std::size_t i = 0; i < network_.steps.size(); ++i)
    values_[i + 1].resize(count(samples * network_.steps[i].out.values()));
  runSteps(*this, network_, samples);
}

/// Operands of a product in the format of activations, a scale for each of `rows` or each block.
void FloatEngine::roundInput(std::vector<float>& values, std::int64_t rows, std::int64_t places,
                             std::int64_t channels) const {
  if (!format_) return;
  const NumberFormat& f = format_->activation;
  if (f.coding != Coding::twoLevel) {
    values = f.group > 0 ? roundedReals(f, std::move(values), rows * places, channels)
                         : roundedReals(f, std::move(values), rows, places * channels);
    return;
  }
  for (std::int64_t r = 0; r < rows; ++r) {  // the second scale is that of a sample
    const auto begin = values.begin() + r * places * channels;
    const auto rounded =
        roundedReals(f, std::vector<float>(begin, begin + places * channels), places, channels);
    std::copy(rounded.begin(), rounded.end(), begin);
  }
}

void FloatEngine::product(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const PlaneShape& in = network_.shapeOf(step.inputs.front());
  const bool conv = isConvolution(step.op.kind);
  const std::vector<float>& given = values_[step.inputs.front()];
  const bool some = readsSome(step, in);
  std::vector<float> selected;
  if (some || format_) selected = some ? placesRead(given, step, in, samples) : given;
  roundInput(selected, samples, some ? step.out.places() : in.places(), in.channels);
  const std::vector<float>* const from = selected.empty() ? &given : &selected;
  const ProductShape shape = productShapeOf(step);
  std::vector<float>& out = values_[i + 1];
  const std::int64_t rows = samples * step.out.places(), each = shape.outputs / shape.groups;
  std::vector<float> patches;
  const Patches window = conv ? Patches(step.op, in, step.out) : Patches();
  if (conv) patches.resize(count(rows * shape.inputs));
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    const std::int64_t channels = in.channels / shape.groups;
    for (std::int64_t s = 0; conv && s < samples; ++s)
      window.fill(from->data() + s * in.values(), g * channels, channels, 0.0f,
                  patches.data() + s * step.out.places() * shape.inputs);
    const ConstMap left(conv ? patches.data() : from->data(), rows, shape.inputs,
                        Eigen::OuterStride<>(shape.inputs));
    const ConstMap right(weights_[i].weight.data() + g * each * shape.inputs, each, shape.inputs,
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
  for (std::int64_t s = 0; s < samples; ++s) {
    const float* const x = values_[step.inputs.front()].data() + s * in.values();
    float* const y = values_[i + 1].data() + s * step.out.values();
    std::vector<std::int64_t> places(count(step.out.places()), 0);
    std::fill(y, y + step.out.values(), largest ? -std::numeric_limits<float>::infinity() : 0.0f);
    forEachPooled(step, in, [&](std::int64_t to, std::int64_t from) {
      ++places[count(to)];
      if (from < 0) return;
      for (std::int64_t c = 0; c < in.channels; ++c) {
        float& v = y[to * in.channels + c];
        const float u = x[from * in.channels + c];
        v = largest ? std::max(v, u) : v + u;
      }
    });
    for (std::int64_t k = 0; !largest && k < step.out.values(); ++k)
      y[k] /= static_cast<float>(places[count(k / in.channels)]);
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
        for (std::int64_t c = 0; c < n; ++c) {
          largestInside_[i] = std::max<double>(largestInside_[i], std::abs(scores(r, c)));
          if (c < begin || c >= end) scores(r, c) = 0;
        }
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
      const float* const from = step.weights.weight.data() + rowOf(step, x[count(r)]) * n;
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

/// LSTM: c' = f c + i g, h = o tanh c'. GRU: h' = (1 - z) n + z h, n = tanh(x + r h) of the sums of
/// inputs and hidden values.
void FloatEngine::recurrent(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const Dims& d = step.op.dims;
  const std::int64_t hidden = d[Dim::N], steps = d[Dim::steps], width = step.out.channels;
  std::vector<float> x = values_[step.inputs.front()];
  roundInput(x, samples, steps, d[Dim::K]);
  const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
  for (std::size_t w = 0; w < weights_[i].directions.size(); ++w) {
    const RecurrentWeights& weights = weights_[i].directions[w];
    const auto gates = static_cast<std::int64_t>(weights.hidden.size()) / hidden;
    const auto sums = [&](const std::vector<float>& matrix, const std::vector<float>& bias,
                          const float* from, std::int64_t columns) -> Eigen::VectorXf {
      Eigen::VectorXf out = ConstMap(matrix.data(), gates, columns, Eigen::OuterStride<>(columns)) *
                            Eigen::Map<const Eigen::VectorXf>(from, columns);
      if (!bias.empty()) out += Eigen::Map<const Eigen::VectorXf>(bias.data(), gates);
      return out;
    };
    for (std::int64_t s = 0; s < samples; ++s) {
      std::vector<float> h(count(hidden), 0), c(count(hidden), 0);
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t row = s * steps + (w == 0 ? t : steps - 1 - t);
        roundInput(h, 1, 1, hidden);
        const Eigen::VectorXf own =
            sums(weights.input, weights.inputBias, x.data() + row * d[Dim::K], d[Dim::K]);
        const Eigen::VectorXf past = sums(weights.hidden, weights.hiddenBias, h.data(), hidden);
        for (std::int64_t k = 0; k < hidden; ++k) {
          const auto gate = [&](std::int64_t g) {
            return sigmoid(own[g * hidden + k] + past[g * hidden + k]);
          };
          float& state = h[count(k)];
          if (step.op.kind == OpKind::lstm) {
            float& cell = c[count(k)];
            cell = gate(1) * cell + gate(0) * std::tanh(own[2 * hidden + k] + past[2 * hidden + k]);
            largestInside_[i] = std::max<double>(largestInside_[i], std::abs(cell));
            state = gate(3) * std::tanh(cell);
          } else {
            const float keep = gate(1);
            state = (1 - keep) * std::tanh(own[2 * hidden + k] + gate(0) * past[2 * hidden + k]) +
                    keep * state;
          }
          values_[i + 1][count(row * width + static_cast<std::int64_t>(w) * hidden + k)] = state;
        }
      }
    }
  }
}

void FloatEngine::rotary(std::size_t i, std::int64_t samples) {
  const Step& step = network_.steps[i];
  const std::vector<float>& x = values_[step.inputs.front()];
  std::vector<float>& y = values_[i + 1];
  forEachTurned(
      step, samples,
      [&](std::size_t a, std::size_t b, std::int64_t position, std::int64_t pair) {
        const double angle = angleOf(step, position, pair);
        const auto cosine = static_cast<float>(std::cos(angle)),
                   sine = static_cast<float>(std::sin(angle));
        y[a] = x[a] * cosine - x[b] * sine;
        y[b] = x[b] * cosine + x[a] * sine;
      },
      [&](std::size_t at) { y[at] = x[at]; });
}

}  // namespace wattlas
