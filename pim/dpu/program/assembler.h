// Assembly source to a program: one pass over the lines that lays out sections and labels, then the
// instructions and data that were waiting for addresses.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pim/dpu/isa/instruction_set.h"
#include "pim/dpu/program/program_files.h"
#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

// Chooses the form of an instruction from its operands and encodes it.

/// Why no form of a mnemonic takes the operands.
struct MatchError {
  std::string what, expected, hint;
};

class Matcher {
 public:
  Matcher(const InstructionSet& set, SymbolTable& symbols) : set_(set), symbols_(symbols) {}

  bool known(const std::string& mnemonic) const { return !set_.formsOf(mnemonic).empty(); }
  /// Every mnemonic that is spelled like this one, for "did you mean".
  std::string hint(const std::string& mnemonic) const;

  /// The word of the instruction. Forms are tried in table order; one that the operands fit as
  /// written wins over one that needs an implied condition `false`. `here` is the value of `.`.
  Expected<std::uint64_t, MatchError> match(const std::string& mnemonic, Tokens operands,
                                            Value here, std::size_t order);

 private:
  const InstructionSet& set_;
  SymbolTable& symbols_;
};

// The sections of an assembly source and their places in the DPU's memories.

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

class Assembler {
 public:
  Assembler(std::string_view source, const std::string& name, const AssembleOptions& options);

  /// Throws InputError with all problems.
  Program run();

 private:
  /// An instruction whose operands are encoded once every label has its place.
  struct Statement {
    int section;
    std::int64_t index;
    std::size_t order;
    SourceLine line;
    std::string mnemonic;
    std::vector<Token> operands;
    std::string_view text;
  };
  /// Data of `bytes` bytes whose value is not known on its line.
  struct Fixup {
    int section;
    std::uint64_t offset;
    std::size_t bytes, order;
    SourceLine line;
    std::vector<Token> value;
  };
  using Directive = void (Assembler::*)(const std::string& name, Tokens rest);

  // assembler.cpp: lines, labels, instructions, the result.
  void defineOutside(const AssembleOptions& options);
  void line(const std::vector<Token>& tokens);
  void label(const std::string& name);
  void instruction(const Token& mnemonic, Tokens operands);
  void encodeAll(Program& program);
  void patchAll();
  void collect(Program& program);
  void collectSymbols(Program& program);
  void problem(std::string what, std::string expected = {}, std::string hint = {});
  void problem(const EvaluationError& error);
  bool full() const;
  Value here() const;
  AssemblySection& section() { return sections_[static_cast<std::size_t>(current_)]; }

  // include.cpp
  void include(const std::string& name, Tokens rest);
  /// Goes back to the source that included this one; false at the end of all.
  bool leaveSource();
  std::string placeText(SourceLine place) const;

  // macros.cpp
  /// Takes a line of a block that is being collected; false when none is.
  bool collect(const std::vector<Token>& tokens, std::string_view text);
  void macro(const std::string& name, Tokens rest);
  /// Puts the text of a macro in the place of its call; false when there is no such macro.
  bool callMacro(const Token& name, Tokens operands);
  void expand(std::string text);

  // directives.cpp and data_directives.cpp
  static const std::map<std::string, Directive, std::less<>>& directives();
  static bool passedOver(std::string_view directive);
  bool conditional(const std::string& name, Tokens rest);
  void directive(const std::string& name, Tokens rest);
  void enter(const std::string& name, const std::optional<std::string>& flags);
  void setSection(const std::string& name, Tokens rest);
  void namedSection(const std::string& name, Tokens rest);
  void returnSection(const std::string& name, Tokens rest);
  void values(const std::string& name, Tokens rest);
  void strings(const std::string& name, Tokens rest);
  void space(const std::string& name, Tokens rest);
  void repeated(const std::string& name, Tokens rest);
  void align(const std::string& name, Tokens rest);
  void assign(const std::string& name, Tokens rest);
  void visibility(const std::string& name, Tokens rest);
  void symbolType(const std::string& name, Tokens rest);
  void symbolSize(const std::string& name, Tokens rest);
  void common(const std::string& name, Tokens rest);
  void equate(const std::string& name, Tokens expression);
  bool dataAllowed(const std::string& name);
  /// The value of an expression that must be known on this line.
  std::optional<std::int64_t> known(Tokens tokens);
  void overflow(const AssemblySection& section);
  bool valueFits(std::int64_t value, std::size_t bytes);
  /// Registers and `.` cannot be symbols: an operand of that name would never mean the symbol.
  static bool reserved(const std::string& name);

  /// A source that is being read: the one given, and those that `.include` stacks on it.
  struct Open {
    Lexer lexer;
    std::uint32_t file;      ///< in files_
    std::size_t branches;    ///< .if blocks open when it began
    std::uint32_t call = 0;  ///< line of the call, for the text of a macro
  };
  struct Macro {
    std::vector<std::string> parameters;
    std::string body;
  };
  /// A .macro (with a name) or .rept block up to its end.
  struct Collecting {
    std::string name, body;
    std::vector<std::string> parameters;
    std::int64_t count = 0;
    int depth = 1;
    SourceLine line;
  };
  struct File {
    std::string name;
    std::filesystem::path folder;  ///< for its own .include; empty = there is none
    std::string text;              ///< of an included file
  };
  std::vector<Open> open_;
  std::deque<File> files_;
  const InstructionSet& set_;
  SymbolTable symbols_;
  Matcher matcher_;
  std::vector<AssemblySection> sections_;
  int current_ = 0, previous_ = 0;
  std::vector<int> pushed_;                ///< sections of .pushsection
  std::array<std::uint64_t, 5> totals_{};  ///< by memory
  std::vector<Statement> statements_;
  std::vector<Fixup> fixups_;
  std::size_t order_ = 0;
  SourceLine line_;
  Problems problems_;
  std::map<std::string, Macro, std::less<>> macros_;
  std::optional<Collecting> collecting_;
  std::deque<std::string> expansions_;
  std::size_t expansion_ = 0, expanded_ = 0;
  bool overflowed_ = false;
  /// Open .if blocks: is this branch taken, was any branch taken, is the outside taken.
  struct Branch {
    bool taken, done, outside;
    SourceLine line;
  };
  std::vector<Branch> branches_;
};

}  // namespace wattlas::dpu
