// One operator of a workload: kind, named dimensions, formats; and what it costs in principle
// (MACs, bits), independent of any hardware.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "models/base/hash.h"
#include "workloads/graph/format.h"

namespace wattlas {

enum class OpKind {
  gemm,        ///< C[M,N] = A[M,K] x W[K,N]; M tokens, N outputs, K inputs (M = 1: gemv)
  conv1d,      ///< batch, cin, cout, width, kernelWidth, stride, pad, groups
  conv2d,      ///< batch, cin, cout, height, width, kernelHeight, kernelWidth, stride, pad, groups
  attention,   ///< batch, heads, kvHeads, headDim, queries, keys; scores, softmax, weighted sum
  softmax,     ///< M rows of N
  norm,        ///< M rows of N; variant rms, layer or batch
  activation,  ///< M rows of N; variant relu, gelu, silu, siluMul (reads 2N), tanh, sigmoid
  add,         ///< M rows of N, two inputs
  rope,        ///< M rows of N = (heads + kvHeads) * headDim
  embedding,   ///< M rows of N out of a table of K entries
  pool,        ///< batch, cin, height, width, kernel, stride; variant max, average or global
  hamming,     ///< M queries against N class vectors of K bits: XOR and population count
  collective,  ///< all-reduce and its like over `groups` devices, N elements; variant names it
};

enum class OpVariant {
  none,
  rms,
  layer,
  batch,
  relu,
  gelu,
  silu,
  siluMul,
  tanh,
  sigmoid,
  maximum,
  average,
  global,
  allReduce,
  allGather,
  reduceScatter,
  allToAll,
};

/// Named dimensions. Which ones a kind uses is listed at OpKind; unused ones are 1.
enum class Dim {
  M,
  N,
  K,
  batch,
  cin,
  cout,
  height,
  width,
  kernelHeight,
  kernelWidth,
  stride,
  pad,
  groups,
  heads,
  kvHeads,
  headDim,
  queries,
  keys,
  padEnd,  ///< zeros added at the end of each axis only ("same" padding of an even kernel)
  count_,
};

class Dims {
 public:
  Dims() {
    values_.fill(1);
    values_[index(Dim::pad)] = values_[index(Dim::padEnd)] = 0;
  }
  std::int64_t& operator[](Dim d) { return values_[index(d)]; }
  std::int64_t operator[](Dim d) const { return values_[index(d)]; }
  bool operator==(const Dims&) const = default;

 private:
  static std::size_t index(Dim d) { return static_cast<std::size_t>(d); }
  std::array<std::int64_t, static_cast<std::size_t>(Dim::count_)> values_{};
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
                          std::int64_t pad, std::int64_t padEnd = 0);
/// Output extents of a convolution or pool (1 along an axis that the kind does not have).
std::int64_t outputHeight(const Operator& op);
std::int64_t outputWidth(const Operator& op);
/// Query-key pairs of one head and one sequence: what a causal mask and a window leave.
std::int64_t attentionPairs(const Operator& op);
/// Keys that at least one query of the operator sees.
std::int64_t visibleKeys(const Operator& op);
/// Bits of `values` weights in the operator's format and sparsity: non-zeros, their indices, never
/// more than stored densely.
Bits storedBits(std::int64_t values, const NumberFormat& format, const Sparsity& sparsity);
/// The same operator with `keys` moved to decode step `step` (at most `window`).
Operator atStep(const Operator& op, std::int64_t step);
/// Content hash of everything that matters for cost (not the name, not `count`).
Hash128 hashOf(const Operator& op);

const char* nameOf(OpKind kind);
const char* nameOf(OpVariant variant);
const char* nameOf(Dim dim);

}  // namespace wattlas
