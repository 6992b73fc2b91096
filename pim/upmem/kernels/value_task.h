// A kernel over stored values with its sizes, data and definition; values.s runs it.
#pragma once

#include <functional>

#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/run_common.h"

namespace wattlas::pim {

using Values = std::vector<std::int32_t>;

/// How values lie in MRAM.
struct ValueStorage {
  int bits;  ///< of a stored value
  const char* take;
  int width = 1;  ///< bytes of an unpacked value
};
ValueStorage storageOf(StoredFormat format);

/// A kernel with its sizes, constants and definition.
struct ValueTask {
  std::string work;
  StoredFormat format = StoredFormat::int8;
  int count = 41, rows = 19;
  bool second = false;
  int outBits = 8, outCount = 41;
  std::uint32_t multiplier = 0, shift = 1, other = 0;
  int zeroPoint = 0, lowest = -128, highest = 127;
  int channels = 1, kept = 1, part = 1;
  Values numbers;  ///< rows by number
  Bytes table;
  std::function<Values(const Values& a, const Values& b)> expect;
};

const dpu::Program& programOf(const ValueTask& task, const KernelSetting& setting);
/// Runs it on random values. Throws std::logic_error naming the first output that differs.
CellRun run(const ValueTask& task, const KernelSetting& setting, dpu::DpuRunOptions options = {},
            dpu::DpuRunResult* report = nullptr);

}  // namespace wattlas::pim
