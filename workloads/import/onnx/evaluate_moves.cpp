// Evaluation of operators that move, pick or make values.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "workloads/import/onnx/evaluate.h"

namespace wattlas::onnx_import {
namespace {

/// `dims` of `data`'s values: of each index the offset in `data`, or -1 for `fill`.
template <class F>
Constant moved(const Constant& data, const Sizes& dims, F&& from, double fill = 0) {
  Constant out = empty(dims, data.type);
  each(dims, [&](const Sizes& index) {
    const std::int64_t at = from(index);
    need(at < static_cast<std::int64_t>(data.size()));
    if (at < 0)
      out.push(fill);
    else
      copy(out, data, static_cast<std::size_t>(at));
  });
  return out;
}

std::int64_t at(const Sizes& index, const Sizes& dims) {
  return static_cast<std::int64_t>(offset(index, dims));
}

/// An index of the user's, counted from the end when negative.
std::int64_t counted(std::int64_t index, std::int64_t length) {
  need(index >= -length && index < length);
  return index < 0 ? index + length : index;
}

Results same(const Call& c) {
  Results out = {c.at(0)};
  if (c.node.op == "Dropout" && c.node.out.size() > 1) {
    out.push_back(empty(c.at(0).dims, boolean));
    out[1].ints.assign(c.at(0).size(), 1);
  }
  return out;
}

Sizes reshapedDims(const Call& c) {
  const Sizes& dims = c.at(0).dims;
  const Node& node = c.node;
  if (node.op == "Reshape") {
    Sizes target = c.list(1, "shape");
    std::int64_t known = 1, open = -1;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] == 0 && node.integer("allowzero", 0) == 0) {
        need(i < dims.size());
        target[i] = dims[i];
      }
      if (target[i] < 0) open = static_cast<std::int64_t>(i);
      need(target[i] <= mostKeptValues);
      if (target[i] >= 0) known *= target[i];
      need(known <= mostKeptValues);
    }
    if (open >= 0) target[static_cast<std::size_t>(open)] = known > 0 ? product(dims) / known : 0;
    return target;
  }
  if (node.op == "Flatten") {
    const auto rank = static_cast<std::int64_t>(dims.size());
    const std::int64_t axis = node.integer("axis", 1);
    need(axis >= -rank && axis <= rank);
    const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
    return {product(dims, 0, split), product(dims, split)};
  }
  const Sizes axes = c.list(1, "axes");
  const bool squeeze = node.op == "Squeeze";
  const std::size_t rank = squeeze ? dims.size() : dims.size() + axes.size();
  std::vector<bool> marked(rank, false);
  for (const std::int64_t axis : axes) {
    const auto place = axisOf(axis, rank);
    need(place.has_value());
    marked[*place] = true;
  }
  Sizes out;
  std::size_t from = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    if (squeeze) {
      if (!(marked[i] || (axes.empty() && dims[i] == 1))) out.push_back(dims[i]);
    } else if (marked[i]) {
      out.push_back(1);
    } else {
      need(from < dims.size());
      out.push_back(dims[from++]);
    }
  }
  return out;
}

Results reshape(const Call& c) {
  Constant out = c.at(0);
  out.dims = reshapedDims(c);
  need(product(out.dims) == static_cast<std::int64_t>(out.size()));
  return {out};
}

Results transpose(const Call& c) {
  const Constant& x = c.at(0);
  const std::size_t rank = x.dims.size();
  Sizes order = c.node.list("perm"), dims(rank);
  if (order.empty())
    for (std::size_t i = rank; i-- > 0;) order.push_back(static_cast<std::int64_t>(i));
  need(order.size() == rank);
  for (std::size_t i = 0; i < rank; ++i) {
    need(order[i] >= 0 && order[i] < static_cast<std::int64_t>(rank));
    dims[i] = x.dims[static_cast<std::size_t>(order[i])];
  }
  Sizes from(rank);
  return {moved(x, dims, [&](const Sizes& index) {
    for (std::size_t i = 0; i < rank; ++i) from[static_cast<std::size_t>(order[i])] = index[i];
    return at(from, x.dims);
  })};
}

Results concat(const Call& c) {
  const Constant& first = c.at(0);
  const std::size_t axis = c.axis(c.node.opset < 4 ? 1 : 0, first.dims.size());
  Sizes dims = first.dims;
  dims[axis] = 0;
  for (std::size_t i = 0; i < c.in.size(); ++i) {
    const Constant& part = c.at(i);
    need(part.dims.size() == dims.size() && part.whole() == first.whole() &&
         product(part.dims, 0, axis) == product(dims, 0, axis) &&
         product(part.dims, axis + 1) == product(dims, axis + 1));
    dims[axis] += part.dims[axis];
  }
  Constant out = empty(dims, first.type);
  for (std::int64_t o = 0; o < product(dims, 0, axis); ++o)
    for (const Constant* part : c.in) {
      const auto run = static_cast<std::size_t>(product(part->dims, axis));
      for (std::size_t i = 0; i < run; ++i) copy(out, *part, static_cast<std::size_t>(o) * run + i);
    }
  return {out};
}

Results slice(const Call& c) {
  const Constant& x = c.at(0);
  const Sizes starts = c.list(1, "starts"), ends = c.list(2, "ends");
  Sizes axes = c.list(3, "axes"), steps = c.list(4, "-");
  for (std::size_t i = axes.size(); axes.size() < starts.size(); ++i)
    axes.push_back(static_cast<std::int64_t>(i));
  steps.resize(steps.empty() ? starts.size() : steps.size(), 1);
  need(ends.size() == starts.size() && axes.size() == starts.size() &&
       steps.size() == starts.size());
  Sizes from(x.dims.size(), 0), by(x.dims.size(), 1), dims = x.dims;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = axisOf(axes[i], x.dims.size());
    need(axis && steps[i] != 0 && steps[i] != INT64_MIN);
    const std::int64_t length = x.dims[*axis], step = steps[i];
    const auto clamped = [&](std::int64_t place) {
      if (place < 0) place = place < -length ? -1 : place + length;
      return step > 0 ? std::clamp<std::int64_t>(place, 0, length)
                      : std::clamp<std::int64_t>(place, -1, length - 1);
    };
    from[*axis] = clamped(starts[i]);
    if (starts[i] < -length) from[*axis] = step > 0 ? 0 : -1;
    std::int64_t end = clamped(ends[i]);
    if (ends[i] < -length && step > 0) end = 0;
    by[*axis] = step;
    const std::int64_t span = step > 0 ? end - from[*axis] : from[*axis] - end,
                       stride = std::abs(step);
    dims[*axis] = span > 0 ? (span - 1) / stride + 1 : 0;
  }
  Sizes place(dims.size());
  return {moved(x, dims, [&](const Sizes& index) {
    for (std::size_t i = 0; i < place.size(); ++i) place[i] = from[i] + index[i] * by[i];
    return at(place, x.dims);
  })};
}

Results split(const Call& c) {
  const Constant& x = c.at(0);
  const std::size_t axis = c.axis(0, x.dims.size());
  const std::int64_t length = x.dims[axis];
  const auto count = static_cast<std::int64_t>(c.node.out.size());
  need(count > 0);
  Sizes parts = c.list(1, "split");
  const std::int64_t share = (length + count - 1) / count;
  for (std::int64_t i = 0; i < count && static_cast<std::int64_t>(parts.size()) < count; ++i)
    parts.push_back(std::clamp<std::int64_t>(length - i * share, 0, share));
  Results out;
  std::int64_t begin = 0;
  for (const std::int64_t part : parts) {
    need(part >= 0 && part <= length - begin);
    Sizes dims = x.dims, from;
    dims[axis] = part;
    out.push_back(moved(x, dims, [&](const Sizes& index) {
      from = index;
      from[axis] += begin;
      return at(from, x.dims);
    }));
    begin += part;
  }
  return out;
}

Results expand(const Call& c) {
  const Constant& x = c.at(0);
  return {moved(x, broadcastOf(x.dims, c.at(1).ints),
                [&](const Sizes& index) { return at(index, x.dims); })};
}

Results tile(const Call& c) {
  const Constant& x = c.at(0);
  const Sizes& repeats = c.at(1).ints;
  need(repeats.size() == x.dims.size());
  Sizes dims = x.dims, from(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) {
    need(repeats[i] >= 0 && repeats[i] <= mostKeptValues);
    dims[i] *= repeats[i];
  }
  return {moved(x, dims, [&](const Sizes& index) {
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = index[i] % x.dims[i];
    return at(from, x.dims);
  })};
}

Results pad(const Call& c) {
  const Constant& x = c.at(0);
  const Sizes pads =
      c.has(1) ? c.at(1).ints : c.node.list(c.node.has("pads") ? "pads" : "paddings");
  const std::size_t rank = x.dims.size();
  Sizes axes = c.list(3, "-");
  if (axes.empty()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  need(pads.size() == 2 * axes.size());
  Sizes begin(rank, 0), dims = x.dims, from(rank);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = axisOf(axes[i], rank);
    need(axis && std::abs(pads[i]) < mostKeptValues &&
         std::abs(pads[i + axes.size()]) < mostKeptValues);
    begin[*axis] = pads[i];
    dims[*axis] += pads[i] + pads[i + axes.size()];
  }
  const std::string mode = c.node.word("mode", "constant");
  return {moved(
      x, dims,
      [&](const Sizes& index) -> std::int64_t {
        for (std::size_t i = 0; i < rank; ++i) {
          const std::int64_t length = x.dims[i];
          std::int64_t place = index[i] - begin[i];
          need(length > 0);
          if (mode == "edge") place = std::clamp<std::int64_t>(place, 0, length - 1);
          if (mode == "reflect" && length > 1) {
            place = std::abs(place) % (2 * length - 2);
            if (place >= length) place = 2 * length - 2 - place;
          }
          if (place < 0 || place >= length) return -1;
          from[i] = place;
        }
        return at(from, x.dims);
      },
      c.scalar(2, c.node.real("value", 0)))};
}

Results gather(const Call& c) {
  const Constant &x = c.at(0), &places = c.at(1);
  const std::size_t axis = c.axis(0, x.dims.size()), rank = places.dims.size();
  Sizes dims(x.dims.begin(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), places.dims.begin(), places.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.dims.end());
  return {moved(x, dims, [&](const Sizes& index) {
    const auto middle = index.begin() + static_cast<std::ptrdiff_t>(axis);
    const Sizes which(middle, middle + static_cast<std::ptrdiff_t>(rank));
    Sizes from(index.begin(), middle);
    from.push_back(counted(places.ints[offset(which, places.dims)], x.dims[axis]));
    from.insert(from.end(), middle + static_cast<std::ptrdiff_t>(rank), index.end());
    return at(from, x.dims);
  })};
}

Results gatherElements(const Call& c) {
  const Constant &x = c.at(0), &places = c.at(1);
  const std::size_t axis = c.axis(0, x.dims.size());
  need(places.dims.size() == x.dims.size());
  return {moved(x, places.dims, [&](const Sizes& index) {
    Sizes from = index;
    from[axis] = counted(places.ints[offset(index, places.dims)], x.dims[axis]);
    return at(from, x.dims);
  })};
}

/// The place in `x` that row `row` of a list of indices begins at, behind `batch` axes.
Sizes placeOf(const Constant& places, std::size_t row, const Sizes& x, std::size_t batch) {
  const auto width = static_cast<std::size_t>(places.dims.back());
  Sizes out;
  for (std::size_t i = 0; i < width; ++i) {
    need(batch + i < x.size());
    out.push_back(counted(places.ints[row * width + i], x[batch + i]));
  }
  return out;
}

Results gatherNd(const Call& c) {
  const Constant &x = c.at(0), &places = c.at(1);
  const auto batch = static_cast<std::size_t>(c.node.integer("batch_dims", 0));
  need(!places.dims.empty() && places.dims.size() > batch && x.dims.size() > batch);
  const std::size_t outer = places.dims.size() - 1,
                    used = batch + static_cast<std::size_t>(places.dims.back());
  need(used <= x.dims.size());
  Sizes dims(places.dims.begin(), places.dims.end() - 1);
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(used), x.dims.end());
  const Sizes rows(places.dims.begin(), places.dims.end() - 1);
  return {moved(x, dims, [&](const Sizes& index) {
    const auto middle = index.begin() + static_cast<std::ptrdiff_t>(outer);
    Sizes from(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(batch));
    const Sizes place = placeOf(places, offset(Sizes(index.begin(), middle), rows), x.dims, batch);
    from.insert(from.end(), place.begin(), place.end());
    from.insert(from.end(), middle, index.end());
    return at(from, x.dims);
  })};
}

void put(Constant& to, std::int64_t place, double value, const std::string& how) {
  const auto i = static_cast<std::size_t>(place);
  const double old = to.at(i);
  const double joined = how == "add"   ? old + value
                        : how == "mul" ? old * value
                        : how == "max" ? std::max(old, value)
                        : how == "min" ? std::min(old, value)
                                       : value;
  if (to.whole())
    to.ints[i] = static_cast<std::int64_t>(joined);
  else
    to.reals[i] = joined;
}

Results scatterElements(const Call& c) {
  Constant out = c.at(0);
  const Constant &places = c.at(1), &updates = c.at(2);
  const std::size_t axis = c.axis(0, out.dims.size());
  need(places.dims.size() == out.dims.size() && places.dims == updates.dims);
  each(places.dims, [&](const Sizes& index) {
    Sizes to = index;
    to[axis] = counted(places.ints[offset(index, places.dims)], out.dims[axis]);
    for (std::size_t i = 0; i < to.size(); ++i) need(to[i] < out.dims[i]);
    put(out, at(to, out.dims), updates.at(offset(index, updates.dims)),
        c.node.word("reduction", "none"));
  });
  return {out};
}

Results scatterNd(const Call& c) {
  Constant out = c.at(0);
  const Constant &places = c.at(1), &updates = c.at(2);
  need(!places.dims.empty() && places.dims.back() <= static_cast<std::int64_t>(out.dims.size()));
  const std::size_t inner = static_cast<std::size_t>(places.dims.back());
  const std::int64_t run = product(out.dims, inner),
                     rows = product(places.dims, 0, places.dims.size() - 1);
  need(static_cast<std::int64_t>(updates.size()) == rows * run);
  for (std::int64_t r = 0; r < rows; ++r) {
    Sizes to = placeOf(places, static_cast<std::size_t>(r), out.dims, 0);
    to.resize(out.dims.size(), 0);
    const std::int64_t begin = at(to, out.dims);
    for (std::int64_t i = 0; i < run; ++i)
      put(out, begin + i, updates.at(static_cast<std::size_t>(r * run + i)),
          c.node.word("reduction", "none"));
  }
  return {out};
}

/// Blocks of `b` x `b` places become channels or the other way around.
Results blocks(const Call& c) {
  const Constant& x = c.at(0);
  const std::int64_t b = c.node.integer("blocksize", 0);
  need(x.dims.size() == 4 && b > 0 && b < 1024);
  const bool deep = c.node.op == "SpaceToDepth", columns = c.node.word("mode", "DCR") == "CRD";
  const std::int64_t channels = deep ? x.dims[1] : x.dims[1] / (b * b);
  const Sizes dims = deep ? Sizes{x.dims[0], channels * b * b, x.dims[2] / b, x.dims[3] / b}
                          : Sizes{x.dims[0], channels, x.dims[2] * b, x.dims[3] * b};
  return {moved(x, dims, [&](const Sizes& i) {
    if (deep) {
      const std::int64_t block = i[1] / channels;
      return at({i[0], i[1] % channels, i[2] * b + block / b, i[3] * b + block % b}, x.dims);
    }
    const std::int64_t block = i[2] % b * b + i[3] % b;
    return at({i[0], columns ? i[1] * b * b + block : block * channels + i[1], i[2] / b, i[3] / b},
              x.dims);
  })};
}

Results triangle(const Call& c) {
  const Constant& x = c.at(0);
  need(x.dims.size() >= 2);
  const auto k = static_cast<std::int64_t>(c.scalar(1, 0));
  const bool upper = c.node.integer("upper", 1) != 0;
  return {moved(x, x.dims, [&](const Sizes& index) -> std::int64_t {
    const std::int64_t d = index.back() - index[index.size() - 2];
    return (upper ? d >= k : d <= k) ? at(index, x.dims) : -1;
  })};
}

Results oneHot(const Call& c) {
  const Constant &picks = c.at(0), &values = c.at(2);
  const auto depth = static_cast<std::int64_t>(c.scalar(1, 0));
  const std::size_t axis = c.axis(-1, picks.dims.size() + 1);
  need(values.size() == 2 && depth > 0);
  Sizes dims = picks.dims;
  dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  return {moved(values, dims, [&](const Sizes& index) -> std::int64_t {
    Sizes pick = index;
    pick.erase(pick.begin() + static_cast<std::ptrdiff_t>(axis));
    const auto wanted = static_cast<std::int64_t>(picks.at(offset(pick, picks.dims)));
    return index[axis] == (wanted < 0 ? wanted + depth : wanted) ? 1 : 0;
  })};
}

Results topK(const Call& c) {
  const Constant& x = c.at(0);
  const std::size_t axis = c.axis(-1, x.dims.size());
  const auto kept =
      static_cast<std::int64_t>(c.scalar(1, static_cast<double>(c.node.integer("k", 0))));
  need(kept >= 0 && kept <= x.dims[axis]);
  const bool largest = c.node.integer("largest", 1) != 0;
  Sizes dims = x.dims, lead = x.dims, place;
  dims[axis] = kept;
  lead[axis] = 1;
  std::map<std::size_t, Sizes> orders;  // of each row, found once
  Constant indices = empty(dims, int64);
  Constant values = moved(x, dims, [&](const Sizes& index) {
    place = index;
    place[axis] = 0;
    Sizes& order = orders[offset(place, lead)];
    if (order.empty()) {
      order.resize(static_cast<std::size_t>(x.dims[axis]));
      std::iota(order.begin(), order.end(), 0);
      const auto value = [&](std::int64_t i) {
        place[axis] = i;
        return x.at(offset(place, x.dims));
      };
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return largest ? value(a) > value(b) : value(a) < value(b);
      });
    }
    indices.ints.push_back(order[static_cast<std::size_t>(index[axis])]);
    place[axis] = indices.ints.back();
    return at(place, x.dims);
  });
  return {values, indices};
}

Results where(const Call& c) {
  const Constant &which = c.at(0), &a = c.at(1), &b = c.at(2);
  need(a.whole() == b.whole());
  Constant out = empty(broadcastOf(broadcastOf(which.dims, a.dims), b.dims), a.type);
  each(out.dims, [&](const Sizes& index) {
    const Constant& from = which.at(offset(index, which.dims)) != 0 ? a : b;
    copy(out, from, offset(index, from.dims));
  });
  return {out};
}

Results range(const Call& c) {
  const Constant& start = c.at(0);
  const double step = c.scalar(2, 0);
  need(start.size() == 1 && c.at(1).size() == 1 && c.at(2).size() == 1 && step != 0);
  const double count = std::ceil((c.at(1).at(0) - start.at(0)) / step);
  need(count <= static_cast<double>(mostKeptValues));
  Constant out = empty({static_cast<std::int64_t>(std::max(count, 0.0))}, start.type);
  for (std::int64_t i = 0; i < out.dims[0]; ++i)
    out.push(start.at(0) + static_cast<double>(i) * step);
  return {out};
}

Results filled(const Call& c) {
  const auto value = c.node.attributes.find("value");
  const Constant* with = value != c.node.attributes.end() ? value->second.tensor.get() : nullptr;
  Constant out = empty(c.at(0).ints, with != nullptr ? with->type : float32);
  for (std::int64_t i = 0; i < product(out.dims); ++i)
    out.push(with != nullptr && with->size() == 1 ? with->at(0) : 0);
  return {out};
}

Results nonZero(const Call& c) {
  const Constant& x = c.at(0);
  std::vector<Sizes> found;
  each(x.dims, [&](const Sizes& index) {
    if (x.at(offset(index, x.dims)) != 0) found.push_back(index);
  });
  Constant out = empty(
      {static_cast<std::int64_t>(x.dims.size()), static_cast<std::int64_t>(found.size())}, int64);
  for (std::size_t axis = 0; axis < x.dims.size(); ++axis)
    for (const Sizes& index : found) out.ints.push_back(index[axis]);
  return {out};
}

}  // namespace

void addMoveEvaluations(Evaluations& m) {
  for (const char* op : {"Identity", "Dropout"}) m[op] = same;
  for (const char* op : {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}) m[op] = reshape;
  m["Transpose"] = transpose;
  m["Concat"] = concat;
  m["Slice"] = slice;
  m["Split"] = split;
  m["Expand"] = expand;
  m["Tile"] = tile;
  m["Pad"] = pad;
  m["Gather"] = gather;
  m["GatherElements"] = gatherElements;
  m["GatherND"] = gatherNd;
  m["Scatter"] = m["ScatterElements"] = scatterElements;
  m["ScatterND"] = scatterNd;
  m["DepthToSpace"] = m["SpaceToDepth"] = blocks;
  m["Trilu"] = triangle;
  m["OneHot"] = oneHot;
  m["TopK"] = topK;
  m["Where"] = where;
  m["Range"] = range;
  m["ConstantOfShape"] = filled;
  m["NonZero"] = nonZero;
}

}  // namespace wattlas::onnx_import
