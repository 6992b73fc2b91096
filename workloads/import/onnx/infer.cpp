#include "workloads/import/onnx/infer.h"

#include <onnx/defs/schema.h>

#include <deque>

#include "models/base/plain_text.h"
#include "workloads/import/onnx/tensor.h"

namespace wattlas::onnx_import {
namespace {

/// What the library's inference asks about one node.
class NodeContext final : public onnx::InferenceContext {
 public:
  NodeContext(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto)
      : proto_(proto), outputs_(static_cast<std::size_t>(proto.output_size())) {
    for (std::size_t i = 0; i < node.in.size(); ++i) {
      const Value* value = graph.in(node, i);
      inputs_.emplace_back();
      data_.emplace_back();
      given_.push_back(value != nullptr);
      valued_.push_back(false);
      if (value == nullptr) continue;
      onnx::TypeProto* type = &inputs_.back();
      if (value->sequence) type = type->mutable_sequence_type()->mutable_elem_type();
      type->mutable_tensor_type()->set_elem_type(value->type);
      if (value->known) {
        auto* shape = type->mutable_tensor_type()->mutable_shape();
        for (const std::int64_t dim : value->dims) shape->add_dim()->set_dim_value(dim);
      }
      if (value->data == nullptr || value->data->size() > 4096) continue;
      data_.back() = toProto(*value->data);
      valued_.back() = true;
    }
  }
  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    for (const auto& attribute : proto_.attribute())
      if (attribute.name() == name) return &attribute;
    return nullptr;
  }
  size_t getNumInputs() const override { return inputs_.size(); }
  const onnx::TypeProto* getInputType(size_t i) const override {
    return i < inputs_.size() && given_[i] ? &inputs_[i] : nullptr;
  }
  const onnx::TensorProto* getInputData(size_t i) const override {
    return i < data_.size() && valued_[i] ? &data_[i] : nullptr;
  }
  size_t getNumOutputs() const override { return outputs_.size(); }
  onnx::TypeProto* getOutputType(size_t i) override { return &outputs_.at(i); }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override {
    throw onnx::InferenceError("inner graphs are read elsewhere");
  }
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t) const override { return nullptr; }

 private:
  const onnx::NodeProto& proto_;
  std::deque<onnx::TypeProto> inputs_, outputs_;
  std::deque<onnx::TensorProto> data_;
  std::vector<bool> given_, valued_;
};

OutputShape shapeOf(const onnx::TypeProto& type) {
  OutputShape out;
  const onnx::TypeProto* inner = &type;
  if (inner->has_optional_type()) inner = &inner->optional_type().elem_type();
  if (inner->has_sequence_type()) {
    out.sequence = true;
    inner = &inner->sequence_type().elem_type();
  }
  const auto& tensor = inner->tensor_type();
  out.type = tensor.elem_type();
  out.known = tensor.has_shape();
  if (out.known)
    for (const auto& dim : tensor.shape().dim()) {
      if (!dim.has_dim_value() || dim.dim_value() < 0) out.known = false;
      out.dims.push_back(dim.dim_value());
    }
  if (!out.known) out.dims.clear();
  return out;
}

/// Whether counts, attributes and required inputs are as the schema wants them, and no number is
/// beyond what a tensor can have.
bool allowed(const onnx::OpSchema& schema, const ModelGraph& graph, const Node& node,
             const onnx::NodeProto& proto) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  try {
    schema.Verify(proto);
  } catch (const std::exception&) {
    return false;
  }
  for (std::size_t i = 0; i < schema.inputs().size(); ++i)
    if (schema.inputs()[i].GetOption() == onnx::OpSchema::Single && graph.in(node, i) == nullptr)
      return false;
  const Value* first = graph.in(node, 0);
  const auto rank =
      first != nullptr && first->known ? static_cast<std::int64_t>(first->dims.size()) : 64;
  for (const auto& [name, attribute] : node.attributes) {
    const bool positive = name == "strides" || name == "dilations" || name == "kernel_shape" ||
                          name == "blocksize" || name == "hidden_size";
    if (name == "axis" && attribute.i && (*attribute.i < -rank - 1 || *attribute.i > rank))
      return false;
    if (attribute.i && positive && (*attribute.i < 1 || *attribute.i > most)) return false;
    const bool clamped = name == "starts" || name == "ends";
    for (const std::int64_t value : attribute.ints)
      if (!clamped && (value > most || value < (positive ? 1 : -most))) return false;
    if (name == "perm" || name == "axes")
      for (const std::int64_t value : attribute.ints)
        if (value < -64 || value > 64) return false;
  }
  return true;
}

}  // namespace

void inferShapes(const ModelGraph& graph, const Node& node, const onnx::NodeProto& proto,
                 std::vector<OutputShape>& out) {
  const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(
      node.op, static_cast<int>(std::min<std::int64_t>(node.opset, 1000)), node.domain);
  // The library trusts what it is given; rules of its own come first where there are some for all
  // forms of an operator, and nothing goes in that its schema does not allow.
  if (schema != nullptr && schema->has_type_and_shape_inference_function() &&
      !ownRuleSuffices(node.op) && allowed(*schema, graph, node, proto)) {
    NodeContext context(graph, node, proto);
    try {
      schema->GetTypeAndShapeInferenceFunction()(context);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = shapeOf(*context.getOutputType(i));
    } catch (const std::exception& error) {
      // Left open: our own rules may know, or the lowering says what is missing.
      std::string why = plainText(error.what(), 300);
      if (const std::size_t at = why.find("] "); why.starts_with("[") && at != std::string::npos)
        why = why.substr(at + 2);
      for (OutputShape& shape : out) shape.why = why;
    }
  }
  inferOwn(graph, node, out);
  // What nobody knows is taken to keep its shape, so that everything behind it can be listed, too.
  const Value* first = graph.in(node, 0);
  if (schema != nullptr || hasOwnRule(node.op) || first == nullptr || !first->known) return;
  for (OutputShape& shape : out) shape = {true, first->type, first->dims, first->sequence, {}};
}

}  // namespace wattlas::onnx_import
