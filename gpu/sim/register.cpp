#include "gpu/sim/register.h"

#include "gpu/device.h"
#include "gpu/sim/simulate.h"

namespace wattlas {
namespace gpu {
namespace {

class SimulatedGpu final : public Gpu {
 public:
  SimulatedGpu(Parameters p, ResolvedConfig config) : Gpu(std::move(p), std::move(config)) {}
  std::vector<Fidelity> fidelities() const override {
    return {Fidelity::analytic, Fidelity::event};
  }
  Profile simulate(const Program& program, Fidelity) const override {
    return simulateWaves(*this, dynamic_cast<const GpuProgram&>(program));
  }
};

std::unique_ptr<Gpu> make(Parameters p, ResolvedConfig config) {
  return std::make_unique<SimulatedGpu>(std::move(p), std::move(config));
}

}  // namespace
}  // namespace gpu

void registerGpu(Registry& registry) {
  registry.add(gpu::gpuKind(gpu::make));
}

}  // namespace wattlas
