#include "pim/dpu/exec/core.h"

#include <algorithm>
#include <utility>

#include "pim/dpu/exec/handlers.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

Core::Core()
    : words(kIramWords),
      instructions(kIramWords),
      kinds(kIramWords, StepKind::illegal),
      models(kIramWords),
      closes(kIramWords),
      ops(kIramWords + 1),
      enter(kIramWords + 1),
      leave(kIramWords + 1) {
  ops[kIramWords] = leaveOp(kIramWords);
  for (std::uint32_t pc = 0; pc < kIramWords; ++pc) ops[pc] = leaveOp(pc);
  for (unsigned t = 0; t < kTasklets; ++t) {
    auto& r = tasklets[t].r;
    r[kOne] = 1;
    r[kLneg] = ~0U;
    r[kMneg] = 0x80000000U;
    r[kId] = t;
    r[kId2] = 2 * t;
    r[kId4] = 4 * t;
    r[kId8] = 8 * t;
  }
}

Expected<Instruction, DecodeError> Core::decodeWord(std::uint64_t word) const {
  return extension ? extension->decode(word) : decode(word);
}

void Core::setCode(std::uint32_t first, const std::uint64_t* code, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pc = first + i;
    words[pc] = code[i];
    auto decoded = decodeWord(code[i]);
    instructions[pc] = decoded ? *decoded : Instruction{};
    kinds[pc] = stepKind(instructions[pc]);
    const Form* form = instructions[pc].form;
    models[pc] = extension && form != nullptr ? extension->modelOf(form) : nullptr;
    const InstructionModel* model = models[pc];
    if (form != nullptr && form->operation == Operation::custom)
      kinds[pc] = model != nullptr && model->semantics ? StepKind::plain : StepKind::illegal;
    if (model != nullptr && !model->plain() && kinds[pc] == StepKind::plain)
      kinds[pc] = StepKind::ordering;
  }
  for (std::size_t pc = first; pc < first + count; ++pc) {
    const InstructionModel* model = models[pc];
    if (model == nullptr || !model->semantics || !model->semantics->loops()) continue;
    const std::uint32_t end = instructions[pc].target;
    if (end == 0 || end > kIramWords) continue;
    closes[end - 1] = 1;
    if (end - 1 < first || end - 1 >= first + count) predecode(end - 1);
  }
  codeEnd = std::max(codeEnd, static_cast<std::uint32_t>(first + count));
  // The word before the first one may have had its flags kept for nothing; choose it again too.
  const auto from = first > 0 ? first - 1 : first;
  for (std::size_t pc = from; pc < first + count; ++pc) predecode(static_cast<std::uint32_t>(pc));
}

void Core::predecode(std::uint32_t pc) {
  const Instruction& in = instructions[pc];
  bool flagsDead = false;
  if (kinds[pc] == StepKind::plain && !in.form->branches && pc + 1 < kIramWords &&
      kinds[pc + 1] == StepKind::plain) {
    const Instruction& next = instructions[pc + 1];
    flagsDead = writesFlags(next) && !readsFlags(next);
  }
  ops[pc] = makeMicroOp(in, pc, kinds[pc], flagsDead);
  if (!single.empty()) single[2 * pc] = makeMicroOp(in, pc, kinds[pc], false);
  if (closes[pc] == 0 || kinds[pc] != StepKind::plain) return;
  ops[pc].run = &generalHandler;
  if (!single.empty()) single[2 * pc].run = &generalHandler;
}

void Core::predecodeSingle() {
  single.resize(2 * kIramWords);
  for (std::uint32_t pc = 0; pc < kIramWords; ++pc) {
    single[2 * pc] = makeMicroOp(instructions[pc], pc, kinds[pc], false);
    if (closes[pc] != 0 && kinds[pc] == StepKind::plain) single[2 * pc].run = &generalHandler;
    single[2 * pc + 1] = singleLeaveOp(pc + 1);
  }
}

std::uint64_t Core::run(unsigned t, const MicroOp* op) {
  Tasklet& tasklet = tasklets[t];
  executed = 0;
  runStart = tasklet.pc;
  op->run(op, tasklet.r.data(), this, wram.data(), tasklet.z, tasklet.c);
  tasklet.pc = exitPc;
  tasklet.z = exitZ;
  tasklet.c = exitC;
  return executed;
}

std::uint64_t Core::runAhead(unsigned t, std::uint64_t limit) {
  if (tasklets[t].pc >= kIramWords) {  // an ordering instruction branched out of IRAM
    blocked = true;
    return 0;
  }
  budget = limit;
  const std::uint64_t done = run(t, &ops[tasklets[t].pc]);
  // Here, before anyone else's memory accesses run, a waiting loop has not moved.
  if (!blocked && limit > 16 && spins(t)) spinFound = true;
  return done;
}

bool Core::spins(unsigned t) {
  constexpr unsigned kLongest = 16;
  Tasklet& tasklet = tasklets[t];
  const Tasklet before = tasklet;
  const bool blockedBefore = blocked;
  const std::uint64_t executedBefore = executed;
  auto* const recorded = std::exchange(runs, nullptr);
  std::array<std::uint32_t, kLongest> visited{};
  bool loads = false, same = false;
  unsigned n = 0;
  while (n < kLongest) {
    const std::uint32_t pc = tasklet.pc;
    if (pc >= kIramWords || kinds[pc] != StepKind::plain) break;
    const Instruction& in = instructions[pc];
    if (isWramAccess(in)) {
      if (wramAccess(in, tasklet.r.data()).write) break;
      loads = true;
    }
    if (!step(t)) break;
    visited[n++] = pc;
    if (tasklet.pc != before.pc) continue;
    same = (tasklet.z == 0) == (before.z == 0) && tasklet.c == before.c &&
           std::equal(before.r.begin(), before.r.begin() + kRegisters, tasklet.r.begin());
    break;
  }
  for (unsigned i = 0; i < n; ++i) {
    --enter[visited[i]];
    --leave[visited[i]];
  }
  tasklet = before;
  blocked = blockedBefore;
  executed = executedBefore;
  runs = recorded;
  return same && loads;
}

void Core::remember() {
  const auto head = [this](const std::vector<std::uint64_t>& all) {
    return std::vector<std::uint64_t>(all.begin(), all.begin() + codeEnd);
  };
  spinFound = false;
  if (!loads()) return;  // who loads nothing cannot wait for a word to change
  saved_ = std::make_unique<Saved>(
      Saved{wram, tasklets, locks, notify, head(words), head(enter), head(leave)});
  mram.remember();
}

bool Core::loads() const {
  // Code that comes by DMA into the instruction memory may load too.
  return uses(Operation::ldmai) ||
         std::any_of(instructions.begin(), instructions.begin() + codeEnd,
                     [](const Instruction& in) {
                       const std::array<std::uint32_t, kRegisterSlots> none{};
                       return isWramAccess(in) && !wramAccess(in, none.data()).write;
                     });
}

void Core::rollback() {
  wram = saved_->wram;
  tasklets = saved_->tasklets;
  locks = saved_->locks;
  notify = saved_->notify;
  std::vector<std::uint64_t> code = std::move(saved_->words);
  std::fill(enter.begin(), enter.end(), 0);
  std::fill(leave.begin(), leave.end(), 0);
  std::copy(saved_->enter.begin(), saved_->enter.end(), enter.begin());
  std::copy(saved_->leave.begin(), saved_->leave.end(), leave.begin());
  code.resize(codeEnd);  // words that the run loaded behind the program become empty again
  if (!std::equal(code.begin(), code.end(), words.begin())) setCode(0, code.data(), code.size());
  mram.rollback();
  spinFound = false;
  saved_.reset();
}

void Core::forget() {
  saved_.reset();
  mram.forget();
}

bool Core::step(unsigned t) {
  if (single.empty()) predecodeSingle();
  budget = 1;
  run(t, &single[2 * tasklets[t].pc]);
  return executed == 1;
}

bool Core::stepCosted(unsigned t) {
  Tasklet& tasklet = tasklets[t];
  const std::uint32_t pc = tasklet.pc;
  const Instruction& in = instructions[pc];
  exitZ = tasklet.z;
  exitC = tasklet.c;
  exitPc = in.target;
  const GeneralExit exit = executeGeneral(*this, in, tasklet.r.data(), pc);
  if (exit == GeneralExit::fault || (exit == GeneralExit::branch && exitPc >= kIramWords))
    return false;
  tasklet.z = exitZ;
  tasklet.c = exitC;
  tasklet.pc = exit == GeneralExit::branch              ? exitPc
               : loopsBack(*this, tasklet.r.data(), pc) ? tasklet.r[kLoopStart]
                                                        : pc + 1;
  return true;
}

std::vector<std::uint64_t> Core::counts() const {
  std::vector<std::uint64_t> result(codeEnd);
  std::uint64_t running = 0;
  for (std::uint32_t pc = 0; pc < codeEnd; ++pc) {
    running += enter[pc];
    result[pc] = running;
    running -= leave[pc];
  }
  return result;
}

bool Core::uses(Operation operation) const {
  return std::any_of(instructions.begin(), instructions.begin() + codeEnd,
                     [operation](const Instruction& in) {
                       return in.form != nullptr && in.form->operation == operation;
                     });
}

MicroOp leaveOp(std::uint32_t pc) {
  MicroOp op;
  op.run = &blockedHandler;
  op.pc = static_cast<std::uint16_t>(pc);
  return op;
}

MicroOp singleLeaveOp(std::uint32_t pc) {
  MicroOp op = leaveOp(pc);
  op.run = &singleLeaveHandler;
  return op;
}

MicroOp makeMicroOp(const Instruction& in, std::uint32_t pc, StepKind kind, bool flagsDead) {
  MicroOp op = leaveOp(pc);
  if (kind != StepKind::plain) return op;
  const Form& form = *in.form;
  op.run = aluHandler(in, pc, flagsDead);
  if (op.run == nullptr) op.run = otherHandler(in);
  if (op.run == nullptr || (form.branches && in.target >= kIramWords)) op.run = &generalHandler;
  op.imm = static_cast<std::uint32_t>(in.imm);
  op.offset = static_cast<std::uint32_t>(in.offset);
  op.target = in.target;
  op.condition = static_cast<std::uint8_t>(in.condition);
  if (form.destination != Destination::none) op.rc = in.rc;
  const auto number = [&](Source s) -> std::uint8_t {
    return s == Source::ra                          ? in.ra
           : s == Source::rb || s == Source::dbPair ? in.rb
                                                    : std::uint8_t{kZero};
  };
  if (form.issue == IssueClass::loadStore || form.operation == Operation::call ||
      form.operation == Operation::mulStep || form.operation == Operation::movd ||
      form.operation == Operation::swapd) {
    op.ra = in.ra;
    op.rb = in.rb;
  } else {
    op.ra = number(form.first);
    op.rb = number(form.second);
  }
  return op;
}

}  // namespace wattlas::dpu
