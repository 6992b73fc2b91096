// Evaluation of operators that move values.
#include <algorithm>

#include "workloads/import/onnx/fold_parts.h"

namespace wattlas::onnx_import::folding {

Constant like(const Constant& from, Sizes dims) {
  Constant c;
  c.type = from.type;
  c.dims = std::move(dims);
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

namespace {

Out renamed(const Constant& from, Sizes dims) {
  if (product(dims) != static_cast<std::int64_t>(from.size())) return std::nullopt;
  Constant c = from;
  c.dims = std::move(dims);
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

std::optional<Out> foldMove(const Node& node, const In& in) {
  const std::string& op = node.op;
  const bool two = in.size() > 1 && in[1] != nullptr && in[1]->type != text;
  if (op == "Identity" || op == "Dropout") return one(*in[0]);
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") {
    const auto dims = reshaped(node, in);
    return dims ? renamed(*in[0], *dims) : std::nullopt;
  }
  if (op == "Transpose") return transpose(node, *in[0]);
  if (op == "Concat") return concat(node, in);
  if (op == "Slice") return slice(node, in);
  if (op == "Split") return split(node, in, node.out.size());
  if (op == "Gather" && two) return gather(node, *in[0], *in[1]);
  if (op == "Expand" && two) return expand(*in[0], in[1]->ints);
  if (op == "Tile" && two) return tile(*in[0], in[1]->ints);
  return std::nullopt;
}

}  // namespace wattlas::onnx_import::folding
