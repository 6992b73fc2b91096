// Moving data into and out of a DPU's memories by the options of the command line.
#pragma once

#include <string>
#include <vector>

#include "pim/dpu/exec/machine.h"

namespace wattlas {

/// `FILE@ADDRESS`, the address counted from the start of MRAM. Throws InputError.
void loadMram(dpu::DpuMachine& machine, const std::string& option);
/// `SYMBOL[+OFFSET]=FILE`. Throws InputError.
void writeSymbolFile(dpu::DpuMachine& machine, const std::string& option);
/// `SYMBOL[+OFFSET]:BYTES[=FILE]`: a file, or text on `out`. Throws InputError.
void dumpSymbol(const dpu::DpuMachine& machine, const std::string& option, std::FILE* out);

}  // namespace wattlas
