// Convolutions, matrix products, attention and recurrences.
#include <algorithm>

#include "workloads/import/onnx/lower.h"
#include "workloads/import/onnx/window.h"

namespace wattlas::onnx_import {
namespace {

void conv(Lowering& l, const Node& node) {
  const bool quantised = node.op == "QLinearConv";
  const std::size_t w = quantised ? 3 : 1;
  const Value &x = l.in(node, 0), &weight = l.in(node, w), &y = l.out(node);
  const std::size_t axes = x.dims.size() - 2;
  if (x.dims.size() < 3 || axes > 3 || weight.dims.size() != x.dims.size() ||
      y.dims.size() != x.dims.size())
    l.refuse(node, "an input " + textOf(x.dims) + " with weights " + textOf(weight.dims));
  const OpKind kind = axes == 1 ? OpKind::conv1d : axes == 2 ? OpKind::conv2d : OpKind::conv3d;
  ListedOperator op = l.make(node, kind, OpVariant::none, static_cast<int>(w));
  op.dim(Dim::batch, x.dims[0]).dim(Dim::cin, x.dims[1]).dim(Dim::cout, weight.dims[0]);
  op.dim(Dim::groups, node.integer("group", 1));
  setWindow(op, windowOf(node, x.dims, {weight.dims.begin() + 2, weight.dims.end()}, y.dims));
  const bool bias = l.hasIn(node, quantised ? 8 : 2) && node.op != "ConvInteger";
  if (bias) op.flag("bias", true);
  l.own(node, op, w, product(weight.dims) + (bias ? weight.dims[0] : 0));
  l.put(node, op);
}

void convTranspose(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &weight = l.in(node, 1), &y = l.out(node);
  const std::size_t axes = x.dims.size() - 2;
  if (x.dims.size() < 3 || axes > 3 || weight.dims.size() != x.dims.size() ||
      y.dims.size() != x.dims.size())
    l.refuse(node, "an input " + textOf(x.dims) + " with weights " + textOf(weight.dims));
  ListedOperator op = l.make(node, OpKind::convTranspose, OpVariant::none, 1);
  op.dim(Dim::batch, x.dims[0]).dim(Dim::cin, x.dims[1]).dim(Dim::cout, y.dims[1]);
  op.dim(Dim::groups, node.integer("group", 1));
  std::vector<WindowAlong> window =
      windowOf(node, x.dims, {weight.dims.begin() + 2, weight.dims.end()}, {});
  // What is cropped follows from the extents; what is missing is added at the end.
  std::int64_t added = 0;
  std::vector<std::int64_t> crops;
  for (std::size_t i = 0; i < axes; ++i) {
    const WindowAlong& a = window[i];
    crops.push_back((a.length - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 - y.dims[i + 2]);
    added = std::max(added, -crops.back());
  }
  for (std::size_t i = 0; i < axes; ++i) {
    window[i].begin = (crops[i] + added) / 2;
    window[i].end = crops[i] + added - window[i].begin;
  }
  setWindow(op, window);
  op.dim(Dim::outputPad, added);
  if (l.hasIn(node, 2)) op.flag("bias", true);
  l.put(node, op);
}

struct Operand {
  Sizes batch;
  std::int64_t rows = 1, columns = 1;
};

Operand operandOf(const Value& value, bool transposed, bool left) {
  Operand o;
  Sizes dims = value.dims;
  if (dims.size() == 1) dims.insert(left ? dims.begin() : dims.end(), 1);
  o.rows = dims[dims.size() - 2];
  o.columns = dims.back();
  if (transposed) std::swap(o.rows, o.columns);
  o.batch.assign(dims.begin(), dims.end() - 2);
  return o;
}

/// C = A x B with batch axes in front. Weights on either side make one tall product.
void matrixProduct(Lowering& l, const Node& node, std::size_t a, std::size_t b, int bias) {
  const Value &x = l.in(node, a), &w = l.in(node, b);
  if (x.dims.empty() || w.dims.empty()) l.refuse(node, "a product of scalars");
  const Operand left = operandOf(x, node.integer("transA", 0) != 0, true);
  const Operand right = operandOf(w, node.integer("transB", 0) != 0, false);
  const auto batch = broadcast(left.batch, right.batch);
  if (!batch || left.columns != right.rows)
    l.refuse(node, "multiplies " + textOf(x.dims) + " and " + textOf(w.dims));
  const std::int64_t all = product(*batch);
  product(l.out(node).dims);
  const bool trained = w.fixed != x.fixed;
  const std::size_t weight = w.fixed ? b : a;
  const std::int64_t sets = !trained ? 1 : product(w.fixed ? right.batch : left.batch);
  ListedOperator op =
      l.make(node, OpKind::gemm, OpVariant::none, trained ? static_cast<int>(weight) : -1);
  op.dim(Dim::K, left.columns);
  if (trained) {
    const std::int64_t vectors =
        (w.fixed ? left.rows : right.columns) * (all / std::max<std::int64_t>(sets, 1));
    const std::int64_t outputs = w.fixed ? right.columns : left.rows;
    op.dim(Dim::M, vectors).dim(Dim::N, outputs);
    if (sets > (std::int64_t{1} << 40) / std::max<std::int64_t>(node.times, 1))
      l.refuse(node, "too many matrices");
    if (sets > 1) op.number("count", sets * node.times);
    const bool own = bias >= 0 && l.hasIn(node, static_cast<std::size_t>(bias)) &&
                     l.in(node, static_cast<std::size_t>(bias)).fixed;
    if (own) op.flag("bias", true);
    if (sets == 1) l.own(node, op, weight, outputs * left.columns + (own ? outputs : 0));
  } else {
    op.dim(Dim::batch, all).dim(Dim::M, left.rows).dim(Dim::N, right.columns);
    op.flag("weights", false);
  }
  l.put(node, op);
}

void matmulNBits(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  const std::int64_t k = node.integer("K", 0), n = node.integer("N", 0);
  if (k < 1 || n < 1 || x.dims.empty() || x.dims.back() != k) l.refuse(node, "without K and N");
  ListedOperator op = l.make(node, OpKind::gemm, OpVariant::none, 1);
  op.dim(Dim::M, product(x.dims) / k).dim(Dim::N, n).dim(Dim::K, k);
  if (l.hasIn(node, 5)) op.flag("bias", true);
  l.put(node, op);
}

/// Letters of the result of an Einsum that states none: those that occur once, in order.
std::string impliedResult(const std::string& left) {
  std::map<char, int> seen;
  for (const char letter : left)
    if (letter != ',') ++seen[letter];
  std::string out;
  for (const auto& [letter, times] : seen)
    if (times == 1) out += letter;
  return out;
}

/// One operand is summed or transposed.
void einsumOfOne(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  const std::int64_t before = product(x.dims), after = std::max<std::int64_t>(product(y.dims), 1);
  ListedOperator op = before > after ? l.make(node, OpKind::reduce, OpVariant::sum)
                                     : l.make(node, OpKind::transpose);
  op.dim(Dim::M, after).dim(Dim::N, before > after ? before / after : 1);
  l.put(node, op);
}

/// Two operands whose letters fall into batch, rows, columns and sums.
void einsum(Lowering& l, const Node& node) {
  if (node.in.size() == 1) return einsumOfOne(l, node);
  std::string equation = node.word("equation", "");
  std::erase(equation, ' ');
  const std::string left = equation.substr(0, equation.find("->"));
  const std::size_t arrow = equation.find("->"), comma = left.find(',');
  if (node.in.size() != 2 || comma == std::string::npos)
    l.refuse(node, "only one or two operands are known");
  std::string a = left.substr(0, comma), b = left.substr(comma + 1);
  std::string c = arrow == std::string::npos ? impliedResult(left) : equation.substr(arrow + 2);
  const Value &x = l.in(node, 0), &w = l.in(node, 1);
  // The axes of an ellipsis become letters of their own.
  for (std::string* term : {&a, &b, &c})
    if (const std::size_t dots = term->find("..."); dots != std::string::npos) {
      const std::size_t rank = term == &a   ? x.dims.size()
                               : term == &b ? w.dims.size()
                                            : l.out(node).dims.size();
      std::string own;
      for (std::size_t i = rank + 3 - term->size(); i > 0 && i < 32; --i)
        own += static_cast<char>(i);
      term->replace(dots, 3, own);
    }
  if (a.size() != x.dims.size() || b.size() != w.dims.size()) l.refuse(node, "does not fit");
  l.out(node);
  std::int64_t batch = 1, rows = 1, columns = 1, sums = 1;
  const auto has = [](const std::string& text, char letter) {
    return text.find(letter) != std::string::npos;
  };
  for (std::size_t i = 0; i < a.size(); ++i)
    (has(b, a[i]) ? (has(c, a[i]) ? batch : sums) : rows) *= x.dims[i];
  for (std::size_t i = 0; i < b.size(); ++i)
    if (!has(a, b[i])) columns *= w.dims[i];
  const bool trained = w.fixed != x.fixed && batch == 1;
  ListedOperator op = l.make(node, OpKind::gemm, OpVariant::none, trained ? (w.fixed ? 1 : 0) : -1);
  if (trained && x.fixed) std::swap(rows, columns);
  op.dim(Dim::batch, batch).dim(Dim::M, rows).dim(Dim::N, columns).dim(Dim::K, sums);
  if (!trained) op.flag("weights", false);
  l.put(node, op);
}

/// Fused attention of the standard and of ONNX Runtime, and what the patterns found.
void attention(Lowering& l, const Node& node) {
  const Value &q = l.in(node, 0), &y = l.out(node);
  const bool packed = node.op == "Attention" && !node.domain.empty() && node.domain != "pattern";
  const std::int64_t heads = node.integer("q_num_heads", node.integer("num_heads", 0));
  std::int64_t keyHeads = node.integer("kv_num_heads", heads), queries = 0, keys = 0, width = 0,
               value = 0, batch = q.dims.empty() ? 1 : q.dims[0], own = 0;
  const bool wide = q.dims.size() == 4;
  std::int64_t queryHeads = heads;
  constexpr std::int64_t mostHeads = 1 << 20;
  if (heads < 0 || heads > mostHeads || keyHeads < 0 || keyHeads > mostHeads ||
      (!wide && keyHeads < 1))
    l.refuse(node, std::to_string(heads) + " heads");
  if (packed) {
    const Value& w = l.in(node, 1);
    if (heads < 1 || q.dims.size() != 3 || w.dims.size() != 2) l.refuse(node, "of unknown form");
    ListedOperator qkv = l.make(node, OpKind::gemm, OpVariant::none, 1, "_qkv");
    qkv.dim(Dim::M, q.dims[0] * q.dims[1]).dim(Dim::N, w.dims[1]).dim(Dim::K, w.dims[0]);
    if (l.hasIn(node, 2)) qkv.flag("bias", true);
    l.put(node, qkv);
    queries = keys = own = q.dims[1];
    width = value = w.dims[1] / 3 / heads;
  } else if (wide) {
    const Value &k = l.in(node, 1), &v = l.in(node, 2);
    if (k.dims.size() != 4 || v.dims.size() != 4) l.refuse(node, "of unknown form");
    queryHeads = q.dims[1];
    keyHeads = k.dims[1];
    queries = q.dims[2];
    keys = own = k.dims[2];
    width = q.dims[3];
    value = v.dims[3];
  } else {
    if (heads < 1 || q.dims.size() != 3) l.refuse(node, "of unknown form");
    const bool joined = node.op == "GroupQueryAttention" && !l.hasIn(node, 1);
    width = value = joined ? q.dims[2] / (heads + 2 * keyHeads) : q.dims[2] / heads;
    queries = q.dims[1];
    keys = own = joined                           ? queries
                 : l.in(node, 1).dims.size() == 4 ? l.in(node, 1).dims[2]
                                                  : l.in(node, 1).dims[1];
    if (!joined && l.hasIn(node, 2) && l.in(node, 2).dims.size() == 3 && keyHeads > 0)
      value = l.in(node, 2).dims[2] / keyHeads;
  }
  const std::size_t at = node.op == "Attention" ? 4 : node.op == "GroupQueryAttention" ? 3 : 6;
  const Value* past = packed ? nullptr : l.graph().in(node, at);
  const bool cached = past != nullptr && past->known && past->dims.size() == 4;
  if (cached) keys += past->dims[2];
  if (queryHeads < 1 || keyHeads < 1 || queryHeads % keyHeads != 0 || width < 1)
    l.refuse(node,
             std::to_string(queryHeads) + " query and " + std::to_string(keyHeads) + " key heads");
  ListedOperator op = l.make(node, OpKind::attention, OpVariant::none, -1, packed ? "_sdpa" : "");
  if (packed) op.inputs({node.name + "_qkv"});
  op.dim(Dim::batch, batch).dim(Dim::heads, queryHeads).dim(Dim::kvHeads, keyHeads);
  op.dim(Dim::headDim, width).dim(Dim::queries, queries).dim(Dim::keys, keys);
  if (value != width) op.dim(Dim::valueDim, value);
  if (node.integer("score_ops", 0) > 0) op.dim(Dim::scoreOps, node.integer("score_ops", 0));
  const bool causal =
      node.integer("is_causal", node.integer("unidirectional", node.op == "GroupQueryAttention")) !=
      0;
  if (causal && queries <= keys) op.flag("causal", true);
  if (node.integer("local_window_size", -1) > 0)
    op.number("window", node.integer("local_window_size", 0));
  if (cached)
    op.dim(Dim::newKeys, own);
  else
    op.flag("cached", false);
  (void)y;
  l.put(node, op);
}

/// What the patterns found between two products.
void foundAttention(Lowering& l, const Node& node) {
  ListedOperator op = l.make(node, OpKind::attention);
  const auto dim = [&](Dim d, const char* key) { op.dim(d, node.integer(key, 1)); };
  dim(Dim::batch, "batch");
  dim(Dim::heads, "heads");
  dim(Dim::kvHeads, "kv_heads");
  dim(Dim::headDim, "width");
  dim(Dim::queries, "queries");
  dim(Dim::keys, "keys");
  if (node.integer("value", 0) != node.integer("width", 0)) dim(Dim::valueDim, "value");
  op.dim(Dim::scoreOps, node.integer("score_ops", 0));
  op.flag("cached", false);
  l.put(node, op);
}

void recurrent(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &w = l.in(node, 1), &r = l.in(node, 2);
  if (x.dims.size() != 3 || w.dims.size() != 3 || r.dims.size() != 3)
    l.refuse(node, "of unknown form");
  const bool batchFirst = node.integer("layout", 0) != 0;
  const OpKind kind = node.op == "LSTM"  ? OpKind::lstm
                      : node.op == "GRU" ? OpKind::gru
                                         : OpKind::rnn;
  ListedOperator op = l.make(node, kind, OpVariant::none, 1);
  op.dim(Dim::steps, x.dims[batchFirst ? 1 : 0]).dim(Dim::M, x.dims[batchFirst ? 0 : 1]);
  op.dim(Dim::K, x.dims[2]).dim(Dim::N, r.dims[2]).dim(Dim::directions, w.dims[0]);
  if (l.hasIn(node, 3)) op.flag("bias", true);
  l.put(node, op);
}

}  // namespace

void Lowering::addProducts(std::map<std::string, Rule>& m) {
  for (const char* op : {"Conv", "ConvInteger", "QLinearConv", "FusedConv"}) m[op] = conv;
  m["ConvTranspose"] = convTranspose;
  m["MatMul"] = m["MatMulInteger"] = m["FusedMatMul"] = m["Gemm"] =
      m["FusedGemm"] = [](Lowering& l, const Node& n) {
        matrixProduct(l, n, 0, 1, n.op == "MatMulInteger" ? -1 : 2);
      };
  m["DynamicQuantizeMatMul"] = [](Lowering& l, const Node& n) { matrixProduct(l, n, 0, 1, 4); };
  m["MatMulIntegerToFloat"] = [](Lowering& l, const Node& n) { matrixProduct(l, n, 0, 1, 6); };
  m["QLinearMatMul"] = [](Lowering& l, const Node& n) { matrixProduct(l, n, 0, 3, -1); };
  m["QGemm"] = [](Lowering& l, const Node& n) { matrixProduct(l, n, 0, 3, 6); };
  m["MatMulNBits"] = matmulNBits;
  m["Einsum"] = einsum;
  for (const char* op : {"Attention", "MultiHeadAttention", "GroupQueryAttention"})
    m[op] = attention;
  m["FoundAttention"] = foundAttention;
  for (const char* op : {"LSTM", "GRU", "RNN"}) m[op] = recurrent;
}

}  // namespace wattlas::onnx_import
