// Evaluation of operators on small constants: what shapes are computed with.
#include <algorithm>
#include <cmath>
#include <functional>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {
namespace {

using In = std::vector<const Constant*>;
using Out = std::optional<std::vector<Constant>>;

Constant like(const Constant& from, Sizes dims) {
  Constant c;
  c.type = from.type;
  c.dims = std::move(dims);
  return c;
}

Constant ofInts(Sizes dims, std::vector<std::int64_t> ints, int type = int64) {
  Constant c;
  c.type = type;
  c.dims = std::move(dims);
  c.ints = std::move(ints);
  return c;
}

void copy(Constant& to, const Constant& from, std::size_t at) {
  if (from.whole())
    to.ints.push_back(from.ints[at]);
  else
    to.reals.push_back(from.reals[at]);
}

bool small(const Sizes& dims) {
  std::int64_t values = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && values > mostKeptValues / dim)) return false;
    values *= dim;
  }
  return true;
}

/// Calls `visit` with the index along each axis, last axis fastest.
void each(const Sizes& dims, const std::function<void(const Sizes&)>& visit) {
  if (product(dims) == 0) return;
  Sizes index(dims.size(), 0);
  for (;;) {
    visit(index);
    std::size_t axis = dims.size();
    while (axis-- > 0) {
      if (++index[axis] < dims[axis]) break;
      index[axis] = 0;
    }
    if (axis == SIZE_MAX) return;
  }
}

/// Offset of `index` in a tensor of `dims`; axes of extent 1 are broadcast, missing ones left out.
std::size_t offset(const Sizes& index, const Sizes& dims) {
  std::int64_t at = 0;
  const std::size_t skip = index.size() - dims.size();
  for (std::size_t i = 0; i < dims.size(); ++i)
    at = at * dims[i] + (dims[i] == 1 ? 0 : index[skip + i]);
  return static_cast<std::size_t>(at);
}

Out one(Constant c) {
  std::vector<Constant> out;
  out.push_back(std::move(c));
  return out;
}

Out renamed(const Constant& from, Sizes dims) {
  if (product(dims) != static_cast<std::int64_t>(from.size())) return std::nullopt;
  Constant c = from;
  c.dims = std::move(dims);
  return one(std::move(c));
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

Out gather(const Node& node, const Constant& data, const Constant& at) {
  const auto axis = axisOf(node.integer("axis", 0), data.dims.size());
  if (!axis) return std::nullopt;
  Sizes dims(data.dims.begin(), data.dims.begin() + static_cast<std::ptrdiff_t>(*axis));
  dims.insert(dims.end(), at.dims.begin(), at.dims.end());
  dims.insert(dims.end(), data.dims.begin() + static_cast<std::ptrdiff_t>(*axis) + 1,
              data.dims.end());
  if (!small(dims)) return std::nullopt;
  Constant c = like(data, dims);
  const std::int64_t outer = product(data.dims, 0, *axis), inner = product(data.dims, *axis + 1),
                     length = data.dims[*axis];
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t index : at.ints) {
      const std::int64_t row = index < 0 ? index + length : index;
      if (row < 0 || row >= length) return std::nullopt;
      for (std::int64_t i = 0; i < inner; ++i)
        copy(c, data, static_cast<std::size_t>((o * length + row) * inner + i));
    }
  return one(std::move(c));
}

Out concat(const Node& node, const In& in) {
  const auto axis = axisOf(node.integer("axis", node.opset < 4 ? 1 : 0), in[0]->dims.size());
  if (!axis) return std::nullopt;
  Sizes dims = in[0]->dims;
  dims[*axis] = 0;
  for (const Constant* part : in) {
    if (part == nullptr || part->dims.size() != dims.size() || part->whole() != in[0]->whole() ||
        product(part->dims, 0, *axis) != product(dims, 0, *axis) ||
        product(part->dims, *axis + 1) != product(dims, *axis + 1))
      return std::nullopt;
    dims[*axis] += part->dims[*axis];
  }
  if (!small(dims)) return std::nullopt;
  Constant c = like(*in[0], dims);
  const std::int64_t outer = product(dims, 0, *axis);
  for (std::int64_t o = 0; o < outer; ++o)
    for (const Constant* part : in) {
      const auto run = static_cast<std::size_t>(product(part->dims, *axis));
      for (std::size_t i = 0; i < run; ++i) copy(c, *part, static_cast<std::size_t>(o) * run + i);
    }
  return one(std::move(c));
}

Out slice(const Node& node, const In& in) {
  const Constant& data = *in[0];
  const auto listOf = [&](std::size_t i, const char* key) {
    return i < in.size() && in[i] != nullptr ? Sizes(in[i]->ints) : node.list(key);
  };
  const Sizes starts = listOf(1, "starts"), ends = listOf(2, "ends"), steps = listOf(4, "-");
  Sizes axes = listOf(3, "axes");
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (starts.size() != ends.size() || axes.size() != starts.size() ||
      (!steps.empty() && steps.size() != starts.size()))
    return std::nullopt;
  Sizes from(data.dims.size(), 0), step(data.dims.size(), 1), dims = data.dims;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = axisOf(axes[i], data.dims.size());
    const std::int64_t by = steps.empty() ? 1 : steps[i];
    if (!axis || by == 0 || by == INT64_MIN) return std::nullopt;
    const std::int64_t length = data.dims[*axis];
    const auto clamped = [&](std::int64_t at) {
      if (at < 0) at = at < -length ? -1 : at + length;
      return by > 0 ? std::clamp<std::int64_t>(at, 0, length)
                    : std::clamp<std::int64_t>(at, -1, length - 1);
    };
    std::int64_t begin = starts[i] < -length && by > 0 ? 0 : clamped(starts[i]);
    const std::int64_t end = ends[i] < -length && by > 0 ? 0 : clamped(ends[i]);
    if (begin < 0 && by > 0) begin = 0;
    from[*axis] = begin;
    step[*axis] = by;
    const std::int64_t span = by > 0 ? end - begin : begin - end, stride = by > 0 ? by : -by;
    dims[*axis] = span > 0 ? (span - 1) / stride + 1 : 0;
  }
  Constant c = like(data, dims);
  each(dims, [&](const Sizes& index) {
    Sizes at(index.size());
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = from[i] + index[i] * step[i];
    copy(c, data, offset(at, data.dims));
  });
  return one(std::move(c));
}

Out transpose(const Node& node, const Constant& data) {
  Sizes order = node.list("perm");
  const std::size_t rank = data.dims.size();
  if (order.empty())
    for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  if (order.size() != rank) return std::nullopt;
  Sizes dims(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    if (order[i] < 0 || order[i] >= static_cast<std::int64_t>(rank)) return std::nullopt;
    dims[i] = data.dims[static_cast<std::size_t>(order[i])];
  }
  if (product(dims) != product(data.dims)) return std::nullopt;
  Constant c = like(data, dims);
  each(dims, [&](const Sizes& index) {
    Sizes at(rank);
    for (std::size_t i = 0; i < rank; ++i) at[static_cast<std::size_t>(order[i])] = index[i];
    copy(c, data, offset(at, data.dims));
  });
  return one(std::move(c));
}

Out expand(const Constant& data, const Sizes& target) {
  const auto dims = broadcast(data.dims, target);
  if (!dims || !small(*dims)) return std::nullopt;
  Constant c = like(data, *dims);
  each(*dims, [&](const Sizes& index) { copy(c, data, offset(index, data.dims)); });
  return one(std::move(c));
}

Out tile(const Constant& data, const Sizes& repeats) {
  if (repeats.size() != data.dims.size()) return std::nullopt;
  Sizes dims = data.dims;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > mostKeptValues) return std::nullopt;
    dims[i] *= repeats[i];
  }
  if (!small(dims)) return std::nullopt;
  Constant c = like(data, dims);
  each(dims, [&](const Sizes& index) {
    Sizes at(index.size());
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = index[i] % data.dims[i];
    copy(c, data, offset(at, data.dims));
  });
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

Out split(const Node& node, const In& in, std::size_t outputs) {
  const auto axis = axisOf(node.integer("axis", 0), in[0]->dims.size());
  if (!axis || outputs == 0) return std::nullopt;
  const std::int64_t length = in[0]->dims[*axis];
  Sizes parts = in.size() > 1 && in[1] != nullptr ? Sizes(in[1]->ints) : node.list("split");
  if (parts.empty()) {
    const auto count = static_cast<std::int64_t>(outputs), share = (length + count - 1) / count;
    for (std::int64_t at = 0, i = 0; i < count; ++i, at += share)
      parts.push_back(std::clamp<std::int64_t>(length - at, 0, share));
  }
  std::vector<Constant> out;
  std::int64_t at = 0;
  const Constant& data = *in[0];
  for (const std::int64_t part : parts) {
    if (part < 0 || part > length - at) return std::nullopt;
    Sizes dims = data.dims;
    dims[*axis] = part;
    Constant c = like(data, dims);
    each(dims, [&](const Sizes& index) {
      Sizes from = index;
      from[*axis] += at;
      copy(c, data, offset(from, data.dims));
    });
    out.push_back(std::move(c));
    at += part;
  }
  return out;
}

/// Extents after Reshape, Squeeze, Unsqueeze, Flatten.
std::optional<Sizes> reshaped(const Node& node, const In& in) {
  const Sizes& dims = in[0]->dims;
  const Sizes list = in.size() > 1 && in[1] != nullptr ? Sizes(in[1]->ints) : Sizes{};
  Sizes out;
  if (node.op == "Reshape") {
    Sizes target = in.size() > 1 ? list : node.list("shape");
    std::int64_t known = 1, open = -1;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] == 0 && node.integer("allowzero", 0) == 0) {
        if (i >= dims.size()) return std::nullopt;
        target[i] = dims[i];
      }
      if (target[i] < 0)
        open = static_cast<std::int64_t>(i);
      else if (target[i] > mostKeptValues)
        return std::nullopt;
      else
        known *= target[i];
      if (known > mostKeptValues) return std::nullopt;
    }
    if (open >= 0) target[static_cast<std::size_t>(open)] = known > 0 ? product(dims) / known : 0;
    return target;
  }
  if (node.op == "Flatten") {
    const std::int64_t axis = node.integer("axis", 1),
                       rank = static_cast<std::int64_t>(dims.size());
    if (axis < -rank || axis > rank) return std::nullopt;
    const auto at = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
    return Sizes{product(dims, 0, at), product(dims, at)};
  }
  const Sizes axes = in.size() > 1 && in[1] != nullptr ? list : node.list("axes");
  const bool squeeze = node.op == "Squeeze";
  const std::size_t rank = squeeze ? dims.size() : dims.size() + axes.size();
  std::vector<bool> marked(rank, false);
  for (const std::int64_t axis : axes) {
    const auto at = axisOf(axis, rank);
    if (!at) return std::nullopt;
    marked[*at] = true;
  }
  std::size_t from = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    if (squeeze) {
      if (!(marked[i] || (axes.empty() && dims[i] == 1))) out.push_back(dims[i]);
    } else if (marked[i]) {
      out.push_back(1);
    } else {
      if (from >= dims.size()) return std::nullopt;
      out.push_back(dims[from++]);
    }
  }
  return out;
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
  if (op == "Identity" || op == "Dropout") return one(*in[0]);
  if (op == "Cast") return cast(*in[0], static_cast<int>(node.integer("to", 0)));
  if (op == "CastLike" && has(2)) return cast(*in[0], in[1]->type);
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") {
    const auto dims = reshaped(node, in);
    return dims ? renamed(*in[0], *dims) : std::nullopt;
  }
  if (op == "Transpose") return transpose(node, *in[0]);
  if (op == "Concat") return concat(node, in);
  if (op == "Slice") return slice(node, in);
  if (op == "Gather" && has(2)) return gather(node, *in[0], *in[1]);
  if (op == "Split") return split(node, in, node.out.size());
  if (op == "Expand" && has(2)) return expand(*in[0], in[1]->ints);
  if (op == "Tile" && has(2)) return tile(*in[0], in[1]->ints);
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
