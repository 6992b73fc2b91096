#include "workloads/import/onnx/window.h"

#include <algorithm>
#include <optional>

#include "models/base/error.h"

namespace wattlas::onnx_import {

std::vector<WindowAlong> windowOf(const Node& node, const Sizes& in, const Sizes& kernel,
                                  const Sizes& out) {
  const Sizes strides = node.list("strides"), pads = node.list("pads"),
              dilations = node.list("dilations");
  const std::string automatic = node.word("auto_pad", "NOTSET");
  const std::size_t axes = kernel.size();
  const auto of = [](const Sizes& list, std::size_t i, std::int64_t standard) {
    return i < list.size() ? list[i] : standard;
  };
  std::vector<WindowAlong> window;
  for (std::size_t i = 0; i < axes; ++i) {
    WindowAlong a;
    a.length = in[i + 2];
    a.kernel = kernel[i];
    a.stride = of(strides, i, 1);
    a.dilation = of(dilations, i, 1);
    constexpr std::int64_t most = std::int64_t{1} << 30;
    if (a.length > most || (!out.empty() && out[i + 2] > most))
      throw InputError("a window over " + std::to_string(a.length) + " places", "at most 2^30");
    for (const std::int64_t value : {a.kernel, a.stride, a.dilation})
      if (value < 1 || value > most)
        throw InputError("a window of " + std::to_string(a.kernel) + " with stride " +
                             std::to_string(a.stride) + " and dilation " +
                             std::to_string(a.dilation),
                         "1 to 2^30");
    const std::int64_t reach = (a.kernel - 1) * a.dilation + 1;
    if (automatic == "NOTSET" || automatic.empty()) {
      a.begin = of(pads, i, 0);
      a.end = of(pads, i + axes, 0);
    }
    if (a.begin < 0 || a.end < 0 || a.begin > most || a.end > most)
      throw InputError("padding of " + std::to_string(a.begin), "0 to 2^30");
    const bool automaticSame = automatic.starts_with("SAME");
    if (!out.empty() && !automaticSame && reach > a.length + a.begin + a.end)
      throw InputError("the kernel of " + std::to_string(reach) +
                           " is longer than the padded input of " +
                           std::to_string(a.length + a.begin + a.end),
                       "a longer input");
    if (!out.empty()) {
      const std::int64_t outputs = out[i + 2];
      const std::int64_t needs = (outputs - 1) * a.stride + reach - a.length;
      if (automaticSame) {
        const std::int64_t total = std::max<std::int64_t>(needs, 0);
        a.begin = automatic == "SAME_LOWER" ? total - total / 2 : total / 2;
        a.end = total - a.begin;
      } else if ((a.length + a.begin + a.end - reach) / a.stride + 1 != outputs) {
        a.end = std::max(needs - a.begin, std::int64_t{0});
      }
    }
    window.push_back(a);
  }
  return window;
}

namespace {

/// Places of a window along one axis; nothing when there are none.
std::optional<std::int64_t> placesOf(const Node& node, const WindowAlong& a, std::size_t axis,
                                     bool transposed) {
  const std::int64_t reach = (a.kernel - 1) * a.dilation + 1;
  const std::string automatic = node.word("auto_pad", "NOTSET");
  const Sizes added = node.list("output_padding"), given = node.list("output_shape");
  std::int64_t places = 0;
  if (transposed) {
    const std::int64_t extra = axis < added.size() ? added[axis] : 0;
    places = automatic.starts_with("SAME")
                 ? a.length * a.stride
                 : (a.length - 1) * a.stride + extra + reach - a.begin - a.end;
    if (!given.empty())
      places = given[given.size() > axis + 2 ? axis + 2 : std::min(axis, given.size() - 1)];
    if (std::abs(extra) > (1 << 30)) return std::nullopt;
  } else if (automatic.starts_with("SAME")) {
    places = (a.length + a.stride - 1) / a.stride;
  } else {
    const std::int64_t room = a.length + a.begin + a.end - reach;
    if (room < 0) return std::nullopt;
    places = room / a.stride + 1;
    // A last window counts that begins over the input.
    const bool further = node.integer("ceil_mode", 0) != 0 && room % a.stride != 0;
    if (further && places * a.stride < a.length + a.begin) ++places;
  }
  return places > 0 ? std::optional(places) : std::nullopt;
}

}  // namespace

std::int64_t padEnd(const Node& node, std::size_t axis, std::size_t axes) {
  const Sizes pads = node.list("pads");
  const bool written = node.word("auto_pad", "NOTSET") == "NOTSET";
  // Automatic padding has no end that ceil mode could pass.
  return !written ? std::int64_t{1} << 30 : axis + axes < pads.size() ? pads[axis + axes] : 0;
}

std::optional<Sizes> windowOutput(const Node& node, const Sizes& x, const Sizes* w,
                                  std::string& why) {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  const bool transposed = node.op == "ConvTranspose";
  const std::int64_t groups = node.integer("group", 1);
  if (x.size() < 3 || (w != nullptr && w->size() != x.size())) return std::nullopt;
  const Sizes kernel = w == nullptr ? node.list("kernel_shape") : Sizes(w->begin() + 2, w->end());
  if (kernel.size() != x.size() - 2 || groups < 1 || groups > (1 << 20)) return std::nullopt;
  for (const std::int64_t length : x)
    if (length < 1 || length > most) return std::nullopt;
  Sizes dims = {x[0], w == nullptr ? x[1] : transposed ? (*w)[1] * groups : (*w)[0]};
  try {
    const std::vector<WindowAlong> window = windowOf(node, x, kernel, {});
    for (std::size_t i = 0; i < window.size(); ++i) {
      const auto places = placesOf(node, window[i], i, transposed);
      if (!places) {
        why = "the kernel " + textOf(kernel) + " does not fit into " + textOf(x);
        return std::nullopt;
      }
      dims.push_back(*places);
    }
  } catch (const InputError& error) {
    why = error.problems().front().what;
    return std::nullopt;
  }
  return dims;
}

void windowShape(const ModelGraph& graph, const Node& node, std::vector<OutputShape>& out) {
  const bool pool = node.op.ends_with("Pool");
  const Value* x = graph.in(node, 0);
  const Value* w = pool ? nullptr : graph.in(node, node.op == "QLinearConv" ? 3 : 1);
  if (out.empty() || x == nullptr || !x->known) return;
  if (!pool && (w == nullptr || !w->known)) return;
  const auto dims = windowOutput(node, x->dims, w != nullptr ? &w->dims : nullptr, out[0].why);
  if (!dims) return;
  out[0] = {true, node.op == "ConvInteger" ? int32 : x->type, *dims, false, {}};
  if (out.size() > 1) out[1] = {true, int64, *dims, false, {}};
}

void setWindow(ListedOperator& op, const std::vector<WindowAlong>& window) {
  const std::size_t axes = window.size();
  const WindowAlong& wide = window.back();
  op.dim(Dim::width, wide.length).dim(Dim::kernelWidth, wide.kernel).dim(Dim::stride, wide.stride);
  op.dim(Dim::dilation, wide.dilation).dim(Dim::pad, wide.begin);
  op.dim(Dim::padEnd, wide.end - wide.begin);
  const auto further = [&](const WindowAlong& a, Dim length, Dim kernel, Dim stride, Dim dilation,
                           Dim pad, Dim padEnd) {
    op.dim(length, a.length).dim(kernel, a.kernel);
    if (a.stride != wide.stride) op.dim(stride, a.stride);
    if (a.dilation != wide.dilation) op.dim(dilation, a.dilation);
    if (a.begin == wide.begin && a.end == wide.end) return;
    op.dim(pad, a.begin).dim(padEnd, a.end - a.begin);
  };
  if (axes > 1)
    further(window[axes - 2], Dim::height, Dim::kernelHeight, Dim::strideHeight,
            Dim::dilationHeight, Dim::padHeight, Dim::padEndHeight);
  if (axes > 2)
    further(window[axes - 3], Dim::depth, Dim::kernelDepth, Dim::strideDepth, Dim::dilationDepth,
            Dim::padDepth, Dim::padEndDepth);
}

}  // namespace wattlas::onnx_import
