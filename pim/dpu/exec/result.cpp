#include "pim/dpu/exec/result.h"

namespace wattlas::dpu {

const char* nameOf(RunErrorKind kind) {
  switch (kind) {
    case RunErrorKind::illegalInstruction:
      return "illegal_instruction";
    case RunErrorKind::pcRange:
      return "pc_range";
    case RunErrorKind::wramRange:
      return "wram_range";
    case RunErrorKind::dmaAlignment:
      return "dma_alignment";
    case RunErrorKind::dmaRange:
      return "dma_range";
    case RunErrorKind::fault:
      return "fault";
    case RunErrorKind::threadNumber:
      return "thread_number";
    case RunErrorKind::deadlock:
      return "deadlock";
    case RunErrorKind::maxCycles:
      return "max_cycles";
  }
  return "";
}

std::string RunError::text() const {
  static const char* const digits = "0123456789abcdef";
  std::string hex;
  for (int i = 11; i >= 0; --i) hex += digits[word >> 4 * i & 15U];
  std::string place = "pc " + std::to_string(pc);
  if (!symbol.empty()) place += " (" + symbol + ")";
  return place + ", tasklet " + std::to_string(tasklet) + ", cycle " + std::to_string(cycle) +
         ": " + nameOf(kind) + ": " + reason + " [word 0x" + hex + "]";
}

}  // namespace wattlas::dpu
