// What every arithmetic operation of the DPU computes, and what every condition means. The one
// semantic core: the fast handlers instantiate it per operation, the general path switches over it.
//
// Choices where the public sources are silent or disagree:
//   * carry after a subtraction is the borrow; conditions c/nc of a subtraction mean no borrow /
//     borrow (they share the codes of geu / ltu);
//   * comparisons of sub/subc are taken from borrow, sign, overflow and zero of the result, so that
//     `sub lo` + `subc hi, xleu` compares 64 bits; xz, xleu ... also need the previous zero flag;
//   * logic, shift, count, extension and multiply operations clear the carry flag;
//   * ncN: no carry from bit N-1 into bit N (the page-crossing test of sequential readers);
//   * cls counts the sign bit itself (32 for 0 and -1); `max` holds when a count is 32;
//   * small: bits 15:8 of both factors are zero, so that mul_ul_ul already is the 16-bit product;
//   * sats: the limit on the other side of the sign of ra, repairing a result that overflowed;
//   * hash: the fold of ra xor b to 8 bits, the same fold that acquire and release apply.
#pragma once

#include <bit>
#include <cstdint>

#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

struct AluResult {
  std::uint32_t value = 0;
  std::uint32_t carry = 0;  ///< 0 or 1; the borrow of a subtraction
};

/// The lock index of an address: what acquire and release use, 8 bits.
inline std::uint32_t lockIndex(std::uint32_t address) {
  return (address ^ (address >> 8)) & 255U;
}

inline std::uint32_t signExtend8(std::uint32_t v) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(v)));
}
inline std::uint32_t signExtend16(std::uint32_t v) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int16_t>(v)));
}

/// Adds with carry in.
inline AluResult addCarry(std::uint32_t a, std::uint32_t b, std::uint32_t carry) {
  const std::uint64_t sum = std::uint64_t{a} + b + carry;
  return {static_cast<std::uint32_t>(sum), static_cast<std::uint32_t>(sum >> 32)};
}
/// Subtracts with borrow in; `carry` of the result is the borrow.
inline AluResult subBorrow(std::uint32_t a, std::uint32_t b, std::uint32_t borrow) {
  const std::uint64_t d = std::uint64_t{a} - b - borrow;
  return {static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(d >> 63)};
}

/// True for operations whose flags are those of a subtraction.
constexpr bool isSubtraction(Operation op) {
  return op == Operation::sub || op == Operation::subc || op == Operation::rsub ||
         op == Operation::rsubc || op == Operation::lslSub;
}
constexpr bool readsCarry(Operation op) {
  return op == Operation::addc || op == Operation::subc || op == Operation::rsubc;
}

/// Result and carry of a one-result operation. a, b, third: the sources in assembly order.
/// Operations that are not of this kind (loads, mul_step, ...) never get here.
template <Operation op>
inline AluResult compute(std::uint32_t a, std::uint32_t b, std::uint32_t third,
                         std::uint32_t carry) {
  using enum Operation;
  [[maybe_unused]] const std::uint32_t s = b & 31U;
  [[maybe_unused]] const std::uint32_t s3 = third & 31U;
  if constexpr (op == add) return addCarry(a, b, 0);
  if constexpr (op == addc) return addCarry(a, b, carry);
  if constexpr (op == sub) return subBorrow(a, b, 0);
  if constexpr (op == subc) return subBorrow(a, b, carry);
  if constexpr (op == rsub) return subBorrow(b, a, 0);
  if constexpr (op == rsubc) return subBorrow(b, a, carry);
  if constexpr (op == and_) return {a & b, 0};
  if constexpr (op == andn) return {~a & b, 0};
  if constexpr (op == nand) return {~(a & b), 0};
  if constexpr (op == or_) return {a | b, 0};
  if constexpr (op == orn) return {~a | b, 0};
  if constexpr (op == nor) return {~(a | b), 0};
  if constexpr (op == xor_) return {a ^ b, 0};
  if constexpr (op == nxor) return {~(a ^ b), 0};
  if constexpr (op == hash) {
    const std::uint32_t x = a ^ b;
    return {lockIndex(x ^ (x >> 16)), 0};
  }
  if constexpr (op == asr) {
    return {static_cast<std::uint32_t>(static_cast<std::int32_t>(a) >> s), 0};
  }
  if constexpr (op == lsl) return {a << s, 0};
  if constexpr (op == lsl1) return {(a << s) | ((1U << s) - 1U), 0};
  if constexpr (op == lslx) return {s != 0 ? a >> (32U - s) : 0U, 0};
  if constexpr (op == lsl1x) return {s != 0 ? (a >> (32U - s)) | (~0U << s) : ~0U, 0};
  if constexpr (op == lsr) return {a >> s, 0};
  if constexpr (op == lsr1) return {(a >> s) | ~(~0U >> s), 0};
  if constexpr (op == lsrx) return {s != 0 ? a << (32U - s) : 0U, 0};
  if constexpr (op == lsr1x) return {s != 0 ? (a << (32U - s)) | (~0U >> s) : ~0U, 0};
  if constexpr (op == rol) return {std::rotl(a, static_cast<int>(s)), 0};
  if constexpr (op == ror) return {std::rotr(a, static_cast<int>(s)), 0};
  if constexpr (op == lslAdd) return addCarry(a, b << s3, 0);
  if constexpr (op == lsrAdd) return addCarry(a, b >> s3, 0);
  if constexpr (op == rolAdd) return addCarry(a, std::rotl(b, static_cast<int>(s3)), 0);
  if constexpr (op == lslSub) return subBorrow(a, b << s3, 0);
  if constexpr (op == cao) return {static_cast<std::uint32_t>(std::popcount(a)), 0};
  if constexpr (op == clo) return {static_cast<std::uint32_t>(std::countl_one(a)), 0};
  if constexpr (op == clz) return {static_cast<std::uint32_t>(std::countl_zero(a)), 0};
  if constexpr (op == cls) {
    return {static_cast<std::uint32_t>(std::countl_zero((a >> 31) != 0 ? ~a : a)), 0};
  }
  if constexpr (op == extsb) return {signExtend8(a), 0};
  if constexpr (op == extsh) return {signExtend16(a), 0};
  if constexpr (op == extub) return {a & 0xFFU, 0};
  if constexpr (op == extuh) return {a & 0xFFFFU, 0};
  if constexpr (op == sats) return {(a >> 31) != 0 ? 0x7FFFFFFFU : 0x80000000U, 0};
  if constexpr (op == cmpb4) {
    std::uint32_t r = 0;
    for (unsigned i = 0; i < 32; i += 8) r |= (((a ^ b) >> i & 0xFFU) == 0 ? 1U : 0U) << i;
    return {r, 0};
  }
  if constexpr (op == mulUlUl) return {(a & 0xFFU) * (b & 0xFFU), 0};
  if constexpr (op == mulUlUh) return {(a & 0xFFU) * (b >> 8 & 0xFFU), 0};
  if constexpr (op == mulUhUl) return {(a >> 8 & 0xFFU) * (b & 0xFFU), 0};
  if constexpr (op == mulUhUh) return {(a >> 8 & 0xFFU) * (b >> 8 & 0xFFU), 0};
  if constexpr (op == mulSlUl) return {signExtend8(a) * (b & 0xFFU), 0};
  if constexpr (op == mulSlUh) return {signExtend8(a) * (b >> 8 & 0xFFU), 0};
  if constexpr (op == mulShUl) return {signExtend8(a >> 8) * (b & 0xFFU), 0};
  if constexpr (op == mulShUh) return {signExtend8(a >> 8) * (b >> 8 & 0xFFU), 0};
  if constexpr (op == mulSlSl) return {signExtend8(a) * signExtend8(b), 0};
  if constexpr (op == mulSlSh) return {signExtend8(a) * signExtend8(b >> 8), 0};
  if constexpr (op == mulShSl) return {signExtend8(a >> 8) * signExtend8(b), 0};
  if constexpr (op == mulShSh) return {signExtend8(a >> 8) * signExtend8(b >> 8), 0};
  return {};
}

/// Everything a condition may look at.
struct ConditionInput {
  std::uint32_t value = 0;  ///< the 32-bit result
  std::uint32_t carry = 0;  ///< carry or borrow of this operation
  std::uint32_t first = 0;  ///< operands in the order of the operation
  std::uint32_t second = 0;
  std::uint32_t ra = 0;     ///< the register operand `ra`, for the s.. conditions
  bool zeroBefore = false;  ///< zero flag before this operation
  bool subtraction = false;
};

inline bool signedOverflow(const ConditionInput& in) {
  const std::uint32_t other = in.subtraction ? ~in.second : in.second;
  return ((in.value ^ in.first) & (in.value ^ other)) >> 31 != 0;
}

/// Whether condition `which` holds.
template <Condition which>
inline bool holds(const ConditionInput& in) {
  using enum Condition;
  [[maybe_unused]] const auto less = [&in] { return (in.value >> 31 != 0) != signedOverflow(in); };
  [[maybe_unused]] const bool pairZero = in.value == 0 && in.zeroBefore;
  if constexpr (which == false_) return false;
  if constexpr (which == true_) return true;
  if constexpr (which == z || which == eq) return in.value == 0;
  if constexpr (which == nz || which == neq) return in.value != 0;
  if constexpr (which == c) return (in.carry != 0) != in.subtraction;
  if constexpr (which == nc) return (in.carry != 0) == in.subtraction;
  if constexpr (which == ov) return signedOverflow(in);
  if constexpr (which == nov) return !signedOverflow(in);
  if constexpr (which == pl) return in.value >> 31 == 0;
  if constexpr (which == mi) return in.value >> 31 != 0;
  if constexpr (which == xz) return pairZero;
  if constexpr (which == xnz) return !pairZero;
  if constexpr (which == ltu) return in.carry != 0;
  if constexpr (which == geu) return in.carry == 0;
  if constexpr (which == leu) return in.carry != 0 || in.value == 0;
  if constexpr (which == gtu) return in.carry == 0 && in.value != 0;
  if constexpr (which == lts) return less();
  if constexpr (which == ges) return !less();
  if constexpr (which == les) return less() || in.value == 0;
  if constexpr (which == gts) return !less() && in.value != 0;
  if constexpr (which == xleu) return in.carry != 0 || pairZero;
  if constexpr (which == xgtu) return in.carry == 0 && !pairZero;
  if constexpr (which == xles) return less() || pairZero;
  if constexpr (which == xgts) return !less() && !pairZero;
  if constexpr (which == sz) return in.ra == 0;
  if constexpr (which == snz) return in.ra != 0;
  if constexpr (which == spl) return in.ra >> 31 == 0;
  if constexpr (which == smi) return in.ra >> 31 != 0;
  if constexpr (which == so) return (in.ra & 1U) != 0;
  if constexpr (which == se) return (in.ra & 1U) == 0;
  if constexpr (which == o) return (in.value & 1U) != 0;
  if constexpr (which == e) return (in.value & 1U) == 0;
  if constexpr (which == sh32) return (in.second & 32U) != 0;
  if constexpr (which == nsh32) return (in.second & 32U) == 0;
  if constexpr (which == small) return ((in.first | in.second) & 0xFF00U) == 0;
  if constexpr (which == large) return ((in.first | in.second) & 0xFF00U) != 0;
  if constexpr (which == max) return in.value == 32;
  if constexpr (which == nmax) return in.value != 32;
  if constexpr (which >= nc5 && which <= nc14) {
    constexpr int bit = static_cast<int>(which) - static_cast<int>(nc5) + 5;
    return ((in.first ^ in.second ^ in.value) >> bit & 1U) == 0;
  }
  return false;
}

/// The same, with operation or condition chosen at run time.
AluResult compute(Operation op, std::uint32_t a, std::uint32_t b, std::uint32_t third,
                  std::uint32_t carry);
bool holds(Condition condition, const ConditionInput& in);
/// True for the operations compute() knows: the first ones of the list.
constexpr bool isAlu(Operation op) {
  return op <= Operation::xor_;
}

}  // namespace wattlas::dpu
