#include "workloads/graph/kind.h"

#include <algorithm>
#include <deque>
#include <stdexcept>

namespace wattlas {

namespace {

struct Entry {
  std::string name;
  KindSpec spec;
};

/// References into it stay valid when a kind is added.
std::deque<Entry>& table() {
  static std::deque<Entry> entries = {
#define WATTLAS_KIND(id, name) Entry{name, describe<OpKind::id>()},
#include "workloads/graph/kinds.def"
  };
  return entries;
}

constexpr const char* variantNames[] = {
#define WATTLAS_VARIANT(id, name) name,
#include "workloads/graph/kinds.def"
};

constexpr const char* dimNames[] = {
#define WATTLAS_DIM(id, name, standard, least) name,
#include "workloads/graph/kinds.def"
};

}  // namespace

const char* nameOf(OpKind kind) {
  return table()[static_cast<std::size_t>(kind)].name.c_str();
}
const char* nameOf(OpVariant variant) {
  return variantNames[static_cast<std::size_t>(variant)];
}
const char* nameOf(Dim dim) {
  return dim == Dim::count_ ? "" : dimNames[static_cast<std::size_t>(dim)];
}

const char* nameOf(OpClass opClass) {
  static constexpr const char* names[] = {"product",   "elementwise", "reduction",
                                          "recurrent", "gather",      "exchange"};
  return names[static_cast<std::size_t>(opClass)];
}

bool KindSpec::hasDim(Dim dim) const {
  return std::find(dims.begin(), dims.end(), dim) != dims.end();
}
bool KindSpec::hasVariant(OpVariant variant) const {
  if (variants.empty()) return variant == OpVariant::none;
  return std::find(variants.begin(), variants.end(), variant) != variants.end();
}

const KindSpec& specOf(OpKind kind) {
  return table()[static_cast<std::size_t>(kind)].spec;
}
std::size_t kindCount() {
  return table().size();
}

std::optional<OpKind> kindNamed(const std::string& name) {
  for (std::size_t i = 0; i < table().size(); ++i)
    if (table()[i].name == name) return static_cast<OpKind>(i);
  return std::nullopt;
}
std::optional<OpVariant> variantNamed(const std::string& name) {
  for (std::size_t i = 0; i < std::size(variantNames); ++i)
    if (name == variantNames[i]) return static_cast<OpVariant>(i);
  return std::nullopt;
}

OpKind addKind(const std::string& name, KindSpec spec) {
  if (table().size() >= KindSet::most) throw std::logic_error("too many operator kinds");
  table().push_back({name, std::move(spec)});
  return static_cast<OpKind>(table().size() - 1);
}

KindSet& KindSet::withWindows() {
  using enum Dim;
  return with({depth, kernelDepth, strideHeight, strideDepth, dilation, dilationHeight,
               dilationDepth, padHeight, padEndHeight, padDepth, padEndDepth});
}

KindSet& KindSet::withEveryForm() {
  dims_.set();
  variants_.set();
  return *this;
}

std::string KindSet::missing(const Operator& op) const {
  const std::string kind = nameOf(op.kind);
  if (!has(op.kind))
    return "it has no model of " + kind + " (" + nameOf(specOf(op.kind).opClass) + ")";
  if (elementwise_ && specOf(op.kind).opClass == OpClass::elementwise) return {};
  // Variants and dimensions up to these are part of what a model of their kind covers.
  constexpr auto covered = static_cast<std::size_t>(OpVariant::allToAll);
  if (const auto v = static_cast<std::size_t>(op.variant); v > covered && !variants_.test(v))
    return "it has no model of the " + std::string(nameOf(op.variant)) + " form of " + kind;
  for (auto d = static_cast<std::size_t>(Dim::padEnd) + 1;
       d < static_cast<std::size_t>(Dim::count_); ++d)
    if (const Dim dim = static_cast<Dim>(d);
        op.dims[dim] != Dims::standardOf(dim) && !dims_.test(d))
      return "it has no model of " + std::string(nameOf(dim)) + " in " + kind;
  return {};
}

bool isGated(OpVariant variant) {
  return variant == OpVariant::siluMul || variant == OpVariant::geluMul ||
         variant == OpVariant::reluMul || variant == OpVariant::glu;
}

ProductDims productOf(const Operator& op) {
  const KindSpec& spec = specOf(op.kind);
  if (spec.product == nullptr)
    throw std::logic_error(std::string(nameOf(op.kind)) + " is no matrix product");
  return spec.product(op);
}

}  // namespace wattlas
