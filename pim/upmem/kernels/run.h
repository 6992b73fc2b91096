// Runs a generated kernel on the DPU executor with random data and holds its output against C++.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "pim/dpu/exec/machine.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"

namespace wattlas::pim {

// Shared by the runs of this folder: bytes, random numbers, comparison.

using Bytes = std::vector<std::uint8_t>;

template <class T>
void store(Bytes& to, std::size_t at, T value) {
  std::memcpy(to.data() + at, &value, sizeof value);
}
template <class T>
T loadFrom(const Bytes& from, std::size_t at) {
  T value;
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

inline void writeWords(dpu::DpuMachine& m, const std::string& symbol,
                       const std::vector<std::uint32_t>& words, std::uint32_t offset = 0) {
  Bytes bytes(words.size() * 4);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  m.writeSymbol(symbol, bytes, offset);
}

/// A finite, normal single of moderate size.
inline float moderate(std::mt19937& random) {
  const auto bits = static_cast<std::uint32_t>(random());
  const std::uint32_t exponent = 117 + (bits >> 24) % 20;
  const std::uint32_t word = (bits & 0x807fffffU) | exponent << 23;
  float f;
  std::memcpy(&f, &word, sizeof f);
  return f;
}

inline void expectSame(const Bytes& got, const Bytes& want, const std::string& kernel,
                       const dpu::DpuRunResult& result) {
  if (result.error) throw std::logic_error(kernel + ": " + result.error->text());
  for (std::size_t i = 0; i < want.size(); ++i)
    if (got[i] != want[i])
      throw std::logic_error("kernel " + kernel + ": output byte " + std::to_string(i) + " is " +
                             std::to_string(got[i]) + ", C++ has " + std::to_string(want[i]));
}

/// Tiles per tasklet and elements of a tile; Writes arguments
/// and data into `machine`, which has the kernel's program loaded and may have run before, and runs
/// it. Throws std::logic_error naming the first wrong output, or what stopped it.
struct ElementRun {
  int tiles = 4, elements = 64;
};
dpu::DpuRunResult runElement(ElementKernel kernel, dpu::DpuMachine& machine, const ElementRun& size,
                             const dpu::DpuRunOptions& options);

// A kernel over stored values with its sizes, data and definition; values.s runs it.

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
