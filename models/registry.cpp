#include "models/registry.h"

#include <stdexcept>

namespace wattlas {

void Registry::add(DeviceKind kind) {
  const std::string name = kind.name;
  if (!kinds_.emplace(name, std::move(kind)).second)
    throw std::logic_error("device kind '" + name + "' registered twice");
}

const DeviceKind* Registry::find(const std::string& name) const {
  const auto at = kinds_.find(name);
  return at == kinds_.end() ? nullptr : &at->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> out;
  for (const auto& [name, kind] : kinds_) out.push_back(name);
  return out;
}

std::unique_ptr<Device> Registry::make(const ConfigNode& config, const std::string& prefix) const {
  std::string known;
  for (const std::string& name : names()) known += (known.empty() ? "" : ", ") + name;
  const ConfigNode* kindNode = config.find("kind");
  if (kindNode == nullptr || !kindNode->isScalar())
    throw InputError(config.place(), prefix + ".kind", "missing", "one of " + known);
  const DeviceKind* kind = find(kindNode->scalar());
  if (kind == nullptr)
    throw InputError(kindNode->place(), prefix + ".kind",
                     "'" + kindNode->scalar() + "' is not a device kind", "one of " + known,
                     didYouMean(kindNode->scalar(), names()));
  ConfigNode rest = config;
  rest.erase("kind");
  Problems problems;
  std::unique_ptr<Device> device = kind->make(rest, prefix, problems);
  problems.finish();
  if (!device) throw std::logic_error("device kind '" + kind->name + "' made nothing");
  return device;
}

}  // namespace wattlas
