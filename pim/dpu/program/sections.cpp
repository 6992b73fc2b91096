#include <algorithm>
#include <array>

#include "pim/dpu/program/assembler.h"

namespace wattlas::dpu {

namespace {

constexpr std::array<std::pair<std::string_view, Memory>, 6> kPrefixes = {
    {{".text", Memory::iram},
     {".data", Memory::wram},
     {".rodata", Memory::wram},
     {".bss", Memory::wram},
     {".mram", Memory::mram},
     {".atomic", Memory::atomic}}};
constexpr std::array<std::string_view, 9> kIgnored = {".debug",       ".comment", ".note",
                                                      ".stack_sizes", ".llvm",    ".eh_frame",
                                                      ".gnu",         ".symtab",  ".strtab"};

/// Place after everything else of its memory.
bool last(const AssemblySection& section) {
  return section.name.starts_with(".bss");
}

}  // namespace

std::uint64_t AssemblySection::capacity() const {
  switch (memory) {
    case Memory::iram:
      return kIramInstructions;
    case Memory::wram:
      return kWramBytes;
    case Memory::mram:
      return kMramBytes;
    case Memory::atomic:
      return kAtomicBits;
    default:
      return std::uint64_t{1} << 32;  // left out, only counted
  }
}

bool AssemblySection::fits(std::uint64_t count) const {
  const std::uint64_t used = total != nullptr ? *total : cursor;
  return count <= capacity() && used <= capacity() - count;
}

bool AssemblySection::reserve(std::uint64_t count) {
  if (!fits(count)) return false;
  cursor += count;
  if (total != nullptr) *total += count;
  return true;
}

bool AssemblySection::append(const std::uint8_t* bytes, std::size_t count) {
  const auto at = cursor;
  if (!reserve(count)) return false;
  if (ignored || count == 0) return true;
  if (runs.empty() || runs.back().offset + runs.back().bytes.size() != at) {
    runs.push_back({static_cast<std::uint32_t>(at), {}});
  }
  runs.back().bytes.insert(runs.back().bytes.end(), bytes, bytes + count);
  return true;
}

bool AssemblySection::fill(std::uint64_t count, std::uint8_t value) {
  if (value == 0 || ignored) return reserve(count);
  if (!fits(count)) return false;
  const std::vector<std::uint8_t> bytes(count, value);
  return append(bytes.data(), bytes.size());
}

void AssemblySection::patch(std::uint64_t offset, const std::uint8_t* bytes, std::size_t count) {
  const auto after = std::upper_bound(
      runs.begin(), runs.end(), offset,
      [](std::uint64_t wanted, const MramSegment& run) { return wanted < run.offset; });
  if (after == runs.begin()) return;
  auto& run = *(after - 1);
  if (offset + count > run.offset + run.bytes.size()) return;
  std::copy_n(bytes, count, run.bytes.begin() + static_cast<std::ptrdiff_t>(offset - run.offset));
}

std::optional<AssemblySection> sectionNamed(std::string_view name,
                                            const std::optional<std::string>& flags) {
  AssemblySection section;
  section.name = name;
  for (const auto& [prefix, memory] : kPrefixes) {
    if (!name.starts_with(prefix)) continue;
    section.memory = memory;
    return section;
  }
  const bool ignored = std::any_of(kIgnored.begin(), kIgnored.end(), [&](std::string_view prefix) {
    return name.starts_with(prefix);
  });
  if (!ignored && !flags) return std::nullopt;
  if (!ignored && flags->find('x') != std::string::npos) {
    section.memory = Memory::iram;
  } else if (!ignored && flags->find('a') != std::string::npos) {
    section.memory = Memory::wram;
  } else {
    section.memory = Memory::absolute;
    section.ignored = true;
  }
  return section;
}

std::vector<std::int64_t> placeSections(const std::vector<AssemblySection>& sections) {
  std::vector<std::int64_t> bases(sections.size(), 0);
  std::array<std::uint64_t, 5> next{};
  // Hardware boots at instruction 0, where vendor linkers put the start-up code of this name.
  const auto rank = [](const AssemblySection& section) {
    return section.name == ".text.__bootstrap" ? 0 : last(section) ? 2 : 1;
  };
  for (const int wanted : {0, 1, 2}) {
    for (std::size_t i = 0; i < sections.size(); ++i) {
      const auto& section = sections[i];
      if (rank(section) != wanted) continue;
      auto& at = next[static_cast<std::size_t>(section.memory)];
      // DMA needs multiples of 8; code and lock bits need no alignment.
      const bool data = section.memory == Memory::wram || section.memory == Memory::mram;
      const std::uint64_t align = data ? std::max<std::uint64_t>(section.align, 8) : 1;
      at = (at + align - 1) / align * align;
      std::uint64_t origin = 0;
      if (section.memory == Memory::mram) origin = kMramAddress;
      if (section.memory == Memory::atomic) origin = kAtomicAddress;
      bases[i] = static_cast<std::int64_t>(origin + at);
      at += section.cursor;
    }
  }
  return bases;
}

}  // namespace wattlas::dpu
