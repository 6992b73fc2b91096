#include "fpga/layer.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace wattlas::fpga {
namespace {

/// One operator instance with the layers that feed it.
struct Instance {
  std::int32_t op = 0;                  ///< index into the region
  std::vector<std::int32_t> producers;  ///< instances, -1 = outside
  std::vector<std::int32_t> consumers;
};

struct Shape {
  std::int64_t height = 1, width = 1, channels = 1;
  std::int64_t pixels() const { return height * width; }
  std::int64_t elements() const { return pixels() * channels; }
};

class Builder {
 public:
  explicit Builder(const WorkItem& item) : item_(item) {
    ops_.reserve(item.region.size());
    indexOf_.assign(item.graph.size(), -1);
    for (std::size_t i = 0; i < item.region.size(); ++i) {
      // No operator of a pipeline grows with a context: the graph holds them as they are.
      ops_.push_back(&item.graph.at(item.region[i]));
      indexOf_[static_cast<std::size_t>(item.region[i])] = static_cast<std::int32_t>(i);
    }
  }

  Expected<Network, Refusal> build() {
    layOut();
    network_.frames = 1;
    for (const Operator* op : ops_) {
      if (isImage(*op)) network_.frames = std::max(network_.frames, op->dims[Dim::batch]);
      if (op->dims[Dim::steps] > 1) network_.frames = std::max(network_.frames, op->dims[Dim::M]);
    }
    layerOf_.assign(instances_.size(), -1);
    for (std::size_t i = 0; i < instances_.size(); ++i)
      if (const auto problem = addLayer(i)) return *problem;
    for (Layer& layer : network_.layers) markOutput(layer);
    return std::move(network_);
  }

 private:
  static bool isImage(const Operator& op) {
    return op.kind == OpKind::conv1d || op.kind == OpKind::conv2d || op.kind == OpKind::pool;
  }
  std::size_t instancesOf(std::size_t op) const {
    return static_cast<std::size_t>(std::max<std::int64_t>(ops_[op]->count, 1));
  }

  /// Lays repeated operators and blocks out in sequence.
  void layOut() {
    std::vector<std::int32_t> lastOf(ops_.size(), -1);
    std::size_t begin = 0;
    while (begin < ops_.size()) {
      std::size_t end = begin + 1;
      if (!ops_[begin]->block.empty())
        while (end < ops_.size() && ops_[end]->block == ops_[begin]->block &&
               ops_[end]->count == ops_[begin]->count)
          ++end;
      std::vector<std::int32_t> exits;  // of the copy before
      for (std::size_t copy = 0; copy < instancesOf(begin); ++copy)
        exits = placeCopy(begin, end, exits, lastOf);
      begin = end;
    }
    for (std::size_t i = 0; i < instances_.size(); ++i)
      for (const std::int32_t p : instances_[i].producers)
        if (p >= 0)
          instances_[static_cast<std::size_t>(p)].consumers.push_back(static_cast<std::int32_t>(i));
  }
  std::vector<std::int32_t> placeCopy(std::size_t begin, std::size_t end,
                                      const std::vector<std::int32_t>& before,
                                      std::vector<std::int32_t>& lastOf) {
    std::set<std::int32_t> unread;
    for (std::size_t op = begin; op < end; ++op) {
      Instance instance{static_cast<std::int32_t>(op), {}, {}};
      for (const OpId producer : item_.graph.producers(item_.region[op])) {
        const std::int32_t at = indexOf_[static_cast<std::size_t>(producer)];
        const bool inBlock =
            at >= 0 && static_cast<std::size_t>(at) >= begin && static_cast<std::size_t>(at) < end;
        if (!inBlock && !before.empty()) {
          instance.producers.insert(instance.producers.end(), before.begin(), before.end());
          continue;
        }
        instance.producers.push_back(at < 0 ? -1 : lastOf[static_cast<std::size_t>(at)]);
        if (inBlock) unread.erase(lastOf[static_cast<std::size_t>(at)]);
      }
      if (instance.producers.empty())
        instance.producers = before.empty() ? std::vector<std::int32_t>{-1} : before;
      const auto inputs =
          static_cast<std::size_t>(ops_[op]->kind == OpKind::add ? ops_[op]->dims[Dim::inputs] : 1);
      while (instance.producers.size() < inputs) instance.producers.push_back(-1);
      lastOf[op] = static_cast<std::int32_t>(instances_.size());
      unread.insert(lastOf[op]);
      instances_.push_back(std::move(instance));
    }
    return {unread.begin(), unread.end()};
  }

  /// Shape of what instance `i` reads from its first producer, if that is in the region.
  const Shape* inputShape(std::size_t i) const {
    const std::int32_t p = instances_[i].producers.front();
    return p < 0 ? nullptr : &shapes_[static_cast<std::size_t>(p)];
  }

  Refusal mismatch(const Operator& op, std::int64_t needs, const Shape& has) const {
    return {Refusal::Code::mapping,
            "'" + op.name + "' reads " + std::to_string(needs) +
                " values a frame, but the layer before it streams " +
                std::to_string(has.elements()),
            "map the two operators to different devices, or put the missing operator between them"};
  }

  std::optional<Refusal> addLayer(std::size_t i) {
    const Operator& op = *ops_[static_cast<std::size_t>(instances_[i].op)];
    Layer layer;
    layer.name = op.name;
    if (const std::size_t copies = instancesOf(static_cast<std::size_t>(instances_[i].op));
        copies > 1)
      layer.name += "#" + std::to_string(i);
    layer.op = instances_[i].op;
    layer.weightBits = op.formats.weight.bits;
    layer.inputBits = op.formats.activation.bits;
    layer.outputBits = op.formats.activation.bits;
    const NumberFormat& sums = op.formats.accumulator;
    if (sums.fractionBits >= 0 || (!sums.isFloat() && sums.bits < 32))
      layer.accumulatorBits = sums.bits;
    layer.weightFraction = op.formats.weight.fractionBits;
    layer.density = op.weightSparsity.density;
    shapes_.resize(i + 1);
    if (const auto problem = shapeOf(i, op, layer)) return problem;
    if (absorb(i, op)) return std::nullopt;
    for (const std::int32_t p : instances_[i].producers)
      layer.producers.push_back(p < 0 ? -1 : layerOf_[static_cast<std::size_t>(p)]);
    if (layer.inputTokenBits.empty())
      layer.inputTokenBits.assign(layer.producers.size(), layer.cin * layer.inputBits);
    layerOf_[i] = static_cast<std::int32_t>(network_.layers.size());
    network_.layers.push_back(std::move(layer));
    return std::nullopt;
  }

  /// A function of single values behind products costs thresholds or a scale, not a layer.
  bool absorb(std::size_t i, const Operator& op) {
    if (op.kind == OpKind::slice) {
      const std::int32_t from = layerOf_[static_cast<std::size_t>(instances_[i].producers.front())];
      network_.layers[static_cast<std::size_t>(from)].absorbed.push_back(instances_[i].op);
      layerOf_[i] = from;
      return true;
    }
    const bool pointwise = op.kind == OpKind::activation || op.kind == OpKind::norm;
    const std::int32_t p = instances_[i].producers.front();
    if (!pointwise || p < 0 || instances_[static_cast<std::size_t>(p)].consumers.size() != 1)
      return false;
    const std::int32_t host = layerOf_[static_cast<std::size_t>(p)];
    Layer& target = network_.layers[static_cast<std::size_t>(host)];
    if (!target.hasProducts()) return false;
    target.thresholds = true;
    target.outputBits = op.formats.activation.bits;
    target.absorbed.push_back(instances_[i].op);
    layerOf_[i] = host;
    return true;
  }

  std::optional<Refusal> shapeOf(std::size_t i, const Operator& op, Layer& layer) {
    switch (op.kind) {
      case OpKind::conv1d:
      case OpKind::conv2d:
        return convolution(i, op, layer);
      case OpKind::pool:
        return pool(i, op, layer);
      case OpKind::gemm:
      case OpKind::hamming:
        return matrix(i, op, layer);
      case OpKind::concat:
        return joined(i, op, layer);
      case OpKind::rnn:
      case OpKind::gru:
      case OpKind::lstm:
        return recurrent(i, op, layer);
      case OpKind::slice:
        return lastStep(i, op);
      default:
        return values(i, op, layer);
    }
  }

  static Window windowOf(const Operator& op) {
    const WindowAxis tall = windowAxis(op, Axis::height), wide = windowAxis(op, Axis::width);
    Window w;
    w.height = tall.length;
    w.width = wide.length;
    w.kernelHeight = tall.kernel;
    w.kernelWidth = wide.kernel;
    w.strideHeight = tall.stride;
    w.strideWidth = wide.stride;
    w.top = tall.begin;
    w.bottom = tall.end;
    w.left = wide.begin;
    w.right = wide.end;
    return w;
  }

  std::optional<Refusal> convolution(std::size_t i, const Operator& op, Layer& layer) {
    layer.cin = op.dims[Dim::cin];
    layer.cout = op.dims[Dim::cout];
    layer.groups = op.dims[Dim::groups];
    layer.kind =
        layer.groups > 1 && layer.groups == layer.cin ? LayerKind::depthwise : LayerKind::matrix;
    layer.window = windowOf(op);
    setProducts(op, layer);
    return finish(i, op, layer);
  }

  std::optional<Refusal> pool(std::size_t i, const Operator& op, Layer& layer) {
    layer.kind = LayerKind::pool;
    layer.cin = layer.cout = op.dims[Dim::cin];
    layer.window = windowOf(op);
    if (op.variant == OpVariant::global) {
      layer.window.kernelHeight = layer.window.height;
      layer.window.kernelWidth = layer.window.width;
      layer.window.strideHeight = layer.window.strideWidth = 1;
      layer.window.top = layer.window.bottom = layer.window.left = layer.window.right = 0;
    }
    layer.averages = op.variant != OpVariant::maximum;
    return finish(i, op, layer);
  }

  std::optional<Refusal> finish(std::size_t i, const Operator& op, Layer& layer) {
    const Window& w = layer.window;
    layer.pixels = w.pixels();
    layer.outPixels = w.outPixels();
    shapes_[i] = {w.outHeight(), w.outWidth(), layer.cout};
    const Shape* in = inputShape(i);
    if (in != nullptr && (in->pixels() != layer.pixels || in->channels != layer.cin))
      return mismatch(op, layer.pixels * layer.cin, *in);
    return std::nullopt;
  }

  static void setProducts(const Operator& op, Layer& layer) {
    layer.binaryProducts = op.formats.weight.kind == NumberKind::binary &&
                           op.formats.activation.kind == NumberKind::binary;
    layer.ternaryWeights = op.formats.weight.kind == NumberKind::ternary;
  }

  std::optional<Refusal> matrix(std::size_t i, const Operator& op, Layer& layer) {
    const std::int64_t rows = std::max<std::int64_t>(op.dims[Dim::M] / network_.frames, 1);
    layer.cin = op.dims[Dim::K];
    layer.cout = op.dims[Dim::N];
    setProducts(op, layer);
    if (op.kind == OpKind::hamming) {
      layer.binaryProducts = true;
      layer.weightBits = layer.inputBits = 1;
    }
    layer.pixels = layer.outPixels = rows;
    layer.window.width = rows;
    shapes_[i] = {1, rows, layer.cout};
    const Shape* in = inputShape(i);
    if (in == nullptr) return std::nullopt;
    if (in->elements() != rows * layer.cin) return mismatch(op, rows * layer.cin, *in);
    if (in->channels == layer.cin) {
      shapes_[i] = {in->height, in->width, layer.cout};
      return std::nullopt;
    }
    if (rows != 1) return mismatch(op, rows * layer.cin, *in);
    // All pixels become one vector.
    layer.cin = in->channels;
    layer.window = {};
    layer.window.height = layer.window.kernelHeight = in->height;
    layer.window.width = layer.window.kernelWidth = in->width;
    layer.pixels = in->pixels();
    return std::nullopt;
  }

  std::optional<Refusal> values(std::size_t i, const Operator& op, Layer& layer) {
    const std::int64_t elements = op.dims[Dim::M] * op.dims[Dim::N] / network_.frames;
    layer.kind = op.kind == OpKind::add       ? LayerKind::add
                 : op.kind == OpKind::softmax ? LayerKind::softmax
                                              : LayerKind::elementwise;
    layer.tabled = op.kind == OpKind::activation && op.variant != OpVariant::relu;
    Shape shape{1, std::max<std::int64_t>(op.dims[Dim::M] / network_.frames, 1), op.dims[Dim::N]};
    if (const Shape* in = inputShape(i)) {
      if (in->elements() != elements) return mismatch(op, elements, *in);
      if (op.kind != OpKind::softmax || in->channels == shape.channels) shape = *in;
    }
    for (const std::int32_t p : instances_[i].producers)
      if (p >= 0 && shapes_[static_cast<std::size_t>(p)].elements() != elements)
        return mismatch(op, elements, shapes_[static_cast<std::size_t>(p)]);
    shapes_[i] = shape;
    layer.cin = layer.cout = shape.channels;
    layer.pixels = layer.outPixels = shape.pixels();
    layer.window.height = shape.height;
    layer.window.width = shape.width;
    return std::nullopt;
  }

  std::optional<Refusal> recurrent(std::size_t i, const Operator& op, Layer& layer) {
    layer.kind = LayerKind::recurrent;
    layer.cell = op.kind == OpKind::gru    ? Cell::gru
                 : op.kind == OpKind::lstm ? Cell::lstm
                                           : Cell::rnn;
    layer.gates = layer.cell == Cell::gru ? 3 : layer.cell == Cell::lstm ? 4 : 1;
    layer.cin = op.dims[Dim::K];
    layer.cout = layer.state = op.dims[Dim::N];
    layer.pixels = layer.outPixels = layer.window.width = op.dims[Dim::steps];
    if (op.dims[Dim::M] != network_.frames)
      return Refusal{
          Refusal::Code::mapping,
          "'" + op.name + "' has " + std::to_string(op.dims[Dim::M]) + " sequences in an inference",
          "one sequence for each inference of the batch"};
    setProducts(op, layer);
    return finish(i, op, layer);
  }

  /// Only the last state of a recurrence leaves its unit.
  std::optional<Refusal> lastStep(std::size_t i, const Operator& op) {
    const std::int32_t p = instances_[i].producers.front();
    const std::int32_t host = p < 0 ? -1 : layerOf_[static_cast<std::size_t>(p)];
    if (host >= 0) {
      Layer& layer = network_.layers[static_cast<std::size_t>(host)];
      if (layer.kind == LayerKind::recurrent && op.dims[Dim::N] == layer.cout &&
          op.dims[Dim::K] == layer.cout * layer.outPixels &&
          instances_[static_cast<std::size_t>(p)].consumers.size() == 1) {
        layer.window.kernelWidth = layer.pixels;
        layer.outPixels = 1;
        shapes_[i] = {1, 1, layer.cout};
        return std::nullopt;
      }
    }
    return Refusal{Refusal::Code::unsupported,
                   "'" + op.name +
                       "' takes a part of a stream; the pipelines only take the last "
                       "step of a recurrence",
                   "another device for this operator, such as the host"};
  }

  /// Channels of several streams one behind the other; what comes from outside is the rest.
  std::optional<Refusal> joined(std::size_t i, const Operator& op, Layer& layer) {
    layer.kind = LayerKind::concat;
    std::vector<std::int32_t>& producers = instances_[i].producers;
    const std::int64_t elements = op.dims[Dim::M] * op.dims[Dim::N] / network_.frames;
    Shape shape{1, std::max<std::int64_t>(op.dims[Dim::M] / network_.frames, 1), 0};
    std::int64_t known = 0, outside = 0;
    for (const std::int32_t p : producers) {
      if (p < 0) ++outside;
      if (p < 0) continue;
      const Shape& in = shapes_[static_cast<std::size_t>(p)];
      if (known > 0 && in.pixels() != shape.pixels()) return mismatch(op, elements, in);
      shape.height = in.height;
      shape.width = in.width;
      known += in.channels;
    }
    shape.channels = elements / shape.pixels();
    const std::int64_t rest = shape.channels - known;
    if (rest > 0 && outside == 0) producers.push_back(-1), outside = 1;
    if (shape.pixels() * shape.channels != elements || rest < outside ||
        (rest > 0 && rest % outside != 0))
      return mismatch(op, elements, {shape.height, shape.width, known});
    layer.cin = layer.cout = shape.channels;
    layer.pixels = layer.outPixels = shape.pixels();
    layer.window.height = shape.height;
    layer.window.width = shape.width;
    for (const std::int32_t p : producers) {
      const std::int64_t channels =
          p < 0 ? rest / outside : shapes_[static_cast<std::size_t>(p)].channels;
      layer.evenShare = std::gcd(layer.evenShare, channels);
      layer.inputTokenBits.push_back(channels * layer.inputBits);
    }
    shapes_[i] = shape;
    return std::nullopt;
  }

  void markOutput(Layer& layer) const {
    const auto self = static_cast<std::int32_t>(&layer - network_.layers.data());
    layer.isOutput = true;
    for (const Layer& other : network_.layers)
      for (const std::int32_t p : other.producers)
        if (p == self) layer.isOutput = false, layer.outputBits = other.inputBits;
    // What the layer behind takes is requantised, with or without an activation.
    if (!layer.isOutput && layer.hasProducts()) layer.thresholds = true;
    const std::int32_t op = layer.absorbed.empty() ? layer.op : layer.absorbed.back();
    for (const OpId reader : item_.graph.consumers(item_.region[static_cast<std::size_t>(op)]))
      if (indexOf_[static_cast<std::size_t>(reader)] < 0) layer.isOutput = true;
  }

  const WorkItem& item_;
  std::vector<const Operator*> ops_;
  std::vector<std::int32_t> indexOf_;  ///< by OpId; -1 = not in the region
  std::vector<Instance> instances_;
  std::vector<Shape> shapes_;          ///< of each instance's output
  std::vector<std::int32_t> layerOf_;  ///< layer that holds an instance
  Network network_;
};

}  // namespace

Expected<Network, Refusal> layersOf(const WorkItem& item) {
  return Builder(item).build();
}

}  // namespace wattlas::fpga
