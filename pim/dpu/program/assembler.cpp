#include "pim/dpu/program/assembler.h"

#include <algorithm>
#include <array>
#include <tuple>

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

namespace {

constexpr std::size_t kMaxProblems = 100;

bool isName(const Token& token) {
  return token.kind == TokenKind::name;
}

}  // namespace

bool Assembler::reserved(const std::string& name) {
  for (unsigned n = 0; n < 32; ++n) {
    if (name == registerName(n)) return true;
    if (n < kRegisters && (name == "d" + std::to_string(n) || name == "s" + std::to_string(n))) {
      return true;
    }
  }
  return name == ".";
}

Assembler::Assembler(std::string_view source, const std::string& name,
                     const AssembleOptions& options)
    : open_{{Lexer(source), 0, 0}},
      files_{{name, options.folder, {}}},
      set_(options.set != nullptr ? *options.set : InstructionSet::builtin()),
      matcher_(set_, symbols_) {
  enter(".text", std::nullopt);
  defineOutside(options);
  if (!options.macros.empty()) open_.push_back({Lexer(options.macros), 0, 0, 1});
}

void Assembler::defineOutside(const AssembleOptions& options) {
  const auto define = [&](const std::string& key, std::int64_t value) {
    auto& entry = symbols_.entry(key);
    entry.state = SymbolEntry::State::value;
    entry.value = {value, -1};
    entry.external = true;
  };
  if (options.tasklets > 0) define("NTASKLETS", options.tasklets);
  for (const auto& [key, value] : options.defines) define(key, value);
}

Value Assembler::here() const {
  return {static_cast<std::int64_t>(sections_[static_cast<std::size_t>(current_)].cursor),
          current_};
}

bool Assembler::full() const {
  return problems_.list().size() >= kMaxProblems;
}

void Assembler::problem(std::string what, std::string expected, std::string hint) {
  if (full()) return;
  constexpr std::size_t longest = 400;  // names of any length may be quoted
  for (auto* text : {&what, &expected}) {
    if (text->size() > longest) text->replace(longest, std::string::npos, "...");
  }
  const Place place{files_[line_.file].name, static_cast<int>(line_.line)};
  problems_.add({place, {}, std::move(what), std::move(expected), std::move(hint)});
  if (full()) problems_.add({place, {}, "too many problems: the rest is left out", {}, {}});
}

void Assembler::problem(const EvaluationError& error) {
  if (full()) return;  // looking for near names takes time
  problem(error.what, error.expected,
          error.missing.empty() ? error.hint : symbols_.hint(error.missing));
}

void Assembler::line(const std::vector<Token>& tokens) {
  Tokens rest(tokens);
  // .if and its kin are read even where everything else is skipped.
  if (!rest.empty() && isName(rest[0]) && conditional(rest[0].text, rest.subspan(1))) return;
  if (!branches_.empty() && !branches_.back().taken) return;
  while (rest.size() >= 2 && rest[1].kind == TokenKind::symbol && rest[1].text == ":") {
    if (rest[0].kind == TokenKind::number) {
      symbols_.addLocal(rest[0].text, here(), order_);
    } else if (isName(rest[0])) {
      label(rest[0].text);
    } else {
      problem("'" + rest[0].text + "' cannot be a label", "a name or a number before ':'");
    }
    rest = rest.subspan(2);
  }
  if (rest.empty()) return;
  if (!isName(rest[0]))
    return problem("unexpected '" + rest[0].text + "'", "a label, an instruction or a directive");
  if (rest.size() >= 2 && rest[1].kind == TokenKind::symbol && rest[1].text == "=") {
    equate(rest[0].text, rest.subspan(2));
  } else if (rest[0].text.starts_with('.')) {
    directive(rest[0].text, rest.subspan(1));
  } else {
    instruction(rest[0], rest.subspan(1));
  }
}

void Assembler::label(const std::string& name) {
  if (reserved(name)) return problem("'" + name + "' is a register, not a label", "another name");
  auto& entry = symbols_.entry(name);
  if (entry.state != SymbolEntry::State::undefined)
    return problem("'" + name + "' is defined twice", {},
                   entry.external ? "it is given on the command line"
                                  : "first defined on " + placeText(entry.line));
  entry.state = SymbolEntry::State::value;
  entry.value = here();
  entry.label = true;
  entry.line = line_;
}

void Assembler::instruction(const Token& mnemonic, Tokens operands) {
  if (callMacro(mnemonic, operands)) return;
  if (!matcher_.known(mnemonic.text))
    return problem("unknown instruction '" + mnemonic.text.substr(0, 60) + "'", {},
                   matcher_.hint(mnemonic.text));
  auto& target = section();
  if (target.memory != Memory::iram)
    return problem("an instruction in section " + target.name, "a text section",
                   "put .text before it");
  Statement made{current_,
                 static_cast<std::int64_t>(target.cursor),
                 order_,
                 line_,
                 mnemonic.text,
                 {operands.begin(), operands.end()},
                 open_.back().lexer.text()};
  if (!target.reserve(1)) return overflow(target);
  statements_.push_back(std::move(made));
}

void Assembler::encodeAll(Program& program) {
  program.text.resize(statements_.size());
  program.lines.resize(statements_.size());
  program.sources.resize(statements_.size());
  for (const auto& statement : statements_) {
    if (full()) return;
    line_ = statement.line;
    const auto place =
        static_cast<std::size_t>(symbols_.absolute({statement.index, statement.section}));
    program.lines[place] = statement.line;
    program.sources[place] = statement.text;
    try {
      const auto word = matcher_.match(statement.mnemonic, statement.operands,
                                       {statement.index, statement.section}, statement.order);
      if (word)
        program.text[place] = *word;
      else
        problem(word.error().what, word.error().expected, word.error().hint);
    } catch (const EvaluationError& error) {
      problem(error);
    }
  }
}

void Assembler::patchAll() {
  for (const auto& fixup : fixups_) {
    if (full()) return;
    line_ = fixup.line;
    try {
      const Value at{static_cast<std::int64_t>(fixup.offset), fixup.section};
      const auto value = symbols_.absolute(symbols_.evaluate(fixup.value, at, fixup.order));
      if (!valueFits(value, fixup.bytes)) continue;
      std::array<std::uint8_t, 8> bytes{};
      for (std::size_t i = 0; i < fixup.bytes; ++i) {
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
      }
      sections_[static_cast<std::size_t>(fixup.section)].patch(fixup.offset, bytes.data(),
                                                               fixup.bytes);
    } catch (const EvaluationError& error) {
      problem(error);
    }
  }
}

void Assembler::collect(Program& program) {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const auto& part = sections_[i];
    if (part.ignored) continue;
    const auto base = static_cast<std::uint64_t>(symbols_.absolute({0, static_cast<int>(i)}));
    const auto end = base + part.cursor;
    if (part.memory == Memory::wram) {
      program.wramUsed = std::max(program.wramUsed, static_cast<std::uint32_t>(end));
      for (const auto& run : part.runs) {
        const auto last = base + run.offset + run.bytes.size();
        if (last > kWramBytes) break;  // reported by checkFit
        if (program.wram.size() < last) program.wram.resize(last);
        std::copy(run.bytes.begin(), run.bytes.end(),
                  program.wram.begin() + static_cast<std::ptrdiff_t>(base + run.offset));
      }
    } else if (part.memory == Memory::mram) {
      program.mramUsed = std::max(program.mramUsed, static_cast<std::uint32_t>(end - kMramAddress));
      for (const auto& run : part.runs) {
        program.mram.push_back(
            {static_cast<std::uint32_t>(base - kMramAddress + run.offset), run.bytes});
      }
    } else if (part.memory == Memory::atomic) {
      program.atomicBits =
          std::max(program.atomicBits, static_cast<std::uint32_t>(end - kAtomicAddress));
    }
  }
}

void Assembler::collectSymbols(Program& program) {
  for (const auto& [key, entry] : symbols_.entries()) {
    if (entry.state != SymbolEntry::State::value || key.starts_with(".L")) continue;
    if (!entry.label && !(entry.global && !entry.external)) continue;
    Symbol symbol;
    symbol.name = key;
    symbol.global = entry.global;
    symbol.kind = entry.kind;
    const int place = entry.value.section;
    auto number = symbols_.absolute(entry.value);
    if (place >= 0) {
      const auto& owner = sections_[static_cast<std::size_t>(place)];
      if (owner.ignored) continue;
      symbol.memory = owner.memory;
      if (owner.memory == Memory::iram)
        number = std::int64_t{kIramAddress} + 8 * number;
      else if (!entry.typed)
        symbol.kind = SymbolKind::object;
    }
    symbol.address = static_cast<std::uint32_t>(number);
    if (!entry.size.empty()) {
      line_ = entry.line;
      try {
        const auto size = symbols_.absolute(symbols_.evaluate(entry.size, entry.sizeHere));
        symbol.size = static_cast<std::uint32_t>(symbol.memory == Memory::iram ? 8 * size : size);
      } catch (const EvaluationError& error) {
        problem(error);
      }
    }
    program.symbols.push_back(std::move(symbol));
  }
  program.tidy();
  // A data label without .size reaches to the next label or the end of what is used.
  for (std::size_t i = 0; i < program.symbols.size(); ++i) {
    auto& symbol = program.symbols[i];
    if (symbol.size != 0 || symbol.memory == Memory::iram || symbol.memory == Memory::absolute) {
      continue;
    }
    std::uint32_t end = program.wramUsed;
    if (symbol.memory == Memory::mram) end = kMramAddress + program.mramUsed;
    if (symbol.memory == Memory::atomic) end = kAtomicAddress + program.atomicBits;
    for (std::size_t k = i + 1; k < program.symbols.size(); ++k) {
      const auto& next = program.symbols[k];
      if (next.memory != symbol.memory) break;
      if (next.address == symbol.address) continue;
      end = std::min(end, next.address);
      break;
    }
    if (end > symbol.address) symbol.size = end - symbol.address;
  }
}

Program Assembler::run() {
  std::vector<Token> tokens;
  std::string error;
  do {
    while (!full() && open_.back().lexer.next(tokens, error)) {
      const Open& open = open_.back();
      line_ = {open.file,
               open.call != 0 ? open.call : static_cast<std::uint32_t>(open.lexer.line())};
      ++order_;
      if (collect(tokens, open.lexer.text())) continue;
      if (error.empty())
        line(tokens);
      else if (branches_.empty() || branches_.back().taken)
        problem(error);
    }
  } while (leaveSource());
  if (collecting_) {
    line_ = collecting_->line;
    problem(collecting_->name.empty() ? ".rept without .endr" : ".macro without .endm");
  }
  Program program;
  program.name = files_[0].name;
  for (const auto& file : files_) program.files.push_back(file.name);
  auto bases = placeSections(sections_);
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const auto& part = sections_[i];
    std::uint64_t limit = part.capacity();
    if (part.memory == Memory::mram) limit += kMramAddress;
    if (part.memory == Memory::atomic) limit += kAtomicAddress;
    if (static_cast<std::uint64_t>(bases[i]) + part.cursor > limit) overflow(part);
  }
  symbols_.place(std::move(bases));
  if (!overflowed_) {
    encodeAll(program);
    patchAll();
    collect(program);
    collectSymbols(program);
    if (program.text.empty() && problems_.empty()) {
      line_ = {};
      problem("the source has no instruction");
    }
  }
  if (!problems_.empty()) {
    auto list = problems_.list();
    std::stable_sort(list.begin(), list.end(), [this](const Problem& a, const Problem& b) {
      const bool included = a.place.file != files_[0].name, other = b.place.file != files_[0].name;
      if (included != other) return other;
      return std::tie(a.place.file, a.place.line) < std::tie(b.place.file, b.place.line);
    });
    throw InputError(std::move(list));
  }
  return program;
}

}  // namespace wattlas::dpu
