// Rows and entries of tables.
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

template <>
KindSpec describe<OpKind::lookup>() {
  using enum Dim;
  return {
      .opClass = OpClass::gather,
      .doc = "M rows of N sums of `lookups` codes, each through a table of K entries of its own",
      .dims = {M, N, K, lookups},
      .weights = KindSpec::Weights::optional,
      .cost = [](Costing& c) {
        const Exact outputs = c.dim(Dim::M) * c.dim(Dim::N), each = c.dim(Dim::lookups);
        const Exact table = each * c.dim(Dim::K);
        c.cost.input = (outputs * each * Exact(c.op.formats.weight.bits)).bits();
        if (c.op.hasWeights)
          c.vectors(table);
        else
          c.cost.input += c.accumulators(c.dim(Dim::M) * table);
        c.cost.output = c.activations(outputs);
        c.cost.elementOps = outputs * Exact(2 * c.op.dims[Dim::lookups] - 1);
      }};
}

}  // namespace wattlas
