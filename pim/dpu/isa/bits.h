// Moving operand values in and out of their scattered bit fields.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pim/dpu/isa/form.h"

namespace wattlas::dpu {

inline std::uint64_t ones(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}

/// Bits of the word that the fields occupy.
inline std::uint64_t coverage(const std::vector<BitField>& fields) {
  std::uint64_t bits = 0;
  for (const auto& f : fields) bits |= ones(unsigned(f.hi - f.lo + 1)) << f.at;
  return bits;
}

inline std::uint64_t deposit(const std::vector<BitField>& fields, std::uint32_t value) {
  std::uint64_t word = 0;
  for (const auto& f : fields) {
    word |= ((std::uint64_t{value} >> f.lo) & ones(unsigned(f.hi - f.lo + 1))) << f.at;
  }
  return word;
}

/// Nothing when a bit that is stored twice differs.
inline std::optional<std::uint32_t> gather(const std::vector<BitField>& fields,
                                           std::uint64_t word) {
  std::uint64_t value = 0;
  for (const auto& f : fields) {
    value |= ((word >> f.at) & ones(unsigned(f.hi - f.lo + 1))) << f.lo;
  }
  if (deposit(fields, static_cast<std::uint32_t>(value)) != (word & coverage(fields))) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(value);
}

inline std::int32_t signExtend(std::uint32_t value, unsigned bits) {
  if (bits >= 32) return static_cast<std::int32_t>(value);
  const std::uint32_t sign = std::uint32_t{1} << (bits - 1);
  return static_cast<std::int32_t>((value ^ sign) - sign);
}

}  // namespace wattlas::dpu
