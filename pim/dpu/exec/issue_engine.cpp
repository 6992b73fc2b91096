// The timing engine: who issues when, one issue after the other; cycles without an issue are passed
// over in one step. Either tasklets run ahead functionally to their next ordering instruction and
// here their instructions only get issue times, or each instruction is executed when it issues.
//
// Under the oldest-ready arbiter a tasklet that issues in cycle c is ready again in c + 11, so the
// ready times form a queue. Without a register-file rule its entries recur with a fixed period - 11
// cycles for up to 11 tasklets, one cycle per tasklet above - and whole rotations are skipped, up
// to the nearest event: a tasklet that runs out of instructions, the end of a transfer, the cycle
// limit.
#include <algorithm>
#include <array>
#include <bit>
#include <type_traits>
#include <vector>

#include "pim/dpu/exec/core.h"
#include "pim/dpu/exec/issue_port.h"
#include "pim/dpu/exec/runtime.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

template <class Port, bool rotating, bool ahead>
class IssueEngine {
  static constexpr bool compat = std::is_same_v<Port, CompatPort>;
  static constexpr bool free = std::is_same_v<Port, FreePort>;
  static constexpr bool jumps = free && ahead && !rotating;

 public:
  explicit IssueEngine(Runtime& runtime)
      : rt_(runtime),
        core_(runtime.core),
        revolver_(static_cast<std::uint64_t>(runtime.options.timing.revolver)),
        limit_(runtime.options.maxCycles != 0 ? runtime.options.maxCycles : kNever),
        cost_(runtime.core, runtime.options.timing.registerFile),
        port_(limit_) {}

  EngineOutcome run() {
    for (unsigned t = 0; t < kTasklets; ++t) {
      if (rt_.running(t)) running_.insert({0, t});
    }
    while (rt_.runningMask != 0) {
      if constexpr (jumps) {
        if (untilJump_ == 0) jump();
        --untilJump_;
      }
      const std::uint64_t ready = ready_ != 0 ? now_ : std::max(now_, earliest().front().ready);
      const std::uint64_t cycle = port_.firstIssue(ready);
      if (cycle > now_) {
        const bool transfersOnly = (rt_.runningMask & ~transferring_) == 0;
        pass(std::min(cycle, limit_), transfersOnly ? rt_.stalls.dma : rt_.stalls.revolver);
      }
      if (cycle >= limit_) return overLimit();
      issue(pick());
      if (rt_.error || core_.spinFound) return {now_, issued_};
      ++now_;
    }
    return finish();
  }

 private:
  struct Lane {
    std::uint64_t left = 0;   ///< executed functionally, not issued yet (of the run)
    std::uint64_t ready = 0;  ///< kept over a stop
    std::uint32_t pc = 0, lastPc = kIramWords;
    bool blocked = false;             ///< an ordering instruction follows the runs
    std::vector<std::uint64_t> runs;  ///< under a rule: of the functional run, start << 32 | length
    std::size_t run = 0;
  };

  /// Cycles up to `cycle` in which nothing issued.
  void pass(std::uint64_t cycle, std::uint64_t& reason) {
    const std::uint64_t blocked = port_.takeBlocked();
    rt_.stalls.registerFile += blocked;
    reason += cycle - now_ - blocked;
    now_ = cycle;
  }

  EngineOutcome overLimit() {
    const auto t = static_cast<unsigned>(std::countr_zero(rt_.runningMask | 1U << 31));
    rt_.fail(RunErrorKind::maxCycles, t < kTasklets ? t : last_, now_,
             "cycle limit of " + std::to_string(limit_) + " reached");
    return {now_, issued_};
  }

  EngineOutcome finish() {
    std::uint64_t end = now_;
    if constexpr (compat) {
      end = port_.drain();
      pass(std::min(end, limit_), rt_.stalls.drain);
      if (end > limit_) return overLimit();
    } else if (issued_ > 0) {
      end = std::max(end, now_ - 1 + revolver_);
    }
    end = std::max(end, rt_.lastEnd);
    rt_.stalls.drain += end - now_;
    return {end, issued_};
  }

  /// The queue whose first tasklet may issue before that of the other.
  ReadyQueue& earliest() {
    const bool transfers =
        running_.empty() ||
        (!waiting_.empty() && ReadyQueue::before(waiting_.front(), running_.front()));
    return transfers ? waiting_ : running_;
  }

  void collect(ReadyQueue& queue) {
    while (!queue.empty() && queue.front().ready <= now_) {
      ready_ |= 1U << queue.front().tasklet;
      queue.pop();
    }
  }

  /// The arbiter: who issues in cycle now_.
  unsigned pick() {
    if constexpr (!rotating) {
      ReadyQueue& queue = earliest();
      const unsigned t = queue.front().tasklet;
      queue.pop();
      return t;
    } else {
      collect(running_);
      collect(waiting_);
      const std::uint32_t after = ready_ & ~((2U << last_) - 1U);
      const auto t = static_cast<unsigned>(std::countr_zero(after != 0 ? after : ready_));
      ready_ &= ~(1U << t);
      return t;
    }
  }

  void issue(unsigned t) {
    Lane& lane = lanes_[t];
    const bool retries = ahead && watch_.fails(t);
    if (ahead && lane.left == 0 && !retries) {
      fetch(t);
      if (core_.spinFound) return;
    }
    transferring_ &= ~(1U << t);
    const std::uint32_t pc = lane.left > 0 ? lane.pc : core_.tasklets[t].pc;
    unsigned extra = 0;  // issue cycles by the register-file rule
    if constexpr (!free) {
      extra = pc < kIramWords ? cost_.extra(pc, lane.lastPc) : 0;
      lane.lastPc = pc;
    }
    unsigned held = extra;  // issue cycles beyond the first
    lane.ready = now_ + revolver_;
    if (!execute(t, pc, retries, held)) return;
    if constexpr (std::is_same_v<Port, SameBankPort>) lane.ready += extra;
    port_.issue(now_, held);
    if (rt_.running(t)) {
      ((transferring_ >> t & 1U) != 0 ? waiting_ : running_).insert({lane.ready, t});
    }
  }

  /// The effect of the instruction at `pc`. False when the run is over.
  bool execute(unsigned t, std::uint32_t pc, bool retries, unsigned& held) {
    if constexpr (!ahead) {
      if (rt_.options.trace) return traced(t, pc, held);
      if (plainStep(t, pc)) return plain(t);
    } else if (Lane& lane = lanes_[t]; lane.left > 0) {
      ++lane.pc;
      --lane.left;
      return plain(t);
    } else if (retries) {  // known to fail again
      count(t);
      ++rt_.stats[t].syncRetries;
      ++rt_.orderingCounts[pc];
      if (watch_.issued(t, true, false, rt_.runningMask)) rt_.deadlock(now_);
      return true;
    }
    return order(t, held);
  }

  bool plain(unsigned t) {
    count(t);
    watch_.issued(t, false, false, ~0U);
    return true;
  }

  /// Executes a plain instruction. False for ordering and faulting ones.
  bool plainStep(unsigned t, std::uint32_t pc) {
    if (pc >= kIramWords || core_.kinds[pc] != StepKind::plain) return false;
    const Instruction& in = core_.instructions[pc];
    if (rt_.races && isWramAccess(in)) {
      const WramAccess access = wramAccess(in, core_.tasklets[t].r.data());
      if (legal(access)) rt_.races->access(t, pc, access.address, access.bytes, access.write);
    }
    return core_.step(t);
  }

  bool traced(unsigned t, std::uint32_t pc, unsigned& held) {
    // The instruction may replace itself (a load into IRAM): trace what was issued.
    const auto before = core_.tasklets[t].r;
    const Instruction issued = pc < kIramWords ? core_.instructions[pc] : Instruction{};
    const bool goesOn = plainStep(t, pc) ? plain(t) : order(t, held);
    rt_.options.trace({now_, t, pc, issued.form != nullptr ? &issued : nullptr, before.data(),
                       core_.tasklets[t].r.data()});
    return goesOn;
  }

  /// False when the run is over.
  bool order(unsigned t, unsigned& held) {
    const OrderingEffect effect = rt_.order(t, now_, issued_);
    if (rt_.error) return false;
    if (effect.transfer) transferring_ |= 1U << t;
    lanes_[t].ready = effect.readyAt;
    if (effect.woken >= 0) {
      const auto w = static_cast<unsigned>(effect.woken);
      lanes_[w].ready = std::max(lanes_[w].ready, effect.wokenAt);
      running_.insert({lanes_[w].ready, w});
      transferring_ &= ~(1U << w);
    }
    if (effect.halted) {
      running_.remove(effect.haltedTasklet);
      waiting_.remove(effect.haltedTasklet);
      ready_ &= ~(1U << effect.haltedTasklet);
    }
    if (effect.loadsCode) cost_.refresh(core_);
    held += effect.slots - 1;
    count(t);
    if (watch_.issued(t, effect.selfRetry, effect.frees, rt_.runningMask)) rt_.deadlock(now_);
    untilJump_ = running_.size() + 1;
    return true;
  }

  /// Runs the tasklet ahead; under a rule, takes the next of the runs that it went through.
  void fetch(unsigned t) {
    Lane& lane = lanes_[t];
    if constexpr (free) {
      lane.left = core_.runAhead(t, rt_.options.runAhead);
      return;
    }
    if (lane.run == lane.runs.size()) {
      lane.runs.clear();
      lane.run = 0;
      if (!lane.blocked) {
        core_.runs = &lane.runs;
        core_.runAhead(t, rt_.options.runAhead);
        core_.runs = nullptr;
        lane.blocked = core_.blocked;
      }
      if (lane.runs.empty()) {
        lane.blocked = false;  // the ordering instruction is next
        return;
      }
    }
    lane.pc = static_cast<std::uint32_t>(lane.runs[lane.run] >> 32);
    lane.left = static_cast<std::uint32_t>(lane.runs[lane.run]);
    ++lane.run;
  }

  void count(unsigned t) {
    TaskletStats& s = rt_.stats[t];
    if (s.instructions == 0) s.startCycle = now_;
    ++s.instructions;
    s.stopCycle = now_;
    ++issued_;
    last_ = t;
  }

  /// Only fails its acquire or resume again and again while nobody changes a lock or run bit.
  bool spins(unsigned t) const { return lanes_[t].left == 0 && watch_.fails(t); }

  /// Skips as many whole rotations of the running tasklets as nothing disturbs.
  void jump() {
    const unsigned n = running_.size();
    untilJump_ = n > 0 ? n : 1;
    if (n == 0 || port_.firstIssue(now_) != now_) return;
    std::uint64_t rotations = kNever;
    for (unsigned j = 0; j < n; ++j) {
      const unsigned t = running_[j].tasklet;
      if (rt_.stats[t].instructions == 0) return;
      if (!spins(t)) rotations = std::min(rotations, lanes_[t].left);
    }
    if (rotations < 2) return;
    const std::uint64_t bound =
        std::min(limit_, waiting_.empty() ? kNever : waiting_.front().ready);
    const std::uint64_t first = std::max(now_, running_[0].ready), last = running_[n - 1].ready;
    const bool spread = sparse(n);
    if (!spread && !dense(n)) return;
    if (bound <= (spread ? last : first)) return;
    if (bound != kNever)
      rotations =
          std::min(rotations, spread ? (bound - last - 1) / revolver_ + 1 : (bound - first) / n);
    if (rotations == kNever || rotations == 0) return;
    const std::uint64_t end =
        spread ? last + (rotations - 1) * revolver_ + 1 : first + rotations * n;
    rt_.stalls.revolver += end - now_ - rotations * n;
    for (unsigned j = 0; j < n; ++j) {
      auto& entry = running_[j];
      const std::uint64_t issue =
          spread ? entry.ready + (rotations - 1) * revolver_ : first + (rotations - 1) * n + j;
      advance(entry.tasklet, rotations, issue);
      entry.ready = lanes_[entry.tasklet].ready = issue + revolver_;
    }
    now_ = end;
  }

  void advance(unsigned t, std::uint64_t rotations, std::uint64_t last) {
    rt_.stats[t].instructions += rotations;
    rt_.stats[t].stopCycle = last;
    issued_ += rotations;
    if (spins(t)) {
      rt_.stats[t].syncRetries += rotations;
      rt_.orderingCounts[core_.tasklets[t].pc] += rotations;
    } else {
      lanes_[t].left -= rotations;
    }
  }

  /// Everyone issues when ready and is back before the first one's next turn.
  bool sparse(unsigned n) const {
    if (running_[0].ready < now_ || running_[n - 1].ready - running_[0].ready >= revolver_) {
      return false;
    }
    for (unsigned j = 1; j < n; ++j) {
      if (running_[j].ready == running_[j - 1].ready) return false;
    }
    return true;
  }

  /// One issue in every cycle, in the order of the queue.
  bool dense(unsigned n) const {
    if (n < revolver_) return false;
    const std::uint64_t first = std::max(now_, running_[0].ready);
    for (unsigned j = 1; j < n; ++j) {
      if (running_[j].ready > first + j) return false;
    }
    return true;
  }

  Runtime& rt_;
  Core& core_;
  const std::uint64_t revolver_, limit_;
  RegisterFileCost cost_;
  Port port_;
  SpinWatch watch_;
  ReadyQueue running_;              ///< everyone but those in waiting_ and ready_
  ReadyQueue waiting_;              ///< by the end of their transfer
  std::uint32_t ready_ = 0;         ///< those who may issue now (round-robin)
  std::uint32_t transferring_ = 0;  ///< tasklets that wait for the DMA engine
  std::array<Lane, kTasklets> lanes_{};
  std::uint64_t now_ = 0, issued_ = 0, untilJump_ = 1;
  unsigned last_ = kTasklets - 1;
};

template <class Port>
EngineOutcome runWith(Runtime& runtime, bool rotating, bool ahead) {
  if (rotating)
    return ahead ? IssueEngine<Port, true, true>(runtime).run()
                 : IssueEngine<Port, true, false>(runtime).run();
  return ahead ? IssueEngine<Port, false, true>(runtime).run()
               : IssueEngine<Port, false, false>(runtime).run();
}

}  // namespace

EngineOutcome runEngine(Runtime& runtime, bool ahead) {
  const DpuTiming& timing = runtime.options.timing;
  const bool rotating = timing.arbiter == Arbiter::roundRobin;
  switch (timing.registerFile) {
    case RegisterFileRule::sameBank:
      return runWith<SameBankPort>(runtime, rotating, ahead);
    case RegisterFileRule::compat:  // its peer has a rotating queue
      return runWith<CompatPort>(runtime, true, ahead);
    case RegisterFileRule::none:
      break;
  }
  return runWith<FreePort>(runtime, rotating, ahead);
}

}  // namespace wattlas::dpu
