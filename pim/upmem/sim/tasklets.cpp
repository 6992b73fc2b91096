#include "pim/upmem/sim/tasklets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wattlas::pim {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
constexpr double forever = std::numeric_limits<double>::infinity();
constexpr double grain = 1e-6;  // cycles and instructions closer than this are one
// Two states are the same when no tasklet and no engine differs by more than this: a quarter of a
// cycle or of an issue slot, or this share of the time between them when tiles are long. Phases
// creep below it for thousands of rounds without changing a round.
constexpr double same = 0.25, sameShare = 1e-4;

struct Step {
  enum class Kind { transfer, compute } kind = Kind::compute;
  std::int64_t latency = 0, occupancy = 0, instructions = 0;
};

std::vector<Step> stepsOf(const Tile& tile, const DmaParams& dma) {
  std::vector<Step> steps;
  // Transfers that a tasklet makes back to back keep together: one turn at the engine, all bytes.
  const auto transfers = [&](std::int64_t n, std::int64_t size, bool write) {
    if (n > 0)
      steps.push_back(
          {Step::Kind::transfer, dma.latency(write, size, n), dma.occupancy(write, size, n), 0});
  };
  transfers(tile.reads, tile.readBytes, false);
  // The second operand comes part by part, each used before the next takes its place.
  const std::int64_t parts = std::max<std::int64_t>(1, tile.reads2);
  for (std::int64_t i = 0; i < parts; ++i) {
    transfers(std::min<std::int64_t>(1, tile.reads2), tile.read2Bytes, false);
    const std::int64_t work = tile.instructions * (i + 1) / parts - tile.instructions * i / parts;
    if (work > 0) steps.push_back({Step::Kind::compute, 0, 0, work});
  }
  transfers(tile.writes, tile.writeBytes, true);
  return steps;
}

struct Tasklet {
  std::int64_t left = 0;  ///< tiles not finished
  std::size_t step = 0;
  bool computing = false;
  double ready = 0;   ///< transfer: cycle at which it ends
  double target = 0;  ///< compute: common progress, in instructions, at its end
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
    run_.cycles = static_cast<std::int64_t>(std::ceil(passed_ + now_ - 1e-3));
    return run_;
  }

 private:
  std::int64_t running() const {
    return std::count_if(tasklets_.begin(), tasklets_.end(),
                         [](const Tasklet& t) { return t.left > 0; });
  }
  bool finished(const Tasklet& t) const {
    return t.computing ? t.target <= progress_ + grain : t.ready <= now_ + grain;
  }

  /// Begins the current step of a tasklet at `now_`.
  void enter(Tasklet& t) {
    const Step& step = steps_[t.step];
    t.computing = step.kind == Step::Kind::compute;
    if (t.computing) {
      t.target = progress_ + static_cast<double>(step.instructions);
      ++computing_;
      run_.instructions += step.instructions;
      return;
    }
    // First come, first served; the tasklet goes on after the latency, the engine after less.
    const double start = std::max(now_, engineFree_);
    engineFree_ = start + static_cast<double>(step.occupancy);
    run_.dmaBusy += step.occupancy;
    t.ready = start + static_cast<double>(step.latency);
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

  /// Instructions per cycle of one computing tasklet.
  double rate() const { return 1.0 / static_cast<double>(std::max(dpu_.revolver, computing_)); }

  /// Moves to the next time at which a tasklet finishes its step.
  void advance() {
    double next = forever, target = forever;
    for (const Tasklet& t : tasklets_) {
      if (t.left == 0) continue;
      if (t.computing)
        target = std::min(target, t.target);
      else
        next = std::min(next, t.ready);
    }
    if (target < forever) next = std::min(next, now_ + std::max(0.0, target - progress_) / rate());
    progress_ += (next - now_) * rate();
    now_ = next;
    // Numbers stay small, so that a millionth of a cycle counts however long the loop runs.
    if (progress_ >= 1e6) {
      for (Tasklet& t : tasklets_) t.target -= progress_;
      progress_ = 0;
    }
    if (now_ >= 1e6) {
      for (Tasklet& t : tasklets_) t.ready -= now_;
      engineFree_ -= now_;
      passed_ += now_;
      now_ = 0;
    }
  }

  struct Snapshot {
    std::vector<std::int64_t> left, steps;
    std::vector<double> rest;  ///< of each tasklet's step, then of the engine
    double time = 0;
    std::int64_t dma = 0, instructions = 0;
  };

  static bool recurs(const Snapshot& a, const Snapshot& b) {
    if (a.steps != b.steps) return false;
    const double near = std::max(same, sameShare * (b.time - a.time));
    for (std::size_t i = 0; i < a.rest.size(); ++i)
      if (std::abs(a.rest[i] - b.rest[i]) > near) return false;
    return true;
  }

  Snapshot snapshot() const {
    Snapshot s;
    for (const Tasklet& t : tasklets_) {
      const double rest = t.left == 0 ? 0.0 : t.computing ? t.target - progress_ : t.ready - now_;
      s.left.push_back(t.left);
      s.steps.push_back(t.left == 0 ? -1 : static_cast<std::int64_t>(t.step));
      s.rest.push_back(rest);
    }
    s.rest.push_back(std::max(0.0, engineFree_ - now_));
    s.time = passed_ + now_;
    s.dma = run_.dmaBusy;
    s.instructions = run_.instructions;
    return s;
  }

  void remember() {
    Snapshot s = snapshot();
    for (auto old = seen_.rbegin(); old != seen_.rend(); ++old) {
      if (!recurs(*old, s)) continue;
      skip(*old, s);
      seen_.clear();
      return;
    }
    if (seen_.size() == 64) seen_.erase(seen_.begin());
    seen_.push_back(std::move(s));
  }

  /// The states are the same within a tolerance; over many periods neither issue slots nor the
  /// engine nor a tasklet's own chain of steps can do more than they can.
  double leastTime(const Snapshot& old, const Snapshot& s) const {
    std::int64_t tiles = 0, chain = 0;
    for (std::size_t i = 0; i < tasklets_.size(); ++i)
      tiles = std::max(tiles, old.left[i] - s.left[i]);
    for (const Step& step : steps_) chain += step.latency + step.instructions * dpu_.revolver;
    return static_cast<double>(
        std::max({s.instructions - old.instructions, s.dma - old.dma, tiles * chain}));
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
    // Everything moves by as much, so that only the time that has passed changes.
    passed_ += static_cast<double>(periods) * std::max(s.time - old.time, leastTime(old, s));
    run_.dmaBusy += periods * (s.dma - old.dma);
    run_.instructions += periods * (s.instructions - old.instructions);
    run_.folded += periods;
  }

  const DpuParams& dpu_;
  std::vector<Step> steps_;
  bool fold_;
  std::vector<Tasklet> tasklets_;
  std::vector<Snapshot> seen_;
  double passed_ = 0;  ///< cycles before `now_` counts from zero
  double now_ = 0, progress_ = 0, engineFree_ = 0;
  std::int64_t computing_ = 0;
  bool remember_ = false;
  LoopRun run_;
};

}  // namespace

LoopRun runLoop(const TileLoop& loop, const DpuParams& dpu, bool fold) {
  if (loop.tiles <= 0) return {};
  return Machine(loop, dpu, fold).run();
}

}  // namespace wattlas::pim
