// Directives about sections, symbols and conditions.
#include <algorithm>
#include <array>
#include <bit>

#include "pim/dpu/program/assembler.h"
#include "pim/dpu/program/symbols.h"

namespace wattlas::dpu {

const std::map<std::string, Assembler::Directive, std::less<>>& Assembler::directives() {
  static const std::map<std::string, Directive, std::less<>> table = [] {
    std::map<std::string, Directive, std::less<>> made;
    const auto add = [&](std::initializer_list<const char*> names, Directive directive) {
      for (const auto* name : names) made[name] = directive;
    };
    add({".text", ".data", ".bss", ".mram", ".atomic", ".rodata"}, &Assembler::setSection);
    add({".section", ".pushsection"}, &Assembler::namedSection);
    add({".previous", ".popsection"}, &Assembler::returnSection);
    add({".byte", ".short", ".half", ".hword", ".2byte", ".word", ".long", ".int", ".4byte",
         ".quad", ".dword", ".8byte"},
        &Assembler::values);
    add({".ascii", ".asciz", ".string"}, &Assembler::strings);
    add({".zero", ".space", ".skip"}, &Assembler::space);
    add({".fill"}, &Assembler::repeated);
    add({".align", ".balign", ".p2align"}, &Assembler::align);
    add({".equ", ".set", ".equiv"}, &Assembler::assign);
    add({".global", ".globl", ".weak", ".local", ".extern", ".hidden", ".protected", ".internal"},
        &Assembler::visibility);
    add({".type"}, &Assembler::symbolType);
    add({".size"}, &Assembler::symbolSize);
    add({".comm", ".lcomm"}, &Assembler::common);
    add({".include"}, &Assembler::include);
    add({".macro", ".rept"}, &Assembler::macro);
    return made;
  }();
  return table;
}

/// Directives of compiler output that say nothing about the program's contents.
bool Assembler::passedOver(std::string_view directive) {
  constexpr std::array names = {".file",          ".ident",       ".loc",    ".addrsig",
                                ".addrsig_sym",   ".version",     ".option", ".cfi_",
                                ".build_version", ".lto_discard", ".end"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return name.ends_with('_') ? directive.starts_with(name) : directive == name;
  });
}

void Assembler::directive(const std::string& name, Tokens rest) {
  const auto found = directives().find(name);
  if (found != directives().end()) {
    (this->*found->second)(name, rest);
    return;
  }
  if (passedOver(name)) return;
  if (section().ignored) return;  // debug sections use directives of their own
  std::vector<std::string> names = {".if", ".ifdef", ".ifndef", ".else", ".endif"};
  for (const auto& [key, value] : directives()) names.push_back(key);
  problem("unknown directive '" + name.substr(0, 60) + "'", {},
          name.size() <= 32 ? didYouMean(name, names) : std::string());
}

bool Assembler::conditional(const std::string& name, Tokens rest) {
  const bool active = branches_.empty() || branches_.back().taken;
  if (name == ".if" || name == ".ifdef" || name == ".ifndef" || name == ".ifmacro") {
    bool taken = false;
    if (active && name == ".if") {
      taken = known(rest).value_or(0) != 0;
    } else if (active) {
      const auto* symbol = soleName(rest);
      if (symbol == nullptr)
        problem(name + " needs one symbol", "a name");
      else if (name == ".ifmacro")
        taken = macros_.contains(*symbol);
      else
        taken = symbols_.defined(*symbol) == (name == ".ifdef");
    }
    branches_.push_back({active && taken, taken, active, line_});
    if (branches_.size() > 1000) problem(".if is nested too deeply", "at most 1,000 levels");
    return true;
  }
  if (name != ".else" && name != ".endif") return false;
  if (branches_.size() <= open_.back().branches) {
    problem(name + " without .if");
  } else if (name == ".endif") {
    branches_.pop_back();
  } else {
    auto& branch = branches_.back();
    branch.taken = branch.outside && !branch.done;
    branch.done = true;
  }
  return true;
}

void Assembler::enter(const std::string& name, const std::optional<std::string>& flags) {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    if (sections_[i].name != name) continue;
    previous_ = std::exchange(current_, static_cast<int>(i));
    return;
  }
  auto made = sectionNamed(name, flags);
  if (!made)
    return problem("unknown section '" + name.substr(0, 60) + "'",
                   ".text, .data, .rodata, .bss, .mram, .atomic or flags in quotes");
  if (sections_.size() >= 4096) return problem("too many sections", "at most 4,096");
  made->total = &totals_[static_cast<std::size_t>(made->memory)];
  sections_.push_back(std::move(*made));
  previous_ = std::exchange(current_, static_cast<int>(sections_.size() - 1));
}

void Assembler::returnSection(const std::string& name, Tokens) {
  if (name == ".previous") {
    std::swap(current_, previous_);
  } else if (pushed_.empty()) {
    problem(".popsection without .pushsection");
  } else {
    previous_ = std::exchange(current_, pushed_.back());
    pushed_.pop_back();
  }
}

void Assembler::setSection(const std::string& name, Tokens rest) {
  if (!rest.empty()) problem("unexpected text after " + name);
  enter(name, std::nullopt);
}

void Assembler::namedSection(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  if (parts.empty() || parts[0].empty() ||
      (parts[0][0].kind != TokenKind::name && parts[0][0].kind != TokenKind::string))
    return problem(name + " needs a name", ".section NAME, \"flags\"");
  // Names such as .text.my-function come as several tokens.
  std::string section;
  for (const auto& token : parts[0]) section += token.text;
  std::optional<std::string> flags;
  if (parts.size() > 1 && parts[1].size() == 1 && parts[1][0].kind == TokenKind::string) {
    flags = parts[1][0].text;
  }
  if (name == ".pushsection") pushed_.push_back(current_);
  enter(section, flags);
}

void Assembler::overflow(const AssemblySection& section) {
  if (overflowed_) return;
  overflowed_ = true;
  const bool code = section.memory == Memory::iram;
  problem(
      "section " + section.name + " does not fit into " + std::string(dpu::name(section.memory)),
      "at most " + std::to_string(section.capacity()) + (code ? " instructions" : " bytes"));
}

std::optional<std::int64_t> Assembler::known(Tokens tokens) {
  try {
    const Value value = symbols_.evaluate(tokens, here(), order_);
    if (value.section < 0) return value.number;
    problem("the address of a label is not known on this line",
            "a number or the difference of two labels of one section");
  } catch (const EvaluationError& error) {
    problem(error);
  }
  return std::nullopt;
}

void Assembler::assign(const std::string& name, Tokens rest) {
  const auto comma = std::find_if(rest.begin(), rest.end(), [](const Token& token) {
    return token.kind == TokenKind::symbol && token.text == ",";
  });
  const auto at = static_cast<std::size_t>(comma - rest.begin());
  if (comma == rest.end() || soleName(rest.first(at)) == nullptr)
    return problem(name + " needs a name and a value", name + " NAME, EXPRESSION");
  equate(rest[0].text, rest.subspan(at + 1));
}

void Assembler::equate(const std::string& name, Tokens expression) {
  if (reserved(name)) return problem("'" + name + "' is a register, not a symbol", "another name");
  auto& entry = symbols_.entry(name);
  std::optional<Value> value;
  try {
    value = symbols_.evaluate(expression, here(), order_);
  } catch (const EvaluationError& error) {
    if (error.missing.empty()) return problem(error);
  }
  if (entry.state != SymbolEntry::State::undefined) {
    const bool same = value && entry.state == SymbolEntry::State::value &&
                      entry.value.number == value->number && entry.value.section == value->section;
    if (!same) {
      problem("'" + name + "' is defined twice", {},
              entry.external
                  ? "it is given on the command line: write .ifndef " + name + " around it"
                  : "first defined on " + placeText(entry.line));
    }
    return;
  }
  entry.line = line_;
  if (value) {
    entry.state = SymbolEntry::State::value;
    entry.value = *value;
  } else {
    entry.state = SymbolEntry::State::expression;
    entry.expression.assign(expression.begin(), expression.end());
    entry.here = here();
  }
}

void Assembler::visibility(const std::string& name, Tokens rest) {
  for (const auto part : splitCommas(rest)) {
    const auto* symbol = soleName(part);
    if (symbol == nullptr) return problem(name + " needs symbol names");
    if (name == ".global" || name == ".globl" || name == ".weak")
      symbols_.entry(*symbol).global = true;
  }
}

void Assembler::symbolType(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  if (parts.size() != 2 || soleName(parts[0]) == nullptr || parts[1].empty()) {
    return problem(name + " needs a name and a type", ".type NAME, @function or @object");
  }
  auto& entry = symbols_.entry(*soleName(parts[0]));
  const auto& type = parts[1].back().text;
  entry.typed = true;
  entry.kind = type.ends_with("function") || type == "STT_FUNC"   ? SymbolKind::function
               : type.ends_with("object") || type == "STT_OBJECT" ? SymbolKind::object
                                                                  : SymbolKind::label;
}

void Assembler::symbolSize(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  if (parts.size() != 2 || soleName(parts[0]) == nullptr || parts[1].empty()) {
    return problem(name + " needs a name and a size", ".size NAME, EXPRESSION");
  }
  auto& entry = symbols_.entry(*soleName(parts[0]));
  entry.size.assign(parts[1].begin(), parts[1].end());
  entry.sizeHere = here();
}

// Directives that put data into a section or leave room in it.

bool Assembler::dataAllowed(const std::string& name) {
  if (section().memory != Memory::iram) return true;
  problem(name + " in section " + section().name + ", which holds instructions only",
          "a data section", "put .data, .mram or .atomic before it");
  return false;
}

void Assembler::values(const std::string& name, Tokens rest) {
  const bool one = name == ".byte";
  const bool two = name == ".short" || name == ".half" || name == ".hword" || name == ".2byte";
  const bool eight = name == ".quad" || name == ".dword" || name == ".8byte";
  const std::size_t bytes = one ? 1 : two ? 2 : eight ? 8 : 4;
  if (!section().ignored && !dataAllowed(name)) return;
  if (rest.empty()) problem(name + " needs a value", "a number or a symbol");
  for (const auto part : splitCommas(rest)) {
    auto& target = section();
    const auto offset = target.cursor;
    // Most data are numbers: only what needs an address waits for the end.
    std::optional<std::int64_t> number;
    try {
      const Value value = symbols_.evaluate(part, here(), order_);
      if (value.section < 0) number = value.number;
    } catch (const EvaluationError&) {
      // Tried again at the end, and reported there.
    }
    if (number && !valueFits(*number, bytes)) continue;
    std::array<std::uint8_t, 8> stored{};
    for (std::size_t i = 0; number && i < bytes; ++i) {
      stored[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(*number) >> (8 * i));
    }
    if (!target.append(stored.data(), bytes)) return overflow(target);
    if (target.ignored || number) continue;
    fixups_.push_back({current_, offset, bytes, order_, line_, {part.begin(), part.end()}});
  }
}

bool Assembler::valueFits(std::int64_t value, std::size_t bytes) {
  if (bytes >= 8) return true;
  const std::int64_t full = std::int64_t{1} << (8 * bytes);
  if (value >= -(full / 2) && value < full) return true;
  problem(
      "value " + std::to_string(value) + " does not fit into " + std::to_string(bytes) + " bytes",
      std::to_string(-(full / 2)) + ".." + std::to_string(full - 1));
  return false;
}

void Assembler::strings(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  for (const auto part : splitCommas(rest)) {
    for (const auto& token : part) {
      if (token.kind != TokenKind::string) return problem(name + " takes strings in double quotes");
      std::string text = token.text;
      if (name != ".ascii") text += '\0';
      if (!section().append(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()))
        return overflow(section());
    }
  }
}

void Assembler::space(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  const auto parts = splitCommas(rest);
  if (parts.empty() || parts.size() > 2)
    return problem(name + " needs a size", name + " BYTES[, VALUE]");
  const auto count = known(parts[0]);
  const auto value = parts.size() > 1 ? known(parts[1]) : std::optional<std::int64_t>(0);
  if (!count || !value) return;
  if (*count < 0)
    problem(name + " of " + std::to_string(*count) + " bytes", "0 or more");
  else if (!section().fill(static_cast<std::uint64_t>(*count), static_cast<std::uint8_t>(*value))) {
    overflow(section());
  }
}

void Assembler::repeated(const std::string& name, Tokens rest) {
  if (!section().ignored && !dataAllowed(name)) return;
  const auto parts = splitCommas(rest);
  if (parts.empty() || parts.size() > 3)
    return problem(name + " needs a count", ".fill COUNT[, BYTES[, VALUE]]");
  const auto count = known(parts[0]);
  const auto bytes = parts.size() > 1 ? known(parts[1]) : std::optional<std::int64_t>(1);
  const auto value = parts.size() > 2 ? known(parts[2]) : std::optional<std::int64_t>(0);
  if (!count || !bytes || !value) return;
  if (*count < 0 || *bytes < 0 || *bytes > 8)
    return problem(name + " with a bad count or size", "count >= 0, size 0..8");
  if (static_cast<std::uint64_t>(*count) > section().capacity()) return overflow(section());
  std::array<std::uint8_t, 8> unit{};
  for (std::size_t i = 0; i < 8; ++i) {
    unit[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(*value) >> (8 * i));
  }
  if (*value == 0 || section().ignored) {
    if (!section().reserve(static_cast<std::uint64_t>(*count * *bytes))) overflow(section());
    return;
  }
  for (std::int64_t i = 0; i < *count && !overflowed_; ++i) {
    if (!section().append(unit.data(), static_cast<std::size_t>(*bytes))) overflow(section());
  }
}

void Assembler::align(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  if (parts.empty()) return problem(name + " needs a size", name + " BYTES");
  const auto size = known(parts[0]);
  if (!size) return;
  const bool power = name == ".p2align";
  const bool good =
      power ? *size >= 0 && *size <= 26
            : *size >= 0 && *size <= (std::int64_t{1} << 26) &&
                  std::has_single_bit(static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1)));
  if (!good)
    return problem(name + " " + std::to_string(*size),
                   power ? "0..26" : "a power of two up to 64 MiB");
  // Instructions are fetched one by one: their alignment means nothing and nothing is inserted.
  auto& target = section();
  if (target.memory == Memory::iram) return;
  const std::uint64_t bytes = power ? std::uint64_t{1} << *size
                                    : static_cast<std::uint64_t>(std::max<std::int64_t>(*size, 1));
  target.align = std::max(target.align, bytes);
  const auto gap = (bytes - target.cursor % bytes) % bytes;
  if (!target.reserve(gap)) overflow(target);
}

void Assembler::common(const std::string& name, Tokens rest) {
  const auto parts = splitCommas(rest);
  const auto* symbol = parts.empty() ? nullptr : soleName(parts[0]);
  if (symbol == nullptr || parts.size() < 2) {
    return problem(name + " needs a name and a size", name + " NAME, BYTES[, ALIGNMENT]");
  }
  const auto bytes = known(parts[1]);
  const int before = current_;
  enter(".bss", std::nullopt);
  if (parts.size() > 2) align(".balign", parts[2]);
  label(*symbol);
  if (name == ".comm") symbols_.entry(*symbol).global = true;
  if (bytes && (*bytes < 0 || !section().reserve(static_cast<std::uint64_t>(*bytes)))) {
    overflow(section());
  }
  current_ = before;
}

}  // namespace wattlas::dpu
