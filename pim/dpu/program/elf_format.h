// The parts of the ELF32 format that DPU executables use (little-endian, machine 245).
#pragma once

#include <cstdint>

namespace wattlas::dpu::elf {

inline constexpr std::uint32_t kHeaderBytes = 52, kProgramHeaderBytes = 32,
                               kSectionHeaderBytes = 40, kSymbolBytes = 16;
inline constexpr std::uint16_t kMachine = 245;       ///< readelf prints it as CEVA
inline constexpr std::uint32_t kFlags = 0x02800000;  ///< e_flags of the vendor's executables
inline constexpr std::uint16_t kRelocatable = 1, kExecutable = 2;
inline constexpr std::uint32_t kLoad = 1;  ///< PT_LOAD
inline constexpr std::uint32_t kProgbits = 1, kSymtab = 2, kStrtab = 3, kNote = 7, kNobits = 8;
inline constexpr std::uint32_t kWritable = 1, kAlloc = 2, kExecutes = 4;
inline constexpr std::uint16_t kUndefined = 0, kReserved = 0xFF00, kAbsolute = 0xFFF1;
inline constexpr std::uint8_t kObject = 1, kFunction = 2, kSection = 3, kFile = 4;

struct SectionHeader {
  std::uint32_t name = 0, type = 0, flags = 0, address = 0, offset = 0, size = 0, link = 0,
                info = 0, align = 0, entrySize = 0;
};

struct ProgramHeader {
  std::uint32_t type = 0, offset = 0, address = 0, fileBytes = 0, memoryBytes = 0, flags = 0,
                align = 0;
};

}  // namespace wattlas::dpu::elf
