// Windows of convolutions and pools. Inside the module.
#pragma once

#include <optional>

#include "workloads/import/onnx/model_graph.h"
#include "workloads/import/operator_list.h"

namespace wattlas::onnx_import {

struct WindowAlong {
  std::int64_t length = 1, kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0;
};
/// Along each spatial axis of `in`, such that the extents of `out` come out (also with ceil mode
/// and automatic padding). `out` may be empty: the padding as written.
std::vector<WindowAlong> windowOf(const Node& node, const Sizes& in, const Sizes& kernel,
                                  const Sizes& out);
/// Extents of the output of a convolution (`w`: extents of its weights) or pool (no weights);
/// nothing, and in `why` a reason, when there are none.
std::optional<Sizes> windowOutput(const Node& node, const Sizes& x, const Sizes* w,
                                  std::string& why);
/// Zeros behind the input along an axis, as written.
std::int64_t padEnd(const Node& node, std::size_t axis, std::size_t axes);
/// Shape of the output of a convolution or pool.
void windowShape(const ModelGraph& graph, const Node& node, std::vector<OutputShape>& out);
void setWindow(ListedOperator& op, const std::vector<WindowAlong>& window);

}  // namespace wattlas::onnx_import
