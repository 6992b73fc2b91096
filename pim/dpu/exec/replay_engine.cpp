// The fast engine of the other rules and arbiters: tasklets run ahead functionally, their
// instructions are replayed issue by issue here, and cycles without an issue are passed over in
// one step. Gives what the cycle-by-cycle engine gives.
#include <algorithm>
#include <bit>
#include <type_traits>
#include <vector>

#include "pim/dpu/exec/engine.h"
#include "pim/dpu/exec/issue_port.h"
#include "pim/dpu/exec/ready_queue.h"
#include "pim/dpu/exec/register_file.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

template <class Port, bool rotating>
class ReplayEngine {
  static constexpr bool compat = std::is_same_v<Port, CompatPort>;
  static constexpr bool sameBank = std::is_same_v<Port, SameBankPort>;

 public:
  explicit ReplayEngine(Runtime& runtime)
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
      const std::uint64_t ready = ready_ != 0 ? now_ : std::max(now_, earliest().front().ready);
      const std::uint64_t cycle = port_.firstIssue(ready);
      const bool transfersOnly = (rt_.runningMask & ~transferring_) == 0;
      pass(std::min(cycle, limit_), transfersOnly ? rt_.stalls.dma : rt_.stalls.revolver);
      if (cycle >= limit_) return overLimit();
      issue(pick());
      if (rt_.error || core_.spinFound) return {now_, issued_};
      ++now_;
    }
    return finish();
  }

 private:
  struct Lane {
    std::uint32_t pc = 0, left = 0;     ///< of the run that is replayed
    std::uint32_t lastPc = kIramWords;  ///< of the previous instruction (compat rule)
    bool blocked = false;               ///< an ordering instruction follows the runs
    std::uint64_t ready = 0;            ///< kept over a stop
    std::vector<std::uint64_t> runs;    ///< of the functional run: start << 32 | length
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
    const bool retries = watch_.fails(t);
    if (lane.left == 0 && !retries) fetch(t);
    if (core_.spinFound) return;
    transferring_ &= ~(1U << t);
    const bool plain = lane.left > 0;
    const std::uint32_t pc = plain ? lane.pc : core_.tasklets[t].pc;
    const unsigned extra = pc < kIramWords ? cost_.extra(pc, lane.lastPc) : 0;
    unsigned held = extra;  // issue cycles beyond the first
    lane.lastPc = pc;
    lane.ready = now_ + revolver_;
    if (plain) {
      ++lane.pc;
      --lane.left;
      count(t);
      watch_.issued(t, false, false, ~0U);
    } else if (retries) {
      count(t);
      ++rt_.stats[t].syncRetries;
      ++rt_.orderingCounts[pc];
      if (watch_.issued(t, true, false, rt_.runningMask)) rt_.deadlock(now_);
    } else if (!order(t, held)) {
      return;
    }
    if constexpr (sameBank) lane.ready += extra;
    port_.issue(now_, held);
    if (rt_.running(t)) {
      ((transferring_ >> t & 1U) != 0 ? waiting_ : running_).insert({lane.ready, t});
    }
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
    if (effect.loadsCode) cost_.refresh(core_);
    held += effect.slots - 1;
    count(t);
    if (watch_.issued(t, effect.selfRetry, effect.frees, rt_.runningMask)) rt_.deadlock(now_);
    return true;
  }

  /// Fills the lane with the next functional run.
  void fetch(unsigned t) {
    Lane& lane = lanes_[t];
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
  std::uint64_t now_ = 0, issued_ = 0;
  unsigned last_ = kTasklets - 1;
};

template <class Port>
EngineOutcome replay(Runtime& runtime, bool rotating) {
  return rotating ? ReplayEngine<Port, true>(runtime).run()
                  : ReplayEngine<Port, false>(runtime).run();
}

}  // namespace

EngineOutcome runReplayed(Runtime& runtime) {
  const DpuTiming& timing = runtime.options.timing;
  const bool rotating = timing.arbiter == Arbiter::roundRobin;
  switch (timing.registerFile) {
    case RegisterFileRule::sameBank:
      return replay<SameBankPort>(runtime, rotating);
    case RegisterFileRule::compat:  // its peer has a rotating queue
      return ReplayEngine<CompatPort, true>(runtime).run();
    case RegisterFileRule::none:
      break;
  }
  return replay<FreePort>(runtime, rotating);
}

}  // namespace wattlas::dpu
