// Figures of merit of UPMEM memory for matrix products: rate, area, power, and what the MACs in the
// banks gain over the DPUs alone on the same area and at the same power.
#pragma once

#include <array>

#include "pim/upmem/device.h"

namespace wattlas::pim {

/// Sustained figures of one chip, every bank working through a long matrix-vector product with
/// weights resident (512 outputs x 4,096 inputs a bank), refresh and the DPUs' work included.
struct ChipFigures {
  bool onBank = false;          ///< false: the DPUs multiply
  double opsPerSecond = 0;      ///< 1 MAC = 2 operations
  double peakOpsPerSecond = 0;  ///< row passes alone, without refresh and DPU
  Watts power;                  ///< standing power included
  SquareMm area;
  double opsPerMm2() const { return opsPerSecond / area.value; }
  double opsPerJoule() const { return opsPerSecond / power.value; }
};
ChipFigures figuresOf(const UpmemDevice& device, const NumberFormat& weight,
                      const NumberFormat& activation);
/// The same chip without MACs in its banks.
ChipFigures figuresOfDpus(const UpmemDevice& device, const NumberFormat& weight,
                          const NumberFormat& activation);

/// Area that the MACs add to a bank: nominal, and with every area parameter at the low and the high
/// end of its interval.
struct OverheadRange {
  double low = 0, nominal = 0, high = 0;  ///< shares of a bank
};
OverheadRange overheadOf(const UpmemParams& params);

/// What an operator on UPMEM memory waits for: its time and energy by part.
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
