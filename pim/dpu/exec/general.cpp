// The general path of the functional core: any plain instruction, straight from its form.
#include <array>
#include <bit>
#include <utility>

#include "pim/dpu/exec/alu.h"
#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

namespace {

void write(const Instruction& in, std::uint32_t* r, std::uint32_t value) {
  switch (in.form->destination) {
    case Destination::none:
      return;
    case Destination::rc:
      r[in.rc] = value;
      return;
    case Destination::pair:
      r[in.rc] = in.form->pair == PairMode::signExtend && (value >> 31) != 0 ? ~0U : 0U;
      r[in.rc + 1] = value;
      return;
  }
}

GeneralExit branchIf(bool taken) {
  return taken ? GeneralExit::branch : GeneralExit::next;
}

std::uint64_t load(const std::uint8_t* from, unsigned bytes, bool bigEndian) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    value |= std::uint64_t{from[i]} << 8 * (bigEndian ? bytes - 1 - i : i);
  }
  return value;
}

void store(std::uint8_t* to, unsigned bytes, bool bigEndian, std::uint64_t value) {
  for (unsigned i = 0; i < bytes; ++i) {
    to[i] = static_cast<std::uint8_t>(value >> 8 * (bigEndian ? bytes - 1 - i : i));
  }
}

GeneralExit loadStore(Core& core, const Instruction& in, std::uint32_t* r) {
  const WramAccess access = wramAccess(in, r);
  if (!legal(access)) return GeneralExit::fault;
  std::uint8_t* cell = core.wram.data() + access.address;
  if (!access.write) {
    const std::uint64_t raw = load(cell, access.bytes, in.bigEndian);
    auto value = static_cast<std::uint32_t>(raw);
    using enum Operation;
    switch (in.form->operation) {
      case ld:
        r[in.rc] = static_cast<std::uint32_t>(raw >> 32);
        r[in.rc + 1] = value;
        return GeneralExit::next;
      case lbs:
        value = signExtend8(value);
        break;
      case lhs:
        value = signExtend16(value);
        break;
      default:
        break;
    }
    write(in, r, value);
    return GeneralExit::next;
  }
  std::uint64_t value = 0;
  if (in.form->second == Source::immediate || in.form->second == Source::none) {
    value = static_cast<std::uint64_t>(static_cast<std::int64_t>(in.imm));
  } else if (in.form->second == Source::dbPair) {
    value = std::uint64_t{r[in.rb]} << 32 | r[in.rb + 1];
  } else {
    value = r[in.rb];
  }
  if (in.form->storesId) value |= r[kId];
  store(cell, access.bytes, in.bigEndian, value);
  return GeneralExit::next;
}

/// One step of the shift-and-add multiplication: the even word holds the remaining multiplier.
GeneralExit executeMulStep(Core& core, const Instruction& in, std::uint32_t* r) {
  const std::uint32_t ra = r[in.ra], even = r[in.rb], odd = r[in.rb + 1];
  const std::uint32_t rest = even >> 1;
  r[in.rc + 1] = (even & 1U) != 0 ? odd + (ra << (in.imm & 31)) : odd;
  r[in.rc] = rest;
  const ConditionInput c{rest, 0, ra, rest, ra, core.exitZ == 0, false};
  core.exitZ = rest;
  core.exitC = 0;
  return branchIf(in.form->branches && holds(in.condition, c));
}

/// One step of the restoring division: odd word = rest of the dividend, even word = quotient.
GeneralExit executeDivStep(Core& core, const Instruction& in, std::uint32_t* r) {
  const std::uint32_t ra = r[in.ra], even = r[in.rb], odd = r[in.rb + 1];
  const std::uint64_t divisor = std::uint64_t{ra} << (in.imm & 31);
  const bool fits = odd >= divisor;
  const std::uint32_t quotient = even << 1 | (fits ? 1U : 0U);
  r[in.rc + 1] = fits ? odd - static_cast<std::uint32_t>(divisor) : odd;
  r[in.rc] = quotient;
  const ConditionInput c{quotient, 0, ra, odd, ra, core.exitZ == 0, false};
  core.exitZ = quotient;
  core.exitC = 0;
  return branchIf(in.form->branches && holds(in.condition, c));
}

GeneralExit alu(Core& core, const Instruction& in, std::uint32_t* r) {
  const Form& form = *in.form;
  const std::uint32_t a = sourceValue(in, form.first, r);
  const std::uint32_t b = sourceValue(in, form.second, r);
  const std::uint32_t third = sourceValue(in, form.third, r);
  // As the fast handlers: add and sub also accept the stack-checked forms, whose result must stay
  // an address of WRAM.
  const AluResult result = compute(form.operation, a, b, third, core.exitC);
  if (form.safe && result.value > kWramBytes) return GeneralExit::fault;
  const bool reversed = form.operation == Operation::rsub || form.operation == Operation::rsubc;
  const ConditionInput c{result.value,
                         result.carry,
                         reversed ? b : a,
                         reversed ? a : b,
                         r[in.ra],
                         core.exitZ == 0,
                         isSubtraction(form.operation)};
  const bool met =
      (form.branches || form.write == WriteMode::setOnCondition) && holds(in.condition, c);
  core.exitZ = result.value;
  core.exitC = result.carry;
  if (form.write == WriteMode::setOnCondition) {
    if (form.destination == Destination::pair) {
      r[in.rc] = 0;
      r[in.rc + 1] = met ? 1 : 0;
    } else if (form.destination == Destination::rc) {
      r[in.rc] = met ? 1 : 0;
    }
    return GeneralExit::next;
  }
  write(in, r, result.value);
  return branchIf(form.branches && met);
}

/// An instruction of a configuration file.
GeneralExit configured(Core& core, const Instruction& in, std::uint32_t* r, std::uint32_t pc) {
  const InstructionModel* model = core.models[pc];
  if (model == nullptr || !model->semantics) return GeneralExit::fault;
  SemanticsState state{r, core.wram.data(), kWramBytes};
  if (!model->semantics->execute(in, state)) return GeneralExit::fault;
  if (state.loopEnd > pc + 1 && state.loopEnd <= kIramWords) {
    r[kLoopStart] = pc + 1;
    r[kLoopEnd] = state.loopEnd;
    r[kLoopCount] = state.loopCount;
    if (state.loopCount > 0) return GeneralExit::next;
    core.exitPc = state.loopEnd;
    return GeneralExit::branch;
  }
  if (in.form->conditionClass == ConditionClass::none) return GeneralExit::next;  // flags stay
  const ConditionInput c{state.result, 0, r[in.ra], 0, r[in.ra], core.exitZ == 0, false};
  core.exitZ = state.result;
  core.exitC = 0;
  return branchIf(in.form->branches && holds(in.condition, c));
}

}  // namespace

bool isWramAccess(const Instruction& in) {
  return in.form != nullptr && in.form->issue == IssueClass::loadStore;
}

WramAccess wramAccess(const Instruction& in, const std::uint32_t* r) {
  return {r[in.ra] + static_cast<std::uint32_t>(in.offset), in.form->accessBytes, in.form->stores};
}

StepKind stepKind(const Instruction& in) {
  if (in.form == nullptr) return StepKind::illegal;
  // By the groups of operations.def.
  if (in.form->operation <= Operation::tell) return StepKind::plain;
  return in.form->operation <= Operation::timeCfg ? StepKind::ordering : StepKind::illegal;
}

bool writesFlags(const Instruction& in) {
  const Operation op = in.form->operation;
  return isAlu(op) || op == Operation::mulStep || op == Operation::divStep;
}

bool readsFlags(const Instruction& in) {
  using enum Condition;
  if (readsCarry(in.form->operation)) return true;
  switch (in.condition) {
    case xz:
    case xnz:
    case xleu:
    case xgtu:
    case xles:
    case xgts:
      return true;
    default:
      return false;
  }
}

GeneralExit executeGeneral(Core& core, const Instruction& in, std::uint32_t* r, std::uint32_t pc) {
  using enum Operation;
  const Form& form = *in.form;
  if (form.operation == Operation::custom) return configured(core, in, r, pc);
  if (form.issue == IssueClass::loadStore) return loadStore(core, in, r);
  switch (form.operation) {
    case nop:
    case tell:  // a hint to the vendor's simulator; hardware does nothing
      return GeneralExit::next;
    case movd:
    case swapd: {
      const std::uint32_t even = r[in.rb], odd = r[in.rb + 1];
      r[in.rc] = form.operation == movd ? even : odd;
      r[in.rc + 1] = form.operation == movd ? odd : even;
      return branchIf(form.branches && in.condition == Condition::true_);
    }
    case mulStep:
      return executeMulStep(core, in, r);
    case divStep:
      return executeDivStep(core, in, r);
    case call: {
      const std::uint32_t offset = form.hasOffset ? static_cast<std::uint32_t>(in.offset)
                                   : form.second == Source::rb ? r[in.rb]
                                                               : 0U;
      const std::uint32_t target = callTarget(r[in.ra], offset);
      if (target >= kIramWords) return GeneralExit::fault;
      if (form.destination == Destination::rc) r[in.rc] = pc + 1;
      core.exitPc = target;
      return GeneralExit::branch;
    }
    default:
      return alu(core, in, r);
  }
}

namespace {

constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::xor_) + 1;
constexpr std::size_t kConditions = static_cast<std::size_t>(Condition::nc14) + 1;

using Compute = AluResult (*)(std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t);
using Holds = bool (*)(const ConditionInput&);

template <std::size_t... i>
constexpr std::array<Compute, sizeof...(i)> computeTable(std::index_sequence<i...>) {
  return {&compute<static_cast<Operation>(i)>...};
}
template <std::size_t... i>
constexpr std::array<Holds, sizeof...(i)> holdsTable(std::index_sequence<i...>) {
  return {&holds<static_cast<Condition>(i)>...};
}

}  // namespace

AluResult compute(Operation op, std::uint32_t a, std::uint32_t b, std::uint32_t third,
                  std::uint32_t carry) {
  static constexpr auto table = computeTable(std::make_index_sequence<kOperations>());
  return table[static_cast<std::size_t>(op)](a, b, third, carry);
}

bool holds(Condition condition, const ConditionInput& in) {
  static constexpr auto table = holdsTable(std::make_index_sequence<kConditions>());
  return table[static_cast<std::size_t>(condition)](in);
}

}  // namespace wattlas::dpu
