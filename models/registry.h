// Device kinds by name. No global object: the command line builds one Registry and asks each family
// to add its kinds (registerPim(registry), ...).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "models/device.h"

namespace wattlas {

struct DeviceKind {
  std::string name;   ///< value of `kind:` in a device file
  std::string title;  ///< one line for lists
  /// Reads `config` (without the `kind` key); adds problems with `prefix` before each key. Returns
  /// null when it added any.
  std::function<std::unique_ptr<Device>(const ConfigNode& config, const std::string& prefix,
                                        Problems& problems)>
      make;
  std::function<std::string()> schema;
};

class Registry {
 public:
  void add(DeviceKind kind);
  const DeviceKind* find(const std::string& name) const;
  std::vector<std::string> names() const;
  /// Makes the device that a tree with a `kind` key describes. Throws InputError with all problems.
  std::unique_ptr<Device> make(const ConfigNode& config, const std::string& prefix) const;

 private:
  std::map<std::string, DeviceKind> kinds_;
};

/// Base for a family's device: holds configuration and energy table.
class ConfiguredDevice : public Device {
 public:
  const EnergyTable& energy() const override { return energy_; }
  const ResolvedConfig& config() const override { return config_; }
  const DeviceInfo& info() const override { return info_; }

 protected:
  DeviceInfo info_;
  EnergyTable energy_;
  ResolvedConfig config_;
};

}  // namespace wattlas
