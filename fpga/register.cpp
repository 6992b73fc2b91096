#include "fpga/register.h"

#include "fpga/device.h"
#include "models/registry.h"

namespace wattlas {

void registerFpga(Registry& registry) {
  registry.add(fpga::dataflowKind());
}

}  // namespace wattlas
