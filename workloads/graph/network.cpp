// Channels and lengths flow from layer to layer, so that changing one layer (a design parameter)
// changes what follows.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "workloads/graph/description.h"
#include "workloads/graph/kind.h"
#include "workloads/graph/layer_spec.h"

namespace wattlas {
namespace {

/// Shape of what flows between two layers, for one sample.
struct Shape {
  std::int64_t channels = 1, height = 1, width = 1, depth = 1;
  bool plane = false;   ///< an image (conv2d) or a signal (conv1d)
  bool volume = false;  ///< an image with a depth (conv3d)
  std::int64_t pixels() const { return Exact(depth) * height * width; }
  std::int64_t values() const { return Exact(channels) * pixels(); }
  bool operator==(const Shape&) const = default;
  std::string text() const {
    std::string out = std::to_string(channels) + " channels x ";
    if (volume) out += std::to_string(depth) + " x ";
    if (plane) out += std::to_string(height) + " x ";
    return out + std::to_string(width);
  }
};

struct Value {
  OpId producer = -1;
  Shape shape;
};

/// Zeros around an axis.
struct Padding {
  std::int64_t each = 0, end = 0;
  bool operator==(const Padding&) const = default;
};

/// One axis of a window as the layer asks for it.
struct LayerAxis {
  std::int64_t length = 1, kernel = 1, stride = 1, dilation = 1;
  Padding padding;
};

Padding paddingOf(const LayerSpec& spec, const std::string& text, const LayerAxis& axis) {
  const std::int64_t reach = Exact(axis.kernel - 1) * axis.dilation + 1;
  if (text == "valid") return {};
  if (text != "same") return {zerosOf(text), 0};
  if (spec.kind == "transposed_conv") {  // crops to `stride` outputs for each input
    const std::int64_t crop = std::max<std::int64_t>(reach + spec.outputPadding - axis.stride, 0);
    return {crop / 2, crop % 2};
  }
  const std::int64_t outputs = (axis.length + axis.stride - 1) / axis.stride;
  const std::int64_t total =
      std::max<std::int64_t>(Exact(outputs - 1) * axis.stride + reach - axis.length, 0);
  return {total / 2, total % 2};
}

/// Zeros at the end for a last window that begins over the input but ends beyond it.
std::int64_t ceilZeros(const LayerAxis& axis) {
  const std::int64_t padded = axis.length + 2 * axis.padding.each + axis.padding.end;
  const std::int64_t reach = Exact(axis.kernel - 1) * axis.dilation + 1;
  if (padded < reach) return 0;
  const std::int64_t left = (padded - reach) % axis.stride;
  if (left == 0) return 0;
  const std::int64_t start = (padded - reach) - left + axis.stride;
  return start < axis.length + axis.padding.each ? axis.stride - left : 0;
}

class NetworkBuilder {
 public:
  NetworkBuilder(Draft& draft, Graph& graph, std::int64_t batch)
      : draft_(draft), graph_(graph), batch_(batch) {}

  /// The first impossible layer is reported in the draft's problems and ends the network (false):
  /// what follows has no shape to check.
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
        throw InputError({}, "inputs", "no layer above is named '" + name + "'",
                         "a layer above in the same block, or input", didYouMean(name, names));
      inputs.push_back(it->second);
    }
    return inputs;
  }

  Value layer(const LayerSpec& spec, const std::vector<Value>& inputs, const std::string& block,
              std::int64_t repeat) {
    const std::string name = block.empty() ? spec.name : block + "." + spec.name;
    const Shape in = inputs.front().shape;
    Shape out = in;
    if (spec.kind == "identity")
      return functions({inputs.front().producer, out}, spec, name, block, repeat);
    Operator op;
    if (spec.kind == "conv" || spec.kind == "depthwise" || spec.kind == "transposed_conv")
      op = convolution(spec, name, in, out);
    else if (spec.kind == "dense" || spec.kind == "hamming")
      op = dense(spec, name, in, out);
    else if (spec.kind == "add" || spec.kind == "multiply")
      op = combination(spec, name, inputs, out);
    else if (spec.kind == "scale")
      op = scaling(name, in);
    else if (spec.kind == "concat")
      op = concatenation(name, inputs, out);
    else if (spec.kind == "lstm" || spec.kind == "gru")
      op = recurrence(spec, name, in, out);
    else if (spec.kind == "softmax")
      op = rows(name, OpKind::softmax, in);
    else if (spec.kind == "upsample")
      op = upsampling(spec, name, in, out);
    else
      op = pool(spec, name, in, out);
    finish(op, spec, block, repeat);
    costOf(op);  // refuses impossible dimensions here, where the layer's place is known
    Value value{graph_.add(std::move(op)), out};
    for (const Value& from : inputs)
      if (from.producer >= 0) graph_.connect(from.producer, value.producer);
    if (spec.lastStep) {
      Operator last = rows(name + ".last", OpKind::slice, value.shape);
      last.dims[Dim::M] = batch_;
      last.dims[Dim::K] = value.shape.values();
      value.shape.width = 1;
      finish(last, spec, block, repeat);
      value.producer = graph_.addAfter(value.producer, std::move(last));
    }
    return functions(value, spec, name, block, repeat);
  }

  /// Norm and activation behind a layer.
  Value functions(Value value, const LayerSpec& spec, const std::string& name,
                  const std::string& block, std::int64_t repeat) {
    if (spec.norm != "none" && spec.norm != "folded")
      follow(value, spec, name + ".norm", OpKind::norm, *variantNamed(spec.norm), block, repeat);
    if (spec.activation != "none")
      follow(value, spec, name + ".act", OpKind::activation, *variantNamed(spec.activation), block,
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

  void follow(Value& value, const LayerSpec& spec, const std::string& name, OpKind kind,
              OpVariant variant, const std::string& block, std::int64_t repeat) {
    Operator op = draft_.make(name, kind);
    op.variant = variant;
    op.dims[Dim::M] = Exact(batch_) * value.shape.pixels();
    op.dims[Dim::N] = value.shape.channels;
    op.hasWeights = kind == OpKind::norm;
    if (variant == OpVariant::group || variant == OpVariant::instance) {
      op.dims[Dim::M] = batch_;
      op.dims[Dim::N] = value.shape.values();
      op.dims[Dim::cin] = value.shape.channels;
      op.dims[Dim::groups] = variant == OpVariant::group ? spec.normGroups : value.shape.channels;
    }
    costOf(op);
    finish(op, spec, block, repeat);
    value.producer = graph_.addAfter(value.producer, std::move(op));
  }

  /// Padding and output extents of a kernel; `op` gets all window dimensions.
  void window(const LayerSpec& spec, Operator& op, const Shape& in, Shape& out) const {
    using enum Dim;
    struct Axis {
      std::int64_t length;
      bool has;
      Dim dim, kernel, stride, dilation, pad, padEnd;
    };
    const std::array<Axis, 3> all = {
        {{in.width, true, Dim::width, kernelWidth, Dim::stride, Dim::dilation, Dim::pad, padEnd},
         {in.height, in.plane, Dim::height, kernelHeight, strideHeight, dilationHeight, padHeight,
          padEndHeight},
         {in.depth, in.volume, Dim::depth, kernelDepth, strideDepth, dilationDepth, padDepth,
          padEndDepth}}};
    Dims& d = op.dims;
    d[Dim::batch] = batch_;
    d[Dim::cin] = in.channels;
    LayerAxis wide;
    for (std::size_t a = 0; a < all.size(); ++a) {
      const Axis& axis = all[a];
      for (const auto& [key, given] : {std::pair{"kernel", spec.kernel[a] > 0},
                                       {"stride", spec.stride[a] > 0},
                                       {"dilation", spec.dilation[a] > 0},
                                       {"padding", spec.padding[a] != "-"}})
        if (given && !axis.has)
          throw InputError({}, std::string(key) + LayerSpec::axisNames[a],
                           "the input " + in.text() + " has no such axis", "no such key here");
      d[axis.dim] = axis.length;
      if (!axis.has) continue;
      const auto own = [a](const auto& values) { return values[a] > 0 ? values[a] : values[0]; };
      LayerAxis w{axis.length, own(spec.kernel), own(spec.stride), own(spec.dilation), {}};
      w.padding = paddingOf(spec, spec.padding[a] == "-" ? spec.padding[0] : spec.padding[a], w);
      if (spec.ceilMode) w.padding.end += ceilZeros(w);
      d[axis.kernel] = w.kernel;
      // Others than the width are set where they differ from it.
      if (a == 0 || w.stride != wide.stride) d[axis.stride] = w.stride;
      if (a == 0 || w.dilation != wide.dilation) d[axis.dilation] = w.dilation;
      if (a == 0 || !(w.padding == wide.padding)) {
        d[axis.pad] = w.padding.each;
        d[axis.padEnd] = w.padding.end;
      }
      if (a == 0) wide = w;
    }
    d[Dim::outputPad] = spec.outputPadding;
    out.width = outputWidth(op);
    if (in.plane) out.height = outputHeight(op);
    if (in.volume) out.depth = outputDepth(op);
  }

  Operator convolution(const LayerSpec& spec, const std::string& name, const Shape& in,
                       Shape& out) {
    Operator op = draft_.make(name, spec.kind == "transposed_conv" ? OpKind::convTranspose
                                    : in.volume                    ? OpKind::conv3d
                                    : in.plane                     ? OpKind::conv2d
                                                                   : OpKind::conv1d);
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
    out = {op.dims[Dim::N], 1, 1, 1, in.plane, in.volume};
    return op;
  }

  /// Sum or product at each place; an input with an extent of 1 serves all places along it.
  Operator combination(const LayerSpec& spec, const std::string& name,
                       const std::vector<Value>& inputs, Shape& out) const {
    for (const Value& value : inputs)
      if (value.shape.values() > out.values()) out = value.shape;
    Operator op = draft_.make(name, spec.kind == "add" ? OpKind::add : OpKind::multiply);
    op.hasWeights = false;
    op.dims[Dim::M] = Exact(batch_) * out.pixels();
    op.dims[Dim::N] = out.channels;
    std::int64_t full = 0;
    for (const Value& value : inputs) {
      const Shape& s = value.shape;
      if (s == out) {
        ++full;
        continue;
      }
      const auto fits = [](std::int64_t own, std::int64_t all) { return own == 1 || own == all; };
      if (!fits(s.channels, out.channels) || !fits(s.height, out.height) ||
          !fits(s.width, out.width) || !fits(s.depth, out.depth))
        throw InputError(
            {}, "inputs",
            (spec.kind == "add" ? "adds " : "multiplies ") + out.text() + " and " + s.text(),
            "inputs of one shape, or with extents of 1");
      op.dims[Dim::smallInputs] += 1;
      op.dims[Dim::smallValues] += Exact(batch_) * s.values();
    }
    op.dims[Dim::inputs] = full;
    return op;
  }

  /// A trained factor for each channel.
  Operator scaling(const std::string& name, const Shape& in) const {
    Operator op = rows(name, OpKind::multiply, in);
    op.hasWeights = true;
    op.dims[Dim::inputs] = op.dims[Dim::smallInputs] = 1;
    op.dims[Dim::smallValues] = in.channels;
    return op;
  }

  Operator concatenation(const std::string& name, const std::vector<Value>& inputs,
                         Shape& out) const {
    out.channels = 0;
    for (const Value& value : inputs) {
      Shape same = value.shape;
      same.channels = inputs.front().shape.channels;
      if (!(same == inputs.front().shape))
        throw InputError({}, "inputs",
                         "joins " + inputs.front().shape.text() + " and " + value.shape.text(),
                         "inputs that differ in channels only");
      out.channels = Exact(out.channels) + value.shape.channels;
    }
    return rows(name, OpKind::concat, out);
  }

  Operator rows(const std::string& name, OpKind kind, const Shape& shape) const {
    Operator op = draft_.make(name, kind);
    op.hasWeights = false;
    op.dims[Dim::M] = Exact(batch_) * shape.pixels();
    op.dims[Dim::N] = shape.channels;
    return op;
  }

  /// Steps along the width; an image gives its columns.
  Operator recurrence(const LayerSpec& spec, const std::string& name, const Shape& in,
                      Shape& out) const {
    Operator op = draft_.make(name, spec.kind == "lstm" ? OpKind::lstm : OpKind::gru);
    op.dims[Dim::M] = batch_;
    op.dims[Dim::steps] = in.width;
    op.dims[Dim::K] = Exact(in.channels) * in.height * in.depth;
    op.dims[Dim::N] = spec.cout;
    op.dims[Dim::directions] = spec.bidirectional ? 2 : 1;
    op.hasBias = spec.bias;
    out = {std::int64_t(Exact(spec.cout) * op.dims[Dim::directions]), 1, in.width, 1, false, false};
    return op;
  }

  /// Output extents that the layer names itself.
  static void resize(const LayerSpec& spec, Operator& op, const Shape& in, Shape& out,
                     std::int64_t batch) {
    const auto along = [&](std::int64_t own, std::int64_t length) {
      return spec.factor > 0 ? std::int64_t(Exact(length) * spec.factor)
             : own > 0       ? own
                             : spec.output[0];
    };
    out.width = along(0, in.width);
    if (in.plane) out.height = along(spec.output[1], in.height);
    if (in.volume) out.depth = along(spec.output[2], in.depth);
    op.hasWeights = false;
    op.dims[Dim::batch] = batch;
    op.dims[Dim::cin] = in.channels;
    op.dims[Dim::depth] = in.depth;
    op.dims[Dim::height] = in.height;
    op.dims[Dim::width] = in.width;
    op.dims[Dim::outDepth] = out.depth;
    op.dims[Dim::outHeight] = out.height;
    op.dims[Dim::outWidth] = out.width;
  }

  Operator upsampling(const LayerSpec& spec, const std::string& name, const Shape& in,
                      Shape& out) const {
    Operator op = draft_.make(name, OpKind::upsample);
    resize(spec, op, in, out, batch_);
    return op;
  }

  Operator pool(const LayerSpec& spec, const std::string& name, const Shape& in, Shape& out) {
    Operator op = draft_.make(name, OpKind::pool);
    op.hasWeights = false;
    if (spec.kind == "adaptive_pool") {
      resize(spec, op, in, out, batch_);
      op.variant = OpVariant::adaptive;
      return op;
    }
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
    op.dims[Dim::depth] = op.dims[Dim::kernelDepth] = in.depth;
    out.height = out.width = out.depth = 1;
    return op;
  }

  bool report(const LayerSpec& spec, const std::string& key, std::string what, std::string expected,
              std::string hint = {}) {
    draft_.problems.add(spec.place, key.empty() ? spec.path : spec.path + "." + key,
                        "layer '" + spec.name + "': " + what, std::move(expected), std::move(hint));
    return false;
  }

  Draft& draft_;
  Graph& graph_;
  std::int64_t batch_;
  Value out_;
};

class LayersGenerator final : public Generator {
 public:
  LayersGenerator(const ConfigNode& tree, LayerMemory* memory) : tree_(tree), memory_(memory) {}

  void bind(Binder& binder) override {
    common_.bind(binder, "layers", "vision");
    binder.section("input", "Shape of one sample", [&](Binder& b) {
      b.integer("channels", input_.channels, atLeast(1), "Channels, or features of a vector");
      b.integer("depth", input_.depth, atLeast(0, "0"), "Planes of a volume; 0 = no volume");
      b.integer("height", input_.height, atLeast(0, "0"), "Rows of an image; 0 = a signal");
      b.integer("width", input_.width, atLeast(1, "1"), "Columns of an image, samples of a signal");
    });
    bindLayers(binder, layers_, tree_.find("layers"), "workload.layers", true, memory_);
    if (!binder.reading()) return;
    input_.volume = input_.depth > 0;
    input_.plane = input_.height > 0;
    if (input_.volume && !input_.plane)
      binder.problem("input.depth", "a volume without a height", "depth, height and width");
    input_.depth = std::max<std::int64_t>(input_.depth, 1);
    input_.height = std::max<std::int64_t>(input_.height, 1);
    if (layers_.empty()) binder.problem("layers", "a network without layers", "a list of layers");
  }
  const CommonKeys& common() const override { return common_; }

  void build(Draft& draft) override {
    Phase phase;
    phase.kind = PhaseKind::inference;
    phase.tokens = common_.options.batch;
    checkFormats(draft.problems, layers_);
    if (draft.problems.empty())
      NetworkBuilder(draft, phase.graph, common_.options.batch).run(layers_, input_);
    draft.workload.phases.push_back(std::move(phase));
  }

 private:
  static void checkFormats(Problems& problems, const std::vector<LayerSpec>& layers) {
    for (const LayerSpec& spec : layers) {
      checkFormats(problems, spec.inner);
      if (spec.format == "default") continue;
      try {
        parseTensorFormats(spec.format);
      } catch (const InputError& error) {
        problems.add(spec.place, spec.path + ".format", error);
      }
    }
  }

  const ConfigNode& tree_;
  LayerMemory* memory_;
  CommonKeys common_;
  Shape input_;
  std::vector<LayerSpec> layers_;
};

}  // namespace

std::unique_ptr<Generator> makeLayersGenerator(const ConfigNode& tree, LayerMemory* memory) {
  return std::make_unique<LayersGenerator>(tree, memory);
}

}  // namespace wattlas
