// What an operator on UPMEM memory waits for: its time and energy by part.
#pragma once

#include <array>

#include "pim/upmem/device.h"

namespace wattlas::pim {

enum class Part {
  toDevice,  ///< copies of the host
  fromDevice,
  launch,     ///< launches between kernels, sums that the host adds
  products,   ///< kernels of the DPU
  packing,    ///< of new keys and values, softmax between the products of an attention
  refill,     ///< activations into the registers or buffer of the units
  mac,        ///< rows and columns of the units
  readOut,    ///< sums out of the accumulators
  requantise  ///< of the outputs, and their way into the bank
};
inline constexpr std::size_t partCount = 9;
const char* nameOf(Part part);

struct PartCost {
  Ticks time;
  Joules energy;  ///< of counted events, without standing power
};
using Parts = std::array<PartCost, partCount>;

/// Parts of one instance of an operator by the closed form; they add up to its time and energy.
/// Bank and DPU overlap: a part is what the operator would be shorter without it, taken away in the
/// order requantisation, read-out, refill, packing; what is left are the MACs.
Parts partsOf(const UpmemDevice& device, const OpPlan& plan);

}  // namespace wattlas::pim
