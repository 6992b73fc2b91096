// The decoded form of a DPU instruction, and decode / encode / disassemble over one instruction
// set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/error.h"

namespace wattlas::dpu {

// One row of the instruction table: an encoding of one mnemonic with one set of operands, and the
// facts that decoder, encoder, assembler, disassembler and executor take from it.

// Conditions of the DPU. A code means different things in different condition classes, so the
// table maps (class, code) to one canonical condition; the executor tests the canonical one.

/// Canonical conditions, tested on the result and flags of the instruction they belong to.
/// `x..` conditions combine with the zero flag of the previous instruction (64-bit compares), `s..`
/// conditions test the source operand, `nc5..nc14` the absence of a carry out of that bit.
enum class Condition : std::uint8_t {
#define X(id) id,
#include "pim/dpu/isa/conditions.def"
#undef X
};

/// Which codes a form accepts and what they mean.
enum class ConditionClass : std::uint8_t {
  none,
#define X(id, codes) id,
#include "pim/dpu/isa/condition_classes.def"
#undef X
};

struct ConditionCode {
  Condition condition;
  std::uint8_t code;  ///< value of the cc field, at most 6 bits
};

/// The codes of a class, in the order of the table (the first code of a condition is the encoded
/// one).
const std::vector<ConditionCode>& conditionCodes(ConditionClass kind);
std::optional<Condition> conditionOf(ConditionClass kind, unsigned code);
std::optional<unsigned> codeOf(ConditionClass kind, Condition condition);

/// The word for an enumerator: "ldmaDbg" -> "ldma_dbg", "and_" -> "and".
std::string textOfEnumerator(std::string_view enumerator);
std::string_view name(Condition condition);
std::string_view name(ConditionClass kind);
std::optional<Condition> conditionByName(std::string_view text);
std::optional<ConditionClass> conditionClassByName(std::string_view text);

/// What an instruction computes: the mnemonic without .s/.u. `custom` = added at run time.
/// decode() never returns an alias form, so the executor never meets the alias operations (adds,
/// subs, move, neg, not, jump, jz, jnz, j<cc>, l..s, s..s): those decode as or, xor, sub,
/// call ...
enum class Operation : std::uint8_t {
#define X(id) id,
#include "pim/dpu/isa/operations.def"
#undef X
  custom
};

/// What the result slot receives.
enum class WriteMode : std::uint8_t {
  none,    ///< no register result (z-forms, stores, control); flags still follow the operation
  result,  ///< the result of the operation
  setOnCondition,  ///< 1 when the condition holds, else 0; discarded where the destination is none
};

/// Where the result goes.
enum class Destination : std::uint8_t {
  none,  ///< discarded ("zero" forms) or there is none
  rc,    ///< the 32-bit register `Instruction::rc`
  pair,  ///< the register pair rc (even, most significant word), rc + 1 (least significant word)
};

/// How a 32-bit result fills a pair (.s/.u variants); `full` = the operation makes 64 bits itself.
enum class PairMode : std::uint8_t { none, signExtend, zeroExtend, full };

/// Where a source operand comes from.
enum class Source : std::uint8_t {
  none,
  ra,        ///< register or constant register `Instruction::ra`
  rb,        ///< register `Instruction::rb`
  dbPair,    ///< register pair `Instruction::rb`, rb + 1
  immediate  ///< `Instruction::imm`
};

/// How the pipeline treats it.
enum class IssueClass : std::uint8_t {
  alu,
  multiply,
  loadStore,
  control,
  dma,
  thread,
  lock,
  special
};

enum class OperandKind : std::uint8_t {
  rc,      ///< destination register 0..23
  dc,      ///< destination pair, even register 0..22
  zero,    ///< the word `zero`: the result is discarded; no bits
  ra,      ///< source register, meaning of the number by OperandType
  rb,      ///< source register 0..23
  db,      ///< source pair, even register 0..22
  imm,     ///< immediate -> Instruction::imm
  shift,   ///< shift amount 0..31 -> Instruction::imm
  immDma,  ///< DMA size field -> Instruction::imm
  off,     ///< address or branch offset -> Instruction::offset
  pc,      ///< branch target in instructions -> Instruction::target
  cc,      ///< condition -> Instruction::condition
  endian,  ///< 0 little, 1 big -> Instruction::bigEndian
};

enum class OperandType : std::uint8_t {
  reg,              ///< r0..r23
  regOrCst,         ///< r0..r23 or a constant register
  regOrCstNotZero,  ///< as regOrCst without `zero`
  cst,              ///< constant register only (24..31)
  safe,             ///< r0..r23 of a stack-checked form
  safeOrCst,
  pair,
  none,            ///< zero, cc, endian
  signedValue,     ///< `bits` wide, sign-extended to 32 bits
  unsignedValue,   ///< `bits` wide, zero-extended
  eitherValue,     ///< `bits` wide, assembler accepts signed or unsigned, decoded sign-extended
  programCounter,  ///< `bits` wide address in instructions
};

/// Bits [hi:lo] of an operand lie at bit `at` of the word.
struct BitField {
  std::uint8_t hi = 0, lo = 0, at = 0;
  bool operator==(const BitField&) const = default;
};

struct Operand {
  OperandKind kind = OperandKind::imm;
  OperandType type = OperandType::none;
  std::uint8_t bits = 0;         ///< width of the value range, for immediates
  std::vector<BitField> fields;  ///< a value bit may be stored more than once (sign copies)
  bool operator==(const Operand&) const = default;
};

struct Form {
  std::string key;            ///< unique, such as "ADDrrici"
  std::string mnemonicText;   ///< "add", "add.s"
  std::string operationText;  ///< "add"
  std::string shape;          ///< operand form such as "rrici"
  Operation operation = Operation::custom;
  std::uint64_t base = 0;  ///< 48 bits
  std::uint64_t mask = 0;  ///< bits fixed by `base`
  ConditionClass conditionClass = ConditionClass::none;
  std::vector<Operand> operands;  ///< in assembly order
  bool alias = false;             ///< sugar: assembled, never decoded
  // Facts for the executor, derived from the above when the form is added.
  WriteMode write = WriteMode::none;
  Destination destination = Destination::none;
  PairMode pair = PairMode::none;
  /// Sources in assembly order (the order of the operation): `sub rc, imm, ra` has first =
  /// immediate, second = ra; `lsl_add rc, rb, ra, shift` has rb, ra, immediate. For loads and
  /// stores first = ra (address, with Instruction::offset), second = stored rb / dbPair /
  /// immediate.
  Source first = Source::none, second = Source::none, third = Source::none;
  bool branches = false;   ///< has a cc and a pc operand: goes to `target` when the condition holds
  bool hasOffset = false;  ///< Instruction::offset is used (loads, stores, call)
  bool safe = false;       ///< stack-checked ("safe register") load, store, add or sub
  bool storesId = false;   ///< sb_id, sh_id, sw_id, sd_id
  std::uint8_t accessBytes = 0;  ///< of a load or store
  bool stores = false;
  IssueClass issue = IssueClass::alu;
};

std::string_view name(Operation operation);

// The text grammar of the instruction table: one operand kind or one form a line. Built-in forms
// and forms added at run time go through the same reader.

/// Operand kinds by name, such as "imm.s24".
using OperandNames = std::map<std::string, Operand, std::less<>>;

/// Reads `name kind type [hi:lo@bit ...]`; throws InputError naming the token.
void readOperandKind(std::string_view line, OperandNames& names);

/// Reads `[~]mnemonic shape base mask conditions operands...` (hexadecimal words, `-` for nothing)
/// and derives the executor's facts; throws InputError naming the token.
Form readForm(std::string_view line, const OperandNames& names);

/// The names of the operands of a form, in its order.
std::vector<std::string> operandNamesOf(const Form& form, const OperandNames& names);
/// Writes a form in that grammar; `names` gives the operand names.
std::string formText(const Form& form, const OperandNames& names);

/// Name of a type as in the grammar, such as "s24"; `regcst` and so on for registers.
std::string typeText(const Operand& operand);
std::string_view kindText(OperandKind kind);

/// Fills the facts that follow from mnemonic, conditions and operands (write mode, destination,
/// sources, issue class ...). readForm() calls it; a form built by hand needs it before add().
void deriveFacts(Form& form);

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
