#include "workloads/import/onnx/window.h"

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
