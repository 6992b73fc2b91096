// Shared by the runs of this folder: bytes, random numbers, comparison.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "pim/dpu/exec/machine.h"

namespace wattlas::pim {

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

}  // namespace wattlas::pim
