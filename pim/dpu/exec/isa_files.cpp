#include "pim/dpu/exec/isa_files.h"

#include <map>
#include <mutex>

#include "models/base/data_path.h"

namespace wattlas::dpu {

namespace {

std::string fileOf(const std::string& id) {
  if (id.find('/') != std::string::npos || id.ends_with(".yaml")) return id;
  if (const auto found = dataPath().find("isa", id)) return *found;
  std::vector<std::string> ids;
  for (const auto& [name, file] : dataPath().list("isa")) ids.push_back(name);
  throw InputError("there is no instruction file '" + id.substr(0, 60) + "'",
                   "an id of configs/isa or the path of a YAML file", didYouMean(id, ids));
}

}  // namespace

std::shared_ptr<const IsaExtension> loadIsa(const std::vector<std::string>& ids) {
  if (ids.empty()) return nullptr;
  static std::mutex mutex;
  static std::map<std::vector<std::string>, std::shared_ptr<const IsaExtension>> known;
  const std::lock_guard lock(mutex);
  auto& slot = known[ids];
  if (slot) return slot;
  std::vector<ConfigNode> trees;
  for (const std::string& id : ids) trees.push_back(loadConfig(fileOf(id), dataPath()));
  slot = IsaExtension::read(trees);
  return slot;
}

}  // namespace wattlas::dpu
