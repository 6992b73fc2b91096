#include <bit>

#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

namespace {

std::uint32_t bit(unsigned number) {
  return number < kRegisters ? 1U << number : 0U;
}

unsigned pairConflict(std::uint32_t reads) {
  return std::popcount(reads & 0x555555U) > 1 || std::popcount(reads & 0xAAAAAAU) > 1 ? 1 : 0;
}

}  // namespace

RegisterUse registerUse(const Instruction& in) {
  RegisterUse use;
  if (in.form == nullptr) return use;
  for (const Source s : {in.form->first, in.form->second, in.form->third}) {
    if (s == Source::ra) use.reads |= bit(in.ra);
    if (s == Source::rb) use.reads |= bit(in.rb);
    if (s == Source::dbPair) use.reads |= bit(in.rb) | bit(in.rb + 1U);
  }
  if (in.form->destination == Destination::rc) use.writes = bit(in.rc);
  if (in.form->destination == Destination::pair) use.writes = bit(in.rc) | bit(in.rc + 1U);
  return use;
}

RegisterFileCost::RegisterFileCost(const Core& core, RegisterFileRule rule) : rule_(rule) {
  if (rule_ == RegisterFileRule::none) return;
  use_.resize(kIramWords + 1);
  straight_.resize(kIramWords);
  refresh(core);
}

unsigned RegisterFileCost::compatExtra(std::uint32_t set) {
  // Both counts at once, in the halves of a word: the baseline instruction set has no popcount.
  std::uint64_t bits = (set & 0x555555U) | std::uint64_t{set & 0xAAAAAAU} << 31;
  bits = (bits & 0x3333333333333333U) + (bits >> 2 & 0x3333333333333333U);
  bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  bits += bits >> 8;
  bits += bits >> 16;
  return static_cast<unsigned>((bits >> 1 & 15U) + (bits >> 33 & 15U));
}

void RegisterFileCost::refresh(const Core& core) {
  if (rule_ == RegisterFileRule::none) return;
  for (std::uint32_t pc = 0; pc < core.codeEnd; ++pc) use_[pc] = registerUse(core.instructions[pc]);
  for (std::uint32_t pc = 0; pc < core.codeEnd; ++pc) {
    const std::uint32_t before = pc > 0 ? use_[pc - 1].writes : 0;
    unsigned extra = 0;
    if (rule_ == RegisterFileRule::sameBank) extra = pairConflict(use_[pc].reads);
    if (rule_ == RegisterFileRule::compat) extra = compatExtra(before | use_[pc].reads);
    straight_[pc] = static_cast<std::uint8_t>(extra);
  }
}

}  // namespace wattlas::dpu
