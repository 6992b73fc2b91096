// Tensors and attributes of protobuf -> plain data, and facts about parts of a model that need no
// state. Inside the module.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {

/// Values of a small numeric tensor, also of one stored beside `modelFile`; null when it is large,
/// holds texts, or its file is not there. Throws InputError when its bytes do not fit its shape.
std::shared_ptr<const Constant> readTensor(const onnx::TensorProto& tensor,
                                           const std::string& modelFile);
Attribute readAttribute(const onnx::AttributeProto& attribute, const std::string& modelFile);
/// value_int, value_floats ... of a Constant node.
std::optional<Constant> literalOf(const onnx::AttributeProto& attribute);
/// A tensor for the library's own inference.
onnx::TensorProto toProto(const Constant& constant);

/// Graphs and functions inside each other.
inline constexpr int deepest = 32;

/// Order of nodes such that inputs come first: files of old writers are not sorted. `known` names
/// come from outside of the graph.
std::vector<int> sortedNodes(const onnx::GraphProto& graph,
                             const std::function<bool(const std::string&)>& known);
/// Nodes and weights of a graph, for a choice between two.
std::int64_t sizeOf(const onnx::GraphProto& graph, int depth = 0);
/// An attribute that is a graph, or null.
const onnx::GraphProto* graphOf(const onnx::NodeProto& node, const char* name);
/// What Shape or Size gives for a tensor of these extents.
std::vector<Constant> shapeConstant(const Node& node, const Sizes& dims);

}  // namespace wattlas::onnx_import
