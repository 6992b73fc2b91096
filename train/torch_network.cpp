#include "train/torch_network.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "execution/steps.h"
#include "models/base/error.h"
#include "models/base/random.h"

namespace wattlas {
namespace {

namespace F = torch::nn::functional;

torch::Tensor tensorOf(const NumpyArray& array) {
  const std::vector<float> values = array.reals();
  return torch::from_blob(const_cast<float*>(values.data()), array.shape, torch::kFloat32).clone();
}

NumpyArray arrayOf(const torch::Tensor& tensor) {
  const torch::Tensor t = tensor.detach().contiguous();
  return NumpyArray::of(std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel()),
                        t.sizes().vec());
}

/// What follows `x` in value and passes its gradient on (straight-through).
torch::Tensor straightThrough(const torch::Tensor& x, const torch::Tensor& value) {
  return x + (value - x).detach();
}

std::vector<std::int64_t> extents(const PlaneShape& shape, const Operator& op) {
  if (op.kind == OpKind::conv1d) return {shape.channels, shape.width};
  if (op.kind == OpKind::conv3d) return {shape.channels, shape.depth, shape.height, shape.width};
  return {shape.channels, shape.height, shape.width};
}

/// N of M as in 2:4.
std::pair<std::int64_t, std::int64_t> groupPattern(const std::string& pattern) {
  std::int64_t n = 0, m = 0;
  const std::size_t colon = pattern.find(':');
  if (colon != std::string::npos) {
    std::from_chars(pattern.data(), pattern.data() + colon, n);
    std::from_chars(pattern.data() + colon + 1, pattern.data() + pattern.size(), m);
  }
  if (n < 1 || m <= n || m > 64)
    throw InputError("pruning '" + pattern.substr(0, 40) + "'",
                     "none, unstructured, channel, or N:M such as 2:4");
  return {n, m};
}

torch::Tensor maskOf(const torch::Tensor& weight, const std::string& pattern, double density) {
  const torch::Tensor size = weight.detach().abs();
  const auto kept = [](double share, std::int64_t n) {
    return std::clamp<std::int64_t>(std::llround(share * static_cast<double>(n)), 1, n);
  };
  if (pattern == "unstructured") {
    const auto top = size.flatten().topk(kept(density, size.numel()));
    return torch::zeros({size.numel()}).index_fill(0, std::get<1>(top), 1).view_as(weight);
  }
  if (pattern == "channel") {
    const torch::Tensor norms = size.flatten(1).sum(1);
    const auto top = norms.topk(kept(density, norms.numel()));
    torch::Tensor mask = torch::zeros_like(weight).flatten(1);
    mask.index_fill_(0, std::get<1>(top), 1);
    return mask.view_as(weight);
  }
  const auto [n, m] = groupPattern(pattern);
  const std::int64_t columns = weight.numel() / weight.size(0);
  if (columns % m != 0) return torch::ones_like(weight);  // a short row stays whole
  const torch::Tensor groups = size.reshape({-1, m});
  return torch::zeros_like(groups).scatter(1, std::get<1>(groups.topk(n, 1)), 1).view_as(weight);
}

}  // namespace

TorchNetwork::TorchNetwork(const ExecutableNetwork& network, std::uint64_t seed,
                           std::optional<ExecutionFormat> format)
    : network_(&network), format_(std::move(format)), ranges_(network.steps.size() + 1) {
  use(network);
  Problems problems;
  for (const Step& s : network.steps) {
    const OpKind kind = s.op.kind;
    const bool known = kind == OpKind::conv1d || kind == OpKind::conv2d || kind == OpKind::conv3d ||
                       kind == OpKind::gemm || kind == OpKind::pool || kind == OpKind::add ||
                       kind == OpKind::concat || kind == OpKind::softmax ||
                       (kind == OpKind::activation && isClamp(s.op.variant)) ||
                       (kind == OpKind::norm && s.op.variant == OpVariant::batch);
    if (!known || (kind == OpKind::gemm && s.out.places() > 1))
      problems.add({{},
                    "operator '" + s.name + "' (" + nameOf(kind) + ")",
                    "cannot be trained",
                    "conv, depthwise, dense, pools, add, concat, batch norm, relu, relu6",
                    {}});
  }
  problems.finish();
  if (format_ && (format_->activation.isFloat() || format_->weight.isFixed()))
    throw InputError("quantisation-aware training in " + format_->name, "a format of integers");
  Random random(seed);
  for (const auto& [name, shape] : weightShapes(network)) {
    torch::Tensor t = torch::zeros(shape);
    if (name.ends_with(".weight") && shape.size() > 1) {
      const double limit = std::sqrt(6.0 / static_cast<double>(t.numel() / shape.front()));
      float* const values = t.data_ptr<float>();
      for (std::int64_t i = 0; i < t.numel(); ++i)
        values[i] = static_cast<float>(limit * (2 * random.uniform() - 1));
    } else if (name.ends_with(".weight") || name.ends_with(".running_var")) {
      t.fill_(1);
    }
    if (name.ends_with(".running_mean") || name.ends_with(".running_var"))
      statistics_[name] = t;
    else
      parameters_[name] = t.set_requires_grad(true);
  }
}

NumpyArchive TorchNetwork::archive() const {
  NumpyArchive out;
  for (const auto& [name, tensor] : parameters_) {
    const auto mask = masks_.find(name);
    out[name] = arrayOf(mask == masks_.end() ? tensor : tensor * mask->second);
  }
  for (const auto& [name, tensor] : statistics_) out[name] = arrayOf(tensor);
  return out;
}

void TorchNetwork::load(const NumpyArchive& archive) {
  const torch::NoGradGuard guard;
  for (auto* group : {&parameters_, &statistics_})
    for (auto& [name, tensor] : *group) {
      const auto at = archive.find(name);
      if (at == archive.end() || at->second.shape != tensor.sizes().vec())
        throw InputError("weights to start from lack '" + name + "' of the right shape",
                         "an archive of this network");
      tensor.copy_(tensorOf(at->second));
    }
}

void TorchNetwork::prune(const std::string& pattern, double density) {
  if (pattern == "none") return;
  for (const auto& [name, tensor] : parameters_)
    if (name.ends_with(".weight") && tensor.dim() > 1)
      masks_[name] = maskOf(tensor, pattern, density);
}

void TorchNetwork::use(const ExecutableNetwork& part) {
  network_ = &part;
  shapes_.clear();
  for (auto& [name, shape] : weightShapes(part)) shapes_[name] = shape;
}

torch::Tensor TorchNetwork::parameter(const std::string& name) const {
  const auto at = parameters_.find(name);
  torch::Tensor t = at != parameters_.end() ? at->second : parameters_.at(nameInBlock(name));
  const std::vector<std::int64_t>& shape = shapes_.at(name);
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    t = t.narrow(static_cast<std::int64_t>(axis), 0, shape[axis]);
  return t;
}

torch::Tensor TorchNetwork::biasOf(const Step& s) const {
  return s.op.hasBias ? parameter(s.name + ".bias") : torch::Tensor();
}

torch::Tensor TorchNetwork::weightOf(const Step& s) {
  const std::string name = s.name + ".weight";
  torch::Tensor w = parameter(name);
  if (const auto mask = masks_.find(name); mask != masks_.end()) w = w * mask->second;
  if (!format_) return w;
  const torch::Tensor plain = w.detach().contiguous();
  const std::int64_t rows = w.size(0);
  const QuantisedMatrix matrix = quantiseWeights(
      format_->weight,
      std::vector<float>(plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()), rows,
      plain.numel() / rows);
  const std::vector<float> values = dequantise(matrix);
  return straightThrough(w, torch::from_blob(const_cast<float*>(values.data()), w.sizes()).clone());
}

/// Activations on the grid that integers have; ranges follow the extremes of each batch.
torch::Tensor TorchNetwork::rounded(std::size_t value, const torch::Tensor& x, bool training) {
  ValueRange& range = ranges_[value];
  if (training) {
    const double low = x.detach().min().item<float>(), high = x.detach().max().item<float>();
    const double mean = x.detach().abs().mean().item<float>();
    const double keep = range.high == 0 && range.low == 0 ? 0 : 0.95;
    const auto follow = [keep](double& value, double seen) {
      value = static_cast<float>(keep * value + (1 - keep) * seen);
    };
    follow(range.low, std::min(low, 0.0));
    follow(range.high, std::max(high, 0.0));
    follow(range.meanAbsolute, mean);
  }
  const int bits = format_->activation.bits;
  if (bits == 1) {
    const torch::Tensor sign = torch::where(x >= 0, torch::ones_like(x), -torch::ones_like(x));
    return straightThrough(torch::clamp(x, -1, 1), sign * range.meanAbsolute);
  }
  const Quantiser q = Quantiser::forRange(range.low, range.high, bits);
  const torch::Tensor inside = torch::clamp(x, q.value(q.low()), q.value(q.high()));
  return straightThrough(inside, torch::round(inside / q.scale) * q.scale);
}

torch::Tensor TorchNetwork::convolution(const Step& s, const torch::Tensor& x) {
  const WindowGeometry g = windowOf(s.op, network_->shapeOf(s.inputs.front()), s.out);
  std::vector<std::int64_t> pads, stride, dilation;
  const std::size_t axes = static_cast<std::size_t>(x.dim()) - 2;
  for (std::size_t i = 0; i < axes; ++i) {
    const WindowAxis& axis = g.axes[3 - axes + i];
    stride.push_back(axis.stride);
    dilation.push_back(axis.dilation);
    const WindowAxis& last = g.axes[2 - i];  // torch pads the last axis first
    pads.push_back(last.begin);
    pads.push_back(last.end);
  }
  const torch::Tensor padded = F::pad(x, F::PadFuncOptions(pads));
  const torch::Tensor w = weightOf(s);
  const std::int64_t groups = s.op.dims[Dim::groups];
  const std::vector<std::int64_t> none(axes, 0);
  return torch::convolution(padded, w, biasOf(s), stride, none, dilation, false, none, groups);
}

torch::Tensor TorchNetwork::pool(const Step& s, const torch::Tensor& x) {
  const std::size_t axes = static_cast<std::size_t>(x.dim()) - 2;
  if (s.op.variant == OpVariant::global) {
    std::vector<std::int64_t> over;
    for (std::size_t i = 0; i < axes; ++i) over.push_back(static_cast<std::int64_t>(i) + 2);
    return x.mean(over, true);
  }
  if (s.op.variant == OpVariant::adaptive)
    return axes == 1 ? torch::adaptive_avg_pool1d(x, {s.out.width})
                     : torch::adaptive_avg_pool2d(x, {s.out.height, s.out.width});
  const WindowGeometry g = windowOf(s.op, network_->shapeOf(s.inputs.front()), s.out);
  std::vector<std::int64_t> pads, kernel, stride;
  for (std::size_t i = 0; i < axes; ++i) {
    kernel.push_back(g.axes[3 - axes + i].kernel);
    stride.push_back(g.axes[3 - axes + i].stride);
    pads.push_back(g.axes[2 - i].begin);
    pads.push_back(g.axes[2 - i].end);
  }
  const bool largest = s.op.variant == OpVariant::maximum;
  const torch::Tensor padded = F::pad(x, F::PadFuncOptions(pads).value(largest ? -1e30 : 0.0));
  if (axes == 1)
    return largest ? torch::max_pool1d(padded, kernel, stride)
                   : torch::avg_pool1d(padded, kernel, stride);
  return largest ? torch::max_pool2d(padded, kernel, stride)
                 : torch::avg_pool2d(padded, kernel, stride);
}

torch::Tensor TorchNetwork::norm(const Step& s, const torch::Tensor& x, bool training) {
  return torch::batch_norm(x, parameters_.at(s.name + ".weight"), parameters_.at(s.name + ".bias"),
                           statistics_.at(s.name + ".running_mean"),
                           statistics_.at(s.name + ".running_var"), training, 0.1, normEpsilon,
                           false);
}

torch::Tensor TorchNetwork::step(const Step& s, const std::vector<torch::Tensor>& values,
                                 bool training) {
  const torch::Tensor& x = values[s.inputs.front()];
  switch (s.op.kind) {
    case OpKind::gemm:
      return torch::linear(x.flatten(1), weightOf(s), biasOf(s));
    case OpKind::pool:
      return pool(s, x);
    case OpKind::norm:
      return norm(s, x, training);
    case OpKind::softmax:
      return torch::log_softmax(x, 1);
    case OpKind::activation:
      return s.op.variant == OpVariant::relu6 ? torch::clamp(x, 0, 6) : torch::relu(x);
    case OpKind::add: {
      torch::Tensor sum = x;
      for (std::size_t i = 1; i < s.inputs.size(); ++i) sum = sum + values[s.inputs[i]];
      return sum;
    }
    case OpKind::concat: {
      std::vector<torch::Tensor> parts;
      for (const std::size_t value : s.inputs) parts.push_back(values[value]);
      return torch::cat(parts, 1);
    }
    default:
      return convolution(s, x);
  }
}

torch::Tensor TorchNetwork::forward(const torch::Tensor& input, bool training) {
  const Step& first = network_->steps.front();
  std::vector<std::int64_t> shape = {input.size(0)};
  const auto inner = first.op.kind == OpKind::gemm
                         ? std::vector<std::int64_t>{network_->input.values()}
                         : extents(network_->input, first.op);
  shape.insert(shape.end(), inner.begin(), inner.end());
  std::vector<torch::Tensor> values = {input.view(shape)};
  if (format_) values.front() = rounded(0, values.front(), training);
  for (std::size_t i = 0; i < network_->steps.size(); ++i) {
    torch::Tensor out = step(network_->steps[i], values, training);
    // A clamp rounds for the step that it ends; the output stays as its sums are.
    const bool grid = format_ && !network_->steps[i].clampedBy && i + 1 < network_->steps.size();
    values.push_back(grid ? rounded(i + 1, out, training) : out);
  }
  return values.back().flatten(1);
}

}  // namespace wattlas
