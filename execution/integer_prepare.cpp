// What integer execution makes once from weights, formats and calibration.
#include <cmath>

#include "execution/integer_engine.h"
#include "models/base/error.h"
#include "models/base/multiples.h"
#include "workloads/graph/kind.h"

namespace wattlas {
namespace {

constexpr std::int64_t largest32 = 2147483647;

/// What 1-bit or fixed-point activations have no rule for.
void checkRules(const ExecutableNetwork& network, const ExecutionFormat& format) {
  Problems problems;
  for (const Step& step : network.steps) {
    const OpKind kind = step.op.kind;
    const bool rowwise = kind == OpKind::softmax || kind == OpKind::rope || isRecurrent(kind) ||
                         kind == OpKind::attention ||
                         (kind == OpKind::norm && step.op.variant != OpVariant::batch);
    if ((format.activation.bits == 1 || format.weight.isFixed()) && rowwise)
      problems.add({}, "operator '" + step.name + "' (" + nameOf(kind) + ")",
                   "has no rule in " + format.name, "activations of 2 to 16 bits with a scale");
  }
  problems.finish();
}

}  // namespace

IntegerEngine::IntegerEngine(const ExecutableNetwork& network, const ExecutionFormat& format,
                             const Calibration& calibration, const IntegerOptions& options)
    : network_(network),
      format_(format),
      insideScales_(network.steps.size(), 1),
      products_(network.steps.size()),
      recurrences_(network.steps.size()),
      tables_(network.steps.size()) {
  if (format.activation.isFloat())
    throw InputError("format '" + format.name + "' is executed in floating point",
                     "a format of integers");
  checkExecutable(format);
  checkRules(network, format);
  chooseQuantisers(calibration);
  values_.resize(network.steps.size() + 1);
  for (std::size_t i = 0; i < network.steps.size(); ++i) {
    const Step& step = network.steps[i];
    if (calibration.largestInside[i] > 0) insideScales_[i] = calibration.largestInside[i] / 32767;
    if (isProductStep(step)) prepareProduct(i, options);
    if (isRecurrent(step.op.kind)) prepareRecurrence(i, options);
    if (step.op.kind != OpKind::embedding) continue;
    const std::int64_t rows = step.op.dims[Dim::K], width = step.op.dims[Dim::N];
    const QuantisedMatrix table = quantiseWeights(format.weightOf(step.name), step.weights.weight,
                                                  rows, width, options.rounding);
    for (const float w : dequantise(table))
      tables_[i].push_back(static_cast<Code>(quantisers_[i + 1].quantise(w)));
  }
}

IntegerEngine::~IntegerEngine() = default;

void IntegerEngine::chooseQuantisers(const Calibration& calibration) {
  const int bits = format_.activation.bits;
  for (const ValueRange& range : calibration.values) {
    Quantiser q = Quantiser::forRange(range.low, range.high, bits);
    if (bits == 1) q.zero = 0, q.scale = range.meanAbsolute > 0 ? range.meanAbsolute : 1;
    if (format_.weight.isFixed())
      q.zero = 0, q.scale = std::ldexp(1.0, -format_.weight.fractionBits);
    quantisers_.push_back(q);
  }
  for (std::size_t i = 0; i < network_.steps.size() && !format_.weight.isFixed(); ++i) {
    const Step& step = network_.steps[i];
    const Quantiser& in = quantisers_[step.inputs.front()];
    Quantiser& out = quantisers_[i + 1];
    const bool moves = step.op.kind == OpKind::upsample || step.op.kind == OpKind::slice ||
                       (step.op.kind == OpKind::pool && step.op.variant == OpVariant::maximum);
    const bool clamps = step.op.kind == OpKind::activation && isClamp(step.op.variant);
    if (step.op.kind == OpKind::softmax) out = {std::ldexp(1.0, -bits), -(1 << (bits - 1)), bits};
    if (moves || (clamps && bits > 8)) out = in;
    // The clamp's saturation is that of the step before, whose codes it gets.
    if (step.clampedBy) out = quantisers_[*step.clampedBy + 1];
    if (clamps && step.inputs.front() > 0 && network_.steps[step.inputs.front() - 1].clampedBy == i)
      out = in;
  }
}

ProductOptions IntegerEngine::kernelFor(const NumberFormat& w, std::int64_t bound,
                                        const IntegerOptions& options) const {
  ProductOptions out;
  const bool powers = w.coding == Coding::powerOfTwo, sums = powers || w.coding == Coding::kHot;
  const bool small = bound < largest32 / 2;
  out.weightBits = w.bits, out.activationBits = format_.activation.bits;
  if (options.weightDigit > 0) {
    out.kernel = ProductKernel::sliced;
    out.weightDigit = options.weightDigit;
    out.activationDigit = options.activationDigit > 0 ? options.activationDigit : 16;
    // Affine weights need one bit more than their codes, and powers of two more than theirs.
    out.weightBits = powers                                  ? 1 << (out.weightBits - 1)
                     : sums || w.kind != NumberKind::integer ? std::max(out.weightBits, 2)
                                                             : out.weightBits + (w.affine ? 1 : 0);
  } else if (format_.weight.isFixed()) {
    out.kernel = ProductKernel::fixed;
    out.fractionBits = w.fractionBits;
  } else if (w.kind == NumberKind::binary && format_.activation.bits == 1) {
    out.kernel = ProductKernel::xnor;
  } else if (w.kind == NumberKind::binary || w.kind == NumberKind::ternary) {
    out.kernel = small ? ProductKernel::ternary : ProductKernel::wide;
  } else if (sums) {
    out.kernel = small ? ProductKernel::shifts : ProductKernel::wide;
  } else {
    out.kernel = bound <= largest32 ? ProductKernel::multiply : ProductKernel::wide;
  }
  return out;
}

void IntegerEngine::prepareProduct(std::size_t i, const IntegerOptions& options) {
  const Step& step = network_.steps[i];
  const ProductShape shape = productShapeOf(step);
  const NumberFormat& weight = format_.weightOf(step.name);
  QuantisedMatrix matrix =
      quantiseWeights(weight, step.weights.weight, shape.outputs, shape.inputs, options.rounding);
  products_[i] = std::make_unique<PreparedProduct>();
  PreparedProduct& p = *products_[i];
  if (isConvolution(step.op.kind))
    p.window = Patches(step.op, network_.shapeOf(step.inputs.front()), step.out);
  p.scaleGroups = matrix.groups();
  p.groupSize = matrix.group;
  if (p.scaleGroups == 1) {
    matrix.values = inOrder(matrix.values, shape.outputs, shape.inputs, step.order);
  } else if (!step.order.empty()) {
    p.columns.resize(step.order.size());
    for (std::size_t c = 0; c < step.order.size(); ++c)
      p.columns[count(step.order[c])] = static_cast<std::int32_t>(c);
  }
  prepareScales(p, matrix, i);
  const ProductOptions kernel = kernelFor(weight, p.bound, options);
  if (kernel.kernel == ProductKernel::sliced &&
      std::ldexp(static_cast<double>(shape.inputs), kernel.weightDigit + kernel.activationDigit) >
          static_cast<double>(largest32))
    throw InputError("digits of " + std::to_string(kernel.weightDigit) + " and " +
                         std::to_string(kernel.activationDigit) + " bits over " +
                         std::to_string(shape.inputs) + " inputs exceed 32-bit sums",
                     "shorter digits");
  const std::int64_t each = shape.outputs / shape.groups;
  for (std::int64_t g = 0; g < shape.groups; ++g)
    for (std::int64_t s = 0; s < p.scaleGroups; ++s)
      p.matrices.emplace_back(matrix.values.data() + g * each * shape.inputs + s * p.groupSize,
                              each, std::min(p.groupSize, shape.inputs - s * p.groupSize),
                              shape.inputs, kernel);
}

PreparedRecurrence::Side IntegerEngine::prepareSide(const Step& step,
                                                    const std::vector<float>& weights,
                                                    const std::vector<float>& bias,
                                                    std::int64_t inputs, const Quantiser& in,
                                                    const IntegerOptions& options) const {
  const auto gates = static_cast<std::int64_t>(weights.size()) / inputs;
  const QuantisedMatrix matrix =
      quantiseWeights(format_.weightOf(step.name), weights, gates, inputs, options.rounding);
  if (matrix.groups() > 1)
    throw InputError("operator '" + step.name + "' has groups of scales in a recurrence",
                     "one scale for each gate");
  PreparedRecurrence::Side side;
  std::int64_t most = 0;
  for (std::int64_t g = 0; g < gates; ++g) {
    std::int64_t sum = 0, magnitude = 0;
    for (std::int64_t k = 0; k < inputs; ++k) {
      const std::int32_t w = matrix.values[count(g * inputs + k)];
      sum += w, magnitude += std::abs(w);
    }
    most = std::max(most, magnitude * in.reach());
    side.offsets.push_back(-in.zero * sum);
    side.requantisers.push_back(Requantiser::of(std::ldexp(matrix.scales[count(g)] * in.scale, 12),
                                                magnitude * in.reach()));
    side.bias.push_back(bias.empty() ? 0 : std::llrint(std::ldexp(bias[count(g)], 12)));
  }
  side.matrix = IntegerMatrix(matrix.values.data(), gates, inputs, inputs,
                              kernelFor(format_.weightOf(step.name), most, options));
  return side;
}

void IntegerEngine::prepareRecurrence(std::size_t i, const IntegerOptions& options) {
  const Step& step = network_.steps[i];
  for (const RecurrentWeights& w : step.weights.directions)
    recurrences_[i].push_back({prepareSide(step, w.input, w.inputBias, step.op.dims[Dim::K],
                                           quantisers_[step.inputs.front()], options),
                               prepareSide(step, w.hidden, w.hiddenBias, step.op.dims[Dim::N],
                                           quantisers_[i + 1], options)});
}

void IntegerEngine::prepareScales(PreparedProduct& p, const QuantisedMatrix& matrix,
                                  std::size_t i) {
  const Step& step = network_.steps[i];
  const Quantiser& in = quantisers_[step.inputs.front()];
  const Quantiser& out = quantisers_[i + 1];
  for (std::int64_t o = 0; o < matrix.rows; ++o) {
    std::vector<double> ratios;
    double largest = 0;
    std::int64_t magnitude = 0;
    for (std::int64_t g = 0; g < p.scaleGroups; ++g) {
      std::int64_t sum = 0;
      for (std::int64_t k = g * p.groupSize; k < std::min(matrix.columns, (g + 1) * p.groupSize);
           ++k) {
        const std::int32_t w = matrix.values[count(o * matrix.columns + k)];
        sum += w, magnitude += std::abs(w);
      }
      p.offsets.push_back(-static_cast<std::int64_t>(in.zero) * sum);
      const double scale = in.scale * matrix.scales[count(o * p.scaleGroups + g)];
      p.scales.push_back(scale);
      ratios.push_back(scale / out.scale);
      largest = std::max(largest, scale);
    }
    const double real = step.weights.bias.empty() ? 0 : step.weights.bias[count(o)];
    // A bias beyond 32 bits makes sums of 64, as any other bound does.
    const double bias = std::clamp(
        format_.weight.isFixed() ? std::floor(real / out.scale) : std::nearbyint(real / largest),
        -0x1p45, 0x1p45);
    p.bias.push_back(static_cast<std::int64_t>(bias));
    p.biasScales.push_back(largest);
    if (magnitude > (std::int64_t{1} << 44))
      throw InputError("operator '" + step.name + "' has too many inputs for 64-bit sums",
                       "narrower formats or fewer inputs");
    const std::int64_t bound = magnitude * in.reach() + std::abs(p.bias.back());
    p.bound = std::max(p.bound, bound);
    if (isLast(i) || format_.weight.isFixed()) continue;
    ratios.push_back(largest / out.scale);
    if (p.scaleGroups > 1)
      p.shared.push_back(SharedRequantiser::of(ratios, bound));
    else
      p.requantisers.push_back(Requantiser::of(ratios.front(), bound));
  }
}

int IntegerEngine::accumulatorBits() const {
  std::int64_t bound = 0;
  for (const auto& p : products_)
    if (p) bound = std::max(bound, p->bound);
  int bits = 1;
  while (bound > 0) bound >>= 1, ++bits;
  return bits;
}

ProductWork IntegerEngine::work() const {
  ProductWork sum;
  for (std::size_t i = 0; i < products_.size(); ++i) {
    const auto places = static_cast<double>(network_.steps[i].out.places());
    for (const PreparedRecurrence& r : recurrences_[i]) {
      sum.add(r.input.matrix.work(), places);
      sum.add(r.hidden.matrix.work(), places);
    }
    if (products_[i])
      for (const IntegerMatrix& m : products_[i]->matrices) sum.add(m.work(), places);
  }
  return sum;
}

}  // namespace wattlas
