// Fast handlers of loads, stores, calls, moves and multiplication steps, and the way into the
// general path.
#include <bit>
#include <cstring>

#include "pim/dpu/exec/alu.h"
#include "pim/dpu/exec/handlers.h"

namespace wattlas::dpu {

namespace {

static_assert(std::endian::native == std::endian::little, "WRAM is accessed as host words");

/// One comparison finds both a misaligned address and one beyond WRAM.
template <class T>
inline bool outside(std::uint32_t address) {
  return std::rotr(address, std::countr_zero(sizeof(T))) >= kWramBytes / sizeof(T);
}

template <class T>
void load(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t address = r[op->ra] + op->offset;
  if (outside<T>(address)) [[unlikely]]
    WATTLAS_LEAVE;
  T value;
  std::memcpy(&value, wram + address, sizeof value);
  r[op->rc] = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
  WATTLAS_NEXT;
}

void loadPair(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t address = r[op->ra] + op->offset;
  if (outside<std::uint64_t>(address)) [[unlikely]]
    WATTLAS_LEAVE;
  std::uint64_t value;
  std::memcpy(&value, wram + address, sizeof value);
  r[op->rc] = static_cast<std::uint32_t>(value >> 32);
  r[op->rc + 1] = static_cast<std::uint32_t>(value);
  WATTLAS_NEXT;
}

template <class T, bool immediate>
void store(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t address = r[op->ra] + op->offset;
  if (outside<T>(address)) [[unlikely]]
    WATTLAS_LEAVE;
  T value;
  if constexpr (sizeof(T) == 8) {
    value = immediate
                ? static_cast<T>(static_cast<std::int64_t>(static_cast<std::int32_t>(op->imm)))
                : (std::uint64_t{r[op->rb]} << 32 | r[op->rb + 1]);
  } else {
    value = static_cast<T>(immediate ? op->imm : r[op->rb]);
  }
  std::memcpy(wram + address, &value, sizeof value);
  WATTLAS_NEXT;
}

template <bool branch>
void mulStep(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t even = r[op->rb], odd = r[op->rb + 1];
  const std::uint32_t rest = even >> 1;
  r[op->rc + 1] = odd + ((0U - (even & 1U)) & (r[op->ra] << (op->imm & 31U)));
  r[op->rc] = rest;
  z = rest;
  c = 0;
  if (branch && rest == 0) WATTLAS_BRANCH(op->target);
  WATTLAS_NEXT;
}

template <bool branch, bool swap>
void movePair(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t even = r[op->rb], odd = r[op->rb + 1];
  r[op->rc] = swap ? odd : even;
  r[op->rc + 1] = swap ? even : odd;
  if (branch) WATTLAS_BRANCH(op->target);
  WATTLAS_NEXT;
}

template <bool registerOffset>
void call(WATTLAS_HANDLER_ARGS) {
  const std::uint32_t target = callTarget(r[op->ra], registerOffset ? r[op->rb] : op->offset);
  if (target >= kIramWords) [[unlikely]]
    WATTLAS_LEAVE;
  r[op->rc] = op->pc + 1U;
  WATTLAS_BRANCH(target);
}

void nop(WATTLAS_HANDLER_ARGS) {
  WATTLAS_NEXT;
}

}  // namespace

void generalHandler(WATTLAS_HANDLER_ARGS) {
  const Instruction& in = core->instructions[op->pc];
  core->exitZ = z;
  core->exitC = c;
  core->exitPc = in.target;
  const GeneralExit exit = executeGeneral(*core, in, r, op->pc);
  if (exit == GeneralExit::fault) [[unlikely]]
    WATTLAS_LEAVE;
  z = core->exitZ;
  c = core->exitC;
  if (exit == GeneralExit::branch) {
    if (core->exitPc >= kIramWords) [[unlikely]]
      WATTLAS_LEAVE;
    WATTLAS_BRANCH(core->exitPc);
  }
  if (loopsBack(*core, r, op->pc)) WATTLAS_BRANCH(r[kLoopStart]);
  WATTLAS_NEXT;
}

void blockedHandler(WATTLAS_HANDLER_ARGS) {
  WATTLAS_LEAVE;
}

void singleLeaveHandler(WATTLAS_HANDLER_ARGS) {
  leaveBlocked(op, r, core, wram, z, c);
  core->blocked = false;
}

Handler otherHandler(const Instruction& in) {
  using enum Operation;
  const Form& form = *in.form;
  const bool single = form.destination != Destination::pair;
  const bool immediate = form.second == Source::immediate;
  if (form.issue == IssueClass::loadStore && (in.bigEndian || form.storesId)) return nullptr;
  const bool always = form.branches && in.condition == Condition::true_;
  const bool never = !form.branches || in.condition == Condition::false_;
  switch (form.operation) {
    case nop:
      return &wattlas::dpu::nop;
    case lbs:
      return single ? &load<std::int8_t> : nullptr;
    case lbu:
      return single ? &load<std::uint8_t> : nullptr;
    case lhs:
      return single ? &load<std::int16_t> : nullptr;
    case lhu:
      return single ? &load<std::uint16_t> : nullptr;
    case lw:
      return single ? &load<std::uint32_t> : nullptr;
    case ld:
      return &loadPair;
    case sb:
      return immediate ? &store<std::uint8_t, true> : &store<std::uint8_t, false>;
    case sh:
      return immediate ? &store<std::uint16_t, true> : &store<std::uint16_t, false>;
    case sw:
      return immediate ? &store<std::uint32_t, true> : &store<std::uint32_t, false>;
    case sd:
      return immediate ? &store<std::uint64_t, true> : &store<std::uint64_t, false>;
    case Operation::mulStep:
      if (form.branches && in.condition == Condition::z) return &wattlas::dpu::mulStep<true>;
      return never ? &wattlas::dpu::mulStep<false> : nullptr;
    case movd:
      return always ? &movePair<true, false> : never ? &movePair<false, false> : nullptr;
    case swapd:
      return always ? &movePair<true, true> : never ? &movePair<false, true> : nullptr;
    case Operation::call:
      return form.hasOffset              ? &wattlas::dpu::call<false>
             : form.second == Source::rb ? &wattlas::dpu::call<true>
                                         : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace wattlas::dpu
