#include "fpga/register.h"

#include "fpga/device.h"
#include "fpga/overlay/device.h"
#include "models/registry.h"

namespace wattlas {

void registerFpga(Registry& registry) {
  registry.add(fpga::dataflowKind());
  registry.add(fpga::overlayKind());
}

}  // namespace wattlas
