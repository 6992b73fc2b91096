#include "pim/dpu/program/program_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <tuple>
#include <utility>

#include "models/base/error.h"
#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/assembler.h"

namespace wattlas::dpu {

std::string_view name(Memory memory) {
  constexpr std::array<std::string_view, 5> names = {"iram", "wram", "mram", "atomic", "absolute"};
  return names.at(static_cast<std::size_t>(memory));
}

const Symbol* Program::symbol(std::string_view wanted) const {
  const Symbol* found = nullptr;
  for (const auto& candidate : symbols) {
    if (candidate.name != wanted) continue;
    if (candidate.global) return &candidate;
    if (found == nullptr) found = &candidate;
  }
  return found;
}

std::string Program::where(std::uint32_t instruction) const {
  const std::uint64_t address = kIramAddress + std::uint64_t{8} * instruction;
  const Symbol* best = nullptr;
  for (const auto& candidate : symbols) {
    if (candidate.memory != Memory::iram || candidate.address > address) continue;
    const auto rank = [](const Symbol& s) {
      return std::tuple(s.address, s.kind == SymbolKind::function, s.global);
    };
    if (best == nullptr || rank(candidate) > rank(*best)) best = &candidate;
  }
  if (best == nullptr) return {};
  const auto distance = (address - best->address) / 8;
  return distance == 0 ? best->name : best->name + "+" + std::to_string(distance);
}

bool Program::boots() const {
  return std::any_of(text.begin(), text.end(), [](std::uint64_t word) {
    const auto instruction = decode(word);
    return instruction && instruction->form->operation == Operation::boot;
  });
}

void Program::tidy() {
  std::stable_sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
    return std::tie(a.memory, a.address, a.name) < std::tie(b.memory, b.address, b.name);
  });
  std::sort(mram.begin(), mram.end(),
            [](const MramSegment& a, const MramSegment& b) { return a.offset < b.offset; });
}

namespace {

constexpr std::uintmax_t kMaxSource = std::uintmax_t{64} << 20;
constexpr std::uintmax_t kMaxElf = std::uintmax_t{512} << 20;

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool isElf(std::string_view bytes) {
  return bytes.starts_with(
      "\x7f"
      "ELF");
}

/// What a file that is no text is by its first bytes, for people.
std::string kindOf(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, const char*>, 8> kinds = {{
      {"!<arch>\n"sv, "an archive of object files (.a)"},
      {"BC\xc0\xde"sv, "LLVM bitcode"},
      {"\x1f\x8b"sv, "a gzip file"},
      {"PK\x03\x04"sv, "a zip archive"},
      {"\xfd"
       "7zXZ"sv,
       "an xz file"},
      {"\xcf\xfa\xed\xfe"sv, "a Mach-O executable"},
      {"MZ"sv, "a Windows executable"},
      {"\x89HDF"sv, "an HDF5 file"},
  }};
  for (const auto& [magic, kind] : kinds)
    if (bytes.starts_with(magic)) return kind;
  return "a binary file";
}

/// Refuses what cannot be assembly text: nothing at all, or bytes that no text holds.
void requireSource(std::string_view bytes, const std::string& name) {
  const auto refuse = [&](const std::string& what, const std::string& advice) {
    throw InputError(Problem{{name, 0},
                             {},
                             what,
                             "an ELF executable of a DPU, which begins with the bytes 7f 45 4c "
                             "46, or assembly text",
                             advice});
  };
  if (bytes.empty()) refuse("the file is empty", "");
  const bool control = std::any_of(bytes.begin(), bytes.end(), [](char c) {
    return (c >= 0 && c < 9) || (c > 13 && c < 32 && c != 27) || c == 127;
  });
  if (control)
    refuse("neither an ELF file nor text: it looks like " + kindOf(bytes),
           "raw memory contents go to a running program with --mram FILE@ADDR or "
           "--write SYMBOL=FILE");
}

AssembleOptions beside(const std::filesystem::path& path, AssembleOptions options) {
  options.folder = path.has_parent_path() ? path.parent_path() : ".";
  return options;
}

}  // namespace

std::vector<std::uint8_t> readProgramFile(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const auto refuse = [&](const std::string& what, const std::string& expected) {
    throw InputError(Problem{{path.string(), 0}, {}, what, expected, {}});
  };
  if (error || !std::filesystem::exists(status)) {
    refuse("there is no such file", "an ELF executable or an assembly source");
  }
  if (std::filesystem::is_directory(status)) {
    refuse("this is a folder", "an ELF executable or an assembly source");
  }
  if (!std::filesystem::is_regular_file(status)) {
    refuse("this is a device or pipe", "an ELF executable or an assembly source");
  }
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes;
  const auto require = [&](std::uintmax_t size) {
    const bool elf = isElf(view(bytes));
    if (size > (elf ? kMaxElf : kMaxSource))
      refuse(elf ? "the ELF file is too large" : "too large, and not an ELF file",
             "an ELF executable of at most 512 MiB or an assembly source of at most 64 MiB");
  };
  std::array<char, 65536> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    bytes.insert(bytes.end(), block.data(), block.data() + file.gcount());
    require(bytes.size());
  }
  if (!file.eof()) refuse("the file cannot be read", "a readable file");
  return bytes;
}

void addDefine(std::string_view text, Defines& defines) {
  const auto equals = text.find('=');
  const std::string name(text.substr(0, equals));
  const auto refuse = [&](const std::string& what) {
    throw InputError(Problem{{"-D", 0}, name, what, "NAME=VALUE, such as COUNT=2000", {}});
  };
  std::vector<Token> tokens;
  std::string error;
  Lexer key(name);
  if (!key.next(tokens, error) || !error.empty() || tokens.size() != 1 ||
      tokens[0].kind != TokenKind::name || tokens[0].text != name || name == ".") {
    refuse("'" + name + "' is not a symbol name");
  }
  std::int64_t value = 1;
  if (equals != std::string_view::npos) {
    Lexer lexer(text.substr(equals + 1));
    if (!lexer.next(tokens, error)) refuse("the value is missing");
    if (!error.empty()) refuse(error);
    SymbolTable symbols;
    for (const auto& [key_, number] : defines) {
      symbols.entry(key_).state = SymbolEntry::State::value;
      symbols.entry(key_).value = {number, -1};
    }
    try {
      const Value result = symbols.evaluate(tokens, {});
      value = result.number;
    } catch (const EvaluationError& why) {
      refuse(why.what);
    }
  }
  defines[name] = value;
}

Program assemble(std::string_view source, const std::string& name, const AssembleOptions& options) {
  if (source.size() > kMaxSource) {
    throw InputError(
        Problem{{name, 0}, {}, "the source is larger than 64 MiB", "an assembly source", {}});
  }
  return Assembler(source, name, options).run();
}

Program assembleFile(const std::filesystem::path& path, const AssembleOptions& options) {
  const auto bytes = readProgramFile(path);
  if (isElf(view(bytes)))
    throw InputError(Problem{{path.string(), 0},
                             {},
                             "this is an ELF file, which needs no assembling",
                             "assembly text",
                             "`wattlas dpu run` and `wattlas dpu objdump` take it as it is"});
  requireSource(view(bytes), path.string());
  return assemble(view(bytes), path.string(), beside(path, options));
}

Program loadProgram(const std::filesystem::path& path, const AssembleOptions& options) {
  const auto bytes = readProgramFile(path);
  if (isElf(view(bytes))) return loadElf(bytes, path.string());
  requireSource(view(bytes), path.string());
  return assemble(view(bytes), path.string(), beside(path, options));
}

}  // namespace wattlas::dpu
