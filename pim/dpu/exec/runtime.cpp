#include "pim/dpu/exec/runtime.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "pim/dpu/exec/alu.h"

namespace wattlas::dpu {

namespace {

std::uint64_t milli(double cycles) {
  return static_cast<std::uint64_t>(std::llround(cycles * 1000));
}

/// What the vendor's run-time library means by a fault number (its documentation of exceptions).
std::string faultMeaning(std::int64_t number) {
  static const std::array<const char*, 9> meanings = {nullptr,
                                                      "heap full",
                                                      "division by zero",
                                                      "assertion",
                                                      "halt",
                                                      "message longer than the print buffer",
                                                      "profiles already",
                                                      "does not profile",
                                                      "MRAM and WRAM differ modulo 8"};
  if (number <= 0 || number >= static_cast<std::int64_t>(meanings.size())) return {};
  return std::string(" (in the vendor's run-time library: ") +
         meanings[static_cast<std::size_t>(number)] + ")";
}

}  // namespace

void PerfCounter::configure(std::uint32_t config, std::uint64_t cycle, std::uint64_t issued) {
  const unsigned mode = config >> 1 & 7U;
  switch (mode) {
    case 1:
    case 2:
    case 3:
      selected_ = mode;
      cycles_.set(mode == 1, cycle);
      instructions_.set(mode == 2, issued);
      break;
    case 5:
    case 6:
      selected_ = mode - 4;
      cycles_.set(false, cycle);
      instructions_.set(false, issued);
      break;
    case 7:
      cycles_.set(true, cycle);
      instructions_.set(true, issued);
      break;
    default:
      break;
  }
  if ((config & 1U) != 0) {
    cycles_.clear(cycle);
    instructions_.clear(issued);
  }
}

std::uint32_t PerfCounter::read(std::uint64_t cycle, std::uint64_t issued) const {
  const std::uint64_t value = selected_ == 1   ? cycles_.value(cycle)
                              : selected_ == 2 ? instructions_.value(issued)
                                               : 0;
  return static_cast<std::uint32_t>(value >> 4);
}

Runtime::Runtime(Core& c, const DpuRunOptions& o, SymbolAt symbolAt)
    : core(c), options(o), orderingCounts(c.codeEnd), symbolAt_(std::move(symbolAt)) {
  for (unsigned t = 0; t < kTasklets; ++t) stats[t].id = t;
  if (o.raceCheck) races = std::make_unique<RaceChecker>();
  if (o.timing.bankDetail) bank_.emplace(o.timing);
}

void Runtime::start(unsigned t, std::uint32_t pc) {
  runningMask |= 1U << t;
  core.tasklets[t].pc = pc;
}

void Runtime::fail(RunErrorKind kind, unsigned t, std::uint64_t cycle, std::string reason) {
  if (error) return;
  RunError e;
  e.kind = kind;
  e.pc = core.tasklets[t].pc;
  e.symbol = symbolAt_ ? symbolAt_(e.pc) : std::string();
  e.tasklet = t;
  e.cycle = cycle;
  e.word = e.pc < kIramWords ? core.words[e.pc] : 0;
  e.reason = std::move(reason);
  error = std::move(e);
}

void Runtime::deadlock(std::uint64_t cycle) {
  const auto t = static_cast<unsigned>(std::countr_zero(runningMask));
  std::string who;
  for (unsigned i = 0; i < kTasklets; ++i) {
    if (running(i)) who += (who.empty() ? "" : ", ") + std::to_string(i);
  }
  fail(RunErrorKind::deadlock, t, cycle,
       "tasklet(s) " + who + " retry acquire or resume for ever; no other tasklet runs");
}

bool Runtime::branch(unsigned t, const Instruction& in, std::uint32_t value) {
  Tasklet& tasklet = core.tasklets[t];
  ConditionInput c;
  c.value = value;
  c.ra = in.form->first == Source::ra ? tasklet.r[in.ra] : 0;
  c.zeroBefore = tasklet.z == 0;
  const bool taken = in.form->branches && holds(in.condition, c);
  tasklet.pc = taken ? in.target : tasklet.pc + 1;
  return taken;
}

OrderingEffect Runtime::order(unsigned t, std::uint64_t cycle, std::uint64_t issued) {
  OrderingEffect effect;
  effect.readyAt = cycle + static_cast<std::uint64_t>(options.timing.revolver);
  const std::uint32_t pc = core.tasklets[t].pc;
  if (pc >= kIramWords || core.kinds[pc] != StepKind::ordering) {
    diagnose(t, cycle);
    return effect;
  }
  const Instruction& in = core.instructions[pc];
  using enum Operation;
  switch (in.form->operation) {
    case acquire:
    case release:
      lock(t, in, effect);
      break;
    case boot:
    case resume:
    case stop:
    case clrRun:
    case readRun:
      thread(t, in, cycle, effect);
      break;
    case time:
    case timeCfg:
      timeRead(t, in, cycle, issued);
      break;
    case fault:
    case bkp:
      fail(RunErrorKind::fault, t, cycle,
           in.form->operation == bkp ? std::string("breakpoint (bkp)")
                                     : "fault " + std::to_string(in.imm) +
                                           " raised by the program" + faultMeaning(in.imm));
      return effect;
    default:
      if (core.models[pc] != nullptr && stepKind(in) != StepKind::ordering)
        costed(t, cycle, effect);
      else
        transfer(t, in, cycle, effect);
      break;
  }
  if (error) return effect;
  ++orderingCounts[pc];
  if (effect.selfRetry && core.tasklets[t].pc != pc) effect.selfRetry = false;
  return effect;
}

void Runtime::lock(unsigned t, const Instruction& in, OrderingEffect& effect) {
  const unsigned index = lockIndex(core.tasklets[t].r[in.ra] + static_cast<std::uint32_t>(in.imm));
  const bool held = core.locks[index];
  const bool acquires = in.form->operation == Operation::acquire;
  core.locks[index] = acquires;
  effect.frees = !acquires;
  branch(t, in, held ? 1 : 0);
  if (races && !acquires) races->released(t, index);
  if (races && acquires && !held) races->acquired(t, index);
  if (acquires && held) {
    ++stats[t].syncRetries;
    effect.selfRetry = true;
  }
}

void Runtime::thread(unsigned t, const Instruction& in, std::uint64_t cycle,
                     OrderingEffect& effect) {
  using enum Operation;
  const Operation op = in.form->operation;
  Tasklet& tasklet = core.tasklets[t];
  if (op == stop) {
    runningMask &= ~(1U << t);
    effect.stopped = effect.frees = true;
    if (races) races->stopped(t);
    // stop has no result: z/nz test the zero flag that the tasklet has.
    branch(t, in, tasklet.z);
    return;
  }
  const unsigned index = (tasklet.r[in.ra] + static_cast<std::uint32_t>(in.imm)) & 255U;
  if (index >= kNotifyBits) {
    fail(RunErrorKind::threadNumber, t, cycle,
         std::string(name(op)) + " of run bit " + std::to_string(index) + "; a DPU has " +
             std::to_string(kTasklets) + " tasklets and run bits 0.." +
             std::to_string(kNotifyBits - 1));
    return;
  }
  const bool isTasklet = index < kTasklets;
  const bool set = isTasklet ? running(index) : (core.notify >> index & 1U) != 0;
  if (op == boot || op == resume) {
    if (set) {
      ++stats[t].syncRetries;
      effect.selfRetry = true;
    } else if (isTasklet) {
      runningMask |= 1U << index;
      if (op == boot) core.tasklets[index].pc = 0;
      effect.woken = static_cast<int>(index);
      // The peer of the compat rule lets a woken tasklet issue in the next cycle.
      const bool compat = options.timing.registerFile == RegisterFileRule::compat;
      effect.wokenAt = cycle + (compat ? 1U : static_cast<unsigned>(options.timing.wakeLatency));
      if (races) races->woke(t, index);
    } else {
      core.notify |= std::uint64_t{1} << index;
    }
  } else if (op == clrRun) {
    effect.frees = true;
    if (isTasklet && set) {
      runningMask &= ~(1U << index);
      effect.stopped = index == t;
      effect.halted = index != t;
      effect.haltedTasklet = index;
      if (races) races->stopped(index);
    } else if (!isTasklet) {
      core.notify &= ~(std::uint64_t{1} << index);
    }
  }
  branch(t, in, set ? 1 : 0);
}

/// An instruction with issue slots, latency or occupancy of its own (a configuration file).
void Runtime::costed(unsigned t, std::uint64_t cycle, OrderingEffect& effect) {
  const std::uint32_t pc = core.tasklets[t].pc;
  const InstructionModel& model = *core.models[pc];
  if (!core.stepCosted(t)) return diagnose(t, cycle);
  std::uint64_t begin = cycle;
  if (model.occupancy > 0) {
    std::uint64_t& free = unitFree_[model.unit];
    begin = std::max(begin, free);
    free = begin + static_cast<std::uint64_t>(model.occupancy);
  }
  effect.slots = static_cast<unsigned>(model.issueSlots);
  const auto revolver = static_cast<std::uint64_t>(options.timing.revolver);
  effect.readyAt = std::max({begin + revolver, cycle + revolver + effect.slots - 1,
                             begin + static_cast<std::uint64_t>(model.latency)});
}

void Runtime::timeRead(unsigned t, const Instruction& in, std::uint64_t cycle,
                       std::uint64_t issued) {
  Tasklet& tasklet = core.tasklets[t];
  const std::uint32_t config = in.form->operation == Operation::timeCfg ? tasklet.r[in.rb] : 0;
  const std::uint32_t value = counter_.read(cycle, issued);
  if (in.form->operation == Operation::timeCfg) counter_.configure(config, cycle, issued);
  if (in.form->destination == Destination::rc) tasklet.r[in.rc] = value;
  if (in.form->destination == Destination::pair) {
    const bool minus = in.form->pair == PairMode::signExtend && (value >> 31) != 0;
    tasklet.r[in.rc] = minus ? ~0U : 0U;
    tasklet.r[in.rc + 1] = value;
  }
  branch(t, in, value);
}

void Runtime::transfer(unsigned t, const Instruction& in, std::uint64_t cycle,
                       OrderingEffect& effect) {
  using enum Operation;
  const Operation op = in.form->operation;
  Tasklet& tasklet = core.tasklets[t];
  const std::uint32_t a = tasklet.r[in.ra];
  std::uint32_t local = a & 0xFFFFFFU;
  std::uint32_t mram = tasklet.r[in.rb];
  const std::uint32_t bytes = 8 * (1 + ((static_cast<std::uint32_t>(in.imm) + (a >> 24)) & 255U));
  const char* const memory = op == ldmai ? "IRAM" : "WRAM";
  if (((local | mram) & 7U) != 0 && dropsLowBits) {
    if (misaligned++ == 0) firstMisaligned = tasklet.pc;
    local &= ~7U;
    mram &= ~7U;
  }
  if (((local | mram) & 7U) != 0)
    return fail(RunErrorKind::dmaAlignment, t, cycle,
                std::string("DMA addresses must be multiples of 8: ") + memory + " " + "0x" +
                    hexText(local, 6) + ", MRAM " + "0x" + hexText(mram, 8));
  if (mram - kMramAddress < kMramBytes) mram -= kMramAddress;
  const std::uint32_t limit = op == ldmai ? 8 * kIramWords : kWramBytes;
  if (local > limit - bytes || mram > kMramBytes - bytes)
    return fail(RunErrorKind::dmaRange, t, cycle,
                "DMA of " + std::to_string(bytes) + " bytes leaves " +
                    (local > limit - bytes ? std::string(memory) + " (" + std::to_string(limit) +
                                                 " bytes) at " + "0x" + hexText(local, 6)
                                           : "MRAM (" + std::to_string(kMramBytes) + " bytes) at " +
                                                 "0x" + hexText(tasklet.r[in.rb], 8)));
  const bool write = op == sdma || op == sdmaDbg;
  if (races && op != ldmai) races->access(t, tasklet.pc, local, bytes, !write);
  copy(in, local, mram, bytes);

  // An entry of 0 was not asked for yet (or costs nothing, and is asked for again).
  DmaCost& cost = costs_[write ? 1 : 0][bytes / 8 - 1];
  if (cost.occupancy == 0) cost = transfersOf(write, bytes);
  std::uint64_t begin = std::max(cycle * 1000, engineFree_);
  std::uint64_t occupancy = cost.occupancy, latency = cost.latency;
  if (bank_) {
    const std::uint64_t asked = begin;
    const MramBank::Access access = bank_->access(static_cast<dram::Clock>(begin), mram, bytes,
                                                  write, static_cast<dram::Clock>(occupancy));
    begin = static_cast<std::uint64_t>(access.begin);
    occupancy += static_cast<std::uint64_t>(access.extra);
    latency += static_cast<std::uint64_t>(access.extra);
    dma.rowActivations += access.opened;
    dma.rowHits += access.hits;
    dma.refreshWaitCycles += static_cast<double>(begin - asked) / 1000;
  } else {
    countRows(mram, bytes);
  }
  engineFree_ = begin + occupancy;
  const std::uint64_t done = (begin + std::max(latency, occupancy) + 999) / 1000;
  effect.readyAt = std::max(effect.readyAt, done);
  effect.transfer = true;
  effect.loadsCode = op == ldmai;
  effect.frees = effect.loadsCode;  // it may have replaced the instruction that someone retries
  lastEnd = std::max(lastEnd, done);

  (write ? dma.writes : dma.reads) += 1;
  (write ? dma.writeBytes : dma.readBytes) += bytes;
  if (op == ldmai) ++dma.instructionReads;
  dma.busyCycles += static_cast<double>(occupancy) / 1000;
  dma.waitCycles += effect.readyAt - cycle;
  ++stats[t].dmaTransfers;
  stats[t].dmaWaitCycles += effect.readyAt - cycle;
  ++tasklet.pc;
}

Runtime::DmaCost Runtime::transfersOf(bool write, std::uint32_t bytes) const {
  const DpuTiming& t = options.timing;
  const double latency = write ? t.dmaWriteLatency : t.dmaReadLatency;
  const double occupancy = write ? t.dmaWriteOccupancy : t.dmaReadOccupancy;
  if (bank_) {
    return {milli(bank_->latency(latency, t.dmaLatencyPerByte, bytes)),
            milli(bank_->occupancy(occupancy, t.dmaOccupancyPerByte, bytes, write))};
  }
  return {milli(latency + t.dmaLatencyPerByte * bytes),
          milli(occupancy + t.dmaOccupancyPerByte * bytes)};
}

void Runtime::copy(const Instruction& in, std::uint32_t local, std::uint32_t mram,
                   std::uint32_t bytes) {
  using enum Operation;
  const Operation op = in.form->operation;
  if (op == sdma || op == sdmaDbg) {
    core.mram.write(mram, {core.wram.data() + local, bytes});
  } else if (op == ldmai) {
    // `in` lies in the array that setCode() rewrites: nothing of it is used from here on.
    std::vector<std::uint64_t> words(bytes / 8);
    core.mram.read(mram, {reinterpret_cast<std::uint8_t*>(words.data()), bytes});
    for (auto& word : words) word &= 0xFFFFFFFFFFFFULL;
    core.setCode(local / 8, words.data(), words.size());
    orderingCounts.resize(core.codeEnd);
  } else {
    core.mram.read(mram, {core.wram.data() + local, bytes});
  }
}

void Runtime::countRows(std::uint32_t mram, std::uint32_t bytes) {
  const auto rowBytes = static_cast<std::uint32_t>(options.timing.mramRowBytes);
  for (std::uint32_t row = mram / rowBytes; row <= (mram + bytes - 1) / rowBytes; ++row) {
    ++(row != openRow_ ? dma.rowActivations : dma.rowHits);
    openRow_ = row;
  }
}

void Runtime::diagnose(unsigned t, std::uint64_t cycle) {
  const Tasklet& tasklet = core.tasklets[t];
  const std::uint32_t pc = tasklet.pc;
  if (pc >= kIramWords)
    return fail(RunErrorKind::pcRange, t, cycle,
                "program counter beyond IRAM (" + std::to_string(kIramWords) + " instructions)");
  if (core.kinds[pc] == StepKind::illegal) {
    const auto decoded = core.decodeWord(core.words[pc]);
    if (core.words[pc] == 0 && !decoded) {
      fail(RunErrorKind::pcRange, t, cycle, "program counter in empty IRAM, outside the program");
    } else if (!decoded) {
      fail(RunErrorKind::illegalInstruction, t, cycle, decoded.error().reason);
    } else {
      fail(RunErrorKind::illegalInstruction, t, cycle,
           "no semantics for '" + disassemble(*decoded) + "'");
    }
    return;
  }
  const Instruction& in = core.instructions[pc];
  if (isWramAccess(in)) {
    const WramAccess access = wramAccess(in, tasklet.r.data());
    const bool range = access.address > kWramBytes - access.bytes;
    fail(RunErrorKind::wramRange, t, cycle,
         std::string(access.write ? "store" : "load") + " of " + std::to_string(access.bytes) +
             " bytes at " + "0x" + hexText(access.address, 8) +
             (range ? " is outside WRAM (" + std::to_string(kWramBytes) + " bytes)"
                    : " is not aligned to its size"));
    return;
  }
  if (core.models[pc] != nullptr && core.models[pc]->semantics)
    return fail(RunErrorKind::wramRange, t, cycle,
                "'" + disassemble(in) + "' loads or stores outside WRAM, or not aligned");
  if (in.form->safe)
    return fail(RunErrorKind::wramRange, t, cycle, "stack-checked result is no WRAM address");
  fail(RunErrorKind::pcRange, t, cycle, "branch leaves IRAM: '" + disassemble(in) + "'");
}

RaceChecker::RaceChecker() : locks_(kLocks), cells_(kWramBytes) {
  for (unsigned t = 0; t < kTasklets; ++t) clocks_[t][t] = 1;
}

void RaceChecker::join(Clock& into, const Clock& from) {
  for (unsigned i = 0; i < kTasklets; ++i) into[i] = std::max(into[i], from[i]);
}

void RaceChecker::access(unsigned t, std::uint32_t pc, std::uint32_t address, unsigned bytes,
                         bool write) {
  const Clock& now = clocks_[t];
  for (std::uint32_t a = address; a < address + bytes && a < kWramBytes; ++a) {
    Cell& cell = cells_[a];
    if (cell.write.time > now[cell.writer] && cell.writer != t) {
      report(cell.writer, cell.write, true, t, pc, write, a);
    }
    if (write) {
      for (unsigned other = 0; other < kTasklets; ++other) {
        if (other != t && cell.reads[other].time > now[other]) {
          report(other, cell.reads[other], false, t, pc, true, a);
        }
      }
      cell.write = {now[t], static_cast<std::uint16_t>(pc)};
      cell.writer = static_cast<std::uint8_t>(t);
    } else {
      cell.reads[t] = {now[t], static_cast<std::uint16_t>(pc)};
    }
  }
}

void RaceChecker::acquired(unsigned t, unsigned lock) {
  join(clocks_[t], locks_[lock]);
}

void RaceChecker::released(unsigned t, unsigned lock) {
  join(locks_[lock], clocks_[t]);
  ++clocks_[t][t];
}

void RaceChecker::stopped(unsigned t) {
  stops_[t] = clocks_[t];
  ++clocks_[t][t];
}

void RaceChecker::woke(unsigned by, unsigned t) {
  join(clocks_[by], stops_[t]);
  join(clocks_[t], clocks_[by]);
  ++clocks_[by][by];
}

void RaceChecker::report(unsigned t0, const Access& a, bool w0, unsigned t1, std::uint32_t pc,
                         bool w1, std::uint32_t address) {
  const std::uint64_t key = std::uint64_t{a.pc} << 32 | pc;
  auto [it, fresh] = found_.try_emplace(key);
  Race& race = it->second;
  if (fresh) {
    race.firstPc = a.pc;
    race.secondPc = pc;
    race.firstTasklet = t0;
    race.secondTasklet = t1;
    race.address = address;
    race.firstWrites = w0;
    race.secondWrites = w1;
  }
  ++race.count;
}

std::vector<Race> RaceChecker::races() const {
  std::vector<Race> list;
  for (const auto& [key, race] : found_) list.push_back(race);
  return list;
}

}  // namespace wattlas::dpu
