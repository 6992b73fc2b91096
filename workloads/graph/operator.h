// One operator of a workload: kind, named dimensions, formats; and what it costs in principle
// (MACs, bits), independent of any hardware.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "models/base/hash.h"
#include "workloads/graph/format.h"

namespace wattlas {

/// Kinds, variants and dimensions: kinds.def has the lists, kinds/ what each kind means.
enum class OpKind : std::uint8_t {
#define WATTLAS_KIND(id, name) id,
#include "workloads/graph/kinds.def"
};

enum class OpVariant : std::uint8_t {
#define WATTLAS_VARIANT(id, name) id,
#include "workloads/graph/kinds.def"
};

/// Named dimensions. Which ones a kind uses is part of its description (kind.h).
enum class Dim : std::uint8_t {
#define WATTLAS_DIM(id, name, standard, least) id,
#include "workloads/graph/kinds.def"
  count_,
};

class Dims {
 public:
  Dims() : values_(standard) {}
  std::int64_t& operator[](Dim d) { return values_[index(d)]; }
  std::int64_t operator[](Dim d) const { return values_[index(d)]; }
  bool operator==(const Dims&) const = default;
  /// Value of a dimension that nobody set, and the least that it may have.
  static std::int64_t standardOf(Dim d) { return standard[index(d)]; }
  static std::int64_t leastOf(Dim d) { return least[index(d)]; }

 private:
  using Values = std::array<std::int64_t, static_cast<std::size_t>(Dim::count_)>;
  static constexpr Values standard = {
#define WATTLAS_DIM(id, name, standard, least) standard,
#include "workloads/graph/kinds.def"
  };
  static constexpr Values least = {
#define WATTLAS_DIM(id, name, standard, least) least,
#include "workloads/graph/kinds.def"
  };
  static std::size_t index(Dim d) {
    return static_cast<std::size_t>(d);
  }
  Values values_;
};

/// Share of weights (or activations) that are zero and how they are laid out.
struct Sparsity {
  enum class Pattern { none, unstructured, nm, block };
  Pattern pattern = Pattern::none;
  double density = 1.0;  ///< share of non-zeros
  int n = 0, m = 0;      ///< N:M pattern
  bool operator==(const Sparsity&) const = default;
};

struct Operator {
  std::string name;
  OpKind kind = OpKind::gemm;
  OpVariant variant = OpVariant::none;
  Dims dims;
  TensorFormats formats;
  Sparsity weightSparsity;
  /// True when the second operand is a trained parameter (resident), false when it is an
  /// activation (e.g. a score matrix): gemm only.
  bool hasWeights = true;
  bool hasBias = false;
  /// Causal attention skips keys after the query (a prefill); decode sets queries = 1.
  bool causal = false;
  /// Identical instances run one after the other (layers of a network share one operator).
  std::int64_t count = 1;
  /// True when `keys` grows by one with each decode step; dims hold step 0.
  bool growsWithContext = false;
  /// Name of the operator whose parameters this one reads too ("tied" embeddings); empty = own
  /// weights. costOf() still gives their size; totals and memory plans must not count them again.
  std::string sharesWeightsOf;
  /// Attention only: keys and values go through the KV cache. False in an encoder, where all of
  /// them come from the activations.
  bool cached = true;
  /// Attention only: a query sees at most this many keys, the latest ones (0 = all).
  std::int64_t window = 0;
  /// A batch norm was folded into weights and bias: two trained values a channel (counted as
  /// parameters) of which one, the bias, is stored.
  bool foldedNorm = false;
  /// Distinct copies of the weights that must be stored, when not `count`: of a mixture of experts
  /// `count` runs and all experts are stored. 0 = `count`.
  std::int64_t storedCount = 0;
  /// Operators of one block repeat together, `count` times in sequence (a layer of a network);
  /// empty = on its own.
  std::string block;

  std::int64_t weightCopies() const { return storedCount > 0 ? storedCount : count; }
};

/// Hardware-independent cost of ONE instance of an operator (not multiplied by `count`).
struct OpCost {
  std::int64_t macs = 0;        ///< multiply-accumulates; XOR+popcount bits count as MACs
  std::int64_t elementOps = 0;  ///< other arithmetic: exponentials, adds, comparisons
  std::int64_t parameters = 0;  ///< trained values
  Bits weights;                 ///< stored bits of the parameters (with sparsity)
  Bits weightRead;              ///< the part one run reads: all, but of a table only its M rows
  Bits input, output;           ///< activation traffic if nothing is fused
  Bits kvRead, kvWrite;         ///< key-value cache traffic
  Bits state;                   ///< bits that stay resident between steps (KV entries written)
};

/// Exact cost by the conventions in docs/workloads.md. Throws InputError on impossible dimensions
/// and beyond 2^62 MACs or bits.
OpCost costOf(const Operator& op);
/// Output length of a convolution or pool along one axis. Throws InputError when the kernel is
/// longer than the padded input.
std::int64_t outputLength(std::int64_t length, std::int64_t kernel, std::int64_t stride,
                          std::int64_t pad, std::int64_t padEnd = 0, std::int64_t dilation = 1);
/// A sliding window along one axis.
struct WindowAxis {
  std::int64_t length = 1, kernel = 1, stride = 1, dilation = 1;
  std::int64_t begin = 0, end = 0;  ///< zeros before and after
};
enum class Axis { depth, height, width };
/// Window of a convolution or pool; an axis that the kind or the input does not have has length 1.
WindowAxis windowAxis(const Operator& op, Axis axis);
/// Output extents of a convolution, pool or upsampling (1 along an axis that the kind lacks).
std::int64_t outputDepth(const Operator& op);
std::int64_t outputHeight(const Operator& op);
std::int64_t outputWidth(const Operator& op);
/// Trained width of a value of attention.
inline std::int64_t valueDim(const Operator& op) {
  return op.dims[Dim::valueDim] > 0 ? op.dims[Dim::valueDim] : op.dims[Dim::headDim];
}
/// Values that the cache of one attention holds for each key: keys and values of all KV heads.
std::int64_t cachedValues(const Operator& op);
/// Query-key pairs of one head and one sequence: what a causal mask and a window leave.
std::int64_t attentionPairs(const Operator& op);
/// Keys that at least one query of the operator sees.
std::int64_t visibleKeys(const Operator& op);
/// Bits of rows x columns weights (a row for each output) in a format and sparsity: non-zeros,
/// their indices, never more than stored densely; and the scales of groups.
Bits storedBits(std::int64_t rows, std::int64_t columns, const NumberFormat& format,
                const Sparsity& sparsity);
/// The same operator at step `step`: each one adds as many keys as it has queries (at most
/// `window`).
Operator atStep(const Operator& op, std::int64_t step);
/// Content hash of everything that matters for cost (not the name, not `count`).
Hash128 hashOf(const Operator& op);

const char* nameOf(OpKind kind);
const char* nameOf(OpVariant variant);
const char* nameOf(Dim dim);

}  // namespace wattlas
