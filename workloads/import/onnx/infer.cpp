// Shapes of the outputs of nodes: by the library of ONNX, and by rules of our own.
#include <onnx/defs/schema.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "models/base/plain_text.h"
#include "workloads/import/onnx/model_graph.h"
#include "workloads/import/onnx/reader.h"
#include "workloads/import/onnx/tensor.h"
#include "workloads/import/onnx/window.h"

namespace wattlas::onnx_import {
namespace {

/// Shapes of operators that the library does not know: later opsets, the domains of ONNX Runtime
/// and QONNX, and forms that it leaves open.
struct ShapeRule {
  const ModelGraph& graph;
  const Node& node;
  std::vector<OutputShape>& out;

  const Value* in(std::size_t i) const {
    const Value* value = graph.in(node, i);
    return value != nullptr && value->known && !value->sequence ? value : nullptr;
  }
  const Constant* data(std::size_t i) const {
    const Value* value = graph.in(node, i);
    return value != nullptr ? value->data.get() : nullptr;
  }
  void set(std::size_t i, Sizes dims, int type) {
    if (i >= out.size()) return;
    for (const std::int64_t dim : dims)
      if (dim < 0) return;
    out[i] = {true, type, std::move(dims), false};
  }
  /// Output `i` has the shape of input `j`.
  void same(std::size_t i, std::size_t j) {
    if (const Value* value = in(j)) set(i, value->dims, value->type);
  }
};

void sameAsFirst(ShapeRule& r) {
  r.same(0, 0);
}

/// Quantised element-wise operators: values at inputs 0 and 3.
void broadcastsQuantised(ShapeRule& r) {
  const Value *a = r.in(0), *b = r.in(3);
  if (a == nullptr || b == nullptr) return;
  if (const auto dims = broadcast(a->dims, b->dims)) r.set(0, *dims, a->type);
}

void reduces(ShapeRule& r) {
  const Value* x = r.in(0);
  if (x == nullptr) return;
  Sizes axes = r.node.list("axes");
  if (r.node.in.size() > 1 && r.node.in[1] >= 0) {
    if (r.data(1) == nullptr) return;
    axes = r.data(1)->ints;
  }
  if (axes.empty() && r.node.integer("noop_with_empty_axes", 0) != 0) return r.same(0, 0);
  std::set<std::size_t> over;
  for (const std::int64_t axis : axes)
    if (const auto at = axisOf(axis, x->dims.size())) over.insert(*at);
  Sizes dims;
  for (std::size_t i = 0; i < x->dims.size(); ++i) {
    const bool gone = axes.empty() || over.count(i) > 0;
    if (!gone)
      dims.push_back(x->dims[i]);
    else if (r.node.integer("keepdims", 1) != 0)
      dims.push_back(1);
  }
  r.set(0, dims, x->type);
}

void splits(ShapeRule& r) {
  const Value* x = r.in(0);
  const auto count = static_cast<std::int64_t>(r.out.size());
  const auto axis = x != nullptr ? axisOf(r.node.integer("axis", 0), x->dims.size()) : std::nullopt;
  if (!axis || count == 0) return;
  Sizes parts = r.node.list("split");
  if (r.data(1) != nullptr) parts = r.data(1)->ints;
  const std::int64_t length = x->dims[*axis], share = (length + count - 1) / count;
  for (std::int64_t i = 0; i < count; ++i) {
    Sizes dims = x->dims;
    const bool listed = i < static_cast<std::int64_t>(parts.size());
    dims[*axis] = listed ? parts[static_cast<std::size_t>(i)]
                         : std::clamp<std::int64_t>(length - i * share, 0, share);
    r.set(static_cast<std::size_t>(i), dims, x->type);
  }
}

/// Subscripts of an Einsum with the extents of its letters.
void einsum(ShapeRule& r) {
  const std::string equation = r.node.word("equation", "");
  std::string left = equation.substr(0, equation.find("->")), right;
  std::erase(left, ' ');
  std::map<char, std::int64_t> extents;
  std::map<char, int> seen;
  Sizes ellipsis;
  std::size_t operand = 0, at = 0;
  while (at <= left.size()) {
    const std::string term = left.substr(at, left.find(',', at) - at);
    at += term.size() + 1;
    const Value* value = r.in(operand++);
    if (value == nullptr) return;
    const std::size_t dots = term.find("...");
    const std::size_t letters = term.size() - (dots == std::string::npos ? 0 : 3);
    if (letters > value->dims.size()) return;
    const std::size_t wide = value->dims.size() - letters;
    if (dots == std::string::npos && wide > 0) return;
    std::size_t axis = 0;
    for (std::size_t i = 0; i < term.size(); ++i) {
      if (i == dots) {
        const Sizes own(value->dims.begin() + static_cast<std::ptrdiff_t>(axis),
                        value->dims.begin() + static_cast<std::ptrdiff_t>(axis + wide));
        const auto joined = broadcast(ellipsis, own);
        if (!joined) return;
        ellipsis = *joined;
        axis += wide;
        i += 2;
        continue;
      }
      std::int64_t& extent = extents[term[i]];
      extent = std::max(extent, value->dims[axis++]);
      ++seen[term[i]];
    }
  }
  if (equation.find("->") != std::string::npos) {
    right = equation.substr(equation.find("->") + 2);
    std::erase(right, ' ');
  } else {
    right = left.find("...") != std::string::npos ? "..." : "";
    for (const auto& [letter, times] : seen)
      if (times == 1) right += letter;
  }
  Sizes dims;
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (right.compare(i, 3, "...") == 0) {
      dims.insert(dims.end(), ellipsis.begin(), ellipsis.end());
      i += 2;
    } else if (extents.count(right[i]) > 0) {
      dims.push_back(extents[right[i]]);
    } else {
      return;
    }
  }
  r.set(0, dims, r.in(0)->type);
}

void matmul(ShapeRule& r, std::size_t a, std::size_t b, int type) {
  const Value *x = r.in(a), *w = r.in(b);
  if (x == nullptr || w == nullptr || x->dims.empty() || w->dims.empty()) return;
  Sizes left = x->dims, right = w->dims;
  if (r.node.integer("transA", 0) != 0 && left.size() > 1)
    std::swap(left[left.size() - 1], left[left.size() - 2]);
  if (r.node.integer("transB", 0) != 0 && right.size() > 1)
    std::swap(right[right.size() - 1], right[right.size() - 2]);
  const bool vectorA = left.size() == 1, vectorB = right.size() == 1;
  if (vectorA) left.insert(left.begin(), 1);
  if (vectorB) right.push_back(1);
  const auto batch = broadcast({left.begin(), left.end() - 2}, {right.begin(), right.end() - 2});
  if (!batch || left.back() != right[right.size() - 2]) return;
  Sizes dims = *batch;
  if (!vectorA) dims.push_back(left[left.size() - 2]);
  if (!vectorB) dims.push_back(right.back());
  r.set(0, dims, type != undefined ? type : x->type);
}

/// Weights of K x N packed into blocks.
void matmulNBits(ShapeRule& r) {
  const Value* x = r.in(0);
  if (x == nullptr || x->dims.empty()) return;
  Sizes dims = x->dims;
  dims.back() = r.node.integer("N", -1);
  r.set(0, dims, x->type);
}

/// Query, key and value as [batch, sequence, width] or [batch, heads, sequence, width].
void attention(ShapeRule& r) {
  const Value *q = r.in(0), *v = r.in(2);
  if (q == nullptr || q->dims.size() < 3) return;
  Sizes dims = q->dims;
  const std::int64_t queryHeads = r.node.integer("q_num_heads", r.node.integer("num_heads", 0));
  const std::int64_t keyHeads = r.node.integer("kv_num_heads", queryHeads);
  constexpr std::int64_t mostHeads = 1 << 20;
  if (queryHeads < 0 || queryHeads > mostHeads || keyHeads < 0 || keyHeads > mostHeads) return;
  if (r.node.op == "Attention" && !r.node.domain.empty()) {  // one packed projection
    const Value* w = r.in(1);
    if (w == nullptr || w->dims.size() != 2) return;
    const Sizes widths = r.node.list("qkv_hidden_sizes");
    dims.back() = widths.size() == 3 ? widths[2] : w->dims.back() / 3;
  } else if (v != nullptr && v->dims.size() == dims.size()) {
    dims.back() = dims.size() == 4                 ? v->dims.back()
                  : queryHeads > 0 && keyHeads > 0 ? v->dims.back() / keyHeads * queryHeads
                                                   : v->dims.back();
  } else if (r.node.op == "GroupQueryAttention" && queryHeads > 0) {  // packed
    dims.back() = dims.back() / (queryHeads + 2 * keyHeads) * queryHeads;
  }
  r.set(0, dims, q->type);
  const Value* k = r.in(1);
  if (k == nullptr || k->dims.size() < 3 || keyHeads == 0) return;
  // Keys and values of the past and of this run.
  const Value* past = r.in(r.node.op == "Attention"             ? 4
                           : r.node.op == "GroupQueryAttention" ? 3
                                                                : 6);
  const bool wide = k->dims.size() == 4;
  Sizes kept = {k->dims[0], wide ? k->dims[1] : keyHeads, k->dims[wide ? 2 : 1],
                wide ? k->dims[3] : k->dims[2] / keyHeads};
  if (past != nullptr && past->dims.size() == 4) kept[2] += past->dims[2];
  r.set(1, kept, q->type);
  if (v != nullptr) {
    kept[3] = wide ? v->dims.back() : v->dims.back() / keyHeads;
    r.set(2, kept, q->type);
  }
  if (!wide && queryHeads > 0) r.set(3, {dims[0], queryHeads, dims[1], kept[2]}, q->type);
  if (wide) r.set(3, {dims[0], dims[1], dims[2], kept[2]}, q->type);
}

void pads(ShapeRule& r) {
  const Value* x = r.in(0);
  if (x == nullptr) return;
  Sizes pads = r.node.list("pads");
  if (pads.empty()) pads = r.node.list("paddings");
  if (r.data(1) != nullptr) pads = r.data(1)->ints;
  Sizes axes;
  if (r.data(3) != nullptr)
    axes = r.data(3)->ints;
  else
    for (std::size_t i = 0; i < x->dims.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (pads.size() != 2 * axes.size()) return;
  Sizes dims = x->dims;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto at = axisOf(axes[i], dims.size());
    if (!at || std::abs(pads[i]) > (1LL << 40) || std::abs(pads[i + axes.size()]) > (1LL << 40))
      return;
    dims[*at] += pads[i] + pads[i + axes.size()];
  }
  r.set(0, dims, x->type);
}

void resizes(ShapeRule& r) {
  const Value* x = r.in(0);
  if (x == nullptr) return;
  const bool old = r.node.op == "Upsample" || r.node.opset < 11;
  const Constant* scales = r.data(old ? 1 : 2);
  const Constant* sizes = old ? nullptr : r.data(3);
  std::vector<double> factors = r.node.attributes.count("scales") > 0
                                    ? r.node.attributes.at("scales").floats
                                    : std::vector<double>{};
  if (scales != nullptr && scales->size() > 0) factors = scales->reals;
  Sizes axes = r.node.list("axes");
  if (axes.empty())
    for (std::size_t i = 0; i < x->dims.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  Sizes dims = x->dims;
  const bool given = sizes != nullptr && sizes->size() == axes.size();
  if (!given && factors.size() != axes.size()) return;
  double common = 0;
  const std::string policy = r.node.word("keep_aspect_ratio_policy", "stretch");
  for (std::size_t i = 0; given && policy != "stretch" && i < axes.size(); ++i) {
    const auto at = axisOf(axes[i], dims.size());
    if (!at || x->dims[*at] == 0) return;
    const double own = static_cast<double>(sizes->ints[i]) / static_cast<double>(x->dims[*at]);
    common = i == 0 ? own : policy == "not_larger" ? std::min(common, own) : std::max(common, own);
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto at = axisOf(axes[i], dims.size());
    if (!at) return;
    const double length = static_cast<double>(x->dims[*at]);
    if (given && common > 0)
      dims[*at] = static_cast<std::int64_t>(length * common + 0.5);
    else if (given)
      dims[*at] = sizes->ints[i];
    else if (factors[i] > 0 && length * factors[i] < 1e12)
      dims[*at] = static_cast<std::int64_t>(length * factors[i] + 1e-6);
    else
      return;
  }
  r.set(0, dims, x->type);
}

void globalPool(ShapeRule& r) {
  const Value* x = r.in(0);
  if (x == nullptr || x->dims.size() < 3) return;
  Sizes dims = {x->dims[0], x->dims[1]};
  dims.resize(x->dims.size(), 1);
  r.set(0, dims, x->type);
}

void concatenates(ShapeRule& r) {  // QLinearConcat: scale, zero, then (tensor, scale, zero)...
  const Value* first = r.in(2);
  const auto axis =
      first != nullptr ? axisOf(r.node.integer("axis", 0), first->dims.size()) : std::nullopt;
  if (!axis) return;
  Sizes dims = first->dims;
  dims[*axis] = 0;
  for (std::size_t i = 2; i < r.node.in.size(); i += 3) {
    const Value* part = r.in(i);
    if (part == nullptr || part->dims.size() != dims.size()) return;
    dims[*axis] += part->dims[*axis];
  }
  r.set(0, dims, first->type);
}

void fused(ShapeRule& r) {  // SkipLayerNormalization: y, mean, 1/deviation, sum
  r.same(0, 0);
  r.same(3, 0);
}

using OwnRule = void (*)(ShapeRule&);
const std::map<std::string, OwnRule>& ownRules() {
  static const std::map<std::string, OwnRule> all = [] {
    std::map<std::string, OwnRule> m;
    // Others that nobody knows keep their shape, too; these have a schema without inference.
    for (const char* op :
         {"GroupNormalization", "LayerNormalization", "DequantizeLinear", "Softmax", "LogSoftmax",
          "Hardmax", "BatchNormalization", "Dropout", "PRelu"})
      m[op] = sameAsFirst;
    for (const char* op : {"QLinearAdd", "QLinearMul"}) m[op] = broadcastsQuantised;
    for (const char* op :
         {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
          "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"})
      m[op] = reduces;
    for (const char* op : {"MultiHeadAttention", "GroupQueryAttention", "Attention"})
      m[op] = attention;
    for (const char* op : {"Conv", "ConvInteger", "FusedConv", "QLinearConv", "ConvTranspose",
                           "MaxPool", "AveragePool", "LpPool", "QLinearAveragePool"})
      m[op] = [](ShapeRule& r) { windowShape(r.graph, r.node, r.out); };
    for (const char* op : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"})
      m[op] = fused;
    m["FusedMatMul"] = m["MatMul"] = m["Gemm"] = [](ShapeRule& r) { matmul(r, 0, 1, undefined); };
    m["FusedGemm"] = m["Gemm"];
    m["DynamicQuantizeMatMul"] = [](ShapeRule& r) { matmul(r, 0, 1, float32); };
    m["MatMulIntegerToFloat"] = m["DynamicQuantizeMatMul"];
    m["QGemm"] = [](ShapeRule& r) { matmul(r, 0, 3, undefined); };
    m["MatMulNBits"] = matmulNBits;
    m["Split"] = splits;
    m["Einsum"] = einsum;
    m["Pad"] = pads;
    m["Resize"] = m["Upsample"] = resizes;
    m["QLinearGlobalAveragePool"] = m["GlobalLpPool"] = globalPool;
    m["QLinearConcat"] = concatenates;
    return m;
  }();
  return all;
}

/// Whether our rule knows all forms of the operator, so that no other needs to be asked.
bool ownRuleSuffices(const std::string& op) {
  static const std::set<std::string> all = {"Conv",          "ConvInteger", "QLinearConv",
                                            "ConvTranspose", "MaxPool",     "AveragePool",
                                            "LpPool",        "Gemm"};
  return all.count(op) > 0;
}

void inferOwn(const ModelGraph& graph, const Node& node, std::vector<OutputShape>& out) {
  const auto rule = ownRules().find(node.op);
  if (rule == ownRules().end()) return;
  // What changed after the library's last opset, and what it is known to get wrong.
  const bool newer = node.opset > 17 && (node.op.starts_with("Reduce") || node.op == "Split" ||
                                         node.op == "Pad" || node.op == "Resize");
  const bool wrong = node.op == "Einsum";
  std::vector<OutputShape> own(out.size());
  ShapeRule applied{graph, node, own};
  rule->second(applied);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int type = out[i].type;
    if (own[i].known && (!out[i].known || newer || wrong)) out[i] = own[i];
    if (type != undefined) out[i].type = type;
  }
}

/// What the library's inference asks about one node.
class NodeContext final : public onnx::InferenceContext {
 public:
  NodeContext(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto)
      : proto_(proto), outputs_(static_cast<std::size_t>(proto.output_size())) {
    for (std::size_t i = 0; i < node.in.size(); ++i) {
      const Value* value = graph.in(node, i);
      inputs_.emplace_back();
      data_.emplace_back();
      given_.push_back(value != nullptr);
      valued_.push_back(false);
      if (value == nullptr) continue;
      onnx::TypeProto* type = &inputs_.back();
      if (value->sequence) type = type->mutable_sequence_type()->mutable_elem_type();
      type->mutable_tensor_type()->set_elem_type(value->type);
      if (value->known) {
        auto* shape = type->mutable_tensor_type()->mutable_shape();
        for (const std::int64_t dim : value->dims) shape->add_dim()->set_dim_value(dim);
      }
      if (value->data == nullptr || value->data->size() > 4096) continue;
      data_.back() = toProto(*value->data);
      valued_.back() = true;
    }
  }
  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    for (const auto& attribute : proto_.attribute())
      if (attribute.name() == name) return &attribute;
    return nullptr;
  }
  size_t getNumInputs() const override { return inputs_.size(); }
  const onnx::TypeProto* getInputType(size_t i) const override {
    return i < inputs_.size() && given_[i] ? &inputs_[i] : nullptr;
  }
  const onnx::TensorProto* getInputData(size_t i) const override {
    return i < data_.size() && valued_[i] ? &data_[i] : nullptr;
  }
  size_t getNumOutputs() const override { return outputs_.size(); }
  onnx::TypeProto* getOutputType(size_t i) override { return &outputs_.at(i); }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override {
    throw onnx::InferenceError("inner graphs are read elsewhere");
  }
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t) const override { return nullptr; }

 private:
  const onnx::NodeProto& proto_;
  std::deque<onnx::TypeProto> inputs_, outputs_;
  std::deque<onnx::TensorProto> data_;
  std::vector<bool> given_, valued_;
};

OutputShape shapeOf(const onnx::TypeProto& type) {
  OutputShape out;
  const onnx::TypeProto* inner = &type;
  if (inner->has_optional_type()) inner = &inner->optional_type().elem_type();
  if (inner->has_sequence_type()) {
    out.sequence = true;
    inner = &inner->sequence_type().elem_type();
  }
  const auto& tensor = inner->tensor_type();
  out.type = tensor.elem_type();
  out.known = tensor.has_shape();
  if (out.known)
    for (const auto& dim : tensor.shape().dim()) {
      if (!dim.has_dim_value() || dim.dim_value() < 0) out.known = false;
      out.dims.push_back(dim.dim_value());
    }
  if (!out.known) out.dims.clear();
  return out;
}

/// Whether counts, attributes and required inputs are as the schema wants them, and no number is
/// beyond what a tensor can have.
bool allowed(const onnx::OpSchema& schema, const ModelGraph& graph, const Node& node,
             const onnx::NodeProto& proto) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  try {
    schema.Verify(proto);
  } catch (const std::exception&) {
    return false;
  }
  for (std::size_t i = 0; i < schema.inputs().size(); ++i)
    if (schema.inputs()[i].GetOption() == onnx::OpSchema::Single && graph.in(node, i) == nullptr)
      return false;
  const Value* first = graph.in(node, 0);
  const auto rank =
      first != nullptr && first->known ? static_cast<std::int64_t>(first->dims.size()) : 64;
  for (const auto& [name, attribute] : node.attributes) {
    const bool positive = name == "strides" || name == "dilations" || name == "kernel_shape" ||
                          name == "blocksize" || name == "hidden_size";
    if (name == "axis" && attribute.i && (*attribute.i < -rank - 1 || *attribute.i > rank))
      return false;
    if (attribute.i && positive && (*attribute.i < 1 || *attribute.i > most)) return false;
    const bool clamped = name == "starts" || name == "ends";
    for (const std::int64_t value : attribute.ints)
      if (!clamped && (value > most || value < (positive ? 1 : -most))) return false;
    if (name == "perm" || name == "axes")
      for (const std::int64_t value : attribute.ints)
        if (value < -64 || value > 64) return false;
  }
  return true;
}

}  // namespace

void inferShapes(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto,
                 std::vector<OutputShape>& out) {
  const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(
      node.op, static_cast<int>(std::min<std::int64_t>(node.opset, 1000)), node.domain);
  // The library trusts what it is given; rules of its own come first where there are some for all
  // forms of an operator, and nothing goes in that its schema does not allow.
  if (schema != nullptr && schema->has_type_and_shape_inference_function() &&
      !ownRuleSuffices(node.op) && allowed(*schema, graph, node, proto)) {
    NodeContext context(graph, node, proto);
    try {
      schema->GetTypeAndShapeInferenceFunction()(context);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = shapeOf(*context.getOutputType(i));
    } catch (const std::exception& error) {
      // Left open: our own rules may know, or the lowering says what is missing.
      std::string why = plainText(error.what(), 300);
      if (const std::size_t at = why.find("] "); why.starts_with("[") && at != std::string::npos)
        why = why.substr(at + 2);
      for (OutputShape& shape : out) shape.why = why;
    }
  }
  inferOwn(graph, node, out);
  // What nobody knows is taken to keep its shape, so that everything behind it can be listed, too.
  const Value* first = graph.in(node, 0);
  if (schema != nullptr || ownRules().count(node.op) > 0 || first == nullptr || !first->known)
    return;
  for (OutputShape& shape : out) shape = {true, first->type, first->dims, first->sequence, {}};
}

}  // namespace wattlas::onnx_import
