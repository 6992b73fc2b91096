// What an operator kind is, whatever hardware it runs on. One file of kinds/ describes each.
#pragma once

#include <bitset>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "workloads/graph/operator.h"

namespace wattlas {

/// What a device needs to be able to do. Only `elementwise` may be accepted as a whole: its cost is
/// fully given by operations and bits of a value.
enum class OpClass {
  product,      ///< sums of products: every output reads many inputs
  elementwise,  ///< each output depends on the inputs at its own place
  reduction,    ///< each output depends on a row, window or list
  recurrent,    ///< steps that depend on the ones before
  gather,       ///< values are moved, in an order that data or layout decide
  exchange,     ///< values of several devices
};
const char* nameOf(OpClass opClass);

/// A product as `groups` matrix products: `vectors` x [outputs x inputs], each with a matrix of its
/// own. Attention has none: its two products depend on the mask.
struct ProductDims {
  std::int64_t outputs = 1, inputs = 1, vectors = 1, groups = 1;
};

struct Costing;
struct Derivative;

struct KindSpec {
  enum class Weights { never, optional, always };
  enum Key : unsigned { bias = 1, attention = 2, sparsity = 4 };

  OpClass opClass = OpClass::elementwise;
  const char* doc = "";
  std::vector<Dim> dims = {};            ///< dimensions that it uses
  std::vector<OpVariant> variants = {};  ///< that it has; empty = only `none`
  Weights weights = Weights::never;
  unsigned keys = 0;     ///< further keys of an operator that have a meaning: `Key` joined
  Dim batched = Dim::M;  ///< dimension that the workload's batch multiplies
  void (*cost)(Costing&) = nullptr;
  ProductDims (*product)(const Operator&) = nullptr;  ///< null = none
  void (*derive)(Derivative&) = nullptr;              ///< null = not to be trained through

  bool has(Key key) const { return (keys & key) != 0; }
  bool hasDim(Dim dim) const;
  bool hasVariant(OpVariant variant) const;
};

/// Description of a kind; each file of kinds/ defines one.
template <OpKind kind>
KindSpec describe();
#define WATTLAS_KIND(id, name) \
  template <>                  \
  KindSpec describe<OpKind::id>();
#include "workloads/graph/kinds.def"

const KindSpec& specOf(OpKind kind);
/// Kinds known now; they are numbered from 0.
std::size_t kindCount();
/// Nothing for an unknown name.
std::optional<OpKind> kindNamed(const std::string& name);
std::optional<OpVariant> variantNamed(const std::string& name);
/// Adds a kind that has no enumerator, for tests of what happens to a kind that no device knows.
OpKind addKind(const std::string& name, KindSpec spec);

/// What a device knows: kinds by name, and beside the forms that every model of a kind covers the
/// further dimensions and variants that it takes account of.
class KindSet {
 public:
  static constexpr std::size_t most = 128;
  KindSet(std::initializer_list<OpKind> kinds = {}) {
    for (const OpKind kind : kinds) kinds_.set(static_cast<std::size_t>(kind));
  }
  /// Every kind of the class elementwise, also those that come later.
  KindSet& withElementwise() {
    elementwise_ = true;
    return *this;
  }
  KindSet& with(std::initializer_list<Dim> dims) {
    for (const Dim dim : dims) dims_.set(static_cast<std::size_t>(dim));
    return *this;
  }
  KindSet& with(std::initializer_list<OpVariant> variants) {
    for (const OpVariant variant : variants) variants_.set(static_cast<std::size_t>(variant));
    return *this;
  }
  /// Strides, dilation and padding of each axis.
  KindSet& withWindows();
  /// All dimensions and variants of the named kinds.
  KindSet& withEveryForm();
  void add(OpKind kind) { kinds_.set(static_cast<std::size_t>(kind)); }
  bool has(OpKind kind) const {
    return kinds_.test(static_cast<std::size_t>(kind)) ||
           (elementwise_ && specOf(kind).opClass == OpClass::elementwise);
  }
  /// What of `op` is not known, for people; empty when all of it is.
  std::string missing(const Operator& op) const;

 private:
  std::bitset<most> kinds_;
  std::bitset<64> dims_;
  std::bitset<128> variants_;
  bool elementwise_ = false;
};

inline bool isProduct(OpKind kind) {
  return specOf(kind).opClass == OpClass::product;
}
/// The two halves of the input are multiplied: two values are read for each one that is written.
bool isGated(OpVariant variant);
/// The product as matrix products. Throws std::logic_error for a kind that has none.
ProductDims productOf(const Operator& op);

}  // namespace wattlas
