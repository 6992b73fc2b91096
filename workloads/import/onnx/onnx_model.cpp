#include "workloads/import/onnx/onnx_model.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/base/error.h"
#include "workloads/import/onnx/lower.h"
#include "workloads/import/onnx/reader.h"

namespace wattlas::onnx_import {
namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw InputError({file, 0}, {}, what, "an ONNX model of at most 2 GB");
}

/// Messages of protobuf would go to stderr, once for each broken field.
void quiet() {
  google::protobuf::SetLogHandler(nullptr);
}

std::string listOf(const std::vector<UnknownOperator>& unknown) {
  std::string list;
  for (const UnknownOperator& u : unknown)
    list += (list.empty() ? "" : ", ") + u.op + " (" + std::to_string(u.count) + ")";
  return list.size() > 600 ? list.substr(0, 600) + "..." : list;
}

ImportedModel lowered(const onnx::ModelProto& model, const std::string& file,
                      const std::string& name, const ImportOptions& options) {
  if (!model.has_graph() || model.graph().node_size() == 0) refuse(file, "holds no graph");
  ModelGraph graph = readGraph(model, file, options);
  recognisePatterns(graph);
  Lowering lowering(graph, file);
  ImportedModel out;
  std::vector<ConfigNode> list = lowering.run(out.unknown);
  std::int64_t strange = 0;
  for (const UnknownOperator& u : out.unknown) strange += u.count;
  const std::string share = std::to_string(strange) + " of " + std::to_string(graph.nodes.size()) +
                            " operators are unknown: " + listOf(out.unknown);
  if (!out.unknown.empty() && !options.allowUnknown)
    throw InputError({file, 0}, {}, share, "operators that 'docs/import.md' lists",
                     "--allow-unknown leaves them out");
  out.notes = std::move(graph.notes);
  if (!out.unknown.empty()) out.notes.push_back(share + "; they are left out");
  ConfigNode& d = out.description;
  d = ConfigNode::ofMap();
  const auto text = [&](const char* key, const std::string& value) {
    d.put(key, ConfigNode::ofScalar(value));
  };
  text("generator", "operators");
  text("title", name);
  text("family", "vision");
  text("source", "ONNX model " + name +
                     (model.producer_name().empty() ? std::string()
                                                    : " written by " + model.producer_name()));
  text("format", lowering.format());
  d.put("operators", ConfigNode::ofList(std::move(list)));
  return out;
}

}  // namespace

ImportedModel importFile(const std::string& file, const std::string& name,
                         const ImportOptions& options) {
  quiet();
  struct File {
    int handle;
    ~File() { ::close(handle); }
  };
  const File opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat facts {};
  if (opened.handle < 0 || ::fstat(opened.handle, &facts) != 0 || !S_ISREG(facts.st_mode))
    refuse(file, "cannot be read");
  if (facts.st_size > (std::int64_t{2} << 30)) refuse(file, "is larger than 2 GB");
  onnx::ModelProto model;
  google::protobuf::io::FileInputStream stream(opened.handle);
  if (!model.ParseFromZeroCopyStream(&stream)) refuse(file, "is no complete ONNX model");
  return lowered(model, file, name, options);
}

ImportedModel importBytes(std::string_view bytes, const std::string& file, const std::string& name,
                          const ImportOptions& options) {
  quiet();
  onnx::ModelProto model;
  if (bytes.size() > (std::size_t{1} << 30) ||
      !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    refuse(file, "is no complete ONNX model");
  return lowered(model, file, name, options);
}

}  // namespace wattlas::onnx_import
