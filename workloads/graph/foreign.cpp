#include "workloads/graph/foreign.h"

#include <filesystem>

namespace wattlas {
namespace {

ForeignReader& reader() {
  static ForeignReader known;
  return known;
}

}  // namespace

void setForeignReader(ForeignReader given) {
  reader() = given;
}

std::optional<ConfigNode> readForeign(const std::string& reference) {
  if (reader().claims == nullptr || !reader().claims(reference)) return std::nullopt;
  return reader().read(reference);
}

bool isWorkloadFile(const std::string& reference) {
  for (const char* end : {".yaml", ".yml", ".onnx", ".json"})
    if (reference.ends_with(end)) return true;
  return reference.find('/') != std::string::npos ||
         (reader().claims != nullptr && reader().claims(reference));
}

std::string workloadName(const std::string& reference) {
  if (!isWorkloadFile(reference)) return reference;
  std::filesystem::path path(reference);
  if (!path.has_filename()) path = path.parent_path();
  if (path.filename() == "config.json") {
    std::error_code failed;
    const auto full = std::filesystem::absolute(path, failed);
    const std::string folder = full.parent_path().filename().string();
    if (!failed && !folder.empty()) return folder;
  }
  const std::string end = path.extension().string();
  const bool known = end == ".yaml" || end == ".yml" || end == ".onnx" || end == ".json";
  return known ? path.stem().string() : path.filename().string();
}

}  // namespace wattlas
