// Arrays of numbers in and out of a DPU's memories by symbol.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "pim/dpu/exec/machine.h"

namespace wattlas::dpu::test {

template <class T>
void put(DpuMachine& machine, const char* symbol, const std::vector<T>& data) {
  machine.writeSymbol(
      symbol, {reinterpret_cast<const std::uint8_t*>(data.data()), data.size() * sizeof(T)});
}

/// Empty when `symbol` begins with `expected`, else the first difference.
template <class T>
std::string compare(const DpuMachine& machine, const char* symbol, const std::vector<T>& expected) {
  const auto raw =
      machine.readSymbol(symbol, static_cast<std::uint32_t>(expected.size() * sizeof(T)));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    T is;
    std::memcpy(&is, raw.data() + i * sizeof(T), sizeof(T));
    if (is != expected[i]) {
      return std::string(symbol) + "[" + std::to_string(i) + "] is " + std::to_string(is) +
             ", should be " + std::to_string(expected[i]);
    }
  }
  return {};
}

}  // namespace wattlas::dpu::test
