#include "workloads/graph/layer_spec.h"

#include <charconv>

#include "workloads/graph/description.h"

namespace wattlas {

void LayerSpec::bind(Binder& b, bool allowBlock) {
  std::vector<std::string> kinds = {"conv",         "depthwise",   "dense", "max_pool",
                                    "average_pool", "global_pool", "add",   "hamming"};
  if (allowBlock) kinds.push_back("block");
  b.text("name", name, {}, "Name of the layer; its operators are NAME, NAME.norm and NAME.act");
  b.choice("kind", kind, kinds, {.fallback = "conv"}, "What the layer does");
  b.integer("cout", cout, atLeast(0, "0"),
            "Output channels (conv), outputs (dense), classes (hamming)");
  b.integer("expand", expand, atLeast(0, "0"),
            "Output channels as a multiple of the input channels");
  b.integer("kernel", kernel, atLeast(0, "0"),
            "Kernel length (and height); pools: 0 stride = kernel");
  b.integer("kernel_height", kernelHeight, atLeast(0, "0"), "Kernel height when not `kernel`");
  b.integer("stride", stride, atLeast(0, "0"), "Step of the kernel; 0 = 1, of a pool its kernel");
  textOr(b, "padding", padding, "valid", "valid, same, or zeros on each side");
  b.integer("groups", groups, atLeast(1, "1"), "Groups of channels of a convolution");
  b.flag("bias", bias, {.fallback = "false"}, "Adds a trained bias");
  b.choice("norm", norm, {"none", "folded", "batch"}, {.fallback = "none"},
           "Batch norm: folded into weights and bias, or an operator of its own");
  b.choice("activation", activation, {"none", "relu", "gelu", "silu", "tanh", "sigmoid"},
           {.fallback = "none"}, "Non-linear function behind the layer");
  textOr(b, "format", format, "default", "Number format of this layer");
  b.texts("inputs", inputs,
          "Layers that feed this one; `input` is the block's or network's input; "
          "without it the layer above");
  bindSparsity(b, sparsity);
  if (allowBlock) {
    b.integer("repeat", repeat, {1, 1e6, "1"}, "How often a block runs, one after the other");
    bindLayers(b, inner, nullptr, {}, false);
  }
  if (!b.reading()) return;

  const bool convolution = kind == "conv" || kind == "depthwise";
  const bool window = convolution || kind == "max_pool" || kind == "average_pool";
  const auto need = [&](const char* key, std::int64_t value) {
    if (value < 1) b.problem(key, "is needed by a " + kind + " layer", "at least 1");
  };
  const auto refuse = [&](const char* key, bool given) {
    if (given) b.problem(key, "has no meaning for a " + kind + " layer", "no such key here");
  };
  if (window) need("kernel", kernel);
  if (kind == "dense" || kind == "hamming" || (kind == "conv" && expand == 0)) need("cout", cout);
  if (cout > 0 && expand > 0) b.problem("expand", "cout is given too", "one of the two");
  refuse("kernel", kernel > 0 && !window);
  refuse("kernel_height", kernelHeight > 0 && !window);
  refuse("cout", cout > 0 && (!(kind == "conv" || kind == "dense" || kind == "hamming")));
  refuse("expand", expand > 0 && kind != "conv" && kind != "dense");
  refuse("groups", groups > 1 && kind != "conv");
  refuse("bias", bias && !convolution && kind != "dense");
  refuse("norm", norm != "none" && !convolution && kind != "dense");
  refuse("stride", stride > 0 && !window);
  refuse("padding", padding != "valid" && !window);
  if (kind == "block" && inner.empty())
    b.problem("layers", "a block without layers", "at least one layer");
  refuse("layers", kind != "block" && !inner.empty());
  refuse("repeat", kind != "block" && repeat > 1);
  if (kind == "block") {
    refuse("activation", activation != "none");
    refuse("format", format != "default");
  }
  if (bias && norm == "folded")
    b.problem("bias", "a folded batch norm already leaves a bias", "one of the two");
  if (kind == "add" && inputs.size() < 2)
    b.problem("inputs", "an addition of " + std::to_string(inputs.size()) + " inputs",
              "at least two layers");
  if (kind != "add" && inputs.size() > 1)
    b.problem("inputs", std::to_string(inputs.size()) + " inputs", "one input");
  if (stride == 0) stride = kind == "max_pool" || kind == "average_pool" ? kernel : 1;
  if (padding == "valid" || padding == "same") return;
  std::int64_t zeros = -1;
  const char* const end = padding.data() + padding.size();
  const auto [at, error] = std::from_chars(padding.data(), end, zeros);
  if (error != std::errc() || at != end || zeros < 0 || zeros > 1000000)
    b.problem("padding", "'" + padding + "' is no padding", "valid, same, or 0 to 1000000 zeros");
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
