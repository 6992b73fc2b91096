// From an operator to kernels: tile and split selection, grids, traffic, physical bound.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gpu/kernel.h"
#include "gpu/parameters.h"
#include "models/device.h"

namespace wattlas::gpu {

/// Which unit of a GPU computes with which number formats, and at what real cost.
struct DataPath {
  Support support;
  MacKind kind = MacKind::none;
  double macsPerClock = 0;  ///< per SM; 0 = refused
  bool matrixUnit = false;  ///< false: the ordinary lanes
  double operandBits = 16;  ///< width of an operand as the unit sees it (shared memory)
  double unpackOps = 0;     ///< vector operations per weight element to make operands of it
};

/// Path for products of weights and activations (or of queries and keys).
DataPath productPath(const Parameters& p, const NumberFormat& weight,
                     const NumberFormat& activation);
/// How the device deals with an operator: the path of its products or of its elements.
Support supportOf(const Parameters& p, const Operator& op);
/// Path of `op`'s products (attention: queries x keys); elementwise kinds have none.
DataPath pathOf(const Parameters& p, const Operator& op);

/// Elements or results of a CTA when rows do not matter, and CTAs of such kernels that an SM holds.
inline constexpr double ctaElements = 4096;
inline constexpr int ctasPerSm = 2;

/// What is known about the caches when a kernel starts.
struct CacheState {
  double loopBits = 0;    ///< parameters that the whole repeating loop reads
  double weightMiss = 1;  ///< share that does not stay in L2 from one repetition to the next
};
/// Share of `bits`, read again and again, that comes from device memory: smooth around the size of
/// the cache.
double missShare(const Parameters& p, double bits);
CacheState cacheState(const Parameters& p, double loopBits);

/// Common inputs of the planners below.
struct PlanInput {
  const Parameters& p;
  const Operator& op;
  OpCost cost;
  DataPath path;
  CacheState cache;

  double distinctBits() const {
    return (cost.weightRead + cost.input + cost.output + cost.kvRead + cost.kvWrite).value;
  }
  /// Activations that do not stay in L2 between the kernels that make and use them.
  double activationDram() const;
  double activationMiss() const;  ///< the same as a share
  double weightDram() const { return cache.weightMiss * cost.weightRead.value; }
};

/// C[m,n] = A[m,k] x B[k,n], `batches` times with operands of their own.
struct ProductShape {
  double m = 1, n = 1, k = 1, batches = 1;
  double columnBits = 16;  ///< stored bits of one B element
  double rowBits = 16;     ///< stored bits of one A element
  double outputBits = 16;
  double reuse = 1;  ///< distinct A elements / (m k): below 1 for overlapping windows
};

/// Extents and widths of the product that `op` is.
ProductShape shapeOf(const Operator& op);
/// Fastest of the tile and split-K candidates by the closed form, as a library's heuristic would.
Kernel planProduct(const PlanInput& in, const ProductShape& shape);
/// The same with other constants.
Kernel planProduct(const PlanInput& in, const ProductShape& shape, const MatrixFit& fit);
Kernel planConvolution(const PlanInput& in);
/// True when the library may choose Winograd: fewer multiplications than the operator has MACs.
bool hasWinograd(const Parameters& p, const Operator& op);
std::vector<Kernel> planAttention(const PlanInput& in);
Kernel planAttentionGradient(const PlanInput& in);
Kernel planStream(const PlanInput& in);
/// Convolution on the ordinary lanes (depthwise, or too narrow for matrix tiles).
Kernel planDirect(const PlanInput& in);
Kernel planCollective(const PlanInput& in);
/// Compressed rows times a dense matrix, on the lanes.
Kernel planSparse(const PlanInput& in);
/// LSTM, GRU and plain recurrences: inputs of all steps at once, then one step after the other,
/// as a launch for each step or in one kernel that stays on the SMs, whichever is faster.
std::vector<Kernel> planRecurrent(const PlanInput& in);
/// Selective state space: a CTA for each channel, a scan over the steps for each of its states.
Kernel planScan(const PlanInput& in);

/// `p` must outlive the program. Lowers one operator; refuses what the device cannot run.
Expected<std::shared_ptr<GpuProgram>, Refusal> lowerOperator(const Parameters& p,
                                                             const Operator& op, double loopBits);
/// Splits of the keys in decode: until the CTAs fill `slots` places, then the fewest that come
/// within 85 % of the best wave occupancy.
std::int64_t keySplits(std::int64_t ctas, std::int64_t blocks, std::int64_t slots);
/// Splits that give every SM about the same number of key blocks (10 % more are allowed for).
std::int64_t keyShares(std::int64_t sequences, std::int64_t keyHeads, std::int64_t blocks,
                       std::int64_t sms);

// What a software stack launches for one operator.

/// Operators whose kernels the stack launches for `op`, in order: `op` itself, or its parts.
std::vector<Operator> launchedFor(const StackRules& rules, const Operator& op);
/// Kernel that turns 16-bit activations into the narrow operands of `op`, if the stack has one.
std::optional<Kernel> quantisation(const Parameters& p, const Operator& op, const DataPath& path);
/// Kernel that writes the new keys and values of an attention to the cache, if the stack has one.
std::optional<Kernel> cacheWrite(const Parameters& p, const Operator& op);

// Element operators that a software stack computes inside another kernel, where their input is
// still on the chip.

/// Splits operators (in topological order) into regions, each a head and what rides in its kernel:
/// element operators behind a product or convolution; the norm behind the addition of a residual.
std::vector<std::vector<OpId>> fusedRegions(const StackRules& rules, const Graph& graph,
                                            const std::vector<OpId>& mine);
/// Joins neighbours that do not read each other, as many as the stack has streams.
std::vector<std::vector<OpId>> streamRegions(const StackRules& rules, const Graph& graph,
                                             std::vector<std::vector<OpId>> fused);
/// Adds to `kernels`, lowered for the head of a region, what `op`, a later one, costs beside it.
void rideAlong(const Parameters& p, const Operator& op, std::vector<Kernel>& kernels);

}  // namespace wattlas::gpu
