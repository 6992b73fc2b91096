// The cycle-by-cycle engine, in two uses: `lockstep` executes each instruction when it issues;
// `replayed` lets tasklets run ahead functionally and replays their instructions here.
#include <algorithm>
#include <bit>
#include <vector>

#include "pim/dpu/exec/engine.h"
#include "pim/dpu/exec/register_file.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

template <bool ahead>
class CycleEngine {
 public:
  explicit CycleEngine(Runtime& runtime)
      : rt_(runtime),
        core_(runtime.core),
        options_(runtime.options),
        rule_(runtime.options.timing.registerFile),
        cost_(runtime.core, runtime.options.timing.registerFile) {}

  EngineOutcome run() {
    while (!finished()) {
      if (options_.maxCycles != 0 && now_ >= options_.maxCycles) {
        const auto t = static_cast<unsigned>(std::countr_zero(rt_.runningMask | 1U << 31));
        rt_.fail(RunErrorKind::maxCycles, t < kTasklets ? t : lastIssued_, now_,
                 "cycle limit of " + std::to_string(options_.maxCycles) + " reached");
        break;
      }
      cycle();
      if (rt_.error || core_.spinFound) break;
    }
    return outcome();
  }

 private:
  struct Lane {
    std::uint64_t ready = 0;
    bool transfer = false;      ///< waits for the DMA engine until `ready`
    std::uint32_t written = 0;  ///< by the previous instruction (compat rule)
    // Replay of the functional run.
    std::vector<std::uint64_t> runs;
    std::size_t run = 0;
    std::uint32_t pc = 0, left = 0;
    bool blocked = false;
  };

  bool finished() const {
    if (rt_.runningMask != 0) return false;
    return rule_ != RegisterFileRule::compat || pipeline_.empty();
  }

  EngineOutcome outcome() {
    std::uint64_t end = now_;
    if (rule_ != RegisterFileRule::compat && issued_ > 0) {
      end = std::max(end, lastIssue_ + static_cast<std::uint64_t>(options_.timing.revolver));
    }
    end = std::max(end, rt_.lastEnd);
    if (!rt_.error) rt_.stalls.drain += end - now_;
    return {rt_.error ? now_ : end, issued_};
  }

  void cycle() {
    const bool compat = rule_ == RegisterFileRule::compat;
    const bool slotFree = compat ? pipeline_.canIssue() : portFree_ <= now_;
    const int chosen = slotFree && rt_.runningMask != 0 ? choose() : -1;
    if (chosen >= 0) {
      issue(static_cast<unsigned>(chosen));
      if (rt_.error) return;
    } else {
      stall(slotFree);
    }
    if (compat) pipeline_.tick();
    ++now_;
  }

  void stall(bool slotFree) {
    if (!slotFree) {
      ++rt_.stalls.registerFile;
      return;
    }
    if (rt_.runningMask == 0) {
      ++rt_.stalls.drain;
      return;
    }
    bool revolver = false;
    std::uint64_t next = kNever;
    for (std::uint32_t m = rt_.runningMask; m != 0; m &= m - 1) {
      const Lane& lane = lanes_[static_cast<unsigned>(std::countr_zero(m))];
      if (!lane.transfer) revolver = true;
      next = std::min(next, lane.ready);
    }
    std::uint64_t skip = 1;
    if (ahead && next > now_) {
      skip = next - now_;
      if (options_.maxCycles != 0) skip = std::min(skip, options_.maxCycles - now_);
      // The last of these cycles is left to cycle().
      if (rule_ == RegisterFileRule::compat) skip = 1 + pipeline_.skip(skip - 1);
    }
    (revolver ? rt_.stalls.revolver : rt_.stalls.dma) += skip;
    now_ += skip - 1;
  }

  /// The arbiter; -1 when nobody is ready. The rotating queue of the compat rule is round-robin:
  /// who is looked at goes to its end, ready or not.
  int choose() const {
    if (rule_ == RegisterFileRule::compat || options_.timing.arbiter == Arbiter::roundRobin) {
      const std::uint32_t upToLast = (2U << lastIssued_) - 1U;
      const int t = firstReady(rt_.runningMask & ~upToLast);
      return t >= 0 ? t : firstReady(rt_.runningMask & upToLast);
    }
    int best = -1;
    std::uint64_t oldest = now_ + 1;
    for (std::uint32_t m = rt_.runningMask; m != 0; m &= m - 1) {
      const int t = std::countr_zero(m);
      const std::uint64_t ready = lanes_[static_cast<unsigned>(t)].ready;
      if (ready >= oldest) continue;
      oldest = ready;
      best = t;
    }
    return best;
  }

  int firstReady(std::uint32_t among) const {
    for (; among != 0; among &= among - 1) {
      const int t = std::countr_zero(among);
      if (lanes_[static_cast<unsigned>(t)].ready <= now_) return t;
    }
    return -1;
  }

  void issue(unsigned t) {
    Lane& lane = lanes_[t];
    lane.transfer = false;
    if (lane.left == 0) fetch(t);
    if (core_.spinFound) return;
    const std::uint32_t pc = lane.left > 0 ? lane.pc : core_.tasklets[t].pc;
    bool retry = false, changes = false;
    std::uint64_t ready = now_ + static_cast<std::uint64_t>(options_.timing.revolver);
    const unsigned extra = pc < kIramWords ? cost_.extra(pc, lane.written) : 0;
    if (options_.trace) {
      options_.trace({now_, t, pc, pc < kIramWords ? &core_.instructions[pc] : nullptr});
    }
    if (lane.left > 0) {
      ++lane.pc;
      --lane.left;
    } else if (!plainStep(t, pc)) {
      const OrderingEffect effect = rt_.order(t, now_, issued_);
      if (rt_.error) return;
      apply(t, effect, pc);
      ready = effect.readyAt;
      retry = effect.selfRetry;
      changes = !retry;
    }
    if (pc < kIramWords) lane.written = cost_.writes(pc);
    lane.ready = ready;
    count(t);
    if (rule_ == RegisterFileRule::sameBank && extra > 0) {
      portFree_ = now_ + 1 + extra;
      lane.ready = std::max(lane.ready, ready + extra);
    }
    if (rule_ == RegisterFileRule::compat) pipeline_.issue(extra);
    if (watch_.issued(t, retry, changes, rt_.runningMask)) rt_.deadlock(now_);
  }

  /// Replay only: fills the lane with the next functional run.
  void fetch(unsigned t) {
    if constexpr (!ahead) return;
    Lane& lane = lanes_[t];
    if (lane.run == lane.runs.size()) {
      lane.runs.clear();
      lane.run = 0;
      if (!lane.blocked) {
        core_.runs = &lane.runs;
        core_.runAhead(t, options_.runAhead);
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

  /// Lockstep only: executes a plain instruction. False for ordering and faulting ones.
  bool plainStep(unsigned t, std::uint32_t pc) {
    if constexpr (ahead) return false;
    if (pc >= kIramWords || core_.kinds[pc] != StepKind::plain) return false;
    const Instruction& in = core_.instructions[pc];
    if (rt_.races && isWramAccess(in)) {
      const WramAccess access = wramAccess(in, core_.tasklets[t].r.data());
      if (legal(access)) rt_.races->access(t, pc, access.address, access.bytes, access.write);
    }
    return core_.step(t);
  }

  void apply(unsigned t, const OrderingEffect& effect, std::uint32_t pc) {
    lanes_[t].transfer = effect.transfer;
    if (effect.woken >= 0) {
      Lane& woken = lanes_[static_cast<unsigned>(effect.woken)];
      woken.ready = std::max(woken.ready, effect.wokenAt);
      woken.transfer = false;
    }
    if (core_.instructions[pc].form->operation == Operation::ldmai) cost_.refresh(core_);
  }

  void count(unsigned t) {
    TaskletStats& s = rt_.stats[t];
    if (s.instructions == 0) s.startCycle = now_;
    ++s.instructions;
    s.stopCycle = now_;
    ++issued_;
    lastIssued_ = t;
    lastIssue_ = now_;
  }

  Runtime& rt_;
  Core& core_;
  const DpuRunOptions& options_;
  const RegisterFileRule rule_;
  RegisterFileCost cost_;
  CompatPipeline pipeline_;
  SpinWatch watch_;
  std::array<Lane, kTasklets> lanes_{};
  std::uint64_t now_ = 0, portFree_ = 0, issued_ = 0, lastIssue_ = 0;
  unsigned lastIssued_ = kTasklets - 1;
};

}  // namespace

EngineOutcome runLockstep(Runtime& runtime) {
  return CycleEngine<false>(runtime).run();
}
EngineOutcome runReplayed(Runtime& runtime) {
  return CycleEngine<true>(runtime).run();
}

}  // namespace wattlas::dpu
