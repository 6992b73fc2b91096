// The fast engine. Tasklets run ahead functionally to their next ordering instruction; here their
// instructions only get issue times. Under the oldest-ready arbiter a tasklet that issues in cycle
// c is ready again in c + 11, so the ready times form a queue. Once its entries recur with a fixed
// period - 11 cycles for up to 11 tasklets, one cycle per tasklet above - whole rotations are
// skipped, up to the nearest event: a tasklet that runs out of instructions, the end of a
// transfer, the cycle limit.
#include <algorithm>
#include <array>
#include <bit>

#include "pim/dpu/exec/engine.h"
#include "pim/dpu/exec/ready_queue.h"

namespace wattlas::dpu {

namespace {

constexpr std::uint64_t kNever = ~std::uint64_t{0};

class DecoupledEngine {
 public:
  explicit DecoupledEngine(Runtime& runtime)
      : rt_(runtime),
        core_(runtime.core),
        revolver_(static_cast<std::uint64_t>(runtime.options.timing.revolver)),
        limit_(runtime.options.maxCycles != 0 ? runtime.options.maxCycles : kNever) {}

  EngineOutcome run() {
    for (unsigned t = 0; t < kTasklets; ++t) {
      if (rt_.running(t)) running_.insert({0, t});
    }
    while (!(running_.empty() && waiting_.empty())) {
      if (untilJump_ == 0) jump();
      if (!stepOne()) break;
    }
    std::uint64_t end = now_;
    if (issued_ > 0) end = std::max(end, now_ - 1 + revolver_);
    end = std::max(end, rt_.lastEnd);
    if (rt_.error) return {now_, issued_};
    rt_.stalls.drain += end - now_;
    return {end, issued_};
  }

 private:
  struct Lane {
    std::uint64_t pending = 0;  ///< executed functionally, not issued yet
    std::uint64_t ready = 0;    ///< kept over a stop
  };

  /// Issues the instruction of the tasklet that is ready longest. False when the run is over.
  bool stepOne() {
    const bool fromWaiting =
        running_.empty() ||
        (!waiting_.empty() && ReadyQueue::before(waiting_.front(), running_.front()));
    ReadyQueue& queue = fromWaiting ? waiting_ : running_;
    const ReadyQueue::Entry entry = queue.front();
    const std::uint64_t cycle = std::max(now_, entry.ready);
    if (cycle >= limit_) return overLimit(entry.tasklet);
    (running_.empty() ? rt_.stalls.dma : rt_.stalls.revolver) += cycle - now_;
    now_ = cycle;
    queue.pop();
    issue(entry.tasklet);
    return !rt_.error && !core_.spinFound;
  }

  bool overLimit(unsigned t) {
    (running_.empty() ? rt_.stalls.dma : rt_.stalls.revolver) += limit_ - now_;
    now_ = limit_;
    rt_.fail(RunErrorKind::maxCycles, t, now_,
             "cycle limit of " + std::to_string(limit_) + " reached");
    return false;
  }

  void issue(unsigned t) {
    Lane& lane = lanes_[t];
    if (watch_.fails(t)) return retry(t);
    if (lane.pending == 0) lane.pending = core_.runAhead(t, rt_.options.runAhead);
    if (core_.spinFound) return;
    if (untilJump_ > 0) --untilJump_;
    lane.ready = now_ + revolver_;
    if (lane.pending > 0) {
      --lane.pending;
      account(t, 1, now_);
      running_.insert({lane.ready, t});
      watch_.issued(t, false, false, ~0U);
    } else {
      order(t);
      if (rt_.error) return;
    }
    ++now_;
  }

  /// An acquire, resume or boot that is known to fail again.
  void retry(unsigned t) {
    account(t, 1, now_);
    ++rt_.stats[t].syncRetries;
    ++rt_.orderingCounts[core_.tasklets[t].pc];
    lanes_[t].ready = now_ + revolver_;
    running_.insert({lanes_[t].ready, t});
    if (untilJump_ > 0) --untilJump_;
    if (watch_.issued(t, true, false, rt_.runningMask)) return rt_.deadlock(now_);
    ++now_;
  }

  void order(unsigned t) {
    const OrderingEffect effect = rt_.order(t, now_, issued_);
    if (rt_.error) return;
    account(t, 1, now_);
    Lane& lane = lanes_[t];
    lane.ready = effect.readyAt;
    if (!effect.stopped) (effect.transfer ? waiting_ : running_).insert({lane.ready, t});
    if (effect.woken >= 0) {
      const auto w = static_cast<unsigned>(effect.woken);
      Lane& woken = lanes_[w];
      woken.ready = std::max(woken.ready, effect.wokenAt);
      running_.insert({woken.ready, w});
    }
    if (watch_.issued(t, effect.selfRetry, effect.frees, rt_.runningMask)) {
      rt_.deadlock(now_);
    }
    rt_.stalls.registerFile += effect.slots - 1;
    now_ += effect.slots - 1;
    untilJump_ = running_.size();
  }

  void account(unsigned t, std::uint64_t count, std::uint64_t last) {
    TaskletStats& s = rt_.stats[t];
    if (s.instructions == 0) s.startCycle = now_;
    s.instructions += count;
    s.stopCycle = last;
    issued_ += count;
  }

  /// Only fails its acquire or resume again and again while nobody changes a lock or run bit.
  bool spins(unsigned t) const { return lanes_[t].pending == 0 && watch_.fails(t); }

  /// Skips as many whole rotations of the running tasklets as nothing disturbs.
  void jump() {
    const unsigned n = running_.size();
    untilJump_ = n > 0 ? n : 1;
    if (n == 0) return;
    std::uint64_t rotations = kNever;
    for (unsigned j = 0; j < n; ++j) {
      const unsigned t = running_[j].tasklet;
      if (rt_.stats[t].instructions == 0) return;
      if (!spins(t)) rotations = std::min(rotations, lanes_[t].pending);
    }
    if (rotations < 2) return;
    const std::uint64_t bound =
        std::min(limit_, waiting_.empty() ? kNever : waiting_.front().ready);
    if (sparse(n)) {
      const std::uint64_t last = running_[n - 1].ready;
      if (bound <= last) return;
      if (bound != kNever) rotations = std::min(rotations, (bound - last - 1) / revolver_ + 1);
      if (rotations == kNever) return;
      const std::uint64_t end = last + (rotations - 1) * revolver_ + 1;
      rt_.stalls.revolver += end - now_ - rotations * n;
      for (unsigned j = 0; j < n; ++j) {
        auto& entry = running_[j];
        advance(entry.tasklet, rotations, entry.ready + (rotations - 1) * revolver_);
        entry.ready += rotations * revolver_;
        lanes_[entry.tasklet].ready = entry.ready;
      }
      now_ = end;
    } else if (dense(n)) {
      const std::uint64_t first = std::max(now_, running_[0].ready);
      if (bound <= first) return;
      if (bound != kNever) rotations = std::min(rotations, (bound - first) / n);
      if (rotations == kNever || rotations == 0) return;
      rt_.stalls.revolver += first - now_;
      for (unsigned j = 0; j < n; ++j) {
        auto& entry = running_[j];
        const std::uint64_t last = first + (rotations - 1) * n + j;
        advance(entry.tasklet, rotations, last);
        entry.ready = last + revolver_;
        lanes_[entry.tasklet].ready = entry.ready;
      }
      now_ = first + rotations * n;
    }
  }

  void advance(unsigned t, std::uint64_t rotations, std::uint64_t last) {
    account(t, rotations, last);
    if (spins(t)) {
      rt_.stats[t].syncRetries += rotations;
      rt_.orderingCounts[core_.tasklets[t].pc] += rotations;
    } else {
      lanes_[t].pending -= rotations;
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
  SpinWatch watch_;
  ReadyQueue running_;  ///< everyone but those in waiting_
  ReadyQueue waiting_;  ///< by the end of their transfer
  std::array<Lane, kTasklets> lanes_{};
  std::uint64_t now_ = 0, issued_ = 0;
  std::uint64_t untilJump_ = 1;
};

}  // namespace

EngineOutcome runDecoupled(Runtime& runtime) {
  return DecoupledEngine(runtime).run();
}

}  // namespace wattlas::dpu
