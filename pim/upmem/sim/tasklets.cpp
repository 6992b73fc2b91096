#include "pim/upmem/sim/tasklets.h"

#include <algorithm>
#include <limits>

namespace wattlas::pim {

namespace {

// Least common multiple of 1..24: every share of the issue slots is a whole number of parts.
constexpr std::int64_t parts = 5354228880;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

struct Step {
  enum class Kind { transfer, compute } kind = Kind::compute;
  std::int64_t latency = 0, occupancy = 0, instructions = 0;
};

std::vector<Step> stepsOf(const Tile& tile, const DmaParams& dma) {
  std::vector<Step> steps;
  const auto transfers = [&](std::int64_t n, std::int64_t size, bool write) {
    for (std::int64_t i = 0; i < n; ++i)
      steps.push_back(
          {Step::Kind::transfer, dma.latency(write, size), dma.occupancy(write, size), 0});
  };
  transfers(tile.reads, tile.readBytes, false);
  transfers(tile.reads2, tile.read2Bytes, false);
  if (tile.instructions > 0) steps.push_back({Step::Kind::compute, 0, 0, tile.instructions});
  transfers(tile.writes, tile.writeBytes, true);
  return steps;
}

struct Tasklet {
  std::int64_t left = 0;  ///< tiles not finished
  std::size_t step = 0;
  bool computing = false;
  std::int64_t ready = 0;   ///< transfer: cycle at which it ends
  std::int64_t target = 0;  ///< compute: progress (in parts of an instruction) at its end
};

class Machine {
 public:
  Machine(const TileLoop& loop, const DpuParams& dpu, bool fold)
      : dpu_(dpu), steps_(stepsOf(loop.tile, dpu.dma)), fold_(fold) {
    const std::int64_t n = std::min(dpu.tasklets, loop.tiles);
    tasklets_.resize(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i)
      tasklets_[static_cast<std::size_t>(i)].left = loop.tiles / n + (i < loop.tiles % n ? 1 : 0);
  }

  LoopRun run() {
    if (steps_.empty()) return run_;
    for (Tasklet& t : tasklets_) enter(t);
    while (running() > 0) {
      advance();
      for (std::size_t i = 0; i < tasklets_.size(); ++i) {
        Tasklet& t = tasklets_[i];
        while (t.left > 0 && finished(t)) {
          leave(t);
          if (i == 0 && t.step == 0 && t.left > 0) remember_ = true;
        }
      }
      if (remember_ && fold_) remember();
      remember_ = false;
    }
    run_.cycles = now_;
    return run_;
  }

 private:
  std::int64_t running() const {
    return std::count_if(tasklets_.begin(), tasklets_.end(),
                         [](const Tasklet& t) { return t.left > 0; });
  }
  bool finished(const Tasklet& t) const {
    return t.computing ? t.target <= progress_ : t.ready <= now_;
  }

  /// Begins the current step of a tasklet at `now_`.
  void enter(Tasklet& t) {
    const Step& step = steps_[t.step];
    t.computing = step.kind == Step::Kind::compute;
    if (t.computing) {
      t.target = progress_ + step.instructions * parts;
      ++computing_;
      run_.instructions += step.instructions;
      return;
    }
    // First come, first served; the tasklet goes on after the latency, the engine after less.
    const std::int64_t start = std::max(now_, engineFree_);
    engineFree_ = start + step.occupancy;
    run_.dmaBusy += step.occupancy;
    t.ready = start + step.latency;
  }

  void leave(Tasklet& t) {
    ++run_.steps;
    if (t.computing) --computing_;
    if (++t.step == steps_.size()) {
      t.step = 0;
      --t.left;
    }
    if (t.left > 0) enter(t);
  }

  std::int64_t rate() const { return parts / std::max(dpu_.revolver, computing_); }

  /// Moves to the next time at which a tasklet finishes its step.
  void advance() {
    std::int64_t next = never, target = never;
    for (const Tasklet& t : tasklets_) {
      if (t.left == 0) continue;
      if (t.computing)
        target = std::min(target, t.target);
      else
        next = std::min(next, t.ready);
    }
    if (target != never) {
      const std::int64_t need = std::max<std::int64_t>(0, target - progress_);
      next = std::min(next, now_ + (need + rate() - 1) / rate());
    }
    progress_ += (next - now_) * rate();
    now_ = next;
    if (progress_ < (std::int64_t{1} << 52)) return;
    for (Tasklet& t : tasklets_) t.target -= progress_;  // keep the numbers small
    progress_ = 0;
  }

  struct Snapshot {
    std::vector<std::int64_t> relative, left;
    std::int64_t time = 0, dma = 0, instructions = 0;
  };

  Snapshot snapshot() const {
    Snapshot s;
    for (const Tasklet& t : tasklets_) {
      s.left.push_back(t.left);
      s.relative.push_back(t.left == 0 ? -1 : static_cast<std::int64_t>(t.step));
      s.relative.push_back(t.left == 0 ? 0 : t.computing ? t.target - progress_ : t.ready - now_);
    }
    s.relative.push_back(std::max<std::int64_t>(0, engineFree_ - now_));
    s.time = now_;
    s.dma = run_.dmaBusy;
    s.instructions = run_.instructions;
    return s;
  }

  void remember() {
    Snapshot s = snapshot();
    for (auto old = seen_.rbegin(); old != seen_.rend(); ++old) {
      if (old->relative != s.relative) continue;
      skip(*old, s);
      seen_.clear();
      return;
    }
    if (seen_.size() == 64) seen_.erase(seen_.begin());
    seen_.push_back(std::move(s));
  }

  /// The state of `old` came back: whole periods pass unseen while every tasklet has tiles left.
  void skip(const Snapshot& old, const Snapshot& s) {
    std::int64_t periods = never;
    for (std::size_t i = 0; i < tasklets_.size(); ++i) {
      const std::int64_t done = old.left[i] - s.left[i];
      if (done > 0) periods = std::min(periods, (s.left[i] - 1) / done);
    }
    if (periods <= 0 || periods == never) return;
    for (std::size_t i = 0; i < tasklets_.size(); ++i)
      tasklets_[i].left -= periods * (old.left[i] - s.left[i]);
    const std::int64_t jump = periods * (s.time - old.time);
    now_ += jump;
    engineFree_ += jump;
    for (Tasklet& t : tasklets_) t.ready += jump;
    run_.dmaBusy += periods * (s.dma - old.dma);
    run_.instructions += periods * (s.instructions - old.instructions);
    run_.folded += periods;
  }

  const DpuParams& dpu_;
  std::vector<Step> steps_;
  bool fold_;
  std::vector<Tasklet> tasklets_;
  std::vector<Snapshot> seen_;
  std::int64_t now_ = 0, progress_ = 0, engineFree_ = 0, computing_ = 0;
  bool remember_ = false;
  LoopRun run_;
};

}  // namespace

LoopRun runLoop(const TileLoop& loop, const DpuParams& dpu, bool fold) {
  if (loop.tiles <= 0) return {};
  return Machine(loop, dpu, fold).run();
}

}  // namespace wattlas::pim
