#include "pim/dpu/exec/core.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "models/base/error.h"
#include "pim/dpu/exec/handlers.h"
#include "pim/dpu/isa/instruction.h"

namespace wattlas::dpu {

namespace {

void checkRange(std::uint32_t offset, std::size_t bytes) {
  if (bytes <= kMramBytes && offset <= kMramBytes - bytes) return;
  throw InputError("MRAM range " + std::to_string(offset) + " + " + std::to_string(bytes) +
                       " bytes leaves the bank",
                   "offset + size <= " + std::to_string(kMramBytes) + " bytes");
}

}  // namespace

Mram::Mram() : pages_(kMramBytes / kPageBytes) {}

Mram::Mram(const Mram& other) : Mram() {
  *this = other;
}

Mram& Mram::operator=(const Mram& other) {
  if (this == &other) return *this;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    pages_[i] = other.pages_[i] ? std::make_unique<Page>(*other.pages_[i]) : nullptr;
  }
  return *this;
}

void Mram::read(std::uint32_t offset, std::span<std::uint8_t> into) const {
  checkRange(offset, into.size());
  for (std::size_t done = 0; done < into.size();) {
    const std::uint32_t at = offset + static_cast<std::uint32_t>(done);
    const std::uint32_t inPage = at % kPageBytes;
    const std::size_t part = std::min<std::size_t>(into.size() - done, kPageBytes - inPage);
    if (const auto& page = pages_[at / kPageBytes]) {
      std::memcpy(into.data() + done, page->data() + inPage, part);
    } else {
      std::memset(into.data() + done, 0, part);
    }
    done += part;
  }
}

void Mram::write(std::uint32_t offset, std::span<const std::uint8_t> from) {
  checkRange(offset, from.size());
  for (std::size_t done = 0; done < from.size();) {
    const std::uint32_t at = offset + static_cast<std::uint32_t>(done);
    const std::uint32_t inPage = at % kPageBytes;
    const std::size_t part = std::min<std::size_t>(from.size() - done, kPageBytes - inPage);
    auto& page = pages_[at / kPageBytes];
    if (remembering_ && !old_.contains(at / kPageBytes)) {
      old_[at / kPageBytes] = page ? std::make_unique<Page>(*page) : nullptr;
    }
    if (!page) page = std::make_unique<Page>();
    std::memcpy(page->data() + inPage, from.data() + done, part);
    done += part;
  }
}

void Mram::remember() {
  old_.clear();
  remembering_ = true;
}

void Mram::rollback() {
  for (auto& [number, page] : old_) pages_[number] = std::move(page);
  forget();
}

void Mram::forget() {
  old_.clear();
  remembering_ = false;
}

std::size_t Mram::pages() const {
  return static_cast<std::size_t>(std::count_if(pages_.begin(), pages_.end(),
                                                [](const auto& page) { return page != nullptr; }));
}

bool Mram::sameAs(const Mram& other) const {
  static const Page zeros{};
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const Page& a = pages_[i] ? *pages_[i] : zeros;
    const Page& b = other.pages_[i] ? *other.pages_[i] : zeros;
    if (&a != &b && a != b) return false;
  }
  return true;
}

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

namespace {

unsigned pairConflict(std::uint32_t reads) {
  return std::popcount(reads & 0x555555U) > 1 || std::popcount(reads & 0xAAAAAAU) > 1 ? 1 : 0;
}

}  // namespace

RegisterUse registerUse(const Instruction& in) {
  RegisterUse use;
  if (in.form == nullptr) return use;
  for (const Source s : {in.form->first, in.form->second, in.form->third}) {
    if (s == Source::ra) use.reads |= registerBit(in.ra);
    if (s == Source::rb) use.reads |= registerBit(in.rb);
    if (s == Source::dbPair) use.reads |= registerBit(in.rb) | registerBit(in.rb + 1U);
  }
  if (in.form->destination == Destination::rc) use.writes = registerBit(in.rc);
  if (in.form->destination == Destination::pair)
    use.writes = registerBit(in.rc) | registerBit(in.rc + 1U);
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
