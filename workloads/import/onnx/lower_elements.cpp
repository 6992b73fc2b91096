// Functions of values, norms, reductions, pools and quantisers.
#include <algorithm>

#include "workloads/import/onnx/lower.h"
#include "workloads/import/onnx/window.h"

namespace wattlas::onnx_import {
namespace {

struct Rows {
  std::int64_t rows = 1, width = 1;
};

/// A tensor as rows of its last axis.
Rows rowsOf(const Sizes& dims) {
  const std::int64_t width = dims.empty() ? 1 : std::max<std::int64_t>(dims.back(), 1);
  return {std::max<std::int64_t>(product(dims) / width, 1), width};
}

void setRows(ListedOperator& op, const Sizes& dims) {
  const Rows r = rowsOf(dims);
  op.dim(Dim::M, r.rows).dim(Dim::N, r.width);
}

const std::map<std::string, OpVariant>& variants() {
  using V = OpVariant;
  static const std::map<std::string, V> all = [] {
    std::map<std::string, V> m;
    const auto add = [&](V variant, std::initializer_list<const char*> names) {
      for (const char* name : names) m[name] = variant;
    };
    add(V::relu, {"Relu", "ThresholdedRelu"});
    add(V::leakyRelu, {"LeakyRelu", "QLinearLeakyRelu"});
    add(V::elu, {"Elu", "Selu", "Celu"});
    add(V::sigmoid, {"Sigmoid", "QLinearSigmoid"});
    add(V::tanh, {"Tanh"});
    add(V::hardSigmoid, {"HardSigmoid"});
    add(V::hardSwish, {"HardSwish"});
    add(V::softplus, {"Softplus"});
    add(V::reciprocal, {"Softsign", "Reciprocal"});
    add(V::clip, {"Shrink", "Sign", "Clip"});
    add(V::gelu, {"Gelu", "FastGelu", "BiasGelu"});
    add(V::silu, {"QuickGelu", "Swish"});
    add(V::mish, {"Mish"});
    add(V::exponential, {"Exp", "Sinh", "Cosh"});
    add(V::logarithm, {"Log", "Asinh", "Acosh", "Atanh"});
    add(V::squareRoot, {"Sqrt"});
    add(V::error, {"Erf"});
    add(V::sine, {"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "HannWindow", "HammingWindow",
                  "BlackmanWindow"});
    add(V::absolute, {"Abs", "IsNaN", "IsInf"});
    add(V::negative, {"Neg", "Not", "BitwiseNot"});
    add(V::round, {"Floor", "Ceil", "Round"});
    return m;
  }();
  return all;
}

void function(Lowering& l, const Node& node) {
  OpVariant variant = variants().at(node.op);
  if (node.op == "Clip") {
    const Value *low = l.graph().in(node, 1), *high = l.graph().in(node, 2);
    const auto bound = [&](const Value* v, const char* key, double none) {
      return v != nullptr && v->data && v->data->size() == 1 ? v->data->at(0)
                                                             : node.real(key, none);
    };
    const double from = bound(low, "min", -3e38), to = bound(high, "max", 3e38);
    if (from == 0 && to == 6) variant = OpVariant::relu6;
    if (from == 0 && to > 1e30) variant = OpVariant::relu;
  }
  ListedOperator op = l.make(node, OpKind::activation, variant);
  setRows(op, l.out(node).dims);
  l.put(node, op);
}

struct Combination {
  OpKind kind;
  OpVariant variant;
};

Combination combinationOf(const std::string& op) {
  using V = OpVariant;
  if (op == "Add" || op == "Sum" || op == "Mean" || op == "QLinearAdd" || op == "CumSum")
    return {OpKind::add, V::none};
  if (op == "Mul" || op == "QLinearMul" || op == "PRelu") return {OpKind::multiply, V::none};
  if (op == "Sub") return {OpKind::elementwise, V::subtract};
  if (op == "Div" || op == "Mod") return {OpKind::elementwise, V::divide};
  if (op == "Pow") return {OpKind::elementwise, V::power};
  if (op == "Min") return {OpKind::elementwise, V::minimum};
  if (op == "Max") return {OpKind::elementwise, V::maximum};
  if (op == "Where") return {OpKind::elementwise, V::select};
  return {OpKind::elementwise, V::compare};
}

void combine(Lowering& l, const Node& node) {
  const Value& y = l.out(node);
  const Combination c = combinationOf(node.op);
  const bool quantised = node.op.starts_with("QLinear");
  std::int64_t full = 0, small = 0, values = 0, trained = 0, trainedCount = 0;
  for (std::size_t i = 0; i < node.in.size(); i += quantised ? 3 : 1) {
    if (node.in[i] < 0 || (node.op == "CumSum" && i > 0)) continue;
    const Value& x = l.in(node, i);
    const std::int64_t count = product(x.dims);
    if (x.fixed && count > 1 && isFloat(x.type)) {
      ++trainedCount;
      trained += count;
    } else if (count == product(y.dims)) {
      ++full;
    } else {
      ++small;
      values += count;
    }
  }
  if (node.op == "CumSum") full = 2;
  // A function of one input, and of constants that are no tensors.
  if (full + small + trainedCount < 2) return l.rename(node);
  ListedOperator op = l.make(node, c.kind, c.variant);
  setRows(op, y.dims);
  if (full == 0) {  // both are broadcast: the larger one counts as whole
    full = 1;
    if (small > 0) {
      --small;
      values = small > 0 ? std::max<std::int64_t>(values / 2, 1) : 0;
    }
  }
  op.dim(Dim::inputs, full);
  if (trainedCount > 0 && small == 0) {
    op.dim(Dim::smallInputs, trainedCount).dim(Dim::smallValues, trained).flag("weights", true);
  } else if (small + trainedCount > 0) {
    op.dim(Dim::smallInputs, small + trainedCount).dim(Dim::smallValues, values + trained);
  }
  if (full + small + trainedCount < 2) op.dim(Dim::inputs, 2);
  l.put(node, op);
}

void norm(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  using V = OpVariant;
  const bool rms = node.op == "RMSNormalization" || node.op.find("Simplified") != std::string::npos;
  const bool skip = node.op.starts_with("Skip");
  if (skip) {
    ListedOperator sum = l.make(node, OpKind::add, V::none, -1, "_skip");
    setRows(sum, x.dims);
    l.put(node, sum);
  }
  const bool batch = node.op == "BatchNormalization";
  const bool grouped = node.op == "GroupNormalization" || node.op == "InstanceNormalization" ||
                       node.op == "MeanVarianceNormalization";
  const V variant = batch     ? V::batch
                    : grouped ? (node.op.starts_with("Group") ? V::group : V::instance)
                    : rms     ? V::rms
                              : V::layer;
  ListedOperator op = l.make(node, OpKind::norm, variant);
  if (skip) op.inputs({node.name + "_skip"});
  if (batch || grouped) {
    if (x.dims.size() < 2) l.refuse(node, "an input " + textOf(x.dims));
    const std::int64_t places = product(x.dims, 2), channels = x.dims[1];
    if (batch)
      op.dim(Dim::M, x.dims[0] * places).dim(Dim::N, channels);
    else
      op.dim(Dim::M, x.dims[0]).dim(Dim::N, channels * places).dim(Dim::cin, channels);
    if (grouped) op.dim(Dim::groups, node.integer("num_groups", channels));
    if (node.op == "MeanVarianceNormalization") op.flag("weights", false);
  } else {
    const auto axis = axisOf(skip ? -1 : node.integer("axis", -1), x.dims.size());
    if (!axis) l.refuse(node, "an input " + textOf(x.dims));
    const std::int64_t width = product(x.dims, *axis);
    op.dim(Dim::M, product(x.dims) / std::max<std::int64_t>(width, 1)).dim(Dim::N, width);
    if (node.op == "LpNormalization") op.flag("weights", false);
  }
  l.put(node, op);
}

void softmax(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  const bool flat = node.opset < 13 && node.domain.empty();
  const auto axis = axisOf(node.integer("axis", flat ? 1 : -1), x.dims.size());
  if (!axis) l.refuse(node, "an axis that " + textOf(x.dims) + " does not have");
  const std::int64_t width = flat ? product(x.dims, *axis) : x.dims[*axis];
  const bool hard = node.op == "Hardmax";
  ListedOperator op =
      hard ? l.make(node, OpKind::argReduce, OpVariant::maximum) : l.make(node, OpKind::softmax);
  op.dim(Dim::N, width).dim(Dim::M, product(x.dims) / std::max<std::int64_t>(width, 1));
  l.put(node, op);
}

void reduce(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  using V = OpVariant;
  const bool place = node.op.starts_with("Arg");
  const V variant = node.op == "ReduceMean"                                 ? V::mean
                    : node.op == "ReduceMax" || node.op == "ArgMax"         ? V::maximum
                    : node.op == "ReduceMin" || node.op == "ArgMin"         ? V::minimum
                    : node.op == "ReduceProd"                               ? V::product
                    : node.op == "ReduceL2" || node.op == "ReduceSumSquare" ? V::l2
                                                                            : V::sum;
  const std::int64_t rows = std::max<std::int64_t>(product(y.dims), 1);
  ListedOperator op = l.make(node, place ? OpKind::argReduce : OpKind::reduce, variant);
  op.dim(Dim::M, rows).dim(Dim::N, std::max<std::int64_t>(product(x.dims) / rows, 1));
  l.put(node, op);
}

void topK(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  const auto axis = axisOf(node.integer("axis", -1), x.dims.size());
  if (!axis || y.dims.size() != x.dims.size()) l.refuse(node, "an axis that is not there");
  ListedOperator op = l.make(node, OpKind::topK);
  op.dim(Dim::M, product(x.dims) / std::max<std::int64_t>(x.dims[*axis], 1));
  op.dim(Dim::N, x.dims[*axis]).dim(Dim::K, y.dims[*axis]);
  l.put(node, op);
}

void pool(Lowering& l, const Node& node) {
  const Value &x = l.in(node, 0), &y = l.out(node);
  const bool global = node.op.find("Global") != std::string::npos;
  const std::size_t axes = x.dims.size() - 2;
  if (x.dims.size() < 3 || axes > 3) l.refuse(node, "an input " + textOf(x.dims));
  const bool maximum = node.op.find("Max") != std::string::npos;
  ListedOperator op = l.make(node, OpKind::pool,
                             global    ? OpVariant::global
                             : maximum ? OpVariant::maximum
                                       : OpVariant::average);
  op.dim(Dim::batch, x.dims[0]).dim(Dim::cin, x.dims[1]);
  const Sizes kernel = global ? Sizes(x.dims.begin() + 2, x.dims.end()) : node.list("kernel_shape");
  if (kernel.size() != axes || (!global && y.dims.size() != x.dims.size()))
    l.refuse(node, "a kernel " + textOf(kernel) + " over " + textOf(x.dims));
  setWindow(op, windowOf(node, x.dims, kernel, global ? Sizes{} : y.dims));
  l.put(node, op);
}

/// Local response: a window along the channels of each place.
void localResponse(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  const std::int64_t size = node.integer("size", 1);
  if (x.dims.size() < 2 || size < 1 || size > x.dims[1] * 2)
    l.refuse(node, "a window that is too long");
  ListedOperator op = l.make(node, OpKind::pool, OpVariant::average);
  op.dim(Dim::batch, product(x.dims) / std::max<std::int64_t>(x.dims[1], 1))
      .dim(Dim::width, x.dims[1]);
  op.dim(Dim::kernelWidth, size).dim(Dim::pad, (size - 1) / 2).dim(Dim::padEnd, (size - 1) % 2);
  l.put(node, op);
}

void quantise(Lowering& l, const Node& node) {
  const Value* x = l.graph().in(node, 0);
  // Behind an integer operator it is that operator's own rounding.
  if (x != nullptr && l.isInteger(node.in[0])) return l.rename(node);
  ListedOperator op = l.make(node, OpKind::quantize);
  setRows(op, l.out(node).dims);
  op.tensor("accumulator", l.format()).tensor("activation", l.integerFormat(node));
  l.put(node, op);
}

void dequantise(Lowering& l, const Node& node) {
  // Integer operators take the integers; only what leaves the model, or meets floats, is converted.
  if (l.meetsIntegersOnly(node)) return l.rename(node);
  ListedOperator op = l.make(node, OpKind::dequantize);
  setRows(op, l.out(node).dims);
  op.tensor("accumulator", l.format());
  l.put(node, op);
}

void loss(Lowering& l, const Node& node) {
  const Value& x = l.in(node, 0);
  if (x.dims.size() < 2) l.refuse(node, "an input " + textOf(x.dims));
  ListedOperator op =
      l.make(node, node.op.starts_with("Softmax") ? OpKind::softmax : OpKind::gather);
  op.dim(Dim::M, product(x.dims) / std::max<std::int64_t>(x.dims[1], 1))
      .dim(Dim::N, node.op.starts_with("Softmax") ? x.dims[1] : 1);
  l.put(node, op);
}

}  // namespace

void Lowering::addElements(std::map<std::string, Rule>& m) {
  for (const auto& [op, variant] : variants()) m[op] = function;
  for (const char* op : {"Add",        "Sum",        "Mean",        "Sub",
                         "Mul",        "Div",        "Mod",         "Pow",
                         "Min",        "Max",        "Where",       "Equal",
                         "Less",       "Greater",    "LessOrEqual", "GreaterOrEqual",
                         "And",        "Or",         "Xor",         "BitShift",
                         "BitwiseAnd", "BitwiseOr",  "BitwiseXor",  "PRelu",
                         "QLinearAdd", "QLinearMul", "CumSum"})
    m[op] = combine;
  for (const char* op :
       {"BatchNormalization", "InstanceNormalization", "GroupNormalization", "LayerNormalization",
        "RMSNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization",
        "SkipSimplifiedLayerNormalization", "MeanVarianceNormalization", "LpNormalization"})
    m[op] = norm;
  for (const char* op : {"Softmax", "LogSoftmax", "Hardmax", "QLinearSoftmax"}) m[op] = softmax;
  for (const char* op :
       {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
        "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare", "ArgMax", "ArgMin"})
    m[op] = reduce;
  m["TopK"] = topK;
  for (const char* op : {"MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool",
                         "GlobalLpPool", "QLinearAveragePool", "QLinearGlobalAveragePool"})
    m[op] = pool;
  m["LRN"] = localResponse;
  for (const char* op :
       {"QuantizeLinear", "DynamicQuantizeLinear", "Quant", "IntQuant", "BipolarQuant"})
    m[op] = quantise;
  m["DequantizeLinear"] = dequantise;
  m["Trunc"] = [](Lowering& l, const Node& n) { l.rename(n); };
  for (const char* op : {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}) m[op] = loss;
}

}  // namespace wattlas::onnx_import
