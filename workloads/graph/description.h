// Inside the room: what the generators of workloads share. Not for other rooms.
#pragma once

#include <memory>
#include <optional>

#include "models/base/config.h"
#include "models/base/parameter.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/format_plan.h"
#include "workloads/graph/workload.h"

namespace wattlas {

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
