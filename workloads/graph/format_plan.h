// Which formats each operator of a workload gets: one default and overrides by operator name.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "workloads/graph/format.h"

namespace wattlas {

/// Layers first..last (from 0, inclusive) of a network of equal layers.
struct LayerRange {
  std::int64_t first = 0, last = 0;
};

/// Reads the `formats:` map of a workload: `NAME: FMT`. NAME is an operator or the front of its
/// dotted name (`mlp` covers `mlp.down`); before it may stand layers, as in `L0-3.mlp` or `L5`.
/// The most specific entry wins: layers before names, then the longer name.
class FormatPlan {
 public:
  FormatPlan() = default;
  /// Collects bad formats in `problems`.
  FormatPlan(TensorFormats fallback, const ConfigNode& overrides, Problems& problems);

  /// An entry of a generator's own: of an operator outside of layers, or in those of `range`.
  void add(const std::string& name, const LayerRange* range, const std::string& format);
  const TensorFormats& fallback() const { return fallback_; }
  /// Formats of an operator outside of layers, or of one in the layers of `range`.
  const TensorFormats& formatsOf(std::string_view name, const LayerRange* range = nullptr);
  /// Formats that an override gives to it, or null.
  const TensorFormats* overrideOf(std::string_view name, const LayerRange* range = nullptr);
  /// Splits layers 0..count-1 where an override begins or ends, so that each piece is uniform.
  std::vector<LayerRange> pieces(std::int64_t count) const;
  /// Reports overrides that no operator matched, with the nearest of `names`.
  void reportUnused(const std::vector<std::string>& names, Problems& problems) const;

 private:
  struct Override {
    std::string key, name;              ///< as given; without the layers
    bool layered = false, own = false;  ///< own: of the generator, behind what users ask for
    LayerRange range;
    TensorFormats formats;
    Place place;
    bool used = false;
  };
  void read(const ConfigNode& node, const std::string& prefix, Problems& problems);

  TensorFormats fallback_;
  std::vector<Override> overrides_;
};

}  // namespace wattlas
