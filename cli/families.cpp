#include "cli/context.h"
#include "fpga/register.h"
#include "gpu/sim/register.h"
#include "models/host/host.h"
#include "pim/registration.h"

namespace wattlas {

void registerFamilies(Registry& registry) {
  registerHost(registry);
  registerPim(registry);
  registerFpga(registry);
  registerGpu(registry);
}

}  // namespace wattlas
