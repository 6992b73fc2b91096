// Which arrays a network needs, and reading them from an archive.
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "execution/network.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

using Shape = std::vector<std::int64_t>;

Shape productShape(const Step& step) {
  const Dims& d = step.op.dims;
  if (step.op.kind == OpKind::gemm) return {d[Dim::N], d[Dim::K]};
  if (step.op.kind == OpKind::embedding) return {d[Dim::K], d[Dim::N]};
  const std::int64_t groups = d[Dim::groups];
  const bool transposed = step.op.kind == OpKind::convTranspose;
  Shape shape = {transposed ? d[Dim::cin] : d[Dim::cout],
                 (transposed ? d[Dim::cout] : d[Dim::cin]) / groups};
  if (step.op.kind == OpKind::conv3d || d[Dim::kernelDepth] > 1 || d[Dim::depth] > 1)
    shape.push_back(d[Dim::kernelDepth]);
  if (step.op.kind != OpKind::conv1d) shape.push_back(d[Dim::kernelHeight]);
  shape.push_back(d[Dim::kernelWidth]);
  return shape;
}

std::string weightName(const Step& step) {
  return step.op.sharesWeightsOf.empty() ? step.name : step.op.sharesWeightsOf;
}

std::int64_t normChannels(const Step& step) {
  const bool groups = step.op.variant == OpVariant::group || step.op.variant == OpVariant::instance;
  return groups ? step.op.dims[Dim::cin] : step.op.dims[Dim::N];
}

struct NeededArray {
  std::string name;
  Shape shape;
  std::function<std::vector<float>&(StepWeights&)> target;
};

/// The arrays of one direction of a recurrence, under the names of PyTorch.
void addDirection(const Step& step, std::size_t direction, std::vector<NeededArray>& out) {
  const Dims& d = step.op.dims;
  const std::int64_t gates = (step.op.kind == OpKind::lstm ? 4 : 3) * d[Dim::N];
  const std::string name = weightName(step) + ".", end = direction == 0 ? "_l0" : "_l0_reverse";
  const auto add = [&](const char* what, Shape shape,
                       std::vector<float> RecurrentWeights::*member) {
    out.push_back({name + what + end, std::move(shape), [=](StepWeights& w) -> std::vector<float>& {
                     return w.directions[direction].*member;
                   }});
  };
  add("weight_ih", {gates, d[Dim::K]}, &RecurrentWeights::input);
  add("weight_hh", {gates, d[Dim::N]}, &RecurrentWeights::hidden);
  if (!step.op.hasBias) return;
  add("bias_ih", {gates}, &RecurrentWeights::inputBias);
  add("bias_hh", {gates}, &RecurrentWeights::hiddenBias);
}

std::vector<NeededArray> arraysOf(const Step& step) {
  const std::string name = weightName(step);
  std::vector<NeededArray> out;
  const auto add = [&](const char* suffix, Shape shape, std::vector<float> StepWeights::*member) {
    out.push_back({name + suffix, std::move(shape),
                   [=](StepWeights& w) -> std::vector<float>& { return w.*member; }});
  };
  if (step.op.kind == OpKind::rope) add(".base", {1}, &StepWeights::base);
  if (!step.op.hasWeights) return out;
  if (step.op.kind == OpKind::norm) {
    const Shape channels = {normChannels(step)};
    add(".weight", channels, &StepWeights::weight);
    if (step.op.variant != OpVariant::rms) add(".bias", channels, &StepWeights::bias);
    if (step.op.variant == OpVariant::batch) {
      add(".running_mean", channels, &StepWeights::mean);
      add(".running_var", channels, &StepWeights::variance);
    }
    return out;
  }
  for (std::size_t i = 0; i < step.weights.directions.size(); ++i) addDirection(step, i, out);
  if (!isConvolution(step.op.kind) && step.op.kind != OpKind::gemm &&
      step.op.kind != OpKind::embedding)
    return out;
  add(".weight", productShape(step), &StepWeights::weight);
  if (step.op.hasBias) add(".bias", {step.out.channels}, &StepWeights::bias);
  return out;
}

std::string textOf(const Shape& shape) {
  NumpyArray array;
  array.shape = shape;
  return array.shapeText();
}

/// Torch has a transposed convolution as inputs x outputs: to outputs x inputs of each group.
std::vector<float> outputsFirst(const std::vector<float>& from, const Step& step) {
  const Dims& d = step.op.dims;
  const std::int64_t groups = d[Dim::groups], in = d[Dim::cin] / groups;
  const std::int64_t out = d[Dim::cout] / groups;
  const std::int64_t taps = static_cast<std::int64_t>(from.size()) / (d[Dim::cin] * out);
  std::vector<float> to(from.size());
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t t = 0; t < taps; ++t)
          to[static_cast<std::size_t>(((g * out + o) * in + i) * taps + t)] =
              from[static_cast<std::size_t>(((g * in + i) * out + o) * taps + t)];
  return to;
}

}  // namespace

std::vector<std::pair<std::string, Shape>> weightShapes(const ExecutableNetwork& network) {
  std::vector<std::pair<std::string, Shape>> out;
  std::set<std::string> seen;
  for (const Step& step : network.steps)
    for (const NeededArray& array : arraysOf(step))
      if (seen.insert(array.name).second) out.emplace_back(array.name, array.shape);
  return out;
}

std::string nameInBlock(const std::string& array) {
  const std::size_t dot = std::min(array.find('.'), array.size());
  return array.substr(0, dot) + ".0" + array.substr(dot);
}

void loadWeights(ExecutableNetwork& network, const NumpyArchive& archive, const std::string& file) {
  Problems problems;
  std::set<std::string> used;
  std::vector<std::string> present;
  for (const auto& [name, array] : archive) present.push_back(name);
  const auto read = [&](const std::string& name, const Shape& shape) -> std::vector<float> {
    const auto at = archive.find(name);
    if (at == archive.end()) {
      problems.add({file, 0}, name, "is missing", "an array " + textOf(shape),
                   didYouMean(name, present));
      return {};
    }
    used.insert(name);
    if (at->second.shape != shape) {
      problems.add({file, 0}, name, "has the shape " + at->second.shapeText(), textOf(shape));
      return {};
    }
    std::vector<float> values = at->second.reals();
    for (const float v : values)
      if (!std::isfinite(v)) {
        problems.add({file, 0}, name, "holds a value that is no finite number", "numbers");
        break;
      }
    return values;
  };
  for (Step& step : network.steps)
    for (const auto& [name, shape, target] : arraysOf(step)) {
      std::vector<float> values = read(name, shape);
      if (name.ends_with(".weight") && step.op.kind == OpKind::convTranspose && !values.empty())
        values = outputsFirst(values, step);
      target(step.weights) = std::move(values);
    }
  for (const std::string& name : present)
    if (used.count(name) == 0 && !name.ends_with("num_batches_tracked"))
      problems.add({file, 0}, name, "belongs to no operator of '" + network.name + "'",
                   "weights of this network");
  problems.finish();
}

}  // namespace wattlas
