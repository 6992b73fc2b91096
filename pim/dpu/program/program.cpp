#include "pim/dpu/program/program.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "pim/dpu/isa/instruction_set.h"

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

}  // namespace wattlas::dpu
