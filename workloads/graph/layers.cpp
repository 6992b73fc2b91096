// Generator of convolutional and dense networks from an explicit list of layers.
#include <algorithm>

#include "workloads/graph/network.h"

namespace wattlas {
namespace {

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
      buildNetwork(draft, phase.graph, common_.options.batch, layers_, input_);
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
        const Problem& p = error.problems().front();
        problems.add({spec.place, spec.path + ".format", p.what, p.expected, p.hint});
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
