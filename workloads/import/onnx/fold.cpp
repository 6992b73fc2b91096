// Evaluation of operators on small constants: what shapes are computed with.
#include <algorithm>
#include <cmath>

#include "workloads/import/onnx/fold_parts.h"

namespace wattlas::onnx_import {
namespace {

using namespace folding;

Constant ofInts(Sizes dims, std::vector<std::int64_t> ints, int type = int64) {
  Constant c;
  c.type = type;
  c.dims = std::move(dims);
  c.ints = std::move(ints);
  return c;
}

std::int64_t wrapped(double value) {
  return std::abs(value) < 9.2e18 ? static_cast<std::int64_t>(value) : 0;
}

Out cast(const Constant& from, int type) {
  if (type == text || type == undefined) return std::nullopt;
  Constant c;
  c.type = type;
  c.dims = from.dims;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (isFloat(type))
      c.reals.push_back(from.at(i));
    else if (type == boolean)
      c.ints.push_back(from.at(i) != 0 ? 1 : 0);
    else
      c.ints.push_back(from.whole() ? from.ints[i] : wrapped(from.reals[i]));
  }
  return one(std::move(c));
}

std::optional<double> binary(const std::string& op, double a, double b) {
  if (op == "Pow") return std::pow(a, b);
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "Greater") return a > b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  if (op == "Xor") return (a != 0) != (b != 0);
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if (op == "Add" || op == "Sum") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  return std::nullopt;
}

/// Exact for integers; nothing on overflow or division by zero.
std::optional<std::int64_t> exact(const std::string& op, std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (op == "Add" || op == "Sum")
    return __builtin_add_overflow(a, b, &r) ? std::nullopt : std::optional(r);
  if (op == "Sub") return __builtin_sub_overflow(a, b, &r) ? std::nullopt : std::optional(r);
  if (op == "Mul") return __builtin_mul_overflow(a, b, &r) ? std::nullopt : std::optional(r);
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if ((op == "Div" || op == "Mod") && (b == 0 || (b == -1 && a == INT64_MIN))) return std::nullopt;
  if (op == "Div") return a / b;
  if (op == "Mod") return ((a % b) + b) % b;
  const auto real = binary(op, static_cast<double>(a), static_cast<double>(b));
  return real && std::abs(*real) < 9e15 ? std::optional(static_cast<std::int64_t>(*real))
                                        : std::nullopt;
}

bool compares(const std::string& op) {
  return op == "Equal" || op == "Less" || op == "Greater" || op == "LessOrEqual" ||
         op == "GreaterOrEqual" || op == "And" || op == "Or" || op == "Xor";
}

Out combine(const std::string& op, const Constant& a, const Constant& b) {
  const auto dims = broadcast(a.dims, b.dims);
  if (!dims || !small(*dims)) return std::nullopt;
  Constant c = like(a, *dims);
  if (compares(op)) c.type = boolean;
  bool good = true;
  each(*dims, [&](const Sizes& index) {
    const std::size_t i = offset(index, a.dims), j = offset(index, b.dims);
    if (a.whole() && b.whole()) {
      const auto value = exact(op, a.ints[i], b.ints[j]);
      good = good && value;
      c.ints.push_back(value.value_or(0));
    } else {
      const auto value = binary(op, a.at(i), b.at(j));
      good = good && value && std::isfinite(a.at(i));
      if (c.whole())
        c.ints.push_back(wrapped(value.value_or(0)));
      else
        c.reals.push_back(value.value_or(0));
    }
  });
  return good ? one(std::move(c)) : std::nullopt;
}

std::optional<double> unary(const std::string& op, double x) {
  if (op == "Neg") return -x;
  if (op == "Abs") return std::abs(x);
  if (op == "Floor") return std::floor(x);
  if (op == "Ceil") return std::ceil(x);
  if (op == "Round") return std::nearbyint(x);
  if (op == "Sqrt") return std::sqrt(x);
  if (op == "Exp") return std::exp(x);
  if (op == "Log") return std::log(x);
  if (op == "Reciprocal") return 1 / x;
  if (op == "Sign") return (x > 0) - (x < 0);
  if (op == "Not") return x == 0;
  if (op == "Sin") return std::sin(x);
  if (op == "Cos") return std::cos(x);
  return std::nullopt;
}

Out reduce(const Node& node, const In& in) {
  const Constant& a = *in[0];
  Sizes axes = node.list("axes");
  if (in.size() > 1 && in[1] != nullptr) axes = in[1]->ints;
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return one(a);
  std::vector<bool> over(a.dims.size(), axes.empty());
  for (const std::int64_t axis : axes) {
    const auto at = axisOf(axis, a.dims.size());
    if (!at) return std::nullopt;
    over[*at] = true;
  }
  Sizes kept = a.dims, out;
  std::int64_t group = 1;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (over[i]) {
      group *= kept[i];
      kept[i] = 1;
    }
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (!over[i] || node.integer("keepdims", 1) != 0) out.push_back(kept[i]);
  std::vector<double> sums(static_cast<std::size_t>(product(kept)));
  std::vector<bool> begun(sums.size());
  each(a.dims, [&](const Sizes& index) {
    const std::size_t to = offset(index, kept);
    const double x = a.at(offset(index, a.dims));
    double& sum = sums[to];
    if (!begun[to])
      sum = x;
    else if (node.op == "ReduceProd")
      sum *= x;
    else if (node.op == "ReduceMax")
      sum = std::max(sum, x);
    else if (node.op == "ReduceMin")
      sum = std::min(sum, x);
    else
      sum += x;
    begun[to] = true;
  });
  Constant c = like(a, out);
  for (const double sum : sums) {
    const double value = node.op == "ReduceMean" ? sum / static_cast<double>(group) : sum;
    if (!(std::abs(value) < 9e15) && c.whole()) return std::nullopt;
    c.push(value);
  }
  return one(std::move(c));
}

Out select(const Constant& which, const Constant& a, const Constant& b) {
  const auto first = broadcast(which.dims, a.dims);
  const auto dims = first ? broadcast(*first, b.dims) : std::nullopt;
  if (!dims || !small(*dims) || a.whole() != b.whole()) return std::nullopt;
  Constant c = like(a, *dims);
  each(*dims, [&](const Sizes& index) {
    const bool yes = which.at(offset(index, which.dims)) != 0;
    copy(c, yes ? a : b, offset(index, yes ? a.dims : b.dims));
  });
  return one(std::move(c));
}

Out range(const Constant& start, const Constant& limit, const Constant& step) {
  if (start.size() != 1 || limit.size() != 1 || step.size() != 1 || step.at(0) == 0)
    return std::nullopt;
  const double count = std::ceil((limit.at(0) - start.at(0)) / step.at(0));
  if (!(count <= static_cast<double>(mostKeptValues))) return std::nullopt;
  const auto values = static_cast<std::int64_t>(std::max(count, 0.0));
  Constant c = like(start, {values});
  for (std::int64_t i = 0; i < values; ++i)
    c.push(start.at(0) + static_cast<double>(i) * step.at(0));
  return one(std::move(c));
}

Out filled(const Node& node, const Constant& dims) {
  if (!small(dims.ints)) return std::nullopt;
  const auto value = node.attributes.find("value");
  Constant c;
  c.type = float32;
  double with = 0;
  if (value != node.attributes.end() && value->second.tensor && value->second.tensor->size() == 1) {
    c.type = value->second.tensor->type;
    with = value->second.tensor->at(0);
  }
  c.dims = dims.ints;
  for (std::int64_t i = 0; i < product(c.dims); ++i) c.push(with);
  return one(std::move(c));
}

Out nonZero(const Constant& data) {
  std::vector<Sizes> found;
  each(data.dims, [&](const Sizes& index) {
    if (data.at(offset(index, data.dims)) != 0) found.push_back(index);
  });
  Constant c = ofInts(
      {static_cast<std::int64_t>(data.dims.size()), static_cast<std::int64_t>(found.size())}, {});
  for (std::size_t axis = 0; axis < data.dims.size(); ++axis)
    for (const Sizes& index : found) c.ints.push_back(index[axis]);
  return one(std::move(c));
}

}  // namespace

std::optional<std::vector<Constant>> fold(const Node& node, const In& in) {
  const std::string& op = node.op;
  if (in.empty() || in[0] == nullptr || in[0]->type == text) return std::nullopt;
  const auto has = [&](std::size_t count) {
    return in.size() >= count &&
           std::all_of(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(count),
                       [](const Constant* c) { return c != nullptr && c->type != text; });
  };
  if (op == "Cast") return cast(*in[0], static_cast<int>(node.integer("to", 0)));
  if (op == "CastLike" && has(2)) return cast(*in[0], in[1]->type);
  if (auto moved = foldMove(node, in)) return *std::move(moved);
  if (op == "Where" && has(3)) return select(*in[0], *in[1], *in[2]);
  if (op == "Range" && has(3)) return range(*in[0], *in[1], *in[2]);
  if (op == "ConstantOfShape") return filled(node, *in[0]);
  if (op == "NonZero") return nonZero(*in[0]);
  if (op.starts_with("Reduce") && (op.ends_with("Prod") || op.ends_with("Max") ||
                                   op.ends_with("Min") || op == "ReduceSum" || op == "ReduceMean"))
    return reduce(node, in);
  if (in.size() == 2 && has(2) && (op == "Mod" || binary(op, 1, 1)))
    return combine(op, *in[0], *in[1]);
  if (in.size() != 1 || !unary(op, 1)) return std::nullopt;
  Constant c = like(*in[0], in[0]->dims);
  for (std::size_t i = 0; i < in[0]->size(); ++i) c.push(*unary(op, in[0]->at(i)));
  return one(std::move(c));
}

}  // namespace wattlas::onnx_import
