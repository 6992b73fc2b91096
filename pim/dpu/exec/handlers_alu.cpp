// Fast handlers of the arithmetic instructions: one per operation and operand shape, with and
// without flags, and with the branch conditions that programs use.
#include <algorithm>
#include <array>
#include <utility>

#include "pim/dpu/exec/alu.h"
#include "pim/dpu/exec/handlers.h"

namespace wattlas::dpu {

namespace {

enum class Shape { rr, ri, ir, rri, count };  // sources: registers (r), immediate (i)

template <Operation opn, Shape shape>
inline AluResult evaluate(const MicroOp* op, const std::uint32_t* r, std::uint32_t c,
                          std::uint32_t& first, std::uint32_t& second) {
  first = shape == Shape::ir ? op->imm : r[op->ra];
  second = shape == Shape::ri ? op->imm : r[op->rb];
  const std::uint32_t third = shape == Shape::rri ? op->imm : 0;
  return compute<opn>(first, second, third, c);
}

template <Operation opn, Shape shape, bool flags>
void plain(WATTLAS_HANDLER_ARGS) {
  std::uint32_t first, second;
  const AluResult result = evaluate<opn, shape>(op, r, c, first, second);
  r[op->rc] = result.value;
  if constexpr (flags) {
    z = result.value;
    c = result.carry;
  }
  WATTLAS_NEXT;
}

template <Operation opn, Shape shape, Condition condition>
void branching(WATTLAS_HANDLER_ARGS) {
  constexpr bool reversed = opn == Operation::rsub || opn == Operation::rsubc;
  std::uint32_t first, second;
  const std::uint32_t ra = shape == Shape::ir || shape == Shape::rri ? r[op->rb] : r[op->ra];
  const AluResult result = evaluate<opn, shape>(op, r, c, first, second);
  const ConditionInput in{
      result.value, result.carry, reversed ? second : first, reversed ? first : second,
      ra,           z == 0,       isSubtraction(opn)};
  const bool taken = holds<condition>(in);
  r[op->rc] = result.value;
  z = result.value;
  c = result.carry;
  if (taken) WATTLAS_BRANCH(op->target);
  WATTLAS_NEXT;
}

/// A loop of one instruction that counts down to zero, `sub r, r, 1, nz, itself`: all its rounds
/// but the last at once, as far as the budget reaches.
void countdown(WATTLAS_HANDLER_ARGS) {
  if (core->runStart == op->pc && core->runs == nullptr && core->budget > core->executed + 1) {
    const std::uint64_t skipped =
        std::min<std::uint64_t>(r[op->rc] - 1U, core->budget - core->executed - 1);
    core->enter[op->pc] += skipped;
    core->leave[op->pc] += skipped;
    core->executed += skipped;
    r[op->rc] -= static_cast<std::uint32_t>(skipped);
  }
  WATTLAS_TAIL branching<Operation::sub, Shape::ri, Condition::nz>(op, r, core, wram, z, c);
}

using PlainRow = std::array<std::array<Handler, 2>, static_cast<std::size_t>(Shape::count)>;

template <Operation opn>
constexpr PlainRow plainRow() {
  PlainRow row{};
  using enum Operation;
  constexpr bool ternary = opn == lslAdd || opn == lsrAdd || opn == rolAdd || opn == lslSub;
  if constexpr (ternary) {
    row[static_cast<std::size_t>(Shape::rri)] = {&plain<opn, Shape::rri, false>,
                                                 &plain<opn, Shape::rri, true>};
  } else {
    row[static_cast<std::size_t>(Shape::rr)] = {&plain<opn, Shape::rr, false>,
                                                &plain<opn, Shape::rr, true>};
    row[static_cast<std::size_t>(Shape::ri)] = {&plain<opn, Shape::ri, false>,
                                                &plain<opn, Shape::ri, true>};
    if constexpr (opn == sub || opn == subc) {
      row[static_cast<std::size_t>(Shape::ir)] = {&plain<opn, Shape::ir, false>,
                                                  &plain<opn, Shape::ir, true>};
    }
  }
  return row;
}

constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::xor_) + 1;

template <std::size_t... i>
constexpr std::array<PlainRow, sizeof...(i)> plainTable(std::index_sequence<i...>) {
  return {plainRow<static_cast<Operation>(i)>()...};
}

template <Operation opn, Condition... conditions>
Handler branchOf(Condition wanted, Shape shape) {
  Handler found = nullptr;
  const auto pick = [&]<Condition one>() {
    if (wanted != one) return;
    if (shape == Shape::rr) found = &branching<opn, Shape::rr, one>;
    if (shape == Shape::ri) found = &branching<opn, Shape::ri, one>;
  };
  (pick.template operator()<conditions>(), ...);
  return found;
}

Handler branchHandler(Operation opn, Condition condition, Shape shape) {
  using enum Condition;
  switch (opn) {
    case Operation::sub:
      return branchOf<Operation::sub, true_, z, nz, eq, neq, pl, mi, ov, nov, ltu, leu, gtu, geu,
                      lts, les, gts, ges, xz, xnz, xleu, xgtu, xles, xgts>(condition, shape);
    case Operation::subc:
      return branchOf<Operation::subc, true_, z, nz, ltu, geu, lts, ges, xz, xnz, xleu, xgtu, xles,
                      xgts>(condition, shape);
    case Operation::add:
      return branchOf<Operation::add, true_, z, nz, pl, mi, Condition::c, nc, ov, nov, nc5, nc6,
                      nc7, nc8, nc9, nc10>(condition, shape);
    case Operation::addc:
      return branchOf<Operation::addc, true_, z, nz, pl, mi>(condition, shape);
    case Operation::and_:
      return branchOf<Operation::and_, true_, z, nz, pl, mi>(condition, shape);
    case Operation::or_:
      return branchOf<Operation::or_, true_, z, nz, pl, mi, sz, snz, spl, smi>(condition, shape);
    case Operation::xor_:
      return branchOf<Operation::xor_, true_, z, nz, pl, mi>(condition, shape);
    case Operation::lsl:
      return branchOf<Operation::lsl, true_, z, nz, pl, mi>(condition, shape);
    case Operation::lsr:
      return branchOf<Operation::lsr, true_, z, nz, se, so>(condition, shape);
    case Operation::asr:
      return branchOf<Operation::asr, true_, z, nz, pl, mi>(condition, shape);
    case Operation::mulUlUl:
      return branchOf<Operation::mulUlUl, true_, z, nz, small, large>(condition, shape);
    case Operation::extub:
      return branchOf<Operation::extub, true_, z, nz>(condition, shape);
    case Operation::extuh:
      return branchOf<Operation::extuh, true_, z, nz>(condition, shape);
    default:
      return nullptr;
  }
}

Shape shapeOf(const Form& form) {
  const bool immediateFirst = form.first == Source::immediate;
  if (form.third == Source::immediate) return Shape::rri;
  if (immediateFirst) return Shape::ir;
  return form.second == Source::immediate ? Shape::ri : Shape::rr;
}

}  // namespace

Handler aluHandler(const Instruction& in, std::uint32_t pc, bool flagsDead) {
  const Form& form = *in.form;
  if (form.destination == Destination::pair || form.write == WriteMode::setOnCondition ||
      form.safe || !isAlu(form.operation)) {
    return nullptr;
  }
  const Shape shape = shapeOf(form);
  if (form.branches && in.condition != Condition::false_) {
    if (form.operation == Operation::sub && in.condition == Condition::nz && in.target == pc &&
        shape == Shape::ri && form.first == Source::ra && in.imm == 1 &&
        form.destination == Destination::rc && in.rc == in.ra)
      return &countdown;
    return branchHandler(form.operation, in.condition, shape);
  }
  static constexpr auto table = plainTable(std::make_index_sequence<kOperations>());
  return table[static_cast<std::size_t>(form.operation)][static_cast<std::size_t>(shape)]
              [flagsDead ? 0 : 1];
}

}  // namespace wattlas::dpu
