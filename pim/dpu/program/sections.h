// The sections of an assembly source and their places in the DPU's memories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/program/program.h"

namespace wattlas::dpu {

/// A section under construction. `cursor` counts bytes, in text sections instructions. Contents are
/// kept as runs, so that large gaps take no memory.
struct AssemblySection {
  std::string name;
  Memory memory = Memory::iram;
  bool ignored = false;  ///< debug information and the like: accepted, left out
  std::uint64_t cursor = 0;
  std::uint64_t align = 1;
  std::vector<MramSegment> runs;   ///< offsets from the start of the section
  std::uint64_t* total = nullptr;  ///< what all sections of this memory take together, or nothing

  std::uint64_t capacity() const;
  bool fits(std::uint64_t count) const;
  /// False when the memory is too small.
  bool reserve(std::uint64_t count);
  bool append(const std::uint8_t* bytes, std::size_t count);
  bool fill(std::uint64_t count, std::uint8_t value);
  /// Overwrites bytes appended before.
  void patch(std::uint64_t offset, const std::uint8_t* bytes, std::size_t count);
};

/// What a section name means: by its beginning (.text, .data, .rodata, .bss, .mram, .atomic), by
/// its flags ("ax" code, "a" WRAM, none of both = left out), nothing when neither says.
std::optional<AssemblySection> sectionNamed(std::string_view name,
                                            const std::optional<std::string>& flags);

/// Start of every section (bytes from the ELF address 0; instructions for text): sections of one
/// memory follow one another in order of appearance, .bss after all other WRAM, .text.__bootstrap
/// before all other code.
std::vector<std::int64_t> placeSections(const std::vector<AssemblySection>& sections);

}  // namespace wattlas::dpu
