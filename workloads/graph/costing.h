// Inside the room: what the files of kinds/ share to count.
#pragma once

#include <algorithm>

#include "models/base/error.h"
#include "workloads/graph/exact.h"
#include "workloads/graph/kind.h"

namespace wattlas {

struct Costing {
  const Operator& op;
  OpCost cost;

  Exact dim(Dim d) const { return Exact(op.dims[d]); }
  Bits activations(Exact values) const {
    const NumberFormat& f = op.formats.activation;
    const Bits elements = (values * Exact(f.bits)).bits();
    return f.group > 0 ? Bits(denseBits(f, 1, static_cast<double>(std::int64_t(values))))
                       : elements;
  }
  Bits accumulators(Exact values) const {
    return (values * Exact(op.formats.accumulator.bits)).bits();
  }
  Bits indices(Exact values) const { return (values * Exact(32)).bits(); }
  /// `rows` of `columns` trained weights in the weight format, and `biases` (or folded norms).
  void weights(Exact rows, Exact columns, Exact biases);
  /// Bits of `rows` of a table whose rows have `columns` weights.
  Bits tableRows(Exact rows, Exact columns) const {
    return storedBits(rows, columns, op.formats.weight, {});
  }
  /// `values` trained values that are added or multiplied: gains, offsets, biases.
  void vectors(Exact values);
  /// M rows of N in and out, `operations` for each value.
  void rows(std::int64_t operations) {
    const Exact values = dim(Dim::M) * dim(Dim::N);
    stream(values, values, operations);
  }
  /// Values that come in and go out, `operations` scalar operations for each that goes out.
  void stream(Exact in, Exact out, std::int64_t operations) {
    cost.input = activations(in);
    cost.output = activations(out);
    cost.elementOps = out * Exact(operations);
  }
};

/// What a kind says about its derivative: the operators that give the gradients of its inputs,
/// weights and biases, and what must be stored until they run.
struct Derivative {
  const Operator& op;
  std::vector<Operator> data = {}, weight = {}, bias = {};
  bool inputForData = false, inputForWeight = false, outputForData = false;
  bool none = false;  ///< of this variant
  Bits extra = {};    ///< stored for the data beside inputs and outputs: places, statistics

  /// An operator on gradients, named after this one; M and N are taken over.
  Operator make(const char* suffix, OpKind kind) const;
  /// A pass over M rows of N gradients that gives the gradient of the only input.
  Operator& pass(OpKind kind);
  /// The sum of `of` gradients for each of `values`.
  Operator sum(const char* suffix, Exact values, Exact of) const;
};

/// Scalar operations of a non-linear function for one value. A comparison, addition,
/// multiplication, division or exponential counts as one.
std::int64_t operationsOf(OpVariant variant);

}  // namespace wattlas
