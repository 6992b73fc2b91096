// Checks around the cost functions of kinds/. The conventions are stated in docs/workloads.md and
// checked by hand-computed cases in tests/graph/cost_test.cpp.
#include <algorithm>
#include <bit>
#include <cmath>

#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void checkDims(const Operator& op) {
  for (int i = 0; i < static_cast<int>(Dim::count_); ++i) {
    const Dim d = static_cast<Dim>(i);
    const std::int64_t least = Dims::leastOf(d);
    if (op.dims[d] < least)
      throw InputError(
          "operator '" + op.name + "': " + nameOf(d) + " is " + std::to_string(op.dims[d]),
          "at least " + std::to_string(least));
  }
  if (op.count < 1)
    throw InputError("operator '" + op.name + "': count is " + std::to_string(op.count),
                     "at least 1");
}

}  // namespace

Bits storedBits(std::int64_t rows, std::int64_t columns, const NumberFormat& asked,
                const Sparsity& sparsity) {
  const NumberFormat& format = storedAs(asked, columns);
  const double dense = (Exact(rows) * columns * Exact(format.bits)).bits().value;
  const double n = static_cast<double>(rows) * static_cast<double>(columns);
  const double scales =
      format.group > 0
          ? denseBits(format, static_cast<double>(rows), static_cast<double>(columns)) - dense
          : 0;
  double stored = dense;
  switch (sparsity.pattern) {
    case Sparsity::Pattern::none:
      return Bits(dense + scales);
    case Sparsity::Pattern::unstructured:  // the non-zeros and one bit a position
      stored = std::ceil(n * sparsity.density) * format.bits + n;
      break;
    case Sparsity::Pattern::nm: {  // n of each m values, each with its place among the m
      const double kept = std::ceil(n * sparsity.n / sparsity.m);
      stored = kept * (format.bits + std::bit_width(static_cast<unsigned>(sparsity.m - 1)));
      break;
    }
    case Sparsity::Pattern::block: {  // whole blocks of m values and one bit a block
      const double block = sparsity.m > 0 ? sparsity.m : 16;
      stored = std::ceil(n * sparsity.density) * format.bits + std::ceil(n / block);
      break;
    }
  }
  return Bits(std::min(stored, dense) + scales);
}

OpCost costOf(const Operator& op) {
  checkDims(op);
  try {
    Costing costing{op, {}};
    const KindSpec& spec = specOf(op.kind);
    spec.cost(costing);
    // Each group of integer weights ends in one multiplication by its scale; floats are scaled as
    // they are unpacked, which is the device's own work.
    const NumberFormat& w = op.formats.weight;
    if (spec.opClass == OpClass::product && op.hasWeights && w.group > 0 &&
        !op.formats.activation.isFloat())
      costing.cost.elementOps += costing.cost.macs / w.group;
    return costing.cost;
  } catch (const CountOverflow&) {
    throw InputError("operator '" + op.name + "' (" + nameOf(op.kind) +
                         ") needs more than 2^62 multiply-accumulates or bits",
                     "smaller dimensions", "reduce batch, prompt or the layer's dimensions");
  }
}

}  // namespace wattlas
