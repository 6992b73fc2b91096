// The decoded form of a DPU instruction, and decode / encode / disassemble over one instruction
// set.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/error.h"
#include "pim/dpu/isa/form.h"

namespace wattlas::dpu {

inline constexpr unsigned kRegisters = 24;      ///< general registers r0..r23 of a tasklet
inline constexpr unsigned kFirstConstant = 24;  ///< first constant register number
/// Constant registers (read only), numbers 24..31.
enum ConstantRegister : std::uint8_t {
  kZero = 24,
  kOne = 25,
  kLneg = 26,
  kMneg = 27,
  kId = 28,
  kId2 = 29,
  kId4 = 30,
  kId8 = 31
};

struct Instruction {
  const Form* form = nullptr;  ///< owned by the InstructionSet that decoded it
  std::uint8_t rc = 0;         ///< destination register 0..23; of a pair the even register
  std::uint8_t ra = 0;         ///< source register 0..23, constant register 24..31
  std::uint8_t rb = 0;         ///< source register 0..23; of a pair (db) the even register
  /// Condition of the branch or of the set-on-condition; `false_` where the form has none.
  Condition condition = Condition::false_;
  bool bigEndian = false;
  std::uint16_t target = 0;  ///< branch target (instruction index) of forms with `pc`
  std::int32_t imm = 0;  ///< immediate, shift or DMA size field; extended to 32 bits by its type
  std::int32_t offset =
      0;                   ///< load/store byte offset or call offset in instructions, sign-extended
  std::uint64_t word = 0;  ///< the 48-bit word
};

struct DecodeError {
  std::uint64_t word = 0;
  std::string reason;  ///< complete sentence with the word and what was found
};
struct EncodeError {
  std::string operand, reason;  ///< which operand, and value with the accepted range
};

/// Decodes with the built-in instruction set. Bits 48..63 must be 0.
Expected<Instruction, DecodeError> decode(std::uint64_t word);
/// Encodes the operands of `form`; `word` is ignored.
Expected<std::uint64_t, EncodeError> encode(const Instruction& instruction);
/// Assembly text, such as "add r3, r2, r4"; assembles back to the same word (branch targets are
/// instruction indices). With `sugar` the shortest spelling ("jz r3, 7", "move r5, 202"), else the
/// table's own ("sub zero, r3, 0, z, 7").
std::string disassemble(const Instruction& instruction, bool sugar = true);
/// "r5", "zero", "id8"; numbers 0..31.
std::string registerName(unsigned number);

}  // namespace wattlas::dpu
