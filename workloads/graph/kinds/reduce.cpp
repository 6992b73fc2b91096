#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::reduce>() {
  using enum Dim;
  return {.opClass = OpClass::reduction,
          .doc = "M rows of N to one value each",
          .dims = {M, N},
          .variants = {OpVariant::sum, OpVariant::mean, OpVariant::maximum, OpVariant::minimum,
                       OpVariant::product, OpVariant::l2},
          .cost =
              [](Costing& c) {
                c.stream(c.dim(Dim::M) * c.dim(Dim::N), c.dim(Dim::M), c.op.dims[Dim::N]);
              },
          .derive =
              [](Derivative& d) {
                d.none = d.op.variant != OpVariant::sum && d.op.variant != OpVariant::mean;
                Operator& g = d.pass(OpKind::upsample);  // each sum to all of its summands
                g.dims[cin] = d.op.dims[M];
                g.dims[outWidth] = d.op.dims[N];
              }};
}

}  // namespace wattlas
