// What an instruction of a configuration file computes: assignments of expressions over lanes.
//
//   rc = rc + sum(s8(ra) * s8(rb))      dot product of four signed bytes
//   dc = load64(ra); ra = ra + 8        load with increment
//   loop(ra, pc)                        repeat what follows, up to pc, ra times
//
// Values are vectors of 64-bit integers; an operation on a vector and a single value uses the
// single value in every lane. Operands: rc ra rb (32 bits), dc db (register pairs, 64 bits), imm,
// pc. sN(x), uN(x): x as lanes of N bits, signed or unsigned, lowest first (N from 1 to 64).
// Operators of C from ?: to unary ~; comparisons give 0 or 1. Functions: sum min max abs popcount
// select(c,a,b) sat(x,N) usat(x,N) round(x,N) slice(x,first,N) pack(x,N) table(address,x)
// load8 load16 load32 load64 loads8 loads16; statements store8..store64(address,x), loop(count,pc).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

/// State that an instruction may read and write.
struct SemanticsState {
  std::uint32_t* registers = nullptr;  ///< the tasklet's 32 registers
  std::uint8_t* wram = nullptr;
  std::uint32_t wramBytes = 0;
  std::uint32_t loopCount = 0, loopEnd = 0;  ///< set by loop(); loopEnd 0 = it was not called
  std::uint32_t result = 0;                  ///< last word written to rc, for the flags
};

class Semantics {
 public:
  /// Throws InputError naming the column: unknown names, operands that `form` lacks, lane counts
  /// that do not agree, several lanes where one word is wanted.
  static Semantics parse(std::string_view text, const Form& form);

  /// False when a load or store leaves WRAM or is not aligned; nothing has been written then.
  bool execute(const Instruction& in, SemanticsState& state) const;

  bool loads() const { return loads_; }
  bool stores() const { return stores_; }
  bool multiplies() const { return multiplies_; }
  bool loops() const { return loops_; }
  const std::string& text() const { return text_; }

  struct Node;

 private:
  enum class Target : std::uint8_t { rc, dc, ra, rb, db, store, loop };
  struct Statement {
    Target target = Target::rc;
    unsigned bytes = 0;  ///< of a store
    int first = -1, second = -1;
  };
  friend class SemanticsParser;
  friend class SemanticsRun;

  std::string text_;
  std::shared_ptr<const std::vector<Node>> nodes_;
  std::vector<Statement> statements_;
  bool loads_ = false, stores_ = false, multiplies_ = false, loops_ = false;
};

// Nodes of a parsed semantics. Internal to semantics_*.cpp.

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
