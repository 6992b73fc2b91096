// One entry of `layers:` in a workload file, as written.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/base/parameter.h"
#include "workloads/graph/operator.h"

namespace wattlas {

struct LayerSpec {
  std::string name, kind, norm, activation, format;
  std::int64_t cout = 0, expand = 0, groups = 1, normGroups = 0, repeat = 1;
  // Windows: of the width, or every axis; then of height and depth (0 or "-" = as the width).
  std::array<std::string, 3> padding;
  std::array<std::int64_t, 3> kernel = {}, stride = {1, 0, 0}, dilation = {1, 0, 0}, output = {};
  std::int64_t outputPadding = 0, factor = 0;
  /// The part of a key that names the axis.
  static constexpr std::array<const char*, 3> axisNames = {"", "_height", "_depth"};
  bool bias = false, ceilMode = false, bidirectional = false, lastStep = false;
  std::vector<std::string> inputs;
  Sparsity sparsity;
  std::vector<LayerSpec> inner;  ///< of a block
  Place place;
  std::string path;  ///< such as workload.layers[2]

  /// Binds one entry; `allowBlock` is false inside a block (blocks do not nest).
  void bind(Binder& binder, bool allowBlock);

 private:
  void check(Binder& binder);
};

/// Zeros that a padding such as "2" asks for; -1 when it is no number from 0 to 1000000.
std::int64_t zerosOf(const std::string& padding);

/// Layers that were bound before. Many networks of a sweep have most of their layers in common.
class LayerMemory final : public ItemMemory {
 public:
  /// The list that is bound next.
  void fill(std::vector<LayerSpec>& layers) {
    layers_ = &layers;
    fresh_.clear();
  }
  const ResolvedConfig* recall(const Hash128& key, std::size_t index) override;
  void keep(const Hash128& key, std::size_t index, ResolvedConfig bound) override;
  /// Remembers the layers kept since `fill`, which know their places now.
  void settle();

 private:
  struct Known {
    LayerSpec layer;
    ResolvedConfig bound;
  };
  struct Fresh {
    Hash128 key;
    std::size_t index;
    ResolvedConfig bound;
  };
  static constexpr std::size_t mostKept = 20000;

  std::vector<LayerSpec>* layers_ = nullptr;
  std::vector<Fresh> fresh_;
  std::unordered_map<Hash128, Known, Hash128Hasher> known_;
};

/// Binds the whole list and takes the places of its entries from `node` (may be null).
/// Entries that `memory` knows are not read again.
void bindLayers(Binder& binder, std::vector<LayerSpec>& layers, const ConfigNode* node,
                const std::string& path, bool allowBlock, LayerMemory* memory = nullptr);

}  // namespace wattlas
