// Small ONNX models, written in a few lines. Only for tests of a build that reads ONNX.
#pragma once

#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "workloads/graph/workload.h"
#include "workloads/import/onnx/onnx_model.h"

namespace wattlas::testing {

class OnnxModel {
 public:
  using Names = std::initializer_list<const char*>;
  using Dims = std::vector<std::int64_t>;

  explicit OnnxModel(int opset = 17) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
  }
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  static onnx::ValueInfoProto value(const std::string& name, const Dims& dims, int type = 1) {
    onnx::ValueInfoProto info;
    info.set_name(name);
    auto* tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    for (const std::int64_t dim : dims) {
      auto* d = tensor->mutable_shape()->add_dim();
      if (dim >= 0) d->set_dim_value(dim);
    }
    return info;
  }
  OnnxModel& input(const std::string& name, const Dims& dims, int type = 1) {
    *graph().add_input() = value(name, dims, type);
    return *this;
  }
  OnnxModel& output(const std::string& name) {
    graph().add_output()->set_name(name);
    return *this;
  }
  /// A trained tensor; its values do not matter.
  OnnxModel& weight(const std::string& name, const Dims& dims, int type = 1) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    std::int64_t values = 1;
    for (const std::int64_t dim : dims) {
      tensor->add_dims(dim);
      values *= dim;
    }
    for (std::int64_t i = 0; i < values; ++i)
      type == 1 ? tensor->add_float_data(0.25F) : tensor->add_int32_data(1);
    return *this;
  }
  OnnxModel& whole(const std::string& name, const Dims& values) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int64_t value : values) tensor->add_int64_data(value);
    return *this;
  }
  OnnxModel& scalar(const std::string& name, float value) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_float_data(value);
    return *this;
  }
  static onnx::NodeProto* add(onnx::GraphProto& graph, const std::string& op, Names in, Names out) {
    auto* node = graph.add_node();
    node->set_op_type(op);
    node->set_name(*out.begin());
    for (const char* name : in) node->add_input(name);
    for (const char* name : out) node->add_output(name);
    return node;
  }
  onnx::NodeProto* node(const std::string& op, Names in, Names out) {
    return add(graph(), op, in, out);
  }
  static void set(onnx::NodeProto* node, const std::string& name, std::int64_t value) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void set(onnx::NodeProto* node, const std::string& name, const Dims& values) {
    auto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute->add_ints(value);
  }

  ImportedModel import(const ImportOptions& options = {}) const {
    return onnx_import::importBytes(model.SerializeAsString(), "model.onnx", "model", options);
  }
  Workload build(const ImportOptions& options = {}) const {
    return buildWorkload("model", import(options).description, ConfigNode::ofMap());
  }

  onnx::ModelProto model;
};

}  // namespace wattlas::testing
