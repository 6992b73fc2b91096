// Inside the module: the only door from protobuf to the graph.
#pragma once

#include <onnx/onnx_pb.h>

#include <vector>

#include "workloads/import/import.h"
#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {

/// `values`: contents of inputs that are known; their shapes replace the declared ones.
using KnownInputs = std::map<std::string, std::shared_ptr<const Constant>>;
ModelGraph readGraph(const onnx::ModelProto& model, const std::string& file,
                     const ImportOptions& options, const KnownInputs& values = {});

/// By the library's schema of the operator, and by our own rules where it has none or leaves
/// something open. Outputs that stay unknown are left so.
void inferShapes(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto,
                 std::vector<OutputShape>& out);

}  // namespace wattlas::onnx_import
