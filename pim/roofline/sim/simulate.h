// An operator of kind `roofline` run tile by tile after the exchange of its inputs.
#pragma once

#include "pim/roofline/device.h"

namespace wattlas::pim {

Profile simulateTiles(const RooflineDevice& device, const RooflineProgram& program);

}  // namespace wattlas::pim
