// Shapes of one node's outputs. Inside the module.
#pragma once

#include <onnx/onnx_pb.h>

#include <vector>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {

/// By the library's schema of the operator, and by our own rules where it has none or leaves
/// something open. Outputs that stay unknown are left so.
void inferShapes(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto,
                 std::vector<OutputShape>& out);

}  // namespace wattlas::onnx_import
