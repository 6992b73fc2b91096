// Evaluation of sums of products, windows and interpolation.
#include <algorithm>
#include <cmath>

#include "workloads/import/onnx/evaluate.h"
#include "workloads/import/onnx/window.h"

namespace wattlas::onnx_import {
namespace {

constexpr std::int64_t mostProducts = std::int64_t{1} << 24;  ///< of one node

/// An operand less its zero point, of the tensor or of each index along `axis`.
struct ProductOperand {
  const Constant& values;
  const Constant* zero = nullptr;
  std::size_t axis = 0;
  double at(const Sizes& index) const {
    const double v = values.at(offset(index, values.dims));
    if (zero == nullptr || zero->size() == 0) return v;
    return v - zero->at(zero->size() == 1 ? 0 : static_cast<std::size_t>(index[axis]));
  }
};

const Constant* optional(const Call& c, std::size_t i) {
  return c.has(i) ? &c.at(i) : nullptr;
}

/// What a sum becomes: with scales the integer nearest to its value, else itself.
struct Output {
  int type = float32;
  double ratio = 0, zero = 0;  ///< ratio 0 = no requantisation
  void push(Constant& out, double sum) const {
    out.push(ratio == 0 ? sum : saturated(std::nearbyint(sum * ratio) + zero, type));
  }
};

/// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero of the QLinear operators.
Output quantisedOutput(const Call& c) {
  for (const std::size_t i : {std::size_t{1}, std::size_t{4}, std::size_t{6}})
    need(c.at(i).size() == 1);
  return {c.at(7).type, c.at(1).at(0) * c.at(4).at(0) / c.at(6).at(0), c.scalar(7, 0)};
}

Results matmul(const Call& c) {
  const std::string& op = c.node.op;
  const bool quantised = op == "QLinearMatMul", integer = op == "MatMulInteger";
  const Constant &x = c.at(0), &w = c.at(quantised ? 3 : 1);
  need(!x.dims.empty() && !w.dims.empty());
  Constant a = x, b = w;
  if (x.dims.size() == 1) a.dims.insert(a.dims.begin(), 1);
  if (w.dims.size() == 1) b.dims.push_back(1);
  const std::size_t ra = a.dims.size(), rb = b.dims.size();
  const std::int64_t k = a.dims[ra - 1];
  need(k == b.dims[rb - 2]);
  Sizes dims = broadcastOf({a.dims.begin(), a.dims.end() - 2}, {b.dims.begin(), b.dims.end() - 2});
  dims.push_back(a.dims[ra - 2]);
  dims.push_back(b.dims[rb - 1]);
  const Output end = quantised ? quantisedOutput(c) : Output{integer ? int{int32} : x.type};
  Constant out = empty(dims, end.type);
  need(product(dims) * k <= mostProducts);
  const ProductOperand left{a, quantised || integer ? optional(c, 2) : nullptr, ra - 2},
      right{b,
            quantised ? optional(c, 5)
            : integer ? optional(c, 3)
                      : nullptr,
            rb - 1};
  each(dims, [&](const Sizes& index) {
    const std::size_t n = index.size();
    Sizes i(index.end() - static_cast<std::ptrdiff_t>(std::min(n, ra)), index.end()),
        j(index.end() - static_cast<std::ptrdiff_t>(std::min(n, rb)), index.end());
    double sum = 0;
    for (std::int64_t t = 0; t < k; ++t) {
      i[ra - 1] = j[rb - 2] = t;
      sum += left.at(i) * right.at(j);
    }
    end.push(out, sum);
  });
  if (x.dims.size() == 1) out.dims.erase(out.dims.end() - 2);
  if (w.dims.size() == 1) out.dims.pop_back();
  return {out};
}

Results gemm(const Call& c) {
  const Constant &a = c.at(0), &b = c.at(1);
  need(a.dims.size() == 2 && b.dims.size() == 2);
  const bool ta = c.node.integer("transA", 0) != 0, tb = c.node.integer("transB", 0) != 0;
  const std::int64_t k = a.dims[ta ? 0 : 1];
  need(k == b.dims[tb ? 1 : 0]);
  Constant out = empty({a.dims[ta ? 1 : 0], b.dims[tb ? 0 : 1]}, a.type);
  need(product(out.dims) * k <= mostProducts);
  const double alpha = c.node.real("alpha", 1), beta = c.node.real("beta", 1);
  each(out.dims, [&](const Sizes& i) {
    double sum = 0;
    for (std::int64_t t = 0; t < k; ++t)
      sum += a.at(offset(ta ? Sizes{t, i[0]} : Sizes{i[0], t}, a.dims)) *
             b.at(offset(tb ? Sizes{i[1], t} : Sizes{t, i[1]}, b.dims));
    sum *= alpha;
    if (c.has(2)) {
      broadcastOf(c.at(2).dims, out.dims);
      sum += beta * c.at(2).at(offset(i, c.at(2).dims));
    }
    out.push(sum);
  });
  return {out};
}

/// Places of one axis: where tap `k` of output `o` reads, or -1.
std::int64_t placeOf(const WindowAlong& a, std::int64_t o, std::int64_t k) {
  const std::int64_t at = o * a.stride + k * a.dilation - a.begin;
  return at >= 0 && at < a.length ? at : -1;
}

Sizes kernelOf(const std::vector<WindowAlong>& window) {
  Sizes out;
  for (const WindowAlong& a : window) out.push_back(a.kernel);
  return out;
}

/// The window of `node` and the extents of its output.
std::vector<WindowAlong> windowFor(const Call& c, const Constant& x, const Constant* w,
                                   Sizes& dims) {
  std::string why;
  const auto found = windowOutput(c.node, x.dims, w != nullptr ? &w->dims : nullptr, why);
  need(found.has_value());
  dims = *found;
  return windowOf(
      c.node, x.dims,
      w != nullptr ? Sizes(w->dims.begin() + 2, w->dims.end()) : c.node.list("kernel_shape"),
      c.node.op == "ConvTranspose" ? Sizes{} : dims);
}

Results conv(const Call& c) {
  const bool quantised = c.node.op == "QLinearConv", integer = c.node.op == "ConvInteger";
  const Constant &x = c.at(0), &w = c.at(quantised ? 3 : 1);
  Sizes dims;
  const std::vector<WindowAlong> window = windowFor(c, x, &w, dims);
  const std::int64_t groups = c.node.integer("group", 1), filters = w.dims[1];
  need(groups > 0 && x.dims[1] == groups * filters && w.dims[0] % groups == 0);
  const Output end =
      quantised ? Output{c.at(7).type, 0, c.scalar(7, 0)} : Output{integer ? int{int32} : x.type};
  Constant out = empty(dims, end.type);
  need(product(dims) * filters * product(kernelOf(window)) <= mostProducts);
  const ProductOperand left{x, quantised || integer ? optional(c, 2) : nullptr, 1},
      right{w,
            quantised ? optional(c, 5)
            : integer ? optional(c, 3)
                      : nullptr,
            0};
  const Constant* bias = integer ? nullptr : optional(c, quantised ? 8 : 2);
  each(dims, [&](const Sizes& to) {
    Sizes i = to, j(to.size());
    double sum = bias != nullptr ? bias->at(static_cast<std::size_t>(to[1])) : 0;
    j[0] = to[1];
    each(kernelOf(window), [&](const Sizes& tap) {
      for (std::size_t a = 0; a < window.size(); ++a) {
        j[a + 2] = tap[a];
        if ((i[a + 2] = placeOf(window[a], to[a + 2], tap[a])) < 0) return;
      }
      for (std::int64_t f = 0; f < filters; ++f) {
        i[1] = to[1] / (w.dims[0] / groups) * filters + f;
        j[1] = f;
        sum += left.at(i) * right.at(j);
      }
    });
    Output scaled = end;
    if (quantised) {
      const Constant& s = c.at(4);
      scaled.ratio =
          c.at(1).at(0) * s.at(s.size() == 1 ? 0 : static_cast<std::size_t>(to[1])) / c.at(6).at(0);
    }
    scaled.push(out, sum);
  });
  return {out};
}

Results convTranspose(const Call& c) {
  const Constant &x = c.at(0), &w = c.at(1);
  Sizes dims;
  std::vector<WindowAlong> window = windowFor(c, x, &w, dims);
  const std::int64_t groups = c.node.integer("group", 1),
                     each0 = x.dims[1] / std::max<std::int64_t>(groups, 1);
  const Sizes added = c.node.list("output_padding");
  const std::string automatic = c.node.word("auto_pad", "NOTSET");
  Constant out = empty(dims, x.type);
  need(groups > 0 && x.dims[1] == each0 * groups && w.dims[0] == x.dims[1] &&
       product(x.dims) * product(w.dims, 1) <= mostProducts);
  // Where an output shape is asked for, padding follows from it.
  for (std::size_t a = 0; a < window.size(); ++a) {
    WindowAlong& along = window[a];
    if (c.node.list("output_shape").empty() && !automatic.starts_with("SAME")) continue;
    const std::int64_t total = (along.length - 1) * along.stride +
                               (a < added.size() ? added[a] : 0) +
                               (along.kernel - 1) * along.dilation + 1 - dims[a + 2];
    along.begin = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  std::vector<double> sums(static_cast<std::size_t>(product(dims)), 0);
  each(x.dims, [&](const Sizes& from) {
    const double v = x.at(offset(from, x.dims));
    const std::int64_t group = from[1] / each0;
    Sizes to = from;
    each(Sizes(w.dims.begin() + 1, w.dims.end()), [&](const Sizes& tap) {
      to[1] = group * w.dims[1] + tap[0];
      Sizes j = {from[1]};
      j.insert(j.end(), tap.begin(), tap.end());
      for (std::size_t a = 0; a < window.size(); ++a) {
        to[a + 2] =
            from[a + 2] * window[a].stride + tap[a + 1] * window[a].dilation - window[a].begin;
        if (to[a + 2] < 0 || to[a + 2] >= dims[a + 2]) return;
      }
      sums[offset(to, dims)] += v * w.at(offset(j, w.dims));
    });
  });
  std::size_t at = 0;
  each(dims, [&](const Sizes& to) {
    out.push(sums[at++] + (c.has(2) ? c.at(2).at(static_cast<std::size_t>(to[1])) : 0));
  });
  return {out};
}

Results pool(const Call& c) {
  const Constant& x = c.at(0);
  const bool global = c.node.op.starts_with("Global");
  const bool largest = c.node.op.ends_with("MaxPool"), power = c.node.op.ends_with("LpPool");
  Sizes dims;
  std::vector<WindowAlong> window;
  if (global) {
    need(x.dims.size() >= 3);
    dims = {x.dims[0], x.dims[1]};
    for (std::size_t i = 2; i < x.dims.size(); ++i) {
      dims.push_back(1);
      window.push_back({x.dims[i], x.dims[i]});
    }
  } else {
    window = windowFor(c, x, nullptr, dims);
  }
  Constant out = empty(dims, x.type), places = empty(dims, int64);
  need(product(dims) * product(kernelOf(window)) <= mostProducts);
  const bool padded = c.node.integer("count_include_pad", 0) != 0,
             columns = c.node.integer("storage_order", 0) != 0;
  const double p = static_cast<double>(c.node.integer("p", 2));
  each(dims, [&](const Sizes& to) {
    Sizes from = to, best = to;
    double sum = largest ? -INFINITY : 0;
    std::int64_t count = 0;
    each(kernelOf(window), [&](const Sizes& tap) {
      bool inside = true, counted = true;
      for (std::size_t a = 0; a < window.size(); ++a) {
        const WindowAlong& along = window[a];
        from[a + 2] = placeOf(along, to[a + 2], tap[a]);
        inside = inside && from[a + 2] >= 0;
        // What lies beyond the padding, as ceil mode reaches, is no part of a mean.
        counted = counted && to[a + 2] * along.stride + tap[a] * along.dilation <
                                 along.length + along.begin + padEnd(c.node, a, window.size());
      }
      count += inside || (padded && counted) ? 1 : 0;
      if (!inside) return;
      const double v = x.at(offset(from, x.dims));
      if (largest && v > sum) best = from;
      sum = largest ? std::max(sum, v) : power ? sum + std::pow(std::abs(v), p) : sum + v;
    });
    out.push(largest ? sum : power ? std::pow(sum, 1 / p) : sum / static_cast<double>(count));
    if (!largest) return;
    Sizes order = best, extents = x.dims;
    if (columns) {
      std::reverse(order.begin() + 2, order.end());
      std::reverse(extents.begin() + 2, extents.end());
    }
    places.ints.push_back(static_cast<std::int64_t>(offset(order, extents)));
  });
  if (largest && c.node.out.size() > 1) return {out, places};
  return {out};
}

/// Places between which an output value lies, and their shares, along one axis.
struct Taps {
  std::vector<std::int64_t> places;
  std::vector<double> shares;
};

Taps tapsOf(const Call& c, double at, std::int64_t length) {
  const std::string mode = c.node.word("mode", "nearest");
  Taps taps;
  const auto add = [&](std::int64_t place, double share) {
    taps.places.push_back(std::clamp<std::int64_t>(place, 0, length - 1));
    taps.shares.push_back(share);
  };
  if (mode == "nearest") {
    const std::string rule = c.node.word("nearest_mode", "round_prefer_floor");
    const double place = c.node.op == "Upsample" || rule == "floor" ? std::floor(at)
                         : rule == "ceil"                           ? std::ceil(at)
                         : rule == "round_prefer_ceil"              ? std::floor(at + 0.5)
                                                                    : std::ceil(at - 0.5);
    add(static_cast<std::int64_t>(place), 1);
    return taps;
  }
  const double low = std::floor(at), t = at - low;
  const auto first = static_cast<std::int64_t>(low);
  if (mode == "linear" || mode == "bilinear") {
    add(first, 1 - t);
    add(first + 1, t);
    return taps;
  }
  const double a = c.node.real("cubic_coeff_a", -0.75);
  double sum = 0;
  for (int i = -1; i <= 2; ++i) {
    const double d = std::abs(t - i);
    const double share =
        d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    const bool outside = first + i < 0 || first + i >= length;
    if (c.node.integer("exclude_outside", 0) != 0 && outside) continue;
    add(first + i, share);
    sum += share;
  }
  for (double& share : taps.shares) share /= sum;
  return taps;
}

Results resize(const Call& c) {
  const Constant& x = c.at(0);
  const std::size_t rank = x.dims.size();
  const bool old = c.node.op == "Upsample" || c.node.opset < 11;
  std::vector<double> scales(rank, 1);
  Sizes dims = x.dims;
  const std::size_t scaleAt = old ? 1 : 2;
  if (c.has(scaleAt) && c.at(scaleAt).size() == rank) {
    for (std::size_t i = 0; i < rank; ++i) {
      scales[i] = c.at(scaleAt).at(i);
      dims[i] =
          static_cast<std::int64_t>(std::floor(static_cast<double>(x.dims[i]) * scales[i] + 1e-6));
    }
  } else {
    need(c.has(3) && c.at(3).size() == rank && !c.node.has("keep_aspect_ratio_policy"));
    dims = c.at(3).ints;
    for (std::size_t i = 0; i < rank; ++i)
      scales[i] = static_cast<double>(dims[i]) / static_cast<double>(x.dims[i]);
  }
  const std::string way =
      old ? "asymmetric" : c.node.word("coordinate_transformation_mode", "half_pixel");
  Constant out = empty(dims, x.type);
  std::vector<std::vector<Taps>> taps(rank);
  for (std::size_t a = 0; a < rank; ++a)
    for (std::int64_t o = 0; o < dims[a]; ++o) {
      const double length = static_cast<double>(x.dims[a]), place = static_cast<double>(o),
                   s = scales[a];
      const double wide = static_cast<double>(dims[a]);
      double at = (place + 0.5) / s - 0.5;
      if (way == "asymmetric") at = place / s;
      if (way == "align_corners") at = wide > 1 ? place * (length - 1) / (wide - 1) : 0;
      if (way == "pytorch_half_pixel" && wide <= 1) at = 0;
      need(way != "tf_crop_and_resize" && s > 0);
      if (dims[a] == x.dims[a]) at = place;
      taps[a].push_back(tapsOf(c, at, x.dims[a]));
    }
  each(dims, [&](const Sizes& to) {
    Sizes counts;
    for (std::size_t a = 0; a < rank; ++a)
      counts.push_back(
          static_cast<std::int64_t>(taps[a][static_cast<std::size_t>(to[a])].places.size()));
    double sum = 0;
    each(counts, [&](const Sizes& which) {
      double share = 1;
      Sizes from(rank);
      for (std::size_t a = 0; a < rank; ++a) {
        const Taps& t = taps[a][static_cast<std::size_t>(to[a])];
        from[a] = t.places[static_cast<std::size_t>(which[a])];
        share *= t.shares[static_cast<std::size_t>(which[a])];
      }
      sum += share * x.at(offset(from, x.dims));
    });
    out.push(sum);
  });
  return {out};
}

}  // namespace

void addProductEvaluations(Evaluations& m) {
  for (const char* op : {"MatMul", "MatMulInteger", "QLinearMatMul"}) m[op] = matmul;
  m["Gemm"] = gemm;
  for (const char* op : {"Conv", "ConvInteger", "QLinearConv"}) m[op] = conv;
  m["ConvTranspose"] = convTranspose;
  for (const char* op :
       {"MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"})
    m[op] = pool;
  m["Resize"] = m["Upsample"] = resize;
}

}  // namespace wattlas::onnx_import
