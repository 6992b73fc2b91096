// The functional state of one DPU and the interpreter over it: predecoded micro-operations that
// tail-call each other. Internal to this room.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/exec/options.h"
#include "pim/dpu/isa/instruction.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

/// The MRAM bank of one DPU: 64 MB, allocated in pages when first written, zero before.
class Mram {
 public:
  static constexpr std::uint32_t kPageBytes = 64U << 10;

  Mram();
  Mram(const Mram& other);
  Mram& operator=(const Mram& other);
  Mram(Mram&&) = default;
  Mram& operator=(Mram&&) = default;

  /// `offset` counts from the start of the bank. Throws InputError beyond its end.
  void read(std::uint32_t offset, std::span<std::uint8_t> into) const;
  void write(std::uint32_t offset, std::span<const std::uint8_t> from);
  /// Pages that hold data, for memory accounting.
  std::size_t pages() const;
  /// From now on remembers what write() overwrites, until rollback() restores it or forget().
  void remember();
  void rollback();
  void forget();
  /// Equal content (a page of zeros equals an absent page).
  bool sameAs(const Mram& other) const;

 private:
  using Page = std::array<std::uint8_t, kPageBytes>;
  std::vector<std::unique_ptr<Page>> pages_;
  /// Pages as they were at remember(), by number; a null page was absent.
  std::map<std::uint32_t, std::unique_ptr<Page>> old_;
  bool remembering_ = false;
};

struct Core;
struct MicroOp;

/// Handlers get the register file, WRAM and the flags of the running tasklet in host registers.
/// `z` is the last flag-writing result (zero flag = (z == 0)), `c` the carry flag (0 or 1).
using Handler = void (*)(const MicroOp* op, std::uint32_t* r, Core* core, std::uint8_t* wram,
                         std::uint32_t z, std::uint32_t c);

/// Registers of a tasklet: 24 general, 8 constants, 2 that swallow discarded results, and the
/// hardware loop of instructions that have one: first instruction, end, rounds left.
inline constexpr unsigned kDiscard = 32;
inline constexpr unsigned kLoopStart = 34, kLoopEnd = 35, kLoopCount = 36;
inline constexpr unsigned kRegisterSlots = 37;

struct MicroOp {
  Handler run = nullptr;
  std::uint32_t imm = 0;     ///< immediate source, or a resolved static call target
  std::uint32_t offset = 0;  ///< load/store byte offset, call offset
  std::uint8_t rc = kDiscard, ra = 0, rb = 0;  ///< ra, rb: first and second register source
  std::uint8_t condition = 0;
  std::uint16_t target = 0;
  std::uint16_t pc = 0;
};

/// What the timing engines must know about an instruction.
enum class StepKind : std::uint8_t {
  plain,     ///< runs ahead
  ordering,  ///< acts on shared state: takes effect in issue order
  illegal,   ///< does not decode or has no semantics
};

struct Tasklet {
  std::array<std::uint32_t, kRegisterSlots> r{};
  std::uint32_t pc = 0;
  std::uint32_t z = 1;  ///< flag value as in Handler
  std::uint32_t c = 0;
};

/// What the general path leaves besides registers and flags.
enum class GeneralExit : std::uint8_t { next, branch, fault };

struct Core {
  std::shared_ptr<const IsaExtension> extension;  ///< null = the built-in instructions
  std::uint32_t codeEnd = 0;                      ///< words from here on were never loaded
  std::vector<std::uint64_t> words;               ///< IRAM content
  std::vector<Instruction> instructions;          ///< form == nullptr where illegal
  std::vector<StepKind> kinds;
  std::vector<const InstructionModel*> models;  ///< of configuration files, or null
  std::vector<std::uint8_t> closes;             ///< last instruction of a hardware loop's body
  std::vector<MicroOp> ops;                     ///< kIramWords + 1, for running ahead
  std::vector<MicroOp> single;  ///< 2 per word, for one instruction at a time; made on demand
  std::vector<std::uint64_t> enter, leave;  ///< runs begun and ended at a word (statistics)
  std::array<std::uint8_t, kWramBytes> wram{};
  Mram mram;
  std::array<Tasklet, kTasklets> tasklets;
  std::array<bool, kLocks> locks{};
  std::uint64_t notify = 0;  ///< flag bits 24..39

  // Exchange with the handlers.
  std::uint64_t executed = 0;  ///< instructions of the current run so far
  std::uint64_t budget = 0;    ///< leave at a taken branch when this many are done
  std::uint32_t runStart = 0;
  std::uint32_t exitPc = 0, exitZ = 0, exitC = 0;
  bool blocked = false;    ///< left in front of an ordering or faulting instruction
  bool spinFound = false;  ///< runAhead() met a tasklet that waits for a word of WRAM to change
  std::vector<std::uint64_t>* runs = nullptr;  ///< when set: (start << 32 | length) of each run

  Core();
  Expected<Instruction, DecodeError> decodeWord(std::uint64_t word) const;
  /// Loads `code` at `first` and predecodes; words beyond are empty.
  void setCode(std::uint32_t first, const std::uint64_t* code, std::size_t count);
  /// Runs tasklet `t` until an ordering or faulting instruction, or the first taken branch after
  /// `limit` instructions. Returns the number executed; `blocked` tells why it left.
  std::uint64_t runAhead(unsigned t, std::uint64_t limit);
  /// Memory, registers and statistics as they are now, restored by rollback().
  void remember();
  void rollback();
  void forget();
  /// Executes the plain instruction at the program counter of `t`. False when it would fault.
  bool step(unsigned t);
  /// The same for one that costs more than an issue slot. False when it would fault.
  bool stepCosted(unsigned t);
  /// Times each loaded word was executed by the handlers (ordering instructions not included).
  std::vector<std::uint64_t> counts() const;
  /// Whether any loaded instruction is of this operation.
  bool uses(Operation operation) const;

 private:
  /// Whether any instruction reads WRAM, now or after a load into IRAM.
  bool loads() const;
  void predecode(std::uint32_t pc);
  void predecodeSingle();
  std::uint64_t run(unsigned t, const MicroOp* op);
  /// True when `t` is in a short loop that changes nothing and reads WRAM: only another tasklet
  /// can end it, so the order of their accesses matters.
  bool spins(unsigned t);

  struct Saved {
    std::array<std::uint8_t, kWramBytes> wram;
    std::array<Tasklet, kTasklets> tasklets;
    std::array<bool, kLocks> locks;
    std::uint64_t notify;
    std::vector<std::uint64_t> words, enter, leave;
  };
  std::unique_ptr<Saved> saved_;
};

/// Chooses handler and operands of the micro-operation for `instruction` at `pc`. `flagsDead`: the
/// next instruction overwrites the flags unread.
MicroOp makeMicroOp(const Instruction& instruction, std::uint32_t pc, StepKind kind,
                    bool flagsDead);
/// The micro-operation that leaves the interpreter in front of `pc`.
MicroOp leaveOp(std::uint32_t pc);
MicroOp singleLeaveOp(std::uint32_t pc);

/// Whether a hardware loop goes back after the instruction at `pc`; counts the round.
inline bool loopsBack(const Core& core, std::uint32_t* r, std::uint32_t pc) {
  if (core.closes[pc] == 0 || r[kLoopEnd] != pc + 1 || r[kLoopCount] == 0) return false;
  return --r[kLoopCount] > 0;
}

/// General path for any plain instruction; reads and writes core->exitZ/exitC as flags.
GeneralExit executeGeneral(Core& core, const Instruction& in, std::uint32_t* r, std::uint32_t pc);

StepKind stepKind(const Instruction& in);
bool writesFlags(const Instruction& in);
bool readsFlags(const Instruction& in);

/// Effective byte address, size and direction of a load or store.
struct WramAccess {
  std::uint32_t address = 0;
  unsigned bytes = 0;
  bool write = false;
};
bool isWramAccess(const Instruction& in);
WramAccess wramAccess(const Instruction& in, const std::uint32_t* r);
inline bool legal(const WramAccess& a) {
  return a.address <= kWramBytes - a.bytes && (a.address & (a.bytes - 1)) == 0;
}

/// Value of source `s` of `in` (the low word of a pair).
inline std::uint32_t sourceValue(const Instruction& in, Source s, const std::uint32_t* r) {
  switch (s) {
    case Source::ra:
      return r[in.ra];
    case Source::rb:
      return r[in.rb];
    case Source::dbPair:
      return r[in.rb + 1];
    case Source::immediate:
      return static_cast<std::uint32_t>(in.imm);
    case Source::none:
      break;
  }
  return 0;
}

/// Target of a call: instruction index, or a byte address in the program space of ELF files.
inline std::uint32_t callTarget(std::uint32_t base, std::uint32_t offset) {
  const std::uint32_t sum = base + offset;
  return (sum & 0x80000000U) != 0 && (sum >> 28) == 8 ? (sum & 0x0FFFFFFFU) >> 3 : sum;
}

// What the register-file rules cost. Internal.

/// General registers (bit n = r<n>) that an instruction reads and writes; constant registers do
/// not count.
struct RegisterUse {
  std::uint32_t reads = 0, writes = 0;
};
RegisterUse registerUse(const Instruction& in);
/// The bit of a register in such a mask (0: not a register of a thread).
constexpr std::uint32_t registerBit(unsigned number) {
  return number < kRegisters ? 1U << number : 0U;
}

/// Cost of every instruction of a program under a rule.
class RegisterFileCost {
 public:
  RegisterFileCost(const Core& core, RegisterFileRule rule);
  /// Extra cycles of the instruction at `pc` after the one at `previous` (kIramWords = none).
  unsigned extra(std::uint32_t pc, std::uint32_t previous) const {
    if (rule_ != RegisterFileRule::compat || previous + 1 == pc) return straight_[pc];
    return compatExtra(use_[previous].writes | use_[pc].reads);
  }
  /// Reads the instructions again (their words changed).
  void refresh(const Core& core);

 private:
  /// floor(even / 2) + floor(odd / 2) over the registers in `set`.
  static unsigned compatExtra(std::uint32_t set);
  RegisterFileRule rule_;
  std::vector<RegisterUse> use_;
  std::vector<std::uint8_t> straight_;  ///< after the instruction before it
};

}  // namespace wattlas::dpu
