#include "pim/dpu/kernels/mix.h"

namespace wattlas::dpu {

namespace {

double InstructionMix::*classOf(const Instruction& in) {
  using enum Operation;
  const Form& form = *in.form;
  switch (form.issue) {
    case IssueClass::loadStore:
      return form.second == Source::none ? &InstructionMix::loads : &InstructionMix::stores;
    case IssueClass::dma:
      return &InstructionMix::dma;
    case IssueClass::thread:
    case IssueClass::lock:
      return &InstructionMix::synchronisation;
    default:
      break;
  }
  if (form.operation == mulStep) return &InstructionMix::mulSteps;
  if (form.operation == divStep) return &InstructionMix::divSteps;
  const bool jumps =
      form.branches && in.condition != Condition::false_ && form.destination == Destination::none;
  return jumps || form.operation == call ? &InstructionMix::branches : &InstructionMix::other;
}

constexpr double InstructionMix::*kClasses[] = {
    &InstructionMix::loads,    &InstructionMix::stores,         &InstructionMix::mulSteps,
    &InstructionMix::divSteps, &InstructionMix::branches,       &InstructionMix::other,
    &InstructionMix::dma,      &InstructionMix::synchronisation};

}  // namespace

void InstructionMix::count(const Instruction& instruction) {
  this->*classOf(instruction) += 1;
}

InstructionMix& InstructionMix::operator-=(const InstructionMix& o) {
  for (const auto member : kClasses) this->*member -= o.*member;
  return *this;
}

InstructionMix& InstructionMix::operator/=(double divisor) {
  for (const auto member : kClasses) this->*member /= divisor;
  return *this;
}

}  // namespace wattlas::dpu
