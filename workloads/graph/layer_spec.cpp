#include "workloads/graph/layer_spec.h"

#include <algorithm>

#include "models/base/plain_text.h"
#include "workloads/graph/description.h"
#include "workloads/graph/kind.h"

namespace wattlas {

namespace {

bool oneOf(const std::string& kind, std::initializer_list<const char*> kinds) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const char* k) { return kind == k; });
}

/// Functions of one value that a layer may end with; gated ones halve the channels: no layer here.
const std::vector<std::string>& activationNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out = {"none"};
    for (const OpVariant variant : specOf(OpKind::activation).variants)
      if (!isGated(variant)) out.push_back(nameOf(variant));
    return out;
  }();
  return names;
}

}  // namespace

std::int64_t zerosOf(const std::string& padding) {
  const std::int64_t zeros = wholeNumber(padding).value_or(-1);
  return zeros > 1000000 ? -1 : zeros;
}

void LayerSpec::bind(Binder& b, bool allowBlock) {
  std::vector<std::string> kinds = {"conv",     "depthwise",    "transposed_conv", "dense",
                                    "max_pool", "average_pool", "global_pool",     "adaptive_pool",
                                    "add",      "multiply",     "concat",          "upsample",
                                    "lstm",     "gru",          "softmax",         "identity",
                                    "hamming",  "scale"};
  if (allowBlock) kinds.push_back("block");
  b.text("name", name, {}, "Name of the layer; its operators are NAME, NAME.norm and NAME.act");
  b.choice("kind", kind, kinds, {.fallback = "conv"}, "What the layer does");
  b.integer(
      "cout", cout, atLeast(0, "0"),
      "Output channels (conv), outputs (dense), classes (hamming), hidden values (lstm, gru)");
  b.integer("expand", expand, atLeast(0, "0"),
            "Output channels as a multiple of the input channels");
  const auto axes = [&](const std::string& key, std::array<std::int64_t, 3>& target,
                        const FieldRule& rule, const char* doc) {
    b.integer(key, target[0], rule, doc);
    b.integer(key + axisNames[1], target[1], atLeast(0, "0"), "Downwards when not `" + key + "`");
    b.integer(key + axisNames[2], target[2], atLeast(0, "0"), "Along the depth, likewise");
  };
  axes("kernel", kernel, atLeast(0, "0"),
       "Kernel length along every axis; pools: 0 stride = kernel");
  axes("stride", stride, atLeast(0, "0"), "Step of the kernel; 0 = 1, of a pool its kernel");
  axes("dilation", dilation, atLeast(1, "1"), "Distance of neighbours in the kernel");
  textOr(b, "padding", padding[0], "valid", "valid, same, or zeros on each side");
  textOr(b, "padding_height", padding[1], "-", "Above and below when not `padding`");
  textOr(b, "padding_depth", padding[2], "-", "In front and behind, likewise");
  b.flag("ceil_mode", ceilMode, {.fallback = "false"},
         "Pools: a last window that is only partly over the input counts, too");
  axes("output", output, atLeast(0, "0"), "Output extent of an adaptive pool or upsampling");
  b.integer("output_padding", outputPadding, atLeast(0, "0"),
            "Places that a transposed convolution adds at the end of each axis");
  b.integer("factor", factor, atLeast(0, "0"), "Upsampling: places for each place");
  b.integer("groups", groups, atLeast(1, "1"), "Groups of channels of a convolution");
  b.flag("bias", bias, {.fallback = "false"}, "Adds a trained bias");
  b.flag("bidirectional", bidirectional, {.fallback = "false"}, "lstm and gru: both directions");
  b.flag("last_step", lastStep, {.fallback = "false"},
         "lstm and gru: only the values of the last step go on");
  b.choice("norm", norm, {"none", "folded", "batch", "layer", "group", "instance"},
           {.fallback = "none"},
           "Batch norm folded into weights and bias, or a norm as an operator of its own");
  b.integer("norm_groups", normGroups, atLeast(0, "0"), "Groups of channels of a group norm");
  b.choice("activation", activation, activationNames(), {.fallback = "none"},
           "Non-linear function behind the layer");
  textOr(b, "format", format, "default", "Number format of this layer");
  b.texts("inputs", inputs,
          "Layers that feed this one; `input` is the block's or network's input; "
          "without it the layer above");
  bindSparsity(b, sparsity);
  if (allowBlock) {
    b.integer("repeat", repeat, {1, 1e6, "1"}, "How often a block runs, one after the other");
    bindLayers(b, inner, nullptr, {}, false);
  }
  if (b.reading()) check(b);
}

void LayerSpec::check(Binder& b) {
  const bool convolution = oneOf(kind, {"conv", "depthwise", "transposed_conv"});
  const bool pool = oneOf(kind, {"max_pool", "average_pool"});
  const bool window = convolution || pool, recurrent = oneOf(kind, {"lstm", "gru"});
  const bool weighted = convolution || kind == "dense";
  const bool sized = oneOf(kind, {"adaptive_pool", "upsample"});
  const bool joins = oneOf(kind, {"add", "multiply", "concat"});
  const auto need = [&](const std::string& key, std::int64_t value) {
    if (value < 1) b.problem(key, "is needed by a " + kind + " layer", "at least 1");
  };
  const auto refuse = [&](const std::string& key, bool given) {
    if (given) b.problem(key, "has no meaning for a " + kind + " layer", "no such key here");
  };
  if (window) need("kernel", kernel[0]);
  if (oneOf(kind, {"dense", "hamming", "lstm", "gru", "transposed_conv"}) ||
      (kind == "conv" && expand == 0))
    need("cout", cout);
  if (cout > 0 && expand > 0) b.problem("expand", "cout is given too", "one of the two");
  for (std::size_t a = 0; a < axisNames.size(); ++a) {
    const auto none = [&](const char* key, bool given) {
      refuse(std::string(key) + axisNames[a], given);
    };
    none("kernel", kernel[a] > 0 && !window);
    none("stride", stride[a] > 0 && !window);
    none("dilation", dilation[a] > (a == 0 ? 1 : 0) && !window);
    none("padding", padding[a] != (a == 0 ? "valid" : "-") && !window);
    none("output", output[a] > 0 && !sized);
  }
  refuse("cout", cout > 0 && kind != "conv" && kind != "transposed_conv" && kind != "dense" &&
                     kind != "hamming" && !recurrent);
  refuse("expand", expand > 0 && kind != "conv" && kind != "dense");
  refuse("groups", groups > 1 && kind != "conv" && kind != "transposed_conv");
  refuse("bias", bias && !weighted && !recurrent);
  refuse("norm", norm == "folded" && !weighted);
  refuse("norm", norm != "none" && (kind == "block" || kind == "softmax"));
  refuse("norm_groups", normGroups > 0 && norm != "group");
  if (norm == "group") need("norm_groups", normGroups);
  refuse("ceil_mode", ceilMode && !pool);
  refuse("output_padding", outputPadding > 0 && kind != "transposed_conv");
  refuse("factor", factor > 0 && kind != "upsample");
  refuse("bidirectional", bidirectional && !recurrent);
  refuse("last_step", lastStep && !recurrent);
  refuse("sparsity", sparsity.pattern != Sparsity::Pattern::none && !weighted && !recurrent);
  if (kind == "adaptive_pool") need("output", output[0]);
  if (kind == "upsample" && (output[0] > 0) == (factor > 0))
    b.problem("factor", "an upsampling needs its factor or its output", "one of the two");
  if (kind == "block" && inner.empty())
    b.problem("layers", "a block without layers", "at least one layer");
  refuse("layers", kind != "block" && !inner.empty());
  refuse("repeat", kind != "block" && repeat > 1);
  if (kind == "block") {
    refuse("activation", activation != "none");
    refuse("format", format != "default");
    refuse("inputs", !inputs.empty());
  }
  if (bias && norm == "folded")
    b.problem("bias", "a folded batch norm already leaves a bias", "one of the two");
  if (joins && inputs.size() < 2)
    b.problem("inputs",
              (kind == "add" ? "an addition" : "a " + kind) + " of " +
                  std::to_string(inputs.size()) + " inputs",
              "at least two layers");
  if (!joins && inputs.size() > 1)
    b.problem("inputs", std::to_string(inputs.size()) + " inputs", "one input");
  if (stride[0] == 0) stride[0] = pool ? kernel[0] : 1;
  for (std::size_t a = 0; a < axisNames.size(); ++a) {
    const std::string& text = padding[a];
    if (text != "valid" && text != "same" && (text != "-" || a == 0) && zerosOf(text) < 0)
      b.problem(std::string("padding") + axisNames[a], "'" + text + "' is no padding",
                "valid, same, or 0 to 1000000 zeros");
  }
}

const ResolvedConfig* LayerMemory::recall(const Hash128& key, std::size_t index) {
  const auto known = known_.find(key);
  if (known == known_.end()) return nullptr;
  if (layers_->size() <= index) layers_->resize(index + 1);
  (*layers_)[index] = known->second.layer;
  return &known->second.bound;
}

void LayerMemory::keep(const Hash128& key, std::size_t index, ResolvedConfig bound) {
  bound.parameters.clear();  // a workload lists none
  fresh_.push_back({key, index, std::move(bound)});
}

void LayerMemory::settle() {
  if (known_.size() >= mostKept) known_.clear();
  for (Fresh& fresh : fresh_)
    known_.insert_or_assign(fresh.key, Known{(*layers_)[fresh.index], std::move(fresh.bound)});
  fresh_.clear();
}

void bindLayers(Binder& binder, std::vector<LayerSpec>& layers, const ConfigNode* node,
                const std::string& path, bool allowBlock, LayerMemory* memory) {
  const char* const doc = "The layers in order";
  const auto element = [&](Binder& b, std::size_t i) {
    if (layers.size() <= i) layers.resize(i + 1);
    layers[i].bind(b, allowBlock);
  };
  if (memory != nullptr) {
    memory->fill(layers);
    binder.sharedList("layers", doc, element, *memory);
  } else {
    binder.list("layers", doc, element);
  }
  const auto locate = [](auto&& self, std::vector<LayerSpec>& list, const ConfigNode* items,
                         const std::string& at) -> void {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].path.empty()) continue;  // it was remembered
      list[i].path = at + "[" + std::to_string(i) + "]";
      if (items == nullptr || i >= items->items().size()) continue;
      list[i].place = items->items()[i].place();
      self(self, list[i].inner, items->items()[i].find("layers"), list[i].path + ".layers");
    }
  };
  if (node != nullptr) locate(locate, layers, node, path);
  if (memory != nullptr) memory->settle();
}

}  // namespace wattlas
