// From files to programs and back: what the command line calls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"

namespace wattlas::dpu {

// A DPU program in memory: what the loader and the assembler make and the executor takes.

// Sizes and ELF addresses of a DPU's memories; source: the chip description of the public UPMEM SDK
// 2020.2.1 (4,096 instructions, 16,384 WRAM words, 64 MiB MRAM, 256 atomic bits).
inline constexpr std::uint32_t kIramInstructions = 4096;
inline constexpr std::uint32_t kWramBytes = 64 * 1024;
inline constexpr std::uint32_t kMramBytes = 64 * 1024 * 1024;
inline constexpr std::uint32_t kAtomicBits = 256;
inline constexpr std::uint32_t kWramAddress = 0;
inline constexpr std::uint32_t kMramAddress = 0x08000000;
inline constexpr std::uint32_t kIramAddress = 0x80000000;  ///< 8 bytes an instruction in the file
inline constexpr std::uint32_t kAtomicAddress = 0xF0000000;

enum class Memory : std::uint8_t { iram, wram, mram, atomic, absolute };

enum class SymbolKind : std::uint8_t { label, function, object };

/// `address` is the ELF address (IRAM: 0x8000'0000 + 8 per instruction, WRAM: from 0, MRAM: from
/// 0x0800'0000); `size` in bytes, 0 = unknown.
struct Symbol {
  std::string name;
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  Memory memory = Memory::absolute;
  SymbolKind kind = SymbolKind::label;
  bool global = false;
};

/// Initial contents of a part of MRAM; `offset` from the start of MRAM in bytes. The rest is zero.
struct MramSegment {
  std::uint32_t offset = 0;
  std::vector<std::uint8_t> bytes;
};

/// Where an instruction was written; `file` indexes Program::files, line counts from 1.
struct SourceLine {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
};

struct Program {
  std::string name;                 ///< file it came from
  std::vector<std::uint64_t> text;  ///< 48-bit words from instruction 0, at most 4,096
  std::uint32_t entry = 0;          ///< instruction index of tasklet 0's first instruction
  std::vector<std::uint8_t> wram;   ///< initial WRAM from address 0, at most 64 KiB
  std::uint32_t wramUsed = 0;       ///< bytes from address 0 that sections claim (>= wram.size())
  std::vector<MramSegment> mram;    ///< by offset, not overlapping
  std::uint32_t mramUsed = 0;       ///< bytes from offset 0 that sections claim
  bool vendorRuntime = false;       ///< linked with the run-time library of the vendor's SDK
  std::uint32_t atomicBits = 0;     ///< lock bits that sections claim, at most 256
  std::vector<Symbol> symbols;      ///< by memory, then address, then name
  // Only from the assembler; empty for a loaded ELF file.
  std::vector<std::string> files;
  std::vector<SourceLine> lines;     ///< parallel to text, or empty
  std::vector<std::string> sources;  ///< parallel to text: the source line's text, or empty

  /// The symbol of that name, global ones first; nullptr when there is none.
  const Symbol* symbol(std::string_view name) const;
  /// "main+3" for the instruction: the nearest label at or before it, or "" without labels.
  std::string where(std::uint32_t instruction) const;
  /// True when any instruction is a `boot` (the program starts its other tasklets itself).
  bool boots() const;
  /// Sorts symbols and segments; called by loader and assembler.
  void tidy();
};

std::string_view name(Memory memory);

/// Symbols given from outside (`-D NAME=VALUE`).
using Defines = std::map<std::string, std::int64_t, std::less<>>;

struct AssembleOptions {
  Defines defines;
  int tasklets = 0;  ///< value of NTASKLETS; 0 = not given (using it is an error)
  const InstructionSet* set = nullptr;  ///< nullptr = the built-in set
  /// Where `.include` looks for files; empty = it is refused. assembleFile() sets the source's own.
  std::filesystem::path folder;
  /// Macros (.macro) that are known before the first line and win over the source's own.
  std::string macros;
};

/// Parses "NAME=VALUE" (VALUE as in assembly, such as 0x10; "NAME" alone means 1) into `defines`;
/// throws InputError.
void addDefine(std::string_view text, Defines& defines);

/// Assembles source text; `name` is used in messages. Throws InputError with all problems found.
Program assemble(std::string_view source, const std::string& name, const AssembleOptions& options);
Program assembleFile(const std::filesystem::path& path, const AssembleOptions& options);

/// The bytes of a source or ELF file; throws InputError.
std::vector<std::uint8_t> readProgramFile(const std::filesystem::path& path);

/// Reads an ELF image; throws InputError with the file offset and the reason.
Program loadElf(const std::vector<std::uint8_t>& image, const std::string& name);
/// The bytes of an ELF executable with program headers, sections and symbols.
std::vector<std::uint8_t> elfImage(const Program& program);
/// Writes the ELF file under a temporary name, then renames it; throws InputError.
void writeElf(const Program& program, const std::filesystem::path& path);

/// ELF by its magic number, anything else is assembled.
Program loadProgram(const std::filesystem::path& path, const AssembleOptions& options);

/// Address, word and assembly text of every instruction, with labels and branch targets by name,
/// then the symbol table.
void objdump(const Program& program, std::ostream& out,
             const InstructionSet& set = InstructionSet::builtin());
/// As objdump, with the source lines of an assembled program beside the words.
void listing(const Program& program, std::ostream& out,
             const InstructionSet& set = InstructionSet::builtin());

}  // namespace wattlas::dpu
