// Inside the room: what the generators of workloads share. Not for other rooms.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/base/config.h"
#include "models/base/parameter.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/format.h"
#include "workloads/graph/workload.h"

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

/// Upper limit of a dimension in a description; products beyond 2^62 are refused later.
inline constexpr double largestDimension = 1e15;

inline FieldRule atLeast(double min, std::string fallback = {}) {
  return {min, largestDimension, std::move(fallback)};
}

/// An optional text: the target starts at its default.
inline void textOr(Binder& binder, const std::string& key, std::string& target,
                   const std::string& fallback, const std::string& doc) {
  target = fallback;
  binder.text(key, target, {.fallback = fallback}, doc);
}

/// The keys that every workload file and `workload` section may have.
struct CommonKeys {
  std::string generator, title, family;
  std::vector<std::string> notes;
  WorkloadOptions options;
  ConfigNode formats;
  Sparsity sparsity;
  void bind(Binder& binder, const std::string& kind, const std::string& defaultFamily);
};

/// Reads `sparsity: {pattern, density, n, m}`.
void bindSparsity(Binder& binder, Sparsity& sparsity);

/// Lays `options` over a description: maps merge, `NAME[i]` addresses an item of a list by
/// position, a map laid over a list addresses its items by their `name`.
ConfigNode mergeDescription(const ConfigNode& description, const ConfigNode& options);

class LayerMemory;

/// What a generator fills in; its formats and checks are shared.
struct Draft {
  Workload& workload;
  FormatPlan& formats;
  const Sparsity& sparsity;
  Problems& problems;

  /// An operator of `kind` with its formats by name; weights carry the workload's sparsity.
  Operator make(std::string name, OpKind kind, const LayerRange* range = nullptr,
                const std::string& prefix = {}) const;
};

/// One kind of workload description: it reads its keys, then builds the phases.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual void bind(Binder& binder) = 0;
  virtual void build(Draft& draft) = 0;
  virtual const CommonKeys& common() const = 0;
};

std::unique_ptr<Generator> makeTransformerGenerator();
/// `tree` gives the places of the layers for messages; empty for a schema.
std::unique_ptr<Generator> makeLayersGenerator(const ConfigNode& tree,
                                               LayerMemory* memory = nullptr);
std::unique_ptr<Generator> makeOperatorsGenerator(const ConfigNode& tree);

/// Description of a micro workload (`gemv:OUTxIN` ...), or nothing when `reference` is none.
/// Throws InputError when the kind fits but the dimensions do not.
std::optional<ConfigNode> microDescription(const std::string& reference);

}  // namespace wattlas
