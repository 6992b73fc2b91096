// A DPU program in memory: what the loader and the assembler make and the executor takes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattlas::dpu {

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

}  // namespace wattlas::dpu
