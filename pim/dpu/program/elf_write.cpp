// Makes an ELF executable of a program.

#include <algorithm>
#include <cstdio>

#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "pim/dpu/program/elf_reader.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

namespace {

void put16(std::vector<std::uint8_t>& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

void put32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  put16(out, value & 0xFFFF);
  put16(out, value >> 16);
}

struct Section {
  std::string name;
  elf::SectionHeader header;
  std::vector<std::uint8_t> bytes;
  Memory memory = Memory::absolute;
};

class Writer {
 public:
  explicit Writer(const Program& program) : program_(program) {}

  std::vector<std::uint8_t> image() {
    sections_.emplace_back();  // the null section
    memorySections();
    symbolSections();
    return assemble();
  }

 private:
  void section(const std::string& name, Memory memory, std::uint32_t address,
               std::vector<std::uint8_t> bytes, std::uint32_t size, std::uint32_t flags) {
    Section made;
    made.name = name;
    made.memory = memory;
    made.header.type = bytes.empty() && size > 0 ? elf::kNobits : elf::kProgbits;
    made.header.flags = elf::kAlloc | flags;
    made.header.address = address;
    made.header.size = size;
    made.header.align = 8;
    made.bytes = std::move(bytes);
    sections_.push_back(std::move(made));
  }

  bool refers(Memory memory) const {
    return std::any_of(program_.symbols.begin(), program_.symbols.end(),
                       [&](const Symbol& s) { return s.memory == memory; });
  }

  void memorySections() {
    std::vector<std::uint8_t> text;
    for (const auto word : program_.text) {
      put32(text, static_cast<std::uint32_t>(word));
      put32(text, static_cast<std::uint32_t>(word >> 32));
    }
    const auto textBytes = static_cast<std::uint32_t>(text.size());
    section(".text", Memory::iram, kIramAddress, std::move(text), textBytes, elf::kExecutes);

    const auto data = static_cast<std::uint32_t>(program_.wram.size());
    if (data > 0) section(".data", Memory::wram, 0, program_.wram, data, elf::kWritable);
    if (program_.wramUsed > data || (data == 0 && refers(Memory::wram))) {
      section(".bss", Memory::wram, data, {}, std::max(program_.wramUsed, data) - data,
              elf::kWritable);
    }
    std::uint32_t end = 0;
    std::size_t number = 0;
    for (const auto& segment : program_.mram) {
      const auto bytes = static_cast<std::uint32_t>(segment.bytes.size());
      section(number == 0 ? ".mram" : ".mram." + std::to_string(number), Memory::mram,
              kMramAddress + segment.offset, segment.bytes, bytes, elf::kWritable);
      end = segment.offset + bytes;
      ++number;
    }
    if (program_.mramUsed > end || (number == 0 && refers(Memory::mram))) {
      section(number == 0 ? ".mram" : ".mram.noinit", Memory::mram, kMramAddress + end, {},
              std::max(program_.mramUsed, end) - end, elf::kWritable);
    }
    if (program_.atomicBits > 0 || refers(Memory::atomic)) {
      section(".atomic", Memory::atomic, kAtomicAddress, {}, program_.atomicBits, elf::kWritable);
    }
    loadable_ = sections_.size();
  }

  std::uint32_t indexFor(const Symbol& symbol) const {
    std::uint32_t best = elf::kAbsolute;
    for (std::size_t i = 1; i < loadable_; ++i) {
      if (sections_[i].memory != symbol.memory) continue;
      if (best == elf::kAbsolute || symbol.address >= sections_[i].header.address) {
        best = static_cast<std::uint32_t>(i);
      }
    }
    return best;
  }

  void symbolSections() {
    Section table, strings;
    strings.bytes.push_back(0);
    table.bytes.assign(elf::kSymbolBytes, 0);
    std::uint32_t locals = 1;
    for (const bool global : {false, true}) {
      for (const auto& symbol : program_.symbols) {
        if (symbol.global != global) continue;
        if (!global) ++locals;
        put32(table.bytes, static_cast<std::uint32_t>(strings.bytes.size()));
        strings.bytes.insert(strings.bytes.end(), symbol.name.begin(), symbol.name.end());
        strings.bytes.push_back(0);
        put32(table.bytes, symbol.address);
        put32(table.bytes, symbol.size);
        const unsigned kind = symbol.kind == SymbolKind::function ? elf::kFunction
                              : symbol.kind == SymbolKind::object ? elf::kObject
                                                                  : 0;
        table.bytes.push_back(static_cast<std::uint8_t>((global ? 16 : 0) | kind));
        table.bytes.push_back(0);
        put16(table.bytes, indexFor(symbol));
      }
    }
    table.name = ".symtab";
    table.header.type = elf::kSymtab;
    table.header.link = static_cast<std::uint32_t>(sections_.size() + 1);
    table.header.info = locals;
    table.header.align = 4;
    table.header.entrySize = elf::kSymbolBytes;
    sections_.push_back(std::move(table));
    strings.name = ".strtab";
    strings.header.type = elf::kStrtab;
    strings.header.align = 1;
    sections_.push_back(std::move(strings));
    Section names;
    names.name = ".shstrtab";
    names.header.type = elf::kStrtab;
    names.header.align = 1;
    sections_.push_back(std::move(names));
  }

  std::vector<std::uint8_t> assemble() {
    auto& names = sections_.back().bytes;
    for (auto& section : sections_) {
      section.header.name = static_cast<std::uint32_t>(names.size());
      names.insert(names.end(), section.name.begin(), section.name.end());
      names.push_back(0);
    }
    std::vector<std::uint8_t> out;
    const auto segments = static_cast<std::uint32_t>(loadable_ - 1);
    std::uint32_t at = elf::kHeaderBytes + segments * elf::kProgramHeaderBytes;
    for (std::size_t i = 1; i < sections_.size(); ++i) {
      auto& section = sections_[i];
      at = (at + 7) / 8 * 8;
      section.header.offset = at;
      if (i >= loadable_) section.header.size = static_cast<std::uint32_t>(section.bytes.size());
      at += static_cast<std::uint32_t>(section.bytes.size());
    }
    const std::uint32_t table = (at + 7) / 8 * 8;
    header(out, segments, table);
    for (std::size_t i = 1; i < loadable_; ++i) segment(out, sections_[i]);
    for (std::size_t i = 1; i < sections_.size(); ++i) {
      out.resize(sections_[i].header.offset);
      out.insert(out.end(), sections_[i].bytes.begin(), sections_[i].bytes.end());
    }
    out.resize(table);
    for (const auto& section : sections_) {
      const auto& h = section.header;
      for (const auto value : {h.name, h.type, h.flags, h.address, h.offset, h.size, h.link, h.info,
                               h.align, h.entrySize}) {
        put32(out, value);
      }
    }
    return out;
  }

  void header(std::vector<std::uint8_t>& out, std::uint32_t segments, std::uint32_t table) const {
    out = {0x7F, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    put16(out, elf::kExecutable);
    put16(out, elf::kMachine);
    put32(out, 1);
    put32(out, kIramAddress + 8 * program_.entry);
    put32(out, elf::kHeaderBytes);
    put32(out, table);
    put32(out, elf::kFlags);
    put16(out, elf::kHeaderBytes);
    put16(out, elf::kProgramHeaderBytes);
    put16(out, segments);
    put16(out, elf::kSectionHeaderBytes);
    put16(out, static_cast<std::uint32_t>(sections_.size()));
    put16(out, static_cast<std::uint32_t>(sections_.size() - 1));
  }

  static void segment(std::vector<std::uint8_t>& out, const Section& section) {
    const auto& h = section.header;
    const bool code = (h.flags & elf::kExecutes) != 0;
    put32(out, elf::kLoad);
    put32(out, h.offset);
    put32(out, h.address);
    put32(out, h.address);
    put32(out, static_cast<std::uint32_t>(section.bytes.size()));
    put32(out, h.size);
    put32(out, code ? 5 : 6);  // read and execute, or read and write
    put32(out, 8);
  }

  const Program& program_;
  std::vector<Section> sections_;
  std::size_t loadable_ = 0;  ///< sections before this one are loaded
};

}  // namespace

std::vector<std::uint8_t> elfImage(const Program& program) {
  return Writer(program).image();
}

void writeElf(const Program& program, const std::filesystem::path& path) {
  const auto image = elfImage(program);
  writeFileAtomically(path.string(), {reinterpret_cast<const char*>(image.data()), image.size()});
}

}  // namespace wattlas::dpu
