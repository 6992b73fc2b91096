// Bounds-checked reading of an ELF image: every access outside it is an InputError with its offset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pim/dpu/program/elf_format.h"

namespace wattlas::dpu::elf {

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
