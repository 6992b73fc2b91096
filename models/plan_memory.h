// What a plan keeps in the memory of device and host, and whether it fits. Internal to models/.
#pragma once

#include <functional>
#include <string>

#include "models/plan.h"
#include "models/workload_facts.h"

namespace wattlas {

/// Bits that an operator keeps on a component between programs.
using ResidentBits = std::function<Bits(const Operator&, const OperatorFacts&, bool onHost)>;

/// Fills plan.memory and plan.weightLoads; calls `refuse` for each component that is too small.
void planMemory(const Experiment& experiment, const WorkloadFacts& facts,
                const ResidentBits& residentBits, Plan& plan,
                const std::function<void(const std::string&)>& refuse);

}  // namespace wattlas
