// Adds the FPGA kinds to a registry.
#pragma once

namespace wattlas {

class Registry;
/// Kind `fpga-dataflow` at analytic, event and detailed.
void registerFpga(Registry& registry);

}  // namespace wattlas
