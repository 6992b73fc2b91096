#include "pim/dpu/program/elf_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "models/base/error.h"

namespace wattlas::dpu::elf {

namespace {

constexpr std::uint32_t kMaxName = 4096;
constexpr std::uint32_t kMaxHeaders = 65535;

/// " of NAME" for machines that are taken for DPUs by mistake: the host of a DPU program, mostly.
std::string ofMachine(std::uint16_t machine) {
  switch (machine) {
    case 3:
      return " of x86";
    case 62:
      return " of x86-64 (a host program?)";
    case 40:
      return " of Arm";
    case 183:
      return " of AArch64 (a host program?)";
    case 243:
      return " of RISC-V";
    default:
      return "";
  }
}

}  // namespace

Image::Image(const std::vector<std::uint8_t>& bytes, const std::string& name)
    : bytes_(bytes), name_(name) {
  readHeader();
}

void Image::fail(std::uint64_t offset, const std::string& what, const std::string& expected) const {
  throw InputError(Problem{
      {name_, 0}, "ELF", fmt::format("at file offset {:#x}: {}", offset, what), expected, {}});
}

const std::uint8_t* Image::data(std::uint64_t offset, std::uint64_t count, const char* what) const {
  if (offset > bytes_.size() || count > bytes_.size() - offset) {
    fail(offset,
         std::string(what) + " of " + std::to_string(count) +
             " bytes reaches beyond the end of the file (" + std::to_string(bytes_.size()) +
             " bytes)",
         "a complete file: is it truncated?");
  }
  return bytes_.data() + offset;
}

std::uint8_t Image::u8(std::uint64_t offset) const {
  return *data(offset, 1, "a field");
}

std::uint16_t Image::u16(std::uint64_t offset) const {
  const auto* p = data(offset, 2, "a field");
  return static_cast<std::uint16_t>(p[0] | (p[1] << 8));
}

std::uint32_t Image::u32(std::uint64_t offset) const {
  const auto* p = data(offset, 4, "a field");
  return p[0] | (std::uint32_t{p[1]} << 8) | (std::uint32_t{p[2]} << 16) |
         (std::uint32_t{p[3]} << 24);
}

std::uint64_t Image::u64(std::uint64_t offset) const {
  return u32(offset) | (std::uint64_t{u32(offset + 4)} << 32);
}

std::string Image::text(const SectionHeader& table, std::uint32_t index) const {
  if (index >= table.size) {
    fail(std::uint64_t{table.offset} + index, "a name lies outside its string table");
  }
  const auto* begin =
      reinterpret_cast<const char*>(data(table.offset, table.size, "a string table")) + index;
  const std::size_t limit = std::min<std::size_t>(table.size - index, kMaxName);
  const auto* end = static_cast<const char*>(std::memchr(begin, 0, limit));
  if (end == nullptr) {
    fail(std::uint64_t{table.offset} + index, "a name has no end",
         "a zero byte within " + std::to_string(kMaxName) + " bytes");
  }
  return std::string(begin, end);
}

std::string Image::sectionName(std::size_t index) const {
  if (nameTable_ != 0 && nameTable_ < sections_.size() && index < sections_.size()) {
    const auto& table = sections_[nameTable_];
    if (table.type == kStrtab && sections_[index].name < table.size) {
      return text(table, sections_[index].name);
    }
  }
  return "section " + std::to_string(index);
}

void Image::readHeader() {
  constexpr std::array<std::uint8_t, 4> magic = {0x7F, 'E', 'L', 'F'};
  if (bytes_.size() < magic.size() || !std::equal(magic.begin(), magic.end(), bytes_.begin())) {
    fail(0, "not an ELF file", "the bytes 7f 45 4c 46");
  }
  data(0, kHeaderBytes, "the ELF header");
  if (u8(4) != 1)
    fail(4,
         "ELF class " + std::to_string(u8(4)) +
             (u8(4) == 2 ? ", a 64-bit program" + ofMachine(u16(18)) : ""),
         "class 1: a 32-bit program of a DPU, machine 245");
  if (u8(5) != 1) fail(5, "byte order " + std::to_string(u8(5)), "1 (little-endian)");
  const auto machine = u16(18);
  if (machine != kMachine) {
    fail(18, "machine " + std::to_string(machine) + " is not a DPU" + ofMachine(machine),
         "machine 245: a program compiled for DPUs");
  }
  const auto type = u16(16);
  if (type == kRelocatable) {
    fail(16, "this is an object file, not an executable", "a linked program (ELF type 2)");
  }
  if (type != kExecutable) fail(16, "ELF type " + std::to_string(type), "an executable (2)");
  entry_ = u32(24);
  nameTable_ = u16(50);
  if (u32(28) != 0) readSegments(u32(28), u16(42), u16(44));
  if (u32(32) != 0) readSections(u32(32), u16(46), u16(48));
}

void Image::readSegments(std::uint32_t offset, std::uint32_t entryBytes, std::uint32_t count) {
  if (count == 0) return;
  if (entryBytes < kProgramHeaderBytes) {
    fail(42, "program header entries of " + std::to_string(entryBytes) + " bytes", "32 or more");
  }
  data(offset, std::uint64_t{count} * entryBytes, "the program header table");
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = offset + std::uint64_t{i} * entryBytes;
    segments_.push_back({u32(at), u32(at + 4), u32(at + 8), u32(at + 16), u32(at + 20),
                         u32(at + 24), u32(at + 28)});
  }
}

void Image::readSections(std::uint32_t offset, std::uint32_t entryBytes, std::uint32_t count) {
  if (entryBytes < kSectionHeaderBytes) {
    fail(46, "section header entries of " + std::to_string(entryBytes) + " bytes", "40 or more");
  }
  // Many sections: the true count stands in the first header.
  if (count == 0) count = u32(std::uint64_t{offset} + 20);
  if (count > kMaxHeaders) {
    fail(offset, std::to_string(count) + " sections", "at most " + std::to_string(kMaxHeaders));
  }
  data(offset, std::uint64_t{count} * entryBytes, "the section header table");
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t at = offset + std::uint64_t{i} * entryBytes;
    sections_.push_back({u32(at), u32(at + 4), u32(at + 8), u32(at + 12), u32(at + 16),
                         u32(at + 20), u32(at + 24), u32(at + 28), u32(at + 32), u32(at + 36)});
  }
}

}  // namespace wattlas::dpu::elf
