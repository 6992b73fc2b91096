#include "pim/dpu/program/program_files.h"

#include <array>
#include <fstream>
#include <system_error>

#include "models/base/error.h"
#include "pim/dpu/program/assembler.h"

namespace wattlas::dpu {

namespace {

constexpr std::uintmax_t kMaxSource = std::uintmax_t{64} << 20;
constexpr std::uintmax_t kMaxElf = std::uintmax_t{512} << 20;

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes;
  std::array<char, 65536> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    bytes.insert(bytes.end(), block.data(), block.data() + file.gcount());
    if (bytes.size() > kMaxElf) refuse("the file is too large", "at most 512 MiB");
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
  return assemble(view(readProgramFile(path)), path.string(), beside(path, options));
}

Program loadProgram(const std::filesystem::path& path, const AssembleOptions& options) {
  const auto bytes = readProgramFile(path);
  const bool elf = bytes.size() >= 4 && view(bytes).substr(0, 4) ==
                                            "\x7f"
                                            "ELF";
  return elf ? loadElf(bytes, path.string())
             : assemble(view(bytes), path.string(), beside(path, options));
}

}  // namespace wattlas::dpu
