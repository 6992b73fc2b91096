// Element operators that a software stack computes inside another kernel, where their input is
// still on the chip.
#pragma once

#include <vector>

#include "gpu/lowering.h"

namespace wattlas::gpu {

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
