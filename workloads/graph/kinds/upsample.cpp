#include "workloads/graph/costing.h"

namespace wattlas {

template <>
KindSpec describe<OpKind::upsample>() {
  using enum Dim;
  return {.opClass = OpClass::gather,
          .doc = "More places of an image: repeated, or between neighbours (linear)",
          .dims = {batch, cin, depth, height, width, outDepth, outHeight, outWidth},
          .variants = {OpVariant::none, OpVariant::linear},
          .batched = Dim::batch,
          .cost =
              [](Costing& c) {
                const Exact maps = c.dim(Dim::batch) * c.dim(Dim::cin);
                // linear along two axes: 4 products and 3 sums
                c.stream(maps * c.dim(Dim::depth) * c.dim(Dim::height) * c.dim(Dim::width),
                         maps * c.dim(Dim::outDepth) * c.dim(Dim::outHeight) * c.dim(Dim::outWidth),
                         c.op.variant == OpVariant::linear ? 7 : 0);
              },
          .derive =
              [](Derivative& d) {
                Operator& g = d.pass(OpKind::pool);  // each place sums those it became
                g.variant = OpVariant::adaptive;
                g.dims = d.op.dims;
                for (const auto& [in, out] :
                     {std::pair{depth, outDepth}, {height, outHeight}, {width, outWidth}})
                  std::swap(g.dims[in], g.dims[out]);
              }};
}

}  // namespace wattlas
