// Tensors and attributes of protobuf -> plain data. Inside the module.
#pragma once

#include <onnx/onnx_pb.h>

#include <memory>
#include <optional>

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

}  // namespace wattlas::onnx_import
