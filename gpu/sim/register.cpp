#include "gpu/sim/register.h"

#include "gpu/device.h"
#include "models/device_module.h"

namespace wattlas {
namespace gpu {
namespace {

class SimulatedGpu final : public Gpu {
 public:
  SimulatedGpu(Parameters p, BoundConfig config) : Gpu(std::move(p), std::move(config)) {}
  std::vector<Fidelity> fidelities() const override { return {Fidelity::analytic}; }
  std::unique_ptr<DeviceModule> elaborate(const char*, Fidelity) const override { return nullptr; }
};

std::unique_ptr<Gpu> make(Parameters p, BoundConfig config) {
  return std::make_unique<SimulatedGpu>(std::move(p), std::move(config));
}

}  // namespace
}  // namespace gpu

void registerGpu(Registry& registry) {
  registry.add(gpu::gpuKind(gpu::make));
}

}  // namespace wattlas
