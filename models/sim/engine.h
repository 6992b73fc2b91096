// The SystemC engine of one platform: device modules, link, replay. One per process.
#pragma once

#include "models/simulate.h"

namespace wattlas {

/// Elaborates the platform. Throws std::logic_error when this process already elaborated one.
std::unique_ptr<EventEngine> makeEventEngine(const Platform& platform, Fidelity fidelity);

}  // namespace wattlas
