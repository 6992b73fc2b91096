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

/// Times a row passes: largest value (or mean), sum of exponentials (or squares), scale.
constexpr std::int64_t rowPasses = 3, rmsPasses = 2;

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
      if (hasBatch(*op)) network_.frames = std::max(network_.frames, op->dims[Dim::batch]);
      if (op->dims[Dim::steps] > 1) network_.frames = std::max(network_.frames, op->dims[Dim::M]);
    }
    layerOf_.assign(instances_.size(), -1);
    for (std::size_t i = 0; i < instances_.size(); ++i)
      if (const auto problem = addLayer(i)) return *problem;
    for (Layer& layer : network_.layers) markOutput(layer);
    return std::move(network_);
  }

 private:
  static bool hasBatch(const Operator& op) {
    return op.kind == OpKind::conv1d || op.kind == OpKind::conv2d || op.kind == OpKind::pool ||
           op.kind == OpKind::convTranspose || op.kind == OpKind::attention;
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
      const bool product = ops_[op]->kind == OpKind::gemm && !ops_[op]->hasWeights;
      const auto inputs = static_cast<std::size_t>(
          product || ops_[op]->kind == OpKind::add ? ops_[op]->dims[Dim::inputs] : 1);
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

  static Refusal tooMany(const Operator& op) {
    return {Refusal::Code::mapping,
            "'" + op.name + "' reads more streams than its unit has operands",
            "two streams for a product, up to three for attention"};
  }

  std::optional<Refusal> addLayer(std::size_t i) {
    const Operator& op = *ops_[static_cast<std::size_t>(instances_[i].op)];
    Layer layer;
    layer.name = nameOf(i, op, "");
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
    if (layer.producers.empty())
      for (const std::int32_t p : instances_[i].producers)
        layer.producers.push_back(layerBehind(p));
    if (layer.inputTokenBits.empty())
      layer.inputTokenBits.assign(layer.producers.size(), layer.cin * layer.inputBits);
    layerOf_[i] = static_cast<std::int32_t>(network_.layers.size());
    network_.layers.push_back(std::move(layer));
    return std::nullopt;
  }

  std::string nameOf(std::size_t i, const Operator& op, const char* part) const {
    const bool copies = instancesOf(static_cast<std::size_t>(instances_[i].op)) > 1;
    return op.name + part + (copies ? "#" + std::to_string(i) : "");
  }
  std::int32_t layerBehind(std::int32_t instance) const {
    return instance < 0 ? -1 : layerOf_[static_cast<std::size_t>(instance)];
  }

  /// A function of single values behind products costs thresholds or a scale, not a layer.
  bool absorb(std::size_t i, const Operator& op) {
    if (op.kind == OpKind::slice) {
      const std::int32_t from = layerOf_[static_cast<std::size_t>(instances_[i].producers.front())];
      network_.layers[static_cast<std::size_t>(from)].absorbed.push_back(instances_[i].op);
      layerOf_[i] = from;
      return true;
    }
    const bool pointwise = op.kind == OpKind::activation || op.kind == OpKind::quantize ||
                           (op.kind == OpKind::norm && op.variant == OpVariant::batch);
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
      case OpKind::convTranspose:
        return convolution(i, op, layer);
      case OpKind::attention:
        return attention(i, op, layer);
      case OpKind::pool:
        return pool(i, op, layer);
      case OpKind::gemm:
        if (!op.hasWeights) return batched(i, op, layer);
        return matrix(i, op, layer);
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
      case OpKind::add:
      case OpKind::activation:
      case OpKind::norm:
      case OpKind::softmax:
      case OpKind::quantize:
        return values(i, op, layer);
      default:
        return Refusal{
            Refusal::Code::unsupported,
            "'" + op.name + "': no layer of a pipeline is made from " + wattlas::nameOf(op.kind),
            "map it to the host"};
    }
  }

  static Window windowOf(const Operator& op) {
    const WindowAxis tall = windowAxis(op, Axis::height), wide = windowAxis(op, Axis::width);
    Window w;
    w.height = tall.length;
    w.width = wide.length;
    w.dilationHeight = tall.dilation;
    w.dilationWidth = wide.dilation;
    w.kernelHeight = (tall.kernel - 1) * tall.dilation + 1;
    w.kernelWidth = (wide.kernel - 1) * wide.dilation + 1;
    w.strideHeight = tall.stride;
    w.strideWidth = wide.stride;
    w.top = tall.begin;
    w.bottom = tall.end;
    w.left = wide.begin;
    w.right = wide.end;
    if (op.kind != OpKind::convTranspose) return w;
    // A transposed convolution is one of stride 1 over input pixels with zeros between them.
    std::swap(w.spreadHeight, w.strideHeight);
    std::swap(w.spreadWidth, w.strideWidth);
    const auto outer = [](std::int64_t& begin, std::int64_t& end, std::int64_t kernel,
                          std::int64_t more) {
      begin = kernel - 1 - begin;
      end = kernel - 1 - end + more;
    };
    const std::int64_t more = op.dims[Dim::outputPad];
    outer(w.left, w.right, w.kernelWidth, more);
    if (w.height > 1 || w.kernelHeight > 1) outer(w.top, w.bottom, w.kernelHeight, more);
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
    if (layer.window.top < 0 || layer.window.left < 0)
      return Refusal{Refusal::Code::mapping, "'" + op.name + "' crops more than its kernel reaches",
                     "padding of at most the kernel's reach - 1"};
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

  /// Products of two streams, `batch` of them side by side in the channels.
  std::optional<Refusal> batched(std::size_t i, const Operator& op, Layer& layer) {
    if (instances_[i].producers.size() != 2) return tooMany(op);
    layer.groups = std::max<std::int64_t>(op.dims[Dim::batch] / network_.frames, 1);
    const std::int64_t second = op.dims[Dim::K] * op.dims[Dim::N] * layer.groups;
    const std::int32_t p = instances_[i].producers.back();
    const Shape held = p < 0 ? Shape{1, op.dims[Dim::K], op.dims[Dim::N] * layer.groups}
                             : shapes_[static_cast<std::size_t>(p)];
    if (held.elements() != second) return mismatch(op, second, held);
    twoStreams(layer, op.dims[Dim::M], op.dims[Dim::K], op.dims[Dim::N], held);
    return finish(i, op, layer);
  }
  static void twoStreams(Layer& layer, std::int64_t rows, std::int64_t k, std::int64_t n,
                         const Shape& held) {
    layer.cin = layer.groups * k;
    layer.cout = layer.groups * n;
    layer.weightBits = layer.inputBits;
    layer.pixels = layer.outPixels = layer.window.width = rows;
    layer.operandTokens = held.pixels();
    layer.inputTokenBits = {layer.cin * layer.inputBits, held.channels * layer.inputBits};
  }

  /// Three layers: queries against the kept keys, softmax of each row, its rows against the kept
  /// values. One stream holds queries, keys and values of a token, or each has a stream.
  std::optional<Refusal> attention(std::size_t i, const Operator& op, Layer& layer) {
    const Dims& d = op.dims;
    const std::int64_t queries = d[Dim::queries], keys = d[Dim::keys], value = valueDim(op);
    const Shape parts[] = {{1, queries, d[Dim::heads] * d[Dim::headDim]},
                           {1, keys, d[Dim::kvHeads] * d[Dim::headDim]},
                           {1, keys, d[Dim::kvHeads] * value}};
    const std::vector<std::int32_t>& from = instances_[i].producers;
    if (from.size() > 3) return tooMany(op);
    std::int32_t sources[3];
    for (std::size_t part = 0; part < 3; ++part) {
      sources[part] = from[std::min(part, from.size() - 1)];
      if (sources[part] < 0) continue;
      const Shape& has = shapes_[static_cast<std::size_t>(sources[part])];
      std::int64_t channels = 0;
      for (std::size_t other = 0; other < 3; ++other)
        if (from[std::min(other, from.size() - 1)] == sources[part])
          channels += parts[other].channels;
      if (has.pixels() != parts[part].pixels() || has.channels != channels)
        return mismatch(op, parts[part].pixels() * channels, has);
    }
    Layer scores = layer;
    scores.name = nameOf(i, op, "-scores");
    scores.groups = layer.groups = d[Dim::heads];
    twoStreams(scores, queries, d[Dim::headDim], keys, parts[1]);
    scores.producers = {layerBehind(sources[0]), layerBehind(sources[1])};
    Layer rows = layer;
    rows.name = nameOf(i, op, "-softmax");
    rows.kind = LayerKind::softmax;
    rows.groups = 1;
    rows.cin = rows.cout = scores.cout;
    rows.evenShare = keys;
    rows.passes = rowPasses;
    rows.pixels = rows.outPixels = rows.window.width = queries;
    rows.inputTokenBits = {rows.cin * rows.inputBits};
    const auto first = static_cast<std::int32_t>(network_.layers.size());
    rows.producers = {first};
    layer.name = nameOf(i, op, "-values");
    twoStreams(layer, queries, keys, value, parts[2]);
    layer.producers = {first + 1, layerBehind(sources[2])};
    network_.layers.push_back(std::move(scores));
    network_.layers.push_back(std::move(rows));
    shapes_[i] = {1, queries, layer.cout};
    return std::nullopt;
  }

  std::optional<Refusal> values(std::size_t i, const Operator& op, Layer& layer) {
    const std::int64_t elements = op.dims[Dim::M] * op.dims[Dim::N] / network_.frames;
    layer.kind = op.kind == OpKind::add       ? LayerKind::add
                 : op.kind == OpKind::softmax ? LayerKind::softmax
                 : op.kind == OpKind::norm && op.variant != OpVariant::batch
                     ? LayerKind::norm
                     : LayerKind::elementwise;
    layer.tabled = op.kind == OpKind::activation && op.variant != OpVariant::relu;
    const bool byRow = layer.kind == LayerKind::softmax || layer.kind == LayerKind::norm;
    if (byRow) {
      layer.passes = op.variant == OpVariant::rms ? rmsPasses : rowPasses;
      layer.evenShare = op.dims[Dim::N];
    }
    Shape shape{1, std::max<std::int64_t>(op.dims[Dim::M] / network_.frames, 1), op.dims[Dim::N]};
    if (const Shape* in = inputShape(i)) {
      if (in->elements() != elements) return mismatch(op, elements, *in);
      // A pixel may hold several rows, but no row several pixels.
      if (byRow && in->channels % shape.channels != 0) return mismatch(op, elements, *in);
      shape = *in;
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
    bool isLast = true;  // of the layers that its operator became
    for (const Layer& other : network_.layers) {
      isLast = isLast && (&other <= &layer || other.op != layer.op);
      for (const std::int32_t p : other.producers)
        if (p == self) layer.isOutput = false, layer.outputBits = other.inputBits;
    }
    // What the layer behind takes is requantised, with or without an activation.
    if (!layer.isOutput && layer.hasProducts()) layer.thresholds = true;
    const std::int32_t op = layer.absorbed.empty() ? layer.op : layer.absorbed.back();
    for (const OpId reader : item_.graph.consumers(item_.region[static_cast<std::size_t>(op)]))
      if (isLast && indexOf_[static_cast<std::size_t>(reader)] < 0) layer.isOutput = true;
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
