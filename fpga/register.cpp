#include "fpga/register.h"

#include "fpga/dataflow_module.h"
#include "fpga/overlay/device.h"
#include "models/registry.h"

namespace wattlas {

void registerFpga(Registry& registry) {
  registry.add(fpga::dataflowKind(&fpga::makeDataflow));
  registry.add(fpga::overlayKind());
}

}  // namespace wattlas
