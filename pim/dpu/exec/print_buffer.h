// Text that a program of the vendor's run-time left with printf: the DPU stores conversions and raw
// arguments in an MRAM buffer, the host formats them.
#pragma once

#include <string>

namespace wattlas::dpu {

class DpuMachine;

/// The text, or empty without the symbols `__stdout_buffer` and `__stdout_buffer_state`.
/// Conversions d i u x X o c s b e E f g G with flags, width, precision and `l`; others appear as
/// they are.
std::string printedText(const DpuMachine& machine);

}  // namespace wattlas::dpu
