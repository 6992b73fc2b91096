// Programs as text.
#include <fmt/format.h>

#include <array>
#include <map>
#include <ostream>

#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu {

namespace {

/// Labels of instructions: the first name of each.
std::map<std::uint32_t, std::vector<const Symbol*>> labelsOf(const Program& program) {
  std::map<std::uint32_t, std::vector<const Symbol*>> labels;
  for (const auto& symbol : program.symbols) {
    if (symbol.memory == Memory::iram)
      labels[(symbol.address - kIramAddress) / 8].push_back(&symbol);
  }
  return labels;
}

/// The index a branch or call of an instruction goes to, when the word alone says so.
std::optional<std::uint32_t> targetOf(const Instruction& instruction) {
  if (instruction.form->branches) return instruction.target;
  const bool direct = instruction.form->issue == IssueClass::control &&
                      instruction.form->hasOffset && instruction.ra == kZero;
  if (direct && instruction.offset >= 0) return static_cast<std::uint32_t>(instruction.offset);
  return std::nullopt;
}

void writeSymbols(const Program& program, std::ostream& out) {
  if (program.symbols.empty()) return;
  out << "\nSymbols: address, size in bytes, memory, kind, name\n";
  for (const auto& symbol : program.symbols) {
    constexpr std::array kinds = {"label", "function", "object"};
    out << fmt::format("{:08x} {:8}  {:<8} {:<8} ", symbol.address, symbol.size,
                       name(symbol.memory), kinds.at(static_cast<std::size_t>(symbol.kind)))
        << symbol.name << (symbol.global ? " (global)" : "") << '\n';
  }
}

void writeText(const Program& program, std::ostream& out, const InstructionSet& set, bool sources) {
  const auto labels = labelsOf(program);
  for (std::uint32_t i = 0; i < program.text.size(); ++i) {
    if (const auto found = labels.find(i); found != labels.end()) {
      for (const auto* symbol : found->second) {
        if (!sources)
          out << (i > 0 && symbol == found->second.front() ? "\n" : "") << symbol->name << ":\n";
      }
    }
    const auto word = program.text[i];
    std::string text;
    if (const auto instruction = set.decode(word)) {
      text = disassemble(*instruction);
      const auto target = targetOf(*instruction);
      if (target && !sources) {
        const auto where = program.where(*target);
        if (!where.empty() && *target < program.text.size()) text += "  ; " + where;
      }
    } else {
      text = "(illegal word)";
    }
    const bool known = sources && i < program.lines.size();
    out << fmt::format("{:5}  {:08x}  {:012x}  ", i, kIramAddress + 8 * i, word);
    if (known) {
      text.resize(std::max<std::size_t>(text.size(), 40), ' ');
      out << text << fmt::format("  {:5}  ", program.lines[i].line) << program.sources[i];
      const auto file = program.lines[i].file;  // 0 = the source itself
      if (file > 0 && file < program.files.size()) out << "  ; " << program.files[file];
    } else {
      out << text;
    }
    out << '\n';
  }
}

}  // namespace

void objdump(const Program& program, std::ostream& out, const InstructionSet& set) {
  out << program.name << ": " << program.text.size() << " instructions, entry " << program.entry
      << ", WRAM " << program.wramUsed << " bytes, MRAM " << program.mramUsed << " bytes, "
      << program.atomicBits << " atomic bits\n";
  out << "index   address  word          instruction\n";
  writeText(program, out, set, false);
  writeSymbols(program, out);
}

void listing(const Program& program, std::ostream& out, const InstructionSet& set) {
  out << program.name << ": index, address, word, instruction, source line\n";
  writeText(program, out, set, true);
  writeSymbols(program, out);
}

}  // namespace wattlas::dpu
