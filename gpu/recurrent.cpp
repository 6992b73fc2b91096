// Operators whose steps depend on each other, and products with a sparse operand.
#include <algorithm>
#include <cmath>

#include "gpu/lowering.h"
#include "gpu/timing.h"

namespace wattlas::gpu {
namespace {

constexpr double scanLength = 2048;  // steps that a CTA scans at once

double real(std::int64_t v) {
  return static_cast<double>(v);
}

/// A kernel on the ordinary lanes: `macs` multiply-adds and `operations` spread over `ctas`.
Kernel onLanes(const PlanInput& in, const StreamFit& fit, double ctas, double macs,
               double operations) {
  Kernel k;
  k.slotsPerSm = k.parallelPerSm = ctasPerSm;
  k.dramShare = k.l2Share = fit.efficiency.value.value;
  k.start = fit.start.value.value;
  k.latency = in.p.fit.gemm.latency.value.value;
  k.l2Bits = in.distinctBits();
  k.dramBits = in.activationDram() + in.weightDram();
  k.outputBits = in.cost.output.value;
  k.vectorOps = macs + operations;
  const double lanes = in.p.vector.fp32.value.value / ctasPerSm;
  k.groups = {{static_cast<std::int64_t>(ctas), k.vectorOps / ctas / lanes, 0}};
  return k;
}

}  // namespace

Kernel planSparse(const PlanInput& in) {
  const Dims& d = in.op.dims;
  const double outputs = real(d[Dim::M]) * real(d[Dim::N]) * real(d[Dim::batch]);
  Kernel k = onLanes(in, in.p.fit.stream.gather, std::max(1.0, std::ceil(outputs / ctaElements)),
                     real(in.cost.macs), real(in.cost.macs) / std::max(1.0, real(d[Dim::N])));
  k.name = "sparse x dense on the lanes";
  // Each non-zero brings its row of the dense operand through L2.
  k.l2Bits += real(in.cost.macs) * in.op.formats.activation.bits;
  return k;
}

std::vector<Kernel> planRecurrent(const PlanInput& in) {
  const Parameters& p = in.p;
  const Dims& d = in.op.dims;
  const double gates = in.op.kind == OpKind::lstm ? 4 : in.op.kind == OpKind::gru ? 3 : 1;
  ProductShape first;
  first.m = real(d[Dim::M]) * real(d[Dim::steps]);
  first.n = gates * real(d[Dim::N]);
  first.k = real(d[Dim::K]);
  first.batches = real(d[Dim::directions]);
  first.columnBits = in.op.formats.weight.bits;
  first.rowBits = first.outputBits = in.op.formats.activation.bits;
  ProductShape step = first;
  step.m = real(d[Dim::M]);
  step.k = real(d[Dim::N]);
  const double steps = real(d[Dim::steps]);
  const double hidden = real(d[Dim::M]) * real(d[Dim::N]) * real(d[Dim::directions]);
  const double matrix = step.n * step.k * step.batches * step.columnBits;

  // What one step moves: the recurrent matrix, the gates of its inputs, the hidden values.
  PlanInput once = in;
  once.cost = {};
  once.cost.weightRead = Bits(matrix);
  once.cost.input = Bits(hidden * (gates + 1) * in.op.formats.activation.bits);
  once.cost.output = Bits(hidden * in.op.formats.activation.bits);
  once.cost.elementOps = static_cast<std::int64_t>(real(in.cost.elementOps) / steps);
  once.cache.weightMiss = missShare(p, matrix);
  Kernel launched = planProduct(once, step);
  launched.name = "recurrent step, one launch each";
  launched.vectorOps += real(once.cost.elementOps);
  // The host cannot start kernels faster than this.
  const double gap = (p.launch.graph ? p.launch.perGraphNode : p.launch.perKernel).value.value;
  launched.start += std::max(0.0, gap - closedForm(p, launched).seconds);
  launched.repeat = d[Dim::steps];
  Kernel recurrent = launched;
  if (matrix <= real(p.sms) * p.memory.sharedMemory.value.value) {
    // The matrix stays on the SMs; a step costs its products there, and an exchange of the hidden
    // values through L2: they are written, seen by all, and read.
    Kernel resident = onLanes(once, p.fit.stream.gather, real(p.sms), 0, 0);
    resident.name = "recurrent step in a persistent kernel";
    resident.slotsPerSm = resident.parallelPerSm = 1;
    resident.start = 0;
    resident.latency = 2 * p.fit.gemm.latency.value.value;
    resident.dramBits = 0;
    resident.l2Bits = once.cost.input.value + once.cost.output.value * real(p.sms);
    resident.macs = step.m * step.n * step.k * step.batches;
    resident.macKind = in.path.kind;
    resident.sharedBits = matrix;
    resident.vectorOps = real(once.cost.elementOps) + in.path.unpackOps * step.n * step.k;
    const double perSm = 1.0 / real(p.sms);
    resident.groups[0].cycles = perSm * (resident.macs / in.path.macsPerClock +
                                         resident.vectorOps / p.vector.fp32.value.value);
    resident.launches = 1.0 / steps;
    resident.repeat = d[Dim::steps];
    if (closedForm(p, resident).seconds < closedForm(p, launched).seconds) recurrent = resident;
  }
  PlanInput all = in;
  all.cost.weightRead = Bits(std::max(0.0, in.cost.weightRead.value - matrix));
  all.cost.output = Bits(first.m * first.n * first.batches * first.outputBits);
  Kernel inputs = planProduct(all, first);
  inputs.name = "inputs of all steps, " + inputs.name;
  return {inputs, recurrent};
}

Kernel planScan(const PlanInput& in) {
  const Dims& d = in.op.dims;
  const double ctas = real(d[Dim::M]) * real(d[Dim::N]);
  Kernel k =
      onLanes(in, in.p.fit.stream.softmax, ctas, real(in.cost.macs), real(in.cost.elementOps));
  k.name = "state-space scan";
  // Steps up to `scanLength` are scanned together, in a tree; then the next ones follow.
  const double length = std::min(real(d[Dim::steps]), scanLength);
  const double rounds = std::ceil(real(d[Dim::steps]) / scanLength) * real(d[Dim::K]);
  const double row = in.p.fit.stream.softmax.rowTime.value.value * length / ctaElements;
  const double chain = rounds * row * in.p.clock.value.value;
  k.rowTimes = chain > k.groups[0].cycles;
  k.groups[0].cycles = std::max(k.groups[0].cycles, chain);
  return k;
}

}  // namespace wattlas::gpu
