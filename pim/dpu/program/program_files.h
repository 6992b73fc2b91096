// From files to programs and back: what the command line calls.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/program.h"

namespace wattlas::dpu {

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
