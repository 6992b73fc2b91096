#include "cli/validation_groups.h"

namespace wattlas {

std::vector<ValidationGroup> validationGroups() {
  const auto none = [](const Context&) { return ValidationRows{}; };
  return {
      {"upmem", "UPMEM DPU against hardware and peers", none},
      {"banks", "compute in the DRAM bank", none},
      {"gpu", "GPU kernels against published measurements", none},
      {"fpga", "dataflow accelerators against boards and syntheses", none},
      {"networks", "accuracy of quantised networks", none},
      {"explorer", "search and Pareto sets", none},
      {"platforms", "event against closed form and whole platforms", none},
  };
}

}  // namespace wattlas
