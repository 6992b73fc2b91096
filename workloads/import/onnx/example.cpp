// ONNX's own tests: the model against the tensors that come with it.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "models/base/error.h"
#include "workloads/import/onnx/lower.h"
#include "workloads/import/onnx/reader.h"
#include "workloads/import/onnx/tensor.h"

namespace wattlas {
namespace {

namespace fs = std::filesystem;
using namespace onnx_import;

std::optional<std::string> bytesOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::optional<onnx::TensorProto> tensorOf(const fs::path& file) {
  const auto bytes = bytesOf(file);
  onnx::TensorProto tensor;
  // A sequence or optional value parses as a tensor whose extents are nonsense.
  if (!bytes || !tensor.ParseFromString(*bytes) || tensor.data_type() == 0) return std::nullopt;
  for (const std::int64_t dim : tensor.dims())
    if (dim < 0 || dim > (1 << 20)) return std::nullopt;
  return tensor;
}

/// What differs between the outputs and their references; empty when nothing does.
std::string compare(const ModelGraph& graph, const fs::path& data) {
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Value& value = graph.values[graph.outputs[i]];
    if (value.sequence) return "gives a sequence";
    if (!value.known) return "shape of '" + value.name + "' is not known";
    const auto tensor = tensorOf(data / ("output_" + std::to_string(i) + ".pb"));
    if (!tensor) return "no reference";
    const Sizes dims(tensor->dims().begin(), tensor->dims().end());
    if (dims != value.dims) return textOf(value.dims) + " instead of " + textOf(dims);
  }
  return {};
}

/// Whether all outputs were evaluated to the values of their references, within a thousandth.
bool equal(const ModelGraph& graph, const fs::path& data) {
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Constant* got = graph.values[graph.outputs[i]].data.get();
    const auto tensor = tensorOf(data / ("output_" + std::to_string(i) + ".pb"));
    if (got == nullptr || !tensor) return false;
    const auto wanted = readTensor(*tensor, {});
    if (wanted == nullptr || wanted->dims != got->dims || wanted->size() != got->size())
      return false;
    for (std::size_t k = 0; k < wanted->size(); ++k) {
      const double a = got->at(k), b = wanted->at(k);
      const bool same = a == b || (std::isnan(a) && std::isnan(b)) ||
                        std::abs(a - b) <= 1e-3 * std::abs(b) + 1e-6;
      if (!same) return false;
    }
  }
  return !graph.outputs.empty();
}

}  // namespace

OnnxExample readOnnxExample(const std::string& folder) {
  OnnxExample out;
  const fs::path root(folder), data = root / "test_data_set_0";
  const auto bytes = bytesOf(root / "model.onnx");
  onnx::ModelProto model;
  if (!bytes || !model.ParseFromString(*bytes)) {
    out.reason = "is no model";
    return out;
  }
  // Shapes that depend on the contents of an input need them: the second try has them.
  KnownInputs contents;
  const auto readContents = [&] {
    for (int i = 0; i < model.graph().input_size(); ++i)
      if (const auto tensor = tensorOf(data / ("input_" + std::to_string(i) + ".pb")))
        if (auto constant = readTensor(*tensor, folder))
          contents[model.graph().input(i).name()] = std::move(constant);
  };
  try {
    readContents();
    out.executed = equal(readGraph(model, folder, {}, contents), data);
  } catch (const InputError&) {
    out.executed = false;  // said below, where the model is read without its data
  }
  for (const bool known : {false, true}) {
    try {
      if (!known) contents.clear();
      if (known) readContents();
      ModelGraph graph = readGraph(model, folder, {}, contents);
      out.reason = compare(graph, data);
      recognisePatterns(graph);
      std::vector<UnknownOperator> unknown;
      Lowering(graph, folder).run(unknown);
      if (!unknown.empty()) out.reason = unknown.front().op + " is not known";
      out.imported = unknown.empty();
      out.exact = out.imported && out.reason.empty();
      if (out.exact) return out;
    } catch (const InputError& error) {
      out.reason = error.problems().front().text();
    }
  }
  return out;
}

}  // namespace wattlas
