// Places the segments (or sections) of an ELF image in the DPU's memories.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/base/error.h"
#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/elf_reader.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{512} << 20;
constexpr std::uint64_t kMaxNames = std::uint64_t{64} << 20;

struct Region {
  Memory memory;
  std::uint32_t address;
  std::uint32_t bytes;  ///< in the address space of the file
};
constexpr std::array<Region, 4> memoryRegions = {
    {{Memory::iram, kIramAddress, kIramInstructions * 8},
     {Memory::wram, kWramAddress, kWramBytes},
     {Memory::mram, kMramAddress, kMramBytes},
     {Memory::atomic, kAtomicAddress, kAtomicBits}}};

const Region* regionOf(std::uint32_t address, bool endAllowed = false) {
  for (const auto& region : memoryRegions) {
    const std::uint64_t last = std::uint64_t{region.address} + region.bytes + (endAllowed ? 1 : 0);
    if (address >= region.address && address < last) return &region;
  }
  return nullptr;
}

std::string hex(std::uint32_t value) {
  return fmt::format("0x{:08x}", value);
}

/// A run of bytes of the file that belongs at an address.
struct Piece {
  std::uint64_t header;  ///< file offset of the header that describes it, for messages
  std::string what;
  std::uint32_t address, offset, fileBytes, memoryBytes;
};

std::uint64_t wordAt(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  for (unsigned k = 0; k < 6; ++k) word |= std::uint64_t{bytes[k]} << (8 * k);
  return word;
}

/// Code that makes sense only as 6 bytes an instruction: as 8 bytes, the unused ones are not 0 and
/// not every word is an instruction.
bool packedInSixBytes(const std::uint8_t* bytes, std::uint32_t size) {
  if (size % 6 != 0) return false;
  const auto all = [&](std::uint32_t step) {
    for (std::uint32_t i = 0; i < size; i += step) {
      if (!decode(wordAt(bytes + i))) return false;
    }
    return true;
  };
  bool clean = true;
  for (std::uint32_t i = 0; i < size; i += 8)
    clean = clean && bytes[i + 6] == 0 && bytes[i + 7] == 0;
  return !clean && !all(8) && all(6);
}

class Loader {
 public:
  Loader(const elf::Image& image, Program& program) : image_(image), program_(program) {}

  void place(const Piece& piece) {
    if (piece.memoryBytes == 0) return;
    const Region* region = regionOf(piece.address);
    if (region == nullptr) {
      image_.fail(piece.header,
                  piece.what + " at address " + hex(piece.address) + " lies in no memory of a DPU",
                  "IRAM 0x80000000, WRAM 0, MRAM 0x08000000 or atomic 0xf0000000");
    }
    const std::uint32_t at = piece.address - region->address;
    if (piece.fileBytes > piece.memoryBytes) {
      image_.fail(piece.header, piece.what + " has more bytes in the file than in memory");
    }
    if (piece.memoryBytes > region->bytes - at) {
      image_.fail(piece.header,
                  piece.what + " at address " + hex(piece.address) + " of " +
                      std::to_string(piece.memoryBytes) + " bytes does not fit into " +
                      std::string(name(region->memory)),
                  "at most " + std::to_string(region->bytes) + " bytes in that memory");
    }
    const auto* bytes = image_.data(piece.offset, piece.fileBytes, "the contents of a segment");
    switch (region->memory) {
      case Memory::iram:
        placeText(piece, at, bytes);
        break;
      case Memory::wram:
        placeWram(piece, at, bytes);
        break;
      case Memory::mram:
        placeMram(piece, at, bytes);
        break;
      default:
        program_.atomicBits = std::max(program_.atomicBits, at + piece.memoryBytes);
        break;
    }
  }

  void checkMram() const {
    std::uint64_t end = 0;
    for (const auto& segment : program_.mram) {
      if (segment.offset < end) image_.fail(0, "two MRAM segments overlap");
      end = std::uint64_t{segment.offset} + segment.bytes.size();
    }
  }

 private:
  void placeText(const Piece& piece, std::uint32_t at, const std::uint8_t* bytes) {
    if (at % 8 != 0 || piece.fileBytes % 8 != 0) {
      image_.fail(piece.header, piece.what + " does not hold whole instructions",
                  "address and size that are multiples of 8");
    }
    if (packedInSixBytes(bytes, piece.fileBytes)) {
      image_.fail(piece.header, piece.what + " holds instructions of 48 bits, one behind the other",
                  "8 bytes an instruction, the upper two of them 0");
    }
    const std::uint32_t first = at / 8, count = piece.fileBytes / 8;
    if (program_.text.size() < first + count) program_.text.resize(first + count);
    for (std::uint32_t i = 0; i < count; ++i) {
      // IRAM holds 48 bits; the file's upper two bytes do not reach it.
      program_.text[first + i] = wordAt(bytes + 8 * std::size_t{i});
    }
  }

  void placeWram(const Piece& piece, std::uint32_t at, const std::uint8_t* bytes) {
    if (piece.fileBytes > 0) {
      if (program_.wram.size() < at + piece.fileBytes) program_.wram.resize(at + piece.fileBytes);
      std::copy_n(bytes, piece.fileBytes, program_.wram.begin() + at);
    }
    program_.wramUsed = std::max(program_.wramUsed, at + piece.memoryBytes);
  }

  void placeMram(const Piece& piece, std::uint32_t at, const std::uint8_t* bytes) {
    if (piece.fileBytes > 0) {
      program_.mram.push_back({at, std::vector<std::uint8_t>(bytes, bytes + piece.fileBytes)});
    }
    program_.mramUsed = std::max(program_.mramUsed, at + piece.memoryBytes);
  }

  const elf::Image& image_;
  Program& program_;
};

std::vector<Piece> pieces(const elf::Image& image) {
  std::vector<Piece> all;
  for (std::size_t i = 0; i < image.segments().size(); ++i) {
    const auto& segment = image.segments()[i];
    if (segment.type != elf::kLoad) continue;
    all.push_back({image.u32(28), "program segment " + std::to_string(i), segment.address,
                   segment.offset, segment.fileBytes, segment.memoryBytes});
  }
  // Sections that no segment covers: files without program headers, and tool chains whose
  // segments leave some memories out.
  const std::size_t segments = all.size();
  for (std::size_t i = 0; i < image.sections().size(); ++i) {
    const auto& section = image.sections()[i];
    if ((section.flags & elf::kAlloc) == 0 || section.size == 0 || section.type == elf::kNote) {
      continue;
    }
    const std::uint64_t end = std::uint64_t{section.address} + section.size;
    const bool covered = std::any_of(all.begin(), all.begin() + segments, [&](const Piece& piece) {
      return section.address < std::uint64_t{piece.address} + piece.memoryBytes &&
             end > piece.address;
    });
    // Beside segments, a section that lies in no memory is a tool's own and is left out.
    if (covered || (segments > 0 && regionOf(section.address) == nullptr)) continue;
    const bool empty = section.type == elf::kNobits;
    all.push_back({image.u32(32), image.sectionName(i), section.address, section.offset,
                   empty ? 0 : section.size, section.size});
  }
  return all;
}

void loadSymbols(const elf::Image& image, Program& program) {
  std::uint64_t names = 0;
  for (const auto& table : image.sections()) {
    if (table.type != elf::kSymtab || table.size == 0) continue;
    if (table.entrySize < elf::kSymbolBytes) {
      image.fail(table.offset, "symbols of " + std::to_string(table.entrySize) + " bytes", "16");
    }
    if (table.link >= image.sections().size()) {
      image.fail(table.offset, "the symbol table names string table " + std::to_string(table.link) +
                                   ", which does not exist");
    }
    const auto& strings = image.sections()[table.link];
    image.data(table.offset, table.size, "the symbol table");
    for (std::uint64_t at = table.offset;
         at + elf::kSymbolBytes <= table.offset + std::uint64_t{table.size};
         at += table.entrySize) {
      const auto info = image.u8(at + 12);
      const auto section = image.u16(at + 14);
      const auto kind = info & 15;
      if (kind == elf::kSection || kind == elf::kFile || section == elf::kUndefined) continue;
      Symbol symbol;
      symbol.name = image.text(strings, image.u32(at));
      if (symbol.name.empty()) continue;
      names += symbol.name.size() + 1;
      if (names > kMaxNames) image.fail(at, "the symbol names take more than 64 MiB");
      symbol.address = image.u32(at + 4);
      symbol.size = image.u32(at + 8);
      symbol.global = (info >> 4) != 0;
      symbol.kind = kind == elf::kFunction ? SymbolKind::function
                    : kind == elf::kObject ? SymbolKind::object
                                           : SymbolKind::label;
      if (section != elf::kAbsolute) {
        // A symbol at the very end of a memory (heap start) still belongs to it.
        const bool known = section < image.sections().size();
        const Region* region = known ? regionOf(image.sections()[section].address, true) : nullptr;
        if (region == nullptr) region = regionOf(symbol.address, true);
        if (region != nullptr) symbol.memory = region->memory;
        if (known && (image.sections()[section].flags & elf::kAlloc) == 0) {
          symbol.memory = Memory::absolute;
        }
      } else if (const Region* region = regionOf(symbol.address, true);
                 region != nullptr && region->memory == Memory::mram) {
        // Linker scripts define the end of the used MRAM as a number; no other number is that
        // large.
        symbol.memory = Memory::mram;
      }
      program.symbols.push_back(std::move(symbol));
    }
  }
}

}  // namespace

Program loadElf(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  if (bytes.size() > kMaxFile) {
    throw InputError(Problem{{name, 0}, "ELF", "the file is larger than 512 MiB", {}, {}});
  }
  const elf::Image image(bytes, name);
  Program program;
  program.name = name;
  Loader loader(image, program);
  for (const auto& piece : pieces(image)) loader.place(piece);
  loadSymbols(image, program);
  program.vendorRuntime =
      program.symbol("__bootstrap") != nullptr || program.symbol("__sys_used_mram_end") != nullptr;
  program.tidy();
  loader.checkMram();
  if (program.text.empty()) image.fail(0, "there is no code at address 0x80000000");
  // Hardware boots at instruction 0; only an entry inside IRAM says otherwise.
  if (const Region* region = regionOf(image.entry());
      region != nullptr && region->memory == Memory::iram) {
    program.entry = (image.entry() - kIramAddress) / 8;
    if (image.entry() % 8 != 0 || program.entry >= program.text.size()) {
      image.fail(24, "entry " + hex(image.entry()) + " is not an instruction of the program");
    }
  }
  return program;
}

}  // namespace wattlas::dpu
