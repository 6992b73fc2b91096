// Image networks: lists of layers, and of operators where windows of attention cut the image.
#include <algorithm>

#include "workloads/import/hf_config.h"
#include "workloads/import/operator_list.h"

namespace wattlas::hf {
namespace {

/// One entry of `layers:`.
class Layer : public ListEntry<Layer> {
 public:
  Layer(const std::string& name, const char* kind) {
    text("name", name);
    text("kind", kind);
  }
  Layer& layers(std::vector<ConfigNode> inner) {
    keys_.put("layers", ConfigNode::ofList(std::move(inner)));
    return *this;
  }
  operator ConfigNode() const { return keys_; }
};

void imageInput(HfConfig& c, Description& out, std::int64_t size) {
  out.text("family", "vision");
  ConfigNode input = ConfigNode::ofMap();
  const auto put = [&](const char* key, std::int64_t value) {
    input.put(key, ConfigNode::ofScalar(std::to_string(value)));
  };
  put("channels", c.number({"num_channels"}, 3));
  put("height", size);
  put("width", size);
  out.node.put("input", std::move(input));
}

/// Whether the classifier is part of the model; a problem for heads that images do not have.
bool classifies(HfConfig& c, const Task& task) {
  if (task.head == Task::classes || task.head == Task::unnamed) return true;
  if (task.head != Task::none)
    c.problem("architectures", "'" + task.architecture.substr(0, 60) + "' has no known head",
              "an image classifier or the bare model");
  return false;
}

struct Stages {
  std::vector<std::int64_t> widths, depths;
};

Stages stages(HfConfig& c, const char* widths, std::vector<std::int64_t> standardWidths,
              std::vector<std::int64_t> standardDepths) {
  Stages s{c.numbers(widths, std::move(standardWidths)),
           c.numbers("depths", std::move(standardDepths))};
  const auto good = [](const std::vector<std::int64_t>& list, std::int64_t most) {
    return !list.empty() && list.size() <= 16 &&
           std::all_of(list.begin(), list.end(),
                       [&](std::int64_t v) { return v > 0 && v <= most; });
  };
  if (s.widths.size() != s.depths.size() || !good(s.widths, 1000000) || !good(s.depths, 10000)) {
    c.problem(widths, "no depth for each width", "two lists of one length, up to 16 stages");
    s = {};
  }
  return s;
}

Layer conv(const std::string& name, std::int64_t channels, std::int64_t kernel,
           std::int64_t stride) {
  Layer layer(name, "conv");
  layer.number("cout", channels).number("kernel", kernel).text("norm", "folded");
  if (stride > 1) layer.number("stride", stride);
  if (kernel > 1) layer.number("padding", kernel / 2);
  return layer;
}

struct ResNetBlock {
  bool bottleneck, strideFirst;
  std::int64_t width, stride;
  bool shortcut;
};

std::vector<ConfigNode> resnetBlock(const ResNetBlock& b) {
  std::vector<ConfigNode> inner;
  const auto active = [](Layer layer) { return layer.text("activation", "relu"); };
  std::string last = "conv2";
  if (b.bottleneck) {
    const std::int64_t narrow = b.width / 4;
    inner.push_back(active(conv("conv1", narrow, 1, b.strideFirst ? b.stride : 1)));
    inner.push_back(active(conv("conv2", narrow, 3, b.strideFirst ? 1 : b.stride)));
    inner.push_back(conv(last = "conv3", b.width, 1, 1));
  } else {
    inner.push_back(active(conv("conv1", b.width, 3, b.stride)));
    inner.push_back(conv("conv2", b.width, 3, 1));
  }
  if (b.shortcut) inner.push_back(conv("shortcut", b.width, 1, b.stride).inputs({"input"}));
  inner.push_back(active(Layer("add", "add").inputs({last, b.shortcut ? "shortcut" : "input"})));
  return inner;
}

void resnet(HfConfig& c, const Task& task, Description& out) {
  imageInput(c, out, 224);
  const std::int64_t stem = c.number({"embedding_size"}, 64);
  const Stages s = stages(c, "hidden_sizes", {256, 512, 1024, 2048}, {3, 4, 6, 3});
  const std::string kind = c.text({"layer_type"}, "bottleneck");
  if (kind != "bottleneck" && kind != "basic")
    c.problem("layer_type", "'" + kind.substr(0, 40) + "' is not known", "bottleneck or basic");
  if (activationOf(c, {"hidden_act"}, "relu") != "relu")
    c.problem("hidden_act", "a ResNet without relu", "relu");
  const bool strideFirst = c.flag({"downsample_in_bottleneck"}, false);
  const bool stride1 = c.flag({"downsample_in_first_stage"}, false);
  std::vector<ConfigNode> layers;
  layers.push_back(conv("stem", stem, 7, 2).text("activation", "relu"));
  layers.push_back(
      Layer("stem_pool", "max_pool").number("kernel", 3).number("stride", 2).number("padding", 1));
  std::int64_t channels = stem;
  for (std::size_t i = 0; i < s.widths.size(); ++i) {
    const std::string name = "stage" + std::to_string(i + 1);
    const std::int64_t stride = i > 0 || stride1 ? 2 : 1;
    const bool shortcut = stride > 1 || channels != s.widths[i];
    channels = s.widths[i];
    ResNetBlock block{kind == "bottleneck", strideFirst, channels, stride, shortcut};
    layers.push_back(Layer(name + "_first", "block").layers(resnetBlock(block)));
    if (s.depths[i] < 2) continue;
    block.stride = 1;
    block.shortcut = false;
    layers.push_back(
        Layer(name, "block").number("repeat", s.depths[i] - 1).layers(resnetBlock(block)));
  }
  layers.push_back(Layer("pool", "global_pool"));
  if (classifies(c, task))
    layers.push_back(Layer("classifier", "dense").number("cout", labelsOf(c)).text("bias", "true"));
  out.node.put("layers", ConfigNode::ofList(std::move(layers)));
}

std::vector<ConfigNode> convnextBlock(std::int64_t width, const std::string& activation,
                                      bool scaled) {
  std::vector<ConfigNode> inner;
  inner.push_back(Layer("dwconv", "depthwise")
                      .number("kernel", 7)
                      .number("padding", 3)
                      .text("bias", "true")
                      .text("norm", "layer"));
  const auto point = [&](const char* name, std::int64_t channels) {
    return Layer(name, "conv").number("cout", channels).number("kernel", 1).text("bias", "true");
  };
  inner.push_back(point("pwconv1", 4 * width).text("activation", activation));
  inner.push_back(point("pwconv2", width));
  if (scaled) inner.push_back(Layer("layer_scale", "scale"));
  inner.push_back(Layer("add", "add").inputs({scaled ? "layer_scale" : "pwconv2", "input"}));
  return inner;
}

void convnext(HfConfig& c, const Task& task, Description& out) {
  imageInput(c, out, c.number({"image_size"}, 224));
  const Stages s = stages(c, "hidden_sizes", {96, 192, 384, 768}, {3, 3, 9, 3});
  const std::int64_t patch = c.number({"patch_size"}, 4);
  const bool scaled = c.real({"layer_scale_init_value"}, 1e-6) > 0;
  const std::string activation = activationOf(c, {"hidden_act"}, "gelu");
  std::vector<ConfigNode> layers;
  for (std::size_t i = 0; i < s.widths.size(); ++i) {
    const std::string name = "stage" + std::to_string(i + 1);
    const std::int64_t step = i == 0 ? patch : 2;
    if (i > 0) layers.push_back(Layer(name + "_norm", "identity").text("norm", "layer"));
    Layer down(i == 0 ? "stem" : name + "_down", "conv");
    down.number("cout", s.widths[i]).number("kernel", step).number("stride", step);
    down.text("bias", "true");
    if (i == 0) down.text("norm", "layer");
    layers.push_back(down);
    layers.push_back(Layer(name, "block")
                         .number("repeat", s.depths[i])
                         .layers(convnextBlock(s.widths[i], activation, scaled)));
  }
  layers.push_back(Layer("pool", "global_pool").text("norm", "layer"));
  if (classifies(c, task))
    layers.push_back(Layer("classifier", "dense").number("cout", labelsOf(c)).text("bias", "true"));
  out.node.put("layers", ConfigNode::ofList(std::move(layers)));
}

/// Operators of Swin: attention inside windows, whose maps are padded to whole windows.
class Swin {
 public:
  Swin(HfConfig& c, const Task& task) : c_(c), task_(task) {}

  void run(Description& out) {
    out.text("family", "vision");
    Stages s = stages(c_, "num_heads", {3, 6, 12, 24}, {2, 2, 6, 2});
    const std::int64_t image = c_.number({"image_size"}, 224), patch = c_.number({"patch_size"}, 4);
    width_ = c_.number({"embed_dim"}, 96);
    window_ = c_.number({"window_size"}, 7);
    bias_ = c_.flag({"qkv_bias"}, true);
    ratio_ = c_.real({"mlp_ratio"}, 4);
    activation_ = activationOf(c_, {"hidden_act"}, "gelu");
    if (image > 100000 || patch > image || width_ > 1000000 || window_ > 1000 ||
        s.widths.size() > 8 || !(ratio_ > 0 && ratio_ < 100)) {
      c_.problem("image_size", "an image that cannot be cut into patches",
                 "image_size of at least patch_size and at most 100000");
      return;
    }
    side_ = image / patch;
    add(ListedOperator("embed.patch", OpKind::conv2d)
            .dim(Dim::cin, c_.number({"num_channels"}, 3))
            .dim(Dim::cout, width_)
            .dim(Dim::height, image)
            .dim(Dim::width, image)
            .dim(Dim::kernelHeight, patch)
            .dim(Dim::kernelWidth, patch)
            .dim(Dim::stride, patch)
            .flag("bias", true));
    norm("embed.norm", side_ * side_, width_);
    if (c_.flag({"use_absolute_embeddings"}, false))
      vector("embed.position", OpKind::add, side_ * side_, width_, side_ * side_ * width_);
    for (std::size_t i = 0; i < s.widths.size(); ++i) {
      stage("stage" + std::to_string(i + 1), s.widths[i], s.depths[i]);
      if (i + 1 < s.widths.size()) merge("stage" + std::to_string(i + 1) + ".merge");
    }
    norm("final.norm", side_ * side_, width_);
    add(ListedOperator("pool", OpKind::pool, OpVariant::global)
            .dim(Dim::cin, width_)
            .dim(Dim::width, side_ * side_)
            .dim(Dim::kernelWidth, side_ * side_));
    if (classifies(c_, task_)) gemm("classifier", 1, labelsOf(c_), width_, true, 1);
    out.node.put("operators", ConfigNode::ofList(std::move(list_)));
  }

 private:
  void add(const ListedOperator& op) { list_.push_back(op.node()); }
  void gemm(const std::string& name, std::int64_t m, std::int64_t n, std::int64_t k, bool bias,
            std::int64_t count) {
    ListedOperator op(name, OpKind::gemm);
    op.dim(Dim::M, m).dim(Dim::N, n).dim(Dim::K, k);
    if (bias) op.flag("bias", true);
    add(counted(op, count));
  }
  void norm(const std::string& name, std::int64_t rows, std::int64_t width,
            std::int64_t count = 1) {
    ListedOperator op(name, OpKind::norm, OpVariant::layer);
    add(counted(op.dim(Dim::M, rows).dim(Dim::N, width), count));
  }
  void vector(const std::string& name, OpKind kind, std::int64_t rows, std::int64_t width,
              std::int64_t values) {
    add(ListedOperator(name, kind)
            .dim(Dim::M, rows)
            .dim(Dim::N, width)
            .dim(Dim::inputs, 1)
            .dim(Dim::smallInputs, 1)
            .dim(Dim::smallValues, values)
            .flag("weights", true));
  }
  static ListedOperator counted(ListedOperator op, std::int64_t count) {
    if (count > 1) op.number("count", count);
    return op;
  }

  /// All blocks of a stage have the same operators: shifting windows costs a copy, no arithmetic.
  void stage(const std::string& name, std::int64_t heads, std::int64_t depth) {
    const std::int64_t window = std::min(window_, side_), places = side_ * side_;
    const std::int64_t along = (side_ + window - 1) / window, inWindow = window * window;
    const std::int64_t padded = along * along * inWindow;
    const auto inner = static_cast<std::int64_t>(ratio_ * static_cast<double>(width_));
    if (width_ % heads != 0)
      return c_.problem("num_heads",
                        std::to_string(heads) + " heads do not divide " + std::to_string(width_),
                        "divisors of the widths");
    norm(name + ".attn.norm", places, width_, depth);
    if (depth > 1)
      add(counted(ListedOperator(name + ".attn.shift", OpKind::slice)
                      .dim(Dim::M, padded)
                      .dim(Dim::N, width_)
                      .dim(Dim::K, width_),
                  depth / 2));
    gemm(name + ".attn.qkv", padded, 3 * width_, width_, bias_, depth);
    const std::int64_t reach = 2 * window_ - 1;
    add(counted(ListedOperator(name + ".attn.position", OpKind::embedding)
                    .dim(Dim::M, inWindow * inWindow)
                    .dim(Dim::N, heads)
                    .dim(Dim::K, reach * reach),
                depth));
    add(counted(ListedOperator(name + ".attn.sdpa", OpKind::attention)
                    .dim(Dim::batch, along * along)
                    .dim(Dim::heads, heads)
                    .dim(Dim::kvHeads, heads)
                    .dim(Dim::headDim, width_ / heads)
                    .dim(Dim::queries, inWindow)
                    .dim(Dim::keys, inWindow)
                    .dim(Dim::scoreOps, 1)
                    .flag("cached", false),
                depth));
    gemm(name + ".attn.out", padded, width_, width_, true, depth);
    residual(name + ".attn.add", places, depth);
    norm(name + ".mlp.norm", places, width_, depth);
    gemm(name + ".mlp.up", places, inner, width_, true, depth);
    add(counted(ListedOperator(name + ".mlp.act", OpKind::activation, *variantNamed(activation_))
                    .dim(Dim::M, places)
                    .dim(Dim::N, inner),
                depth));
    gemm(name + ".mlp.down", places, width_, inner, true, depth);
    residual(name + ".mlp.add", places, depth);
  }
  void residual(const std::string& name, std::int64_t rows, std::int64_t count) {
    add(counted(ListedOperator(name, OpKind::add).dim(Dim::M, rows).dim(Dim::N, width_), count));
  }
  /// Four neighbours become one place of twice the width.
  void merge(const std::string& name) {
    side_ = (side_ + 1) / 2;
    norm(name + ".norm", side_ * side_, 4 * width_);
    gemm(name + ".reduce", side_ * side_, 2 * width_, 4 * width_, false, 1);
    width_ *= 2;
  }

  HfConfig& c_;
  const Task& task_;
  std::vector<ConfigNode> list_;
  std::int64_t width_ = 0, window_ = 0, side_ = 0;
  double ratio_ = 4;
  bool bias_ = true;
  std::string activation_;
};

void swin(HfConfig& c, const Task& task, Description& out) {
  Swin(c, task).run(out);
}

}  // namespace

const std::vector<ImageType>& imageTypes() {
  static const std::vector<ImageType> types = {
      {"resnet", "layers", resnet}, {"convnext", "layers", convnext}, {"swin", "operators", swin}};
  return types;
}

}  // namespace wattlas::hf
