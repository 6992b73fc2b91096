// A program of kind `pim-ai` run operator by operator: exchange, streams of all chips, elements.
#pragma once

#include "pim/pimai/device.h"

namespace wattlas::pim {

Profile simulateStreams(const PimAiDevice& device, const PimAiProgram& program);

}  // namespace wattlas::pim
