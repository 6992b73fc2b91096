// Rows of trained tables.
#include "workloads/graph/costing.h"

namespace wattlas {
namespace {

void tableDerivative(Derivative& d) {
  Operator rows = d.make(".dw", OpKind::scatter);
  rows.variant = OpVariant::sum;
  rows.dims[Dim::M] = Exact(d.op.dims[Dim::M]) * d.op.dims[Dim::lookups];
  rows.dims[Dim::K] = d.op.dims[Dim::K];
  d.weight.push_back(std::move(rows));
}

/// `lookups` rows of the table for every row that comes out.
void tableCost(Costing& c) {
  const Exact width = c.dim(Dim::N), rows = c.dim(Dim::M) * c.dim(Dim::lookups);
  c.weights(c.dim(Dim::K), width, Exact(0));
  const Exact read = std::min<std::int64_t>(rows, c.op.dims[Dim::K]);
  c.cost.weightRead = c.tableRows(read, width);
  c.cost.input = c.indices(rows);
  c.cost.output = c.activations(c.dim(Dim::M) * width);
  c.cost.elementOps = c.dim(Dim::M) * width * Exact(c.op.dims[Dim::lookups] - 1);
}

KindSpec table(const char* doc, std::vector<Dim> dims) {
  return {.opClass = OpClass::gather,
          .doc = doc,
          .dims = std::move(dims),
          .weights = KindSpec::Weights::always,
          .cost = tableCost,
          .derive = tableDerivative};
}

}  // namespace

template <>
KindSpec describe<OpKind::embedding>() {
  return table("M rows of N out of a trained table of K rows", {Dim::M, Dim::N, Dim::K});
}

template <>
KindSpec describe<OpKind::embeddingBag>() {
  return table("M sums of `lookups` rows of N each, out of a trained table of K rows",
               {Dim::M, Dim::N, Dim::K, Dim::lookups});
}

}  // namespace wattlas
