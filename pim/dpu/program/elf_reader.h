// Bounds-checked reading of an ELF image: every access outside it is an InputError with its offset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wattlas::dpu::elf {

// The parts of the ELF32 format that DPU executables use (little-endian, machine 245).

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

class Image {
 public:
  /// Checks identification, class, byte order, type and machine. Both arguments must outlive it.
  Image(const std::vector<std::uint8_t>& bytes, const std::string& name);

  std::uint32_t entry() const { return entry_; }
  const std::vector<ProgramHeader>& segments() const { return segments_; }
  const std::vector<SectionHeader>& sections() const { return sections_; }
  std::uint64_t size() const { return bytes_.size(); }

  std::uint8_t u8(std::uint64_t offset) const;
  std::uint16_t u16(std::uint64_t offset) const;
  std::uint32_t u32(std::uint64_t offset) const;
  std::uint64_t u64(std::uint64_t offset) const;
  /// The bytes [offset, offset + count); throws when they are not all in the file.
  const std::uint8_t* data(std::uint64_t offset, std::uint64_t count, const char* what) const;
  /// The string at `index` of a string table section, at most 4,096 bytes.
  std::string text(const SectionHeader& table, std::uint32_t index) const;
  /// Name of a section for messages, or "section N" when the name table is missing.
  std::string sectionName(std::size_t index) const;

  [[noreturn]] void fail(std::uint64_t offset, const std::string& what,
                         const std::string& expected = {}) const;

 private:
  void readHeader();
  void readSegments(std::uint32_t offset, std::uint32_t entryBytes, std::uint32_t count);
  void readSections(std::uint32_t offset, std::uint32_t entryBytes, std::uint32_t count);

  const std::vector<std::uint8_t>& bytes_;
  const std::string& name_;
  std::uint32_t entry_ = 0;
  std::uint32_t nameTable_ = 0;
  std::vector<ProgramHeader> segments_;
  std::vector<SectionHeader> sections_;
};

}  // namespace wattlas::dpu::elf
