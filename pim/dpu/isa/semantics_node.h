// Nodes of a parsed semantics. Internal to semantics_*.cpp.
#pragma once

#include <array>

#include "pim/dpu/isa/semantics.h"

namespace wattlas::dpu {

inline constexpr unsigned kMostLanes = 64;

enum class SemanticsOp : std::uint8_t {
  number,
  operand,  ///< value: OperandKind
  lanes,    ///< bits wide; isSigned
  add,
  sub,
  mul,
  shl,
  shr,
  and_,
  or_,
  xor_,
  not_,
  negate,
  equal,
  unequal,
  less,
  lessEqual,
  select,
  min,
  max,
  abs,
  sum,
  popcount,
  sat,
  usat,
  round,
  slice,
  pack,
  table,
  load
};

struct Semantics::Node {
  SemanticsOp op = SemanticsOp::number;
  std::int64_t value = 0;  ///< number, operand kind, bits, bytes
  bool isSigned = false;
  unsigned lanes = 1;
  unsigned bits = 64;  ///< of the raw value, for what splits it into lanes
  std::array<int, 3> arguments{-1, -1, -1};
};

}  // namespace wattlas::dpu
