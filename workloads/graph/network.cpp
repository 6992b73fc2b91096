// Channels and lengths flow from layer to layer, so that changing one layer (a design parameter)
// changes what follows.
#include "workloads/graph/network.h"

#include <algorithm>
#include <map>

namespace wattlas {
namespace {

struct Value {
  OpId producer = -1;
  Shape shape;
};

/// Zeros around an axis.
struct Padding {
  std::int64_t each = 0, end = 0;
  bool operator==(const Padding&) const = default;
};

Padding samePadding(std::int64_t length, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t outputs = (length + stride - 1) / stride;
  const std::int64_t total =
      std::max<std::int64_t>(Exact(outputs - 1) * stride + kernel - length, 0);
  return {total / 2, total % 2};
}

class NetworkBuilder {
 public:
  NetworkBuilder(Draft& draft, Graph& graph, std::int64_t batch)
      : draft_(draft), graph_(graph), batch_(batch) {}

  /// Returns false after the first impossible layer: what follows has no shape to check.
  bool run(const std::vector<LayerSpec>& layers, Shape input) {
    return sequence(layers, {-1, input}, {}, 1);
  }

 private:
  using Known = std::map<std::string, Value>;

  bool sequence(const std::vector<LayerSpec>& layers, Value input, const std::string& block,
                std::int64_t repeat) {
    Known known{{"input", input}};
    Value at = input;
    for (const LayerSpec& spec : layers) {
      if (known.count(spec.name) > 0)
        return report(spec, "name", "the name is taken", "a new name");
      try {
        if (spec.kind == "block") {
          if (!enterBlock(spec, at)) return false;
        } else {
          at = layer(spec, resolve(spec, known, at), block, repeat);
        }
      } catch (const InputError& error) {
        const Problem& p = error.problems().front();
        return report(spec, p.key, p.what, p.expected, p.hint);
      } catch (const CountOverflow&) {
        return report(spec, "", "more than 2^62 values", "smaller dimensions");
      }
      known[spec.name] = at;
    }
    out_ = at;
    return true;
  }

  bool enterBlock(const LayerSpec& spec, Value& at) {
    const Shape before = at.shape;
    if (!sequence(spec.inner, at, spec.name, spec.repeat)) return false;
    at = out_;
    if (spec.repeat > 1 && !(before == at.shape))
      return report(spec, "repeat",
                    "a repeated block turns " + before.text() + " into " + at.shape.text(),
                    "the same shape in and out");
    return true;
  }

  std::vector<Value> resolve(const LayerSpec& spec, const Known& known, const Value& at) const {
    if (spec.inputs.empty()) return {at};
    std::vector<Value> inputs;
    std::vector<std::string> names;
    for (const auto& [name, value] : known) names.push_back(name);
    for (const std::string& name : spec.inputs) {
      const auto it = known.find(name);
      if (it == known.end())
        throw InputError(Problem{{},
                                 "inputs",
                                 "no layer above is named '" + name + "'",
                                 "a layer above in the same block, or input",
                                 didYouMean(name, names)});
      inputs.push_back(it->second);
    }
    return inputs;
  }

  Value layer(const LayerSpec& spec, const std::vector<Value>& inputs, const std::string& block,
              std::int64_t repeat) {
    const std::string name = block.empty() ? spec.name : block + "." + spec.name;
    const Shape in = inputs.front().shape;
    Shape out = in;
    Operator op;
    if (spec.kind == "conv" || spec.kind == "depthwise")
      op = convolution(spec, name, in, out);
    else if (spec.kind == "dense" || spec.kind == "hamming")
      op = dense(spec, name, in, out);
    else if (spec.kind == "add")
      op = addition(name, inputs);
    else
      op = pool(spec, name, in, out);
    finish(op, spec, block, repeat);
    costOf(op);  // refuses impossible dimensions here, where the layer's place is known
    Value value{graph_.add(std::move(op)), out};
    for (const Value& from : inputs)
      if (from.producer >= 0) graph_.connect(from.producer, value.producer);
    if (spec.norm == "batch")
      follow(value, spec, name + ".norm", OpKind::norm, OpVariant::batch, block, repeat);
    if (spec.activation != "none")
      follow(value, spec, name + ".act", OpKind::activation, variantOf(spec.activation), block,
             repeat);
    return value;
  }

  void finish(Operator& op, const LayerSpec& spec, const std::string& block, std::int64_t repeat) {
    // An override by name (from the options) wins over the layer's own format.
    if (spec.format != "default" && draft_.formats.overrideOf(op.name) == nullptr)
      op.formats = parseTensorFormats(spec.format);
    if (op.hasWeights && spec.sparsity.pattern != Sparsity::Pattern::none)
      op.weightSparsity = spec.sparsity;
    op.block = block;
    op.count = repeat;
  }

  static OpVariant variantOf(const std::string& name) {
    if (name == "relu") return OpVariant::relu;
    if (name == "gelu") return OpVariant::gelu;
    if (name == "silu") return OpVariant::silu;
    return name == "tanh" ? OpVariant::tanh : OpVariant::sigmoid;
  }

  void follow(Value& value, const LayerSpec& spec, const std::string& name, OpKind kind,
              OpVariant variant, const std::string& block, std::int64_t repeat) {
    Operator op = draft_.make(name, kind);
    op.variant = variant;
    op.dims[Dim::M] = Exact(batch_) * value.shape.pixels();
    op.dims[Dim::N] = value.shape.channels;
    op.hasWeights = kind == OpKind::norm;
    finish(op, spec, block, repeat);
    value.producer = graph_.addAfter(value.producer, std::move(op));
  }

  /// Padding and output extents of a kernel; `op` gets all window dimensions.
  void window(const LayerSpec& spec, Operator& op, const Shape& in, Shape& out) const {
    const std::int64_t tall = !in.plane               ? 1
                              : spec.kernelHeight > 0 ? spec.kernelHeight
                                                      : spec.kernel;
    Padding padding;
    if (spec.padding == "same") {
      padding = samePadding(in.width, spec.kernel, spec.stride);
      if (in.plane && !(samePadding(in.height, tall, spec.stride) == padding))
        throw InputError(Problem{{},
                                 "padding",
                                 "'same' needs different zeros along the two axes",
                                 "a number of zeros",
                                 {}});
    } else if (spec.padding != "valid") {
      padding.each = std::stoll(spec.padding);
    }
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::cin] = in.channels;
    op.dims[Dim::height] = in.height;
    op.dims[Dim::width] = in.width;
    op.dims[Dim::kernelHeight] = tall;
    op.dims[Dim::kernelWidth] = spec.kernel;
    op.dims[Dim::stride] = spec.stride;
    op.dims[Dim::pad] = padding.each;
    op.dims[Dim::padEnd] = padding.end;
    out.width = outputWidth(op);
    if (in.plane) out.height = outputHeight(op);
  }

  Operator convolution(const LayerSpec& spec, const std::string& name, const Shape& in,
                       Shape& out) {
    Operator op = draft_.make(name, in.plane ? OpKind::conv2d : OpKind::conv1d);
    window(spec, op, in, out);
    const bool depthwise = spec.kind == "depthwise";
    out.channels = depthwise         ? in.channels
                   : spec.expand > 0 ? std::int64_t(Exact(in.channels) * spec.expand)
                                     : spec.cout;
    op.dims[Dim::cout] = out.channels;
    op.dims[Dim::groups] = depthwise ? in.channels : spec.groups;
    op.hasBias = spec.bias || spec.norm == "folded";
    op.foldedNorm = spec.norm == "folded";
    return op;
  }

  Operator dense(const LayerSpec& spec, const std::string& name, const Shape& in, Shape& out) {
    const bool hamming = spec.kind == "hamming";
    Operator op = draft_.make(name, hamming ? OpKind::hamming : OpKind::gemm);
    op.dims[Dim::M] = batch_;
    op.dims[Dim::K] = in.values();
    op.dims[Dim::N] = spec.expand > 0 ? std::int64_t(Exact(in.values()) * spec.expand) : spec.cout;
    op.hasBias = spec.bias || spec.norm == "folded";
    op.foldedNorm = spec.norm == "folded";
    out = {op.dims[Dim::N], 1, 1, in.plane};
    return op;
  }

  Operator addition(const std::string& name, const std::vector<Value>& inputs) {
    for (const Value& value : inputs)
      if (!(value.shape == inputs.front().shape))
        throw InputError(
            Problem{{},
                    "inputs",
                    "adds " + inputs.front().shape.text() + " and " + value.shape.text(),
                    "inputs of one shape",
                    {}});
    Operator op = draft_.make(name, OpKind::add);
    op.dims[Dim::M] = Exact(batch_) * inputs.front().shape.pixels();
    op.dims[Dim::N] =
        Exact(inputs.front().shape.channels) * static_cast<std::int64_t>(inputs.size() - 1);
    op.hasWeights = false;
    return op;
  }

  Operator pool(const LayerSpec& spec, const std::string& name, const Shape& in, Shape& out) {
    Operator op = draft_.make(name, OpKind::pool);
    op.hasWeights = false;
    if (spec.kind != "global_pool") {
      op.variant = spec.kind == "max_pool" ? OpVariant::maximum : OpVariant::average;
      window(spec, op, in, out);
      return op;
    }
    op.variant = OpVariant::global;
    op.dims[Dim::batch] = batch_;
    op.dims[Dim::cin] = in.channels;
    op.dims[Dim::height] = op.dims[Dim::kernelHeight] = in.height;
    op.dims[Dim::width] = op.dims[Dim::kernelWidth] = in.width;
    out.height = out.width = 1;
    return op;
  }

  bool report(const LayerSpec& spec, const std::string& key, std::string what, std::string expected,
              std::string hint = {}) {
    draft_.problems.add({spec.place, key.empty() ? spec.path : spec.path + "." + key,
                         "layer '" + spec.name + "': " + what, std::move(expected),
                         std::move(hint)});
    return false;
  }

  Draft& draft_;
  Graph& graph_;
  std::int64_t batch_;
  Value out_;
};

}  // namespace

void buildNetwork(Draft& draft, Graph& graph, std::int64_t batch,
                  const std::vector<LayerSpec>& layers, const Shape& input) {
  NetworkBuilder(draft, graph, batch).run(layers, input);
}

}  // namespace wattlas
