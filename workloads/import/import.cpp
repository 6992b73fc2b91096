#include "workloads/import/import.h"

#include <filesystem>
#include <fstream>

#include "workloads/graph/foreign.h"
#include "workloads/import/hf_config.h"
#ifdef WATTLAS_ONNX
#include "workloads/import/onnx/onnx_model.h"
#endif

namespace wattlas {
namespace {

namespace fs = std::filesystem;

enum class Form { onnx, hf, none };

/// First byte of a file that is not white space; 0 when there is none.
char firstByte(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  char c = 0;
  for (int i = 0; i < 4096 && in.get(c); ++i)
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t' && static_cast<unsigned char>(c) < 0xBB)
      return c;
  return 0;
}

/// What a path holds: a folder with a config.json or one ONNX file, or one of these files.
std::pair<Form, fs::path> recognise(const std::string& path) {
  std::error_code failed;
  const fs::path given(path);
  if (fs::is_directory(given, failed)) {
    if (fs::is_regular_file(given / "config.json", failed))
      return {Form::hf, given / "config.json"};
    if (fs::is_regular_file(given / "model.onnx", failed))
      return {Form::onnx, given / "model.onnx"};
    return {Form::none, given};
  }
  if (!fs::is_regular_file(given, failed)) return {Form::none, given};
  if (path.ends_with(".onnx")) return {Form::onnx, given};
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return {Form::none, given};
  const char first = firstByte(given);
  if (first == '{' && path.ends_with(".json")) return {Form::hf, given};
  // A ModelProto begins with its ir_version: field 1, a number.
  return {first == 8 && !path.ends_with(".json") ? Form::onnx : Form::none, given};
}

ImportedModel importOnnxFile(const std::string& file, const std::string& name,
                             const ImportOptions& options) {
#ifdef WATTLAS_ONNX
  return onnx_import::importFile(file, name, options);
#else
  (void)name;
  (void)options;
  throw InputError("'" + file.substr(0, 200) + "' is an ONNX model, and this build reads none",
                   "a build with ONNX",
                   "install libonnx-dev and libprotobuf-dev "
                   "(scripts/setup.sh), configure anew and build");
#endif
}

}  // namespace

#ifndef WATTLAS_ONNX
OnnxExample readOnnxExample(const std::string&) {
  return {false, false, false, "this build reads no ONNX"};
}
#endif

bool readsOnnx() {
#ifdef WATTLAS_ONNX
  return true;
#else
  return false;
#endif
}

bool isForeignModel(const std::string& path) {
  if (path.ends_with(".onnx")) return true;  // a missing one is an error of the importer
  return recognise(path).first != Form::none;
}

ImportedModel importModel(const std::string& path, const ImportOptions& options) {
  auto [form, file] = recognise(path);
  std::error_code failed;
  if (!fs::exists(file, failed))
    throw InputError({path.substr(0, 200), 0}, {}, "there is no such file or folder",
                     "an ONNX file, a config.json or a folder with one");
  if (options.as == "hf") form = Form::hf;
  if (options.as == "onnx") form = Form::onnx;
  if (form == Form::none)
    throw InputError({path.substr(0, 200), 0}, {},
                     "is neither an ONNX model nor a Hugging Face configuration",
                     "a file .onnx, a config.json, or a folder with one");
  const std::string name = workloadName(form == Form::hf ? file.string() : path);
  ImportedModel model = form == Form::onnx
                            ? importOnnxFile(file.string(), name, options)
                            : hf::importConfig(readTextFile(file.string()), file.string(), name);
  if (form == Form::hf && !options.bind.empty())
    throw InputError("a configuration has no dimensions to bind", "no --bind",
                     "--prompt, --generate and --batch set the lengths of a run");
  if (!model.notes.empty()) {
    std::vector<ConfigNode> notes;
    for (const std::string& note : model.notes) notes.push_back(ConfigNode::ofScalar(note));
    model.description.put("remarks", ConfigNode::ofList(std::move(notes)));
  }
  return model;
}

ConfigNode readForeignModel(const std::string& path) {
  return importModel(path).description;
}

}  // namespace wattlas
