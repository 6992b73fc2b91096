#include <algorithm>
#include <deque>

#include "fpga/recurrence.h"

namespace wattlas::fpga {
namespace {

/// A FIFO with real places: reserved (a firing will fill it), on the way, visible.
struct Fifo {
  const Channel* channel = nullptr;
  std::int64_t used = 0;  ///< places taken, reserved ones included
  std::int64_t visible = 0;
  std::int64_t lingering = 0;  ///< visible ones that a running firing will free
  std::int64_t peak = 0;
  std::deque<std::int64_t> arriving;  ///< clock cycles at which tokens become visible

  void arrive(std::int64_t now) {
    while (!arriving.empty() && arriving.front() <= now) {
      arriving.pop_front();
      ++visible;
    }
  }
};

/// Where an actor stands in its frame, as the hardware's own counters.
struct Machine {
  const Actor* actor = nullptr;
  std::int64_t frame = 0, row = 0, column = 0, token = 0;
  std::int64_t held = 0;       ///< slide: oldest padded pixel still in the buffer
  std::int64_t seen = 0;       ///< slide: tokens of this frame already freed
  std::int64_t remaining = 0;  ///< cycles left of the running firing
  bool running = false;
  std::vector<std::int64_t> freeAtEnd;  ///< places to free when the firing ends, per input
  Trace::ActorTrace trace;
};

class Stepper {
 public:
  Stepper(const Pipeline& pipeline, std::int64_t frames) : p_(pipeline), frames_(frames) {
    for (const Channel& channel : p_.channels) fifos_.push_back({&channel, 0, 0, 0, 0, {}});
    for (const Actor& actor : p_.actors) {
      Machine machine;
      machine.actor = &actor;
      machine.freeAtEnd.assign(actor.inputs.size(), 0);
      machines_.push_back(machine);
    }
  }

  Trace run(std::int64_t maxCycles) {
    Trace trace;
    for (now_ = 0;; ++now_) {
      finishFirings();
      // Zero-cycle firings and places freed in this cycle can allow others in the same cycle.
      while (startFirings()) {
      }
      for (Fifo& fifo : fifos_) fifo.peak = std::max(fifo.peak, fifo.visible + fifo.lingering);
      if (allDone()) break;
      if (now_ > maxCycles || (!anyRunning() && !anyArriving())) {
        trace.deadlock = "no actor can fire in cycle " + std::to_string(now_);
        return trace;
      }
      countWaiting();
    }
    trace.firstFrame = lastEndOfFirst_;
    for (const Machine& m : machines_) {
      trace.actors.push_back(m.trace);
      trace.cycles = std::max(trace.cycles, m.trace.end);
    }
    for (const Fifo& fifo : fifos_) trace.occupancy.push_back(fifo.peak);
    trace.steps = now_ * static_cast<std::int64_t>(machines_.size());
    return trace;
  }

 private:
  bool allDone() const {
    return std::all_of(machines_.begin(), machines_.end(),
                       [this](const Machine& m) { return m.frame >= frames_ && !m.running; });
  }
  bool anyRunning() const {
    return std::any_of(machines_.begin(), machines_.end(),
                       [](const Machine& m) { return m.running; });
  }
  bool anyArriving() const {
    return std::any_of(fifos_.begin(), fifos_.end(),
                       [](const Fifo& f) { return !f.arriving.empty(); });
  }
  Fifo& fifo(std::int32_t id) { return fifos_[static_cast<std::size_t>(id)]; }

  void finishFirings() {
    for (Machine& m : machines_)
      if (m.running && --m.remaining == 0) end(m);
    for (Fifo& f : fifos_) f.arrive(now_);
  }
  void end(Machine& m) {
    m.running = false;
    m.trace.end = now_;
    for (std::size_t i = 0; i < m.actor->inputs.size(); ++i) {
      fifo(m.actor->inputs[i]).used -= m.freeAtEnd[i];
      fifo(m.actor->inputs[i]).lingering -= m.freeAtEnd[i];
      m.freeAtEnd[i] = 0;
    }
    if (m.frame <= 1) lastEndOfFirst_ = std::max(lastEndOfFirst_, endOfFirst(m));
  }
  std::int64_t endOfFirst(const Machine& m) const { return m.frame == 1 && atStart(m) ? now_ : 0; }
  static bool atStart(const Machine& m) { return m.row == 0 && m.column == 0 && m.token == 0; }

  bool startFirings() {
    bool any = false;
    for (Machine& m : machines_)
      if (!m.running && m.frame < frames_) any |= tryStart(m);
    return any;
  }

  /// Visible tokens a firing waits for, those it frees, and whether it writes.
  struct Wish {
    std::int64_t tokens = 1, frees = 1;
    bool writes = true;
    std::int64_t cycles = 1;
  };
  Wish wishOf(const Machine& m) const {
    const Actor& a = *m.actor;
    const Window& w = a.window;
    if (a.pattern == Pattern::stream) {
      const std::int64_t paced =
          (m.token + 1) * a.paceNum / a.paceDen - m.token * a.paceNum / a.paceDen;
      return {1, 1, true, std::max(a.service, paced)};
    }
    if (a.pattern == Pattern::scan) {
      const auto pixel = [](std::int64_t at, std::int64_t spread, std::int64_t count) {
        return at >= 0 && at % spread == 0 && at / spread < count;
      };
      const bool image = pixel(m.row - w.top, w.spreadHeight, w.height) &&
                         pixel(m.column - w.left, w.spreadWidth, w.width);
      const std::int64_t y = m.row + 1 - w.kernelHeight, x = m.column + 1 - w.kernelWidth;
      const bool whole = y >= 0 && x >= 0 && y % w.strideHeight == 0 && x % w.strideWidth == 0;
      const std::int64_t take = image ? 1 : 0;
      return {take, take, whole || a.emit == Emit::everyPixel, a.service + (whole ? a.work : 0)};
    }
    // A sliding window: `held` pixels were dropped before, the window ends at its lower right one.
    const std::int64_t line = w.paddedWidth();
    if (m.row >= w.outHeight()) {
      const std::int64_t rest = w.paddedPixels() - m.held;
      return {rest, rest, false, 0};
    }
    const std::int64_t y = m.row * w.strideHeight, x = m.column * w.strideWidth;
    std::int64_t last = (y + w.kernelHeight - 1) * line + x + w.kernelWidth;
    const bool lineEnds = m.column + 1 == w.outWidth();
    std::int64_t nextCorner = lineEnds ? (y + w.strideHeight) * line : y * line + x + w.strideWidth;
    if (w.wholeRows) {
      // A block of rows is written completely before it is read, and given back as a block.
      last = (y + w.kernelHeight) * line;
      if (!lineEnds) nextCorner = y * line;
    }
    const std::int64_t drop = std::max<std::int64_t>(std::min(nextCorner, last) - m.held, 0);
    return {last - m.held, drop, true, a.service};
  }

  bool isHungry(const Machine& m, const Wish& wish) const {
    return std::any_of(m.actor->inputs.begin(), m.actor->inputs.end(), [&](std::int32_t c) {
      const Fifo& f = fifos_[static_cast<std::size_t>(c)];
      return f.visible < (f.channel->held ? f.channel->tokensPerFrame : wish.tokens);
    });
  }

  bool tryStart(Machine& m) {
    const Actor& a = *m.actor;
    const Wish wish = wishOf(m);
    if (isHungry(m, wish)) return false;
    if (wish.writes)
      for (const std::int32_t c : a.outputs)
        if (fifo(c).used >= fifo(c).channel->capacity) return false;
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
      Fifo& f = fifo(a.inputs[i]);
      const bool keeps = f.channel->held && m.token + 1 < a.tokens;
      const std::int64_t frees = keeps             ? 0
                                 : f.channel->held ? f.channel->tokensPerFrame
                                                   : wish.frees;
      f.visible -= frees;
      if (f.channel->releaseAtEnd)
        m.freeAtEnd[i] = frees, f.lingering += frees;
      else
        f.used -= frees;
    }
    if (m.frame == 0 && atStart(m)) m.trace.firstStart = now_;
    m.trace.busy += wish.cycles;
    if (wish.writes)
      for (const std::int32_t c : a.outputs) {
        Fifo& f = fifo(c);
        ++f.used;
        f.arriving.push_back(now_ + wish.cycles + a.latency + f.channel->delay);
        f.arrive(now_);
      }
    m.held += a.pattern == Pattern::slide ? wish.frees : 0;
    advance(m);
    m.remaining = wish.cycles;
    m.running = true;
    if (wish.cycles == 0) end(m);
    return true;
  }

  void advance(Machine& m) {
    const Actor& a = *m.actor;
    bool wraps = false;
    if (a.pattern == Pattern::stream) {
      wraps = ++m.token == a.tokens;
    } else {
      const bool scan = a.pattern == Pattern::scan;
      const std::int64_t columns = scan ? a.window.paddedWidth() : a.window.outWidth();
      const std::int64_t rows = scan ? a.window.paddedHeight() : a.window.outHeight();
      const bool tail = !scan && m.row == rows;
      if (tail || ++m.column == columns) m.column = 0, ++m.row;
      wraps = m.row == (scan ? rows : rows + 1);
    }
    if (!wraps) return;
    ++m.frame;
    m.row = m.column = m.token = m.held = 0;
  }

  void countWaiting() {
    for (Machine& m : machines_) {
      if (m.running || m.frame >= frames_) continue;
      ++(isHungry(m, wishOf(m)) ? m.trace.starved : m.trace.stalled);
    }
  }

  const Pipeline& p_;
  std::int64_t frames_, now_ = 0, lastEndOfFirst_ = 0;
  std::vector<Fifo> fifos_;
  std::vector<Machine> machines_;
};

}  // namespace

Trace stepThrough(const Pipeline& pipeline, std::int64_t frames, std::int64_t maxCycles) {
  return Stepper(pipeline, frames).run(maxCycles);
}

}  // namespace wattlas::fpga
