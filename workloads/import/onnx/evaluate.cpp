// Evaluation of functions of values, reductions, norms and quantisers; and the table of all rules.
#include "workloads/import/onnx/evaluate.h"

#include <algorithm>
#include <cmath>

namespace wattlas::onnx_import {

Constant empty(Sizes dims, int type) {
  std::int64_t values = 1;
  for (const std::int64_t dim : dims) {
    need(dim >= 0 && (dim == 0 || values <= mostKeptValues / dim));
    values *= dim;
  }
  Constant c;
  c.type = type;
  c.dims = std::move(dims);
  return c;
}

void each(const Sizes& dims, const std::function<void(const Sizes&)>& f) {
  if (product(dims) == 0) return;
  Sizes index(dims.size(), 0);
  for (;;) {
    f(index);
    std::size_t axis = dims.size();
    while (axis-- > 0) {
      if (++index[axis] < dims[axis]) break;
      index[axis] = 0;
    }
    if (axis == SIZE_MAX) return;
  }
}

std::size_t offset(const Sizes& index, const Sizes& dims) {
  std::int64_t at = 0;
  const std::size_t skip = index.size() - dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i)
    at = at * dims[i] + (dims[i] == 1 ? 0 : index[skip + i]);
  return static_cast<std::size_t>(at);
}

Sizes broadcastOf(const Sizes& a, const Sizes& b) {
  const auto joined = broadcast(a, b);
  need(joined.has_value());
  return *joined;
}

void copy(Constant& to, const Constant& data, std::size_t from) {
  if (data.whole())
    to.ints.push_back(data.ints[from]);
  else
    to.reals.push_back(data.reals[from]);
}

namespace {

std::int64_t wrapped(double value) {
  return std::abs(value) < 9.2e18 ? static_cast<std::int64_t>(value) : 0;
}

Constant castTo(const Constant& from, int type) {
  need(type != text && type != undefined);
  Constant out = empty(from.dims, type);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (isFloat(type))
      out.push(from.at(i));
    else if (type == boolean)
      out.ints.push_back(from.at(i) != 0 ? 1 : 0);
    else
      out.ints.push_back(from.whole() ? from.ints[i] : wrapped(from.reals[i]));
  }
  return out;
}

Results cast(const Call& c) {
  return {castTo(c.at(0),
                 c.node.op == "Cast" ? static_cast<int>(c.node.integer("to", 0)) : c.at(1).type)};
}

using Unary = double (*)(double);
const std::map<std::string, Unary>& functions() {
  static const std::map<std::string, Unary> all = {
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Sign", [](double x) -> double { return (x > 0) - (x < 0); }},
      {"Not", [](double x) -> double { return x == 0; }},
      {"Sin", [](double x) { return std::sin(x); }},
      {"Cos", [](double x) { return std::cos(x); }},
      {"Tan", [](double x) { return std::tan(x); }},
      {"Asin", [](double x) { return std::asin(x); }},
      {"Acos", [](double x) { return std::acos(x); }},
      {"Atan", [](double x) { return std::atan(x); }},
      {"Sinh", [](double x) { return std::sinh(x); }},
      {"Cosh", [](double x) { return std::cosh(x); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Asinh", [](double x) { return std::asinh(x); }},
      {"Acosh", [](double x) { return std::acosh(x); }},
      {"Atanh", [](double x) { return std::atanh(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Relu", [](double x) { return std::max(x, 0.0); }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Softplus", [](double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }},
      {"Softsign", [](double x) { return x / (1 + std::abs(x)); }},
      {"IsNaN", [](double x) -> double { return std::isnan(x); }},
      {"HardSwish", [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
  };
  return all;
}

Results apply(const Constant& x, const std::function<double(double)>& f, int type = undefined) {
  Constant out = empty(x.dims, type == undefined ? x.type : type);
  for (std::size_t i = 0; i < x.size(); ++i) out.push(f(x.at(i)));
  return {out};
}

Results function(const Call& c) {
  const bool truth = c.node.op == "Not" || c.node.op == "IsNaN";
  return apply(c.at(0), functions().at(c.node.op), truth ? boolean : undefined);
}

/// Functions with parameters.
Results shaped(const Call& c) {
  const std::string& op = c.node.op;
  const auto given = [&](const char* key, double standard) { return c.node.real(key, standard); };
  const double alpha = given("alpha", op == "LeakyRelu"     ? 0.01
                                      : op == "Selu"        ? 1.67326319217681884765625
                                      : op == "HardSigmoid" ? 0.2
                                                            : 1);
  const double gamma = given("gamma", 1.05070102214813232421875), beta = given("beta", 0.5);
  if (op == "Clip") {
    const double low = c.scalar(1, given("min", -INFINITY)),
                 high = c.scalar(2, given("max", INFINITY));
    return apply(c.at(0), [&](double x) { return std::min(std::max(x, low), high); });
  }
  if (op == "IsInf") {
    const bool up = c.node.integer("detect_positive", 1) != 0,
               down = c.node.integer("detect_negative", 1) != 0;
    return apply(
        c.at(0), [&](double x) -> double { return std::isinf(x) && (x > 0 ? up : down); }, boolean);
  }
  if (op == "Shrink") {
    const double limit = given("lambd", 0.5), bias = given("bias", 0);
    return apply(c.at(0), [&](double x) {
      return x < -limit ? x + bias : x > limit ? x - bias : 0;
    });
  }
  return apply(c.at(0), [&](double x) {
    if (op == "LeakyRelu") return x >= 0 ? x : alpha * x;
    if (op == "Elu") return x >= 0 ? x : alpha * std::expm1(x);
    if (op == "Celu") return x >= 0 ? x : alpha * std::expm1(x / alpha);
    if (op == "Selu") return gamma * (x > 0 ? x : alpha * std::expm1(x));
    if (op == "ThresholdedRelu") return x > alpha ? x : 0;
    return std::clamp(alpha * x + beta, 0.0, 1.0);  // HardSigmoid
  });
}

/// Exact for integers; not on overflow or division by zero.
std::int64_t whole(const std::string& op, std::int64_t a, std::int64_t b, bool truncated) {
  std::int64_t r = 0;
  if (op == "Add" || op == "Sum") return need(!__builtin_add_overflow(a, b, &r)), r;
  if (op == "Sub") return need(!__builtin_sub_overflow(a, b, &r)), r;
  if (op == "Mul") return need(!__builtin_mul_overflow(a, b, &r)), r;
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if (op == "Div" || op == "Mod") {
    need(b != 0 && !(b == -1 && a == INT64_MIN));
    return op == "Div" ? a / b : truncated ? a % b : ((a % b) + b) % b;
  }
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  if (op == "Xor") return (a != 0) != (b != 0);
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "Greater") return a > b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "GreaterOrEqual") return a >= b;
  const double power =
      op == "Pow" ? std::pow(static_cast<double>(a), static_cast<double>(b)) : 1e30;
  need(std::abs(power) < 9e15);
  return static_cast<std::int64_t>(power);
}

double real(const std::string& op, double a, double b) {
  if (op == "Add" || op == "Sum" || op == "Mean") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Mod") return std::fmod(a, b);
  if (op == "Pow") return std::pow(a, b);
  if (op == "Min") return std::isnan(a) ? a : std::min(b, a);
  if (op == "Max") return std::isnan(a) ? a : std::max(b, a);
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "Greater") return a > b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "PRelu") return a < 0 ? a * b : a;
  throw NotEvaluated{};
}

Constant joined(const Call& c, const Constant& a, const Constant& b) {
  const std::string& op = c.node.op;
  static const char* const truths[] = {"Equal",          "Less", "Greater", "LessOrEqual",
                                       "GreaterOrEqual", "And",  "Or",      "Xor"};
  const bool truth = std::find(std::begin(truths), std::end(truths), op) != std::end(truths);
  const bool left = c.node.word("direction", "LEFT") == "LEFT";
  const bool truncated = c.node.integer("fmod", 0) != 0;
  Constant out = empty(broadcastOf(a.dims, b.dims), truth ? int{boolean} : a.type);
  each(out.dims, [&](const Sizes& index) {
    const std::size_t i = offset(index, a.dims), j = offset(index, b.dims);
    if (op == "BitShift") {
      const auto bits = static_cast<std::uint64_t>(a.ints[i]);
      need(b.ints[j] >= 0 && b.ints[j] < 64);
      out.ints.push_back(static_cast<std::int64_t>(left ? bits << b.ints[j] : bits >> b.ints[j]));
    } else if (a.whole() && b.whole()) {
      out.ints.push_back(whole(op, a.ints[i], b.ints[j], truncated));
    } else {
      out.push(real(op, a.at(i), b.at(j)));
    }
  });
  return out;
}

Results combine(const Call& c) {
  Constant out = c.at(0);
  for (std::size_t i = 1; i < c.in.size(); ++i) out = joined(c, out, c.at(i));
  if (c.node.op == "Mean")
    for (double& v : out.reals) v /= static_cast<double>(c.in.size());
  return {out};
}

/// The axes that a reduction runs over.
std::vector<bool> reducedAxes(const Call& c, std::size_t rank) {
  const Sizes axes = c.list(1, "axes");
  const bool none = axes.empty() && c.node.integer("noop_with_empty_axes", 0) != 0;
  std::vector<bool> over(rank, axes.empty() && !none);
  for (const std::int64_t axis : axes) {
    const auto at = axisOf(axis, rank);
    need(at.has_value());
    over[*at] = true;
  }
  return over;
}

Results reduce(const Call& c) {
  const Constant& x = c.at(0);
  const std::string how = c.node.op.substr(6);
  const std::vector<bool> over = reducedAxes(c, x.dims.size());
  Sizes kept = x.dims, dims;
  std::int64_t group = 1;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (over[i]) group *= kept[i], kept[i] = 1;
    if (!over[i] || c.node.integer("keepdims", 1) != 0) dims.push_back(kept[i]);
  }
  const bool extreme = how == "Max" || how == "Min";
  Constant out = empty(dims, x.type);
  std::vector<double> most(static_cast<std::size_t>(product(kept)), -INFINITY),
      sums(most.size(), how == "Prod"  ? 1.0
                        : how == "Min" ? INFINITY
                        : how == "Max" ? -INFINITY
                                       : 0.0);
  if (how == "LogSumExp")
    each(x.dims, [&](const Sizes& index) {
      double& m = most[offset(index, kept)];
      m = std::max(m, x.at(offset(index, x.dims)));
    });
  each(x.dims, [&](const Sizes& index) {
    const std::size_t to = offset(index, kept);
    const double v = x.at(offset(index, x.dims));
    double& sum = sums[to];
    if (how == "Prod")
      sum *= v;
    else if (extreme)
      sum = how == "Max" ? std::max(sum, v) : std::min(sum, v);
    else
      sum += how == "L1"                         ? std::abs(v)
             : how == "L2" || how == "SumSquare" ? v * v
             : how == "LogSumExp"                ? std::exp(v - most[to])
                                                 : v;
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double sum = sums[i];
    need(!x.whole() || std::abs(sum) < 9e15);
    out.push(how == "Mean"        ? sum / static_cast<double>(group)
             : how == "L2"        ? std::sqrt(sum)
             : how == "LogSum"    ? std::log(sum)
             : how == "LogSumExp" ? std::log(sum) + most[i]
                                  : sum);
  }
  return {out};
}

/// f(offsets of the values of one row) for all rows along `axes` from `first` on: one axis, or all.
void eachRow(const Constant& x, std::size_t first, bool all,
             const std::function<void(const std::vector<std::size_t>&)>& f) {
  const std::int64_t length = all ? product(x.dims, first) : x.dims[first],
                     inner = all ? 1 : product(x.dims, first + 1);
  std::vector<std::size_t> row(static_cast<std::size_t>(length));
  for (std::int64_t o = 0; o < product(x.dims, 0, first); ++o)
    for (std::int64_t i = 0; i < inner && length > 0; ++i) {
      for (std::int64_t k = 0; k < length; ++k)
        row[static_cast<std::size_t>(k)] = static_cast<std::size_t>((o * length + k) * inner + i);
      f(row);
    }
}

Results argument(const Call& c) {
  const Constant& x = c.at(0);
  const std::size_t axis = c.axis(0, x.dims.size());
  const bool most = c.node.op == "ArgMax", last = c.node.integer("select_last_index", 0) != 0;
  Sizes dims = x.dims;
  if (c.node.integer("keepdims", 1) != 0)
    dims[axis] = 1;
  else
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  Constant out = empty(dims, int64);
  eachRow(x, axis, false, [&](const std::vector<std::size_t>& row) {
    std::size_t best = 0;
    for (std::size_t k = 1; k < row.size(); ++k) {
      const double v = x.at(row[k]), b = x.at(row[best]);
      if ((most ? v > b : v < b) || (last && v == b)) best = k;
    }
    out.ints.push_back(static_cast<std::int64_t>(best));
  });
  return {out};
}

/// Rows that become others of the same length.
Results rowwise(const Call& c) {
  const Constant& x = c.at(0);
  const std::string& op = c.node.op;
  const bool flat = c.node.opset < 13 && op != "CumSum";
  std::size_t axis = 0;
  if (op == "CumSum") {
    const auto at = axisOf(static_cast<std::int64_t>(c.scalar(1, 0)), x.dims.size());
    need(at.has_value());
    axis = *at;
  } else {
    axis = c.axis(flat ? 1 : -1, x.dims.size());
  }
  Constant out = x;
  const bool backwards = c.node.integer("reverse", 0) != 0,
             before = c.node.integer("exclusive", 0) != 0;
  const auto set = [&](std::size_t at, double v) {
    if (out.whole())
      out.ints[at] = wrapped(v);
    else
      out.reals[at] = rounded(v, out.type);
  };
  eachRow(x, axis, flat, [&](const std::vector<std::size_t>& row) {
    double most = -INFINITY, sum = 0;
    for (const std::size_t at : row) most = std::max(most, x.at(at));
    if (op == "CumSum") {
      for (std::size_t k = 0; k < row.size(); ++k) {
        const std::size_t at = row[backwards ? row.size() - 1 - k : k];
        const double v = x.at(at);
        set(at, before ? sum : sum + v);
        sum += v;
      }
      return;
    }
    for (const std::size_t at : row) sum += std::exp(x.at(at) - most);
    bool found = false;
    for (const std::size_t at : row) {
      const double v = x.at(at);
      const bool here = !found && v == most;
      found = found || here;
      set(at, op == "Softmax"      ? std::exp(v - most) / sum
              : op == "LogSoftmax" ? v - most - std::log(sum)
                                   : here);
    }
  });
  return {out};
}

/// scale (x - mean) / sqrt(variance + epsilon) + bias of each channel.
Results norm(const Call& c) {
  const Constant &x = c.at(0), &scale = c.at(1), &bias = c.at(2);
  need(x.dims.size() >= 2 && !x.whole());
  const std::int64_t channels = x.dims[1], places = product(x.dims, 2);
  need(static_cast<std::int64_t>(scale.size()) == channels && bias.size() == scale.size());
  const bool batch = c.node.op == "BatchNormalization";
  need(!batch || c.node.integer("training_mode", 0) == 0);
  Constant out = x;
  for (std::int64_t row = 0; row < x.dims[0] * channels; ++row) {
    const auto ch = static_cast<std::size_t>(row % channels);
    double mean = 0, variance = 0;
    if (batch) {
      need(c.at(3).size() == scale.size() && c.at(4).size() == scale.size());
      mean = c.at(3).at(ch), variance = c.at(4).at(ch);
    } else {
      for (std::int64_t p = 0; p < places; ++p)
        mean += x.reals[static_cast<std::size_t>(row * places + p)];
      mean /= static_cast<double>(places);
      for (std::int64_t p = 0; p < places; ++p)
        variance += std::pow(x.reals[static_cast<std::size_t>(row * places + p)] - mean, 2);
      variance /= static_cast<double>(places);
    }
    const double root = std::sqrt(variance + c.node.real("epsilon", 1e-5));
    for (std::int64_t p = 0; p < places; ++p) {
      double& v = out.reals[static_cast<std::size_t>(row * places + p)];
      v = rounded(scale.at(ch) * (v - mean) / root + bias.at(ch), x.type);
    }
  }
  return {out};
}

/// Quantised to and from integers: scales and zero points of the tensor or along an axis.
Results quantise(const Call& c) {
  const Constant &x = c.at(0), &scale = c.at(1);
  const bool to = c.node.op == "QuantizeLinear";
  const int type = !to ? int{float32} : c.has(2) ? c.at(2).type : int{uint8};
  Constant out = empty(x.dims, type);
  const std::size_t axis = scale.size() > 1 ? c.axis(1, x.dims.size()) : 0;
  each(x.dims, [&](const Sizes& index) {
    const std::size_t i = scale.size() > 1 ? static_cast<std::size_t>(index[axis]) : 0;
    need(i < scale.size());
    const double zero = c.has(2) ? c.at(2).at(i) : 0, s = scale.at(i),
                 v = x.at(offset(index, x.dims));
    // The division is one of 32-bit floats.
    out.push(to ? saturated(std::nearbyint(rounded(v / s, float32)) + zero, type) : (v - zero) * s);
  });
  return {out};
}

const Evaluations& evaluations() {
  static const Evaluations all = [] {
    Evaluations m;
    addMoveEvaluations(m);
    addProductEvaluations(m);
    addElementEvaluations(m);
    return m;
  }();
  return all;
}

}  // namespace

void addElementEvaluations(Evaluations& m) {
  m["Cast"] = m["CastLike"] = cast;
  for (const auto& [op, f] : functions()) m[op] = function;
  for (const char* op : {"LeakyRelu", "Elu", "Celu", "Selu", "ThresholdedRelu", "HardSigmoid",
                         "Clip", "IsInf", "Shrink"})
    m[op] = shaped;
  for (const char* op : {"Add",   "Sub",  "Mul",     "Div",         "Mod",
                         "Pow",   "Min",  "Max",     "Sum",         "Mean",
                         "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual",
                         "And",   "Or",   "Xor",     "BitShift",    "PRelu"})
    m[op] = combine;
  for (const char* how :
       {"Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"})
    m[std::string("Reduce") + how] = reduce;
  m["ArgMax"] = m["ArgMin"] = argument;
  for (const char* op : {"Softmax", "LogSoftmax", "Hardmax", "CumSum"}) m[op] = rowwise;
  m["BatchNormalization"] = m["InstanceNormalization"] = norm;
  m["QuantizeLinear"] = m["DequantizeLinear"] = quantise;
}

std::optional<std::vector<Constant>> evaluate(const Node& node,
                                              const std::vector<const Constant*>& in) {
  const auto rule = evaluations().find(node.op);
  if (rule == evaluations().end() || in.empty()) return std::nullopt;
  try {
    return rule->second({node, in});
  } catch (const NotEvaluated&) {
    return std::nullopt;
  }
}

}  // namespace wattlas::onnx_import
