// Data movement: free where it only renames, at its real cost where values change places.
#include <algorithm>

#include "workloads/import/onnx/lower.h"

namespace wattlas::onnx_import {
namespace {

std::int64_t atLeastOne(std::int64_t value) {
  return std::max<std::int64_t>(value, 1);
}

void renames(Lowering& l, const Node& node) {
  l.rename(node);
}

ListedOperator rowsOfOutput(Lowering& l, const Node& node, OpKind kind, std::int64_t values) {
  const Value& y = l.out(node);
  const std::int64_t width = y.dims.empty() ? 1 : atLeastOne(y.dims.back());
  ListedOperator op = l.make(node, kind);
  op.dim(Dim::M, atLeastOne(values / width)).dim(Dim::N, width);
  return op;
}

void concat(Lowering& l, const Node& node) {
  std::size_t parts = 0;
  for (const int in : node.in) parts += in >= 0 ? 1 : 0;
  if (parts < 2) return l.rename(node);
  l.put(node, rowsOfOutput(l, node, OpKind::concat, product(l.out(node).dims)));
}

void split(Lowering& l, const Node& node) {
  l.put(node, rowsOfOutput(l, node, OpKind::split, product(l.in(node, 0).dims)));
}

void slice(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  if (product(x.dims) == product(y.dims)) return l.rename(node);
  ListedOperator op = rowsOfOutput(l, node, OpKind::slice, product(y.dims));
  op.dim(Dim::K, x.dims.empty() ? 1 : atLeastOne(x.dims.back()));
  l.put(node, op);
}

void transpose(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  // Moving axes of one value changes no place in memory.
  const Sizes order = node.list("perm");
  std::int64_t last = -1;
  bool moves = order.size() != x.dims.size();
  for (std::size_t i = 0; !moves && i < order.size(); ++i) {
    if (order[i] < 0 || order[i] >= static_cast<std::int64_t>(x.dims.size()))
      l.refuse(node, "an order of other axes");
    if (x.dims[static_cast<std::size_t>(order[i])] == 1) continue;
    moves = order[i] < last;
    last = order[i];
  }
  if (!moves) return l.rename(node);
  l.put(node, rowsOfOutput(l, node, OpKind::transpose, product(x.dims)));
}

void copies(Lowering& l, const Node& node) {  // Expand, Tile
  const Value &x = l.in(node, 0), &y = l.out(node);
  if (product(x.dims) == product(y.dims)) return l.rename(node);
  l.put(node, rowsOfOutput(l, node, OpKind::concat, product(y.dims)));
}

void reorders(Lowering& l, const Node& node) {
  l.put(node, rowsOfOutput(l, node, OpKind::transpose, product(l.out(node).dims)));
}

void pad(Lowering& l, const Node& node) {
  const std::int64_t before = product(l.in(node, 0).dims), after = product(l.out(node).dims);
  if (before == after) return l.rename(node);
  ListedOperator op = l.make(node, after > before ? OpKind::padding : OpKind::slice);
  op.dim(Dim::N, atLeastOne(after)).dim(Dim::K, atLeastOne(before));
  l.put(node, op);
}

void gather(Lowering& l, const Node& node) {
  const Value &data = l.in(node, 0), &at = l.in(node, 1), &y = l.out(node);
  const auto axis = axisOf(node.integer("axis", 0), data.dims.size());
  const bool plain = node.op == "Gather";
  if (!axis || product(y.dims) == 0) l.refuse(node, "picks from " + textOf(data.dims));
  if (plain && data.fixed && *axis == 0 && isFloat(data.type)) {
    const std::int64_t width = product(data.dims, 1);
    ListedOperator op = l.make(node, OpKind::embedding, OpVariant::none, 0);
    op.dim(Dim::M, atLeastOne(product(at.dims))).dim(Dim::N, atLeastOne(width));
    op.dim(Dim::K, atLeastOne(data.dims[0]));
    l.own(node, op, 0, product(data.dims));
    return l.put(node, op);
  }
  const std::int64_t width = plain ? product(data.dims, *axis + 1) : 1;
  ListedOperator op = l.make(node, OpKind::gather);
  op.dim(Dim::M, atLeastOne(product(y.dims) / atLeastOne(width))).dim(Dim::N, atLeastOne(width));
  op.dim(Dim::K, atLeastOne(data.dims[*axis]));
  l.put(node, op);
}

void scatter(Lowering& l, const Node& node) {
  const Value &data = l.in(node, 0), &updates = l.in(node, 2);
  const std::int64_t width = updates.dims.empty() ? 1 : atLeastOne(updates.dims.back());
  ListedOperator op = l.make(node, OpKind::scatter);
  op.dim(Dim::M, atLeastOne(product(updates.dims) / width)).dim(Dim::N, width);
  op.dim(Dim::K, atLeastOne(product(data.dims) / width));
  l.put(node, op);
}

void oneHot(Lowering& l, const Node& node) {
  ListedOperator op = l.make(node, OpKind::scatter);
  const std::int64_t picks = product(l.in(node, 0).dims);
  op.dim(Dim::M, atLeastOne(picks)).dim(Dim::K, atLeastOne(product(l.out(node).dims)));
  l.put(node, op);
}

void resize(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  if (x.dims == y.dims) return l.rename(node);
  const std::size_t rank = x.dims.size();
  const bool image = rank >= 3 && rank <= 5 && x.dims[0] == y.dims[0] && x.dims[1] == y.dims[1];
  const char* standard = node.op == "GridSample" ? "bilinear" : "nearest";
  const bool smooth = node.word("mode", standard) != "nearest";
  ListedOperator op = l.make(node, OpKind::upsample, smooth ? OpVariant::linear : OpVariant::none);
  if (image) {
    op.dim(Dim::batch, x.dims[0]).dim(Dim::cin, x.dims[1]);
    const Dim in[] = {Dim::width, Dim::height, Dim::depth};
    const Dim out[] = {Dim::outWidth, Dim::outHeight, Dim::outDepth};
    for (std::size_t i = 0; i + 2 < rank; ++i)
      op.dim(in[i], x.dims[rank - 1 - i]).dim(out[i], y.dims[rank - 1 - i]);
  } else {
    op.dim(Dim::width, atLeastOne(product(x.dims))).dim(Dim::outWidth, atLeastOne(product(y.dims)));
  }
  l.put(node, op);
}

/// Rotary positions of queries or keys, as ONNX Runtime and later opsets write them.
void rope(Lowering& l, const Node& node) {
  ListedOperator op = rowsOfOutput(l, node, OpKind::rope, product(l.out(node).dims));
  l.put(node, op);
}

}  // namespace

void Lowering::addMoves(std::map<std::string, Rule>& m) {
  for (const char* op : {"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
                         "Cast", "CastLike", "Optional", "OptionalGetElement"})
    m[op] = renames;
  m["Concat"] = concat;
  m["Split"] = split;
  m["Slice"] = slice;
  m["Transpose"] = transpose;
  m["Expand"] = m["Tile"] = copies;
  for (const char* op : {"DepthToSpace", "SpaceToDepth", "ReverseSequence", "Trilu"})
    m[op] = reorders;
  m["Pad"] = pad;
  for (const char* op : {"Gather", "GatherElements", "GatherND"}) m[op] = gather;
  for (const char* op : {"Scatter", "ScatterElements", "ScatterND"}) m[op] = scatter;
  m["MaxUnpool"] = reorders;
  m["EyeLike"] = reorders;
  m["OneHot"] = oneHot;
  m["Resize"] = m["Upsample"] = m["GridSample"] = resize;
  m["RotaryEmbedding"] = rope;
}

}  // namespace wattlas::onnx_import
