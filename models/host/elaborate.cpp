// Apart from host.cpp because returning a unique_ptr needs the complete type of the event model.
#include "models/device_module.h"
#include "models/host/host.h"

namespace wattlas::host {

std::unique_ptr<DeviceModule> HostCpu::elaborate(const char*, Fidelity) const {
  return nullptr;
}

}  // namespace wattlas::host
