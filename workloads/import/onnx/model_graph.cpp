#include "workloads/import/onnx/model_graph.h"

#include <algorithm>
#include <cmath>

#include "models/base/error.h"

namespace wattlas::onnx_import {

bool isFloat(int type) {
  return type == float32 || type == float16 || type == float64 || type == bfloat16 ||
         (type >= float8e4m3fn && type <= float8e5m2fnuz) || type == float4e2m1;
}

double rounded(double value, int type) {
  if (type == float32) return static_cast<float>(value);
  if (type != float16 || !std::isfinite(value) || value == 0) return value;
  const double step = std::ldexp(1.0, std::max(std::ilogb(value), -14) - 10);
  const double near = std::nearbyint(value / step) * step;
  return std::abs(near) > 65504 ? std::copysign(INFINITY, value) : near;
}

double saturated(double value, int type) {
  const auto cut = [&](int bits, bool sign) {
    const double top = std::ldexp(1.0, bits - (sign ? 1 : 0));
    return std::clamp(value, sign ? -top : 0.0, top - 1);
  };
  switch (type) {
    case uint8:
      return cut(8, false);
    case int8:
      return cut(8, true);
    case uint16:
      return cut(16, false);
    case int16:
      return cut(16, true);
    default:
      return value;
  }
}

std::int64_t Node::integer(const char* key, std::int64_t fallback) const {
  const auto at = attributes.find(key);
  return at != attributes.end() && at->second.i ? *at->second.i : fallback;
}

double Node::real(const char* key, double fallback) const {
  const auto at = attributes.find(key);
  return at != attributes.end() && at->second.f ? *at->second.f : fallback;
}

std::string Node::word(const char* key, const char* fallback) const {
  const auto at = attributes.find(key);
  return at != attributes.end() && !at->second.s.empty() ? at->second.s : fallback;
}

Sizes Node::list(const char* key) const {
  const auto at = attributes.find(key);
  return at != attributes.end() ? at->second.ints : Sizes{};
}

std::int64_t product(const Sizes& dims, std::size_t from, std::size_t to) {
  constexpr std::int64_t most = std::int64_t{1} << 50;
  std::int64_t result = 1;
  for (std::size_t i = from; i < std::min(to, dims.size()); ++i) {
    if (dims[i] < 0 || (dims[i] > 0 && result > most / dims[i]))
      throw InputError("a tensor " + textOf(dims) + " is too large", "at most 2^50 values");
    result *= dims[i];
  }
  return result;
}

std::optional<std::size_t> axisOf(std::int64_t axis, std::size_t rank) {
  const auto most = static_cast<std::int64_t>(rank);
  if (axis < -most || axis >= most) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + most : axis);
}

std::optional<Sizes> broadcast(const Sizes& a, const Sizes& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Sizes out(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    const std::int64_t y = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (x != y && x != 1 && y != 1) return std::nullopt;
    out[i] = x == 1 ? y : x;
  }
  return out;
}

std::string textOf(const Sizes& dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
  return text.substr(0, 200) + "]";
}

}  // namespace wattlas::onnx_import
