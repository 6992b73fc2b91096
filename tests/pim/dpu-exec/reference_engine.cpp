#include "reference_engine.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "pim/dpu/exec/core.h"

namespace wattlas::dpu::test {

namespace {

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
      if (rt_.error) break;
    }
    return outcome();
  }

 private:
  struct Lane {
    std::uint32_t lastPc = kIramWords;  ///< of the previous instruction (compat rule)
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
    const int chosen = slotFree ? choose() : -1;
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
    } else if (rt_.runningMask == 0) {
      ++rt_.stalls.drain;
    } else {
      ++((rt_.runningMask & ~transferring_) != 0 ? rt_.stalls.revolver : rt_.stalls.dma);
    }
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
      const std::uint64_t ready = ready_[static_cast<unsigned>(t)];
      if (ready >= oldest) continue;
      oldest = ready;
      best = t;
    }
    return best;
  }

  int firstReady(std::uint32_t among) const {
    for (; among != 0; among &= among - 1) {
      const int t = std::countr_zero(among);
      if (ready_[static_cast<unsigned>(t)] <= now_) return t;
    }
    return -1;
  }

  void issue(unsigned t) {
    Lane& lane = lanes_[t];
    transferring_ &= ~(1U << t);
    const std::uint32_t pc = core_.tasklets[t].pc;
    bool retry = false, frees = false;
    unsigned slots = 1;
    std::uint64_t ready = now_ + static_cast<std::uint64_t>(options_.timing.revolver);
    const bool ruled = rule_ != RegisterFileRule::none && pc < kIramWords;
    const unsigned extra = ruled ? cost_.extra(pc, lane.lastPc) : 0;
    if (!plainStep(t, pc)) {
      const OrderingEffect effect = rt_.order(t, now_, issued_);
      if (rt_.error) return;
      apply(effect, t);
      ready = effect.readyAt;
      slots = effect.slots;
      retry = effect.selfRetry;
      frees = effect.frees;
    }
    lane.lastPc = pc;
    ready_[t] = ready;
    count(t);
    if (slots > 1) portFree_ = now_ + slots;
    if (rule_ == RegisterFileRule::sameBank && extra > 0) {
      portFree_ = now_ + slots + extra;
      ready_[t] = ready + extra;
    }
    if (rule_ == RegisterFileRule::compat) pipeline_.issue(extra + slots - 1);
    if (watch_.issued(t, retry, frees, rt_.runningMask)) rt_.deadlock(now_);
  }

  /// Executes a plain instruction. False for ordering and faulting ones.
  bool plainStep(unsigned t, std::uint32_t pc) {
    if (pc >= kIramWords || core_.kinds[pc] != StepKind::plain) return false;
    return core_.step(t);
  }

  void apply(const OrderingEffect& effect, unsigned t) {
    if (effect.transfer) transferring_ |= 1U << t;
    if (effect.woken >= 0) {
      const auto w = static_cast<unsigned>(effect.woken);
      ready_[w] = std::max(ready_[w], effect.wokenAt);
      transferring_ &= ~(1U << w);
    }
    if (effect.loadsCode) cost_.refresh(core_);
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
  std::array<std::uint64_t, kTasklets> ready_{};
  std::uint64_t now_ = 0, portFree_ = 0, issued_ = 0, lastIssue_ = 0;
  std::uint32_t transferring_ = 0;  ///< tasklets that wait for the DMA engine
  unsigned lastIssued_ = kTasklets - 1;
};

}  // namespace

ReferenceRun runReference(const Program& program, const DpuRunOptions& options) {
  Core core;
  core.setCode(0, program.text.data(), program.text.size());
  std::copy(program.wram.begin(), program.wram.end(), core.wram.begin());
  for (const auto& segment : program.mram) core.mram.write(segment.offset, segment.bytes);
  Runtime runtime(core, options, [&](std::uint32_t pc) { return program.where(pc); });
  const bool first = options.start == StartPolicy::first ||
                     (options.start == StartPolicy::automatic && core.uses(Operation::boot));
  for (unsigned t = 0; t < (first ? 1U : options.tasklets); ++t) runtime.start(t, program.entry);
  const EngineOutcome outcome = CycleEngine(runtime).run();
  return {outcome, runtime.stats, runtime.dma, runtime.stalls, runtime.error};
}

}  // namespace wattlas::dpu::test
