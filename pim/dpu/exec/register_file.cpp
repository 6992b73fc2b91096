#include "pim/dpu/exec/register_file.h"

#include <bit>

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

RegisterFileCost::RegisterFileCost(const Core& core, RegisterFileRule rule)
    : rule_(rule), use_(kIramWords), sameBank_(kIramWords) {
  refresh(core);
}

void RegisterFileCost::refresh(const Core& core) {
  for (std::uint32_t pc = 0; pc < kIramWords; ++pc) {
    use_[pc] = registerUse(core.instructions[pc]);
    sameBank_[pc] = rule_ == RegisterFileRule::sameBank
                        ? static_cast<std::uint8_t>(pairConflict(use_[pc].reads))
                        : std::uint8_t{0};
  }
}

}  // namespace wattlas::dpu
