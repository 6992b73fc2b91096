#include "gpu/kernel.h"

namespace wattlas::gpu {

std::int64_t Kernel::ctas() const {
  std::int64_t sum = 0;
  for (const CtaGroup& group : groups) sum += group.count;
  return sum;
}

double Kernel::totalCycles() const {
  double sum = 0;
  for (const CtaGroup& group : groups) sum += static_cast<double>(group.count) * group.cycles;
  return sum;
}

}  // namespace wattlas::gpu
