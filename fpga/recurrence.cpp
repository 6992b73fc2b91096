#include "fpga/recurrence.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "models/base/hash.h"

namespace wattlas::fpga {
namespace {

/// What one firing does to the channels; counts are totals since the start of the frame.
struct Firing {
  std::int64_t need = 0;     ///< tokens that must be visible
  std::int64_t release = 0;  ///< tokens that are freed by then
  bool produces = true;
  std::int64_t service = 1;
};

/// Walks through the firings of a frame; divides in the first column of a row only.
class Cursor {
 public:
  explicit Cursor(const Actor& actor)
      : a_(actor),
        columns_(a_.pattern == Pattern::scan ? a_.window.paddedWidth() : a_.window.outWidth()),
        lastPixel_(a_.window.left + (a_.window.width - 1) * a_.window.spreadWidth) {
    rewind();
  }

  void rewind() {
    row_ = column_ = taken_ = paced_ = 0;
    prepare();
  }
  const Firing& now() const { return firing_; }
  void next() {
    if (a_.pattern != Pattern::stream && ++column_ == columns_) column_ = 0, ++row_;
    taken_ = firing_.release;
    prepare();
  }

 private:
  void prepare() {
    switch (a_.pattern) {
      case Pattern::stream:
        return stream();
      case Pattern::scan:
        return scan();
      case Pattern::slide:
        return slide();
    }
  }
  void stream() {
    firing_.need = firing_.release = taken_ + 1;
    firing_.service = a_.service;
    if (a_.paceNum == 0) return;
    const std::int64_t before = paced_;
    paced_ = firing_.need * a_.paceNum / a_.paceDen;
    firing_.service = std::max(a_.service, paced_ - before);
  }
  void scan() {
    const Window& w = a_.window;
    if (column_ == 0) {
      const std::int64_t line = row_ - w.top, y = row_ - (w.kernelHeight - 1);
      const bool pixels =
          line >= 0 && line < w.height * w.spreadHeight && line % w.spreadHeight == 0;
      const bool windows = y >= 0 && y % w.strideHeight == 0;
      pixel_ = pixels ? w.left : never;
      complete_ = windows ? w.kernelWidth - 1 : never;
    }
    const bool inside = column_ == pixel_, complete = column_ == complete_;
    if (inside) pixel_ = pixel_ < lastPixel_ ? pixel_ + w.spreadWidth : never;
    if (complete) complete_ += w.strideWidth;
    firing_.need = firing_.release = taken_ + (inside ? 1 : 0);
    firing_.produces = complete || a_.emit == Emit::everyPixel;
    firing_.service = a_.service + (complete ? a_.work : 0);
  }
  void slide() {
    const Window& w = a_.window;
    const std::int64_t width = w.paddedWidth();
    if (row_ == w.outHeight()) {
      firing_ = {w.paddedPixels(), w.paddedPixels(), false, 0};
      return;
    }
    const std::int64_t y = row_ * w.strideHeight, x = column_ * w.strideWidth;
    firing_.need = w.wholeRows ? (y + w.kernelHeight) * width
                               : (y + w.kernelHeight - 1) * width + x + w.kernelWidth;
    const bool lastColumn = column_ + 1 == columns_;
    const std::int64_t unused = lastColumn    ? (y + w.strideHeight) * width
                                : w.wholeRows ? y * width
                                              : y * width + x + w.strideWidth;
    firing_.release = std::max(taken_, std::min(unused, firing_.need));
    firing_.produces = true;
    firing_.service = a_.service;
  }

  static constexpr std::int64_t never = -1;
  const Actor& a_;
  std::int64_t columns_, lastPixel_;  ///< of a row; the column of its last image pixel
  std::int64_t row_ = 0, column_ = 0, taken_ = 0;
  std::int64_t pixel_ = never, complete_ = never;  ///< next columns of an image pixel, of a window
  std::int64_t paced_ = 0;  ///< cycles that the memory's pace has given so far
  Firing firing_;
};

/// Times of the tokens of one channel, for the last ones only. Tokens are numbered from the start;
/// their times stand in rings whose sizes are powers of two, so that no number is divided.
class Places {
 public:
  Places(std::int64_t capacity, bool keepsStarts)
      : capacity_(capacity),
        mask_(static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(capacity_))) - 1),
        visible_(static_cast<std::size_t>(mask_) + 1, 0),
        freed_(static_cast<std::size_t>(mask_) + 1, 0),
        started_(keepsStarts ? visible_.size() : 0, 0) {}

  std::int64_t produced() const { return produced_; }
  std::int64_t released() const { return released_; }
  bool hasRoom() const { return produced_ - released_ < capacity_; }
  /// When the place of the next token became free; only when hasRoom().
  std::int64_t roomSince() const {
    return produced_ < capacity_ ? 0 : freed_[at(produced_ - capacity_)];
  }
  /// When token number `count - 1` became visible; only when count <= produced().
  std::int64_t visibleSince(std::int64_t count) const { return visible_[at(count - 1)]; }
  /// A token that a firing begun at `start` makes visible at `time`.
  void push(std::int64_t time, std::int64_t start) {
    if (!started_.empty()) started_[at(produced_)] = start;
    visible_[at(produced_++)] = time;
  }
  /// Whether no firing of the frame would have waited with so few places. Only with starts.
  bool neverFull(std::int64_t capacity) const {
    for (std::int64_t token = capacity; token < produced_; ++token)
      if (token - capacity >= released_ || freed_[at(token - capacity)] > started_[at(token)])
        return false;
    return true;
  }
  void releaseUpTo(std::int64_t count, std::int64_t time) {
    if (!started_.empty())  // all tokens of the frame keep their times: counted at its end
      while (released_ < count) freed_[at(released_++)] = time;
    while (released_ < count) {
      // The token that had this place before was gone when the one released now appeared.
      gone_ = std::max(gone_, released_ + 1 - capacity_);
      freed_[at(released_)] = time;
      ++released_;
      account();
    }
  }
  std::int64_t occupancy() const { return occupancy_; }
  /// Tokens are counted when they become visible: those before, less those freed by then.
  void account() {
    while (counted_ < produced_) {
      const std::int64_t time = visible_[at(counted_)];
      while (gone_ < released_ && freed_[at(gone_)] <= time) ++gone_;
      if (gone_ == released_ && gone_ <= counted_) return;  // not known yet
      occupancy_ = std::max(occupancy_, counted_ + 1 - gone_);
      ++counted_;
    }
  }
  /// Frees, oldest place first, when each place became free after `base`; earlier ones are alike.
  /// Places that are taken look all the same: when they were free before does not matter any more.
  void hashInto(Hasher& hasher, std::int64_t base, std::int64_t floor) const {
    for (std::int64_t token = produced_ - capacity_; token < produced_; ++token) {
      const bool taken = token >= released_;
      const std::int64_t time = token < 0 ? 0 : freed_[at(token)];
      hasher.integer(taken ? std::numeric_limits<std::int64_t>::max()
                           : std::max(time, floor) - base);
    }
  }

 private:
  std::size_t at(std::int64_t token) const { return static_cast<std::size_t>(token & mask_); }

  std::int64_t capacity_, mask_;
  std::vector<std::int64_t> visible_, freed_, started_;
  std::int64_t produced_ = 0, released_ = 0, counted_ = 0, gone_ = 0, occupancy_ = 0;
};

class Evaluation {
 public:
  /// `roomy`: as if every stream between layers held a whole frame.
  explicit Evaluation(const Pipeline& pipeline, bool roomy = false) : p_(pipeline) {
    places_.reserve(p_.channels.size());
    runs_.reserve(p_.actors.size());
    for (const Channel& c : p_.channels) {
      const bool more = roomy && c.sizable;
      places_.emplace_back(more ? std::max(c.capacity, c.tokensPerFrame + c.registers) : c.capacity,
                           more);
    }
    for (const Actor& actor : p_.actors) {
      Run& run = runs_.emplace_back(Cursor(actor));
      run.firings = actor.firings();
      run.latency = actor.latency;
      for (const std::int32_t c : actor.inputs) {
        const Channel& channel = p_.channels[static_cast<std::size_t>(c)];
        run.inputs.push_back({&places_[static_cast<std::size_t>(c)], 0, channel.tokensPerFrame,
                              channel.releaseAtEnd, channel.held});
      }
      for (const std::int32_t c : actor.outputs)
        run.outputs.push_back({&places_[static_cast<std::size_t>(c)],
                               p_.channels[static_cast<std::size_t>(c)].delay});
    }
  }
  Evaluation(const Evaluation&) = delete;  // runs point to places
  Evaluation& operator=(const Evaluation&) = delete;
  /// Puts the tokens of one frame into an open channel before the frame is evaluated.
  void give(std::size_t channel, const std::vector<std::int64_t>& sent, std::int64_t delay) {
    for (const std::int64_t time : sent) places_[channel].push(time + delay, time);
  }
  const Places& places(std::size_t channel) const { return places_[channel]; }

  /// Evaluates one frame; false when the pipeline is stuck.
  bool frame() {
    for (Run& run : runs_) {
      run.cursor.rewind();
      run.done = 0;
      for (Input& input : run.inputs) input.base = frames_ * input.tokensPerFrame;
    }
    ready_.assign(runs_.size(), 1);
    for (std::size_t i = 0; i < runs_.size();) i = ready_[i] != 0 ? advance(i) : i + 1;
    for (Places& places : places_) places.account();
    ++frames_;
    return std::all_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.done == run.firings; });
  }

  /// Whether a roomy frame is what the pipeline with its own places does.
  bool neverFull() const {
    for (std::size_t c = 0; c < places_.size(); ++c)
      if (p_.channels[c].sizable && !places_[c].neverFull(p_.channels[c].capacity)) return false;
    return true;
  }
  /// End of everything evaluated so far.
  std::int64_t now() const {
    std::int64_t last = 0;
    for (const Run& run : runs_) last = std::max(last, run.trace.end);
    return last;
  }
  Hash128 state() const {
    const std::int64_t base = now();
    Hasher hasher;
    for (const Run& run : runs_) hasher.integer(run.free - base);
    for (std::size_t c = 0; c < places_.size(); ++c) {
      const auto producer = static_cast<std::size_t>(p_.channels[c].from);
      places_[c].hashInto(hasher, base, runs_[producer].free);
    }
    return hasher.finish();
  }
  /// Names the places that hold up the pipeline.
  std::string stuck() const {
    std::string full;
    for (std::size_t c = 0; c < places_.size(); ++c) {
      if (places_[c].hasRoom() || runs_[static_cast<std::size_t>(p_.channels[c].from)].done ==
                                      runs_[static_cast<std::size_t>(p_.channels[c].from)].firings)
        continue;
      full += (full.empty() ? "" : ", ") + p_.channels[c].name + " (" +
              std::to_string(p_.channels[c].capacity) + " tokens)";
    }
    return "full streams: " + full;
  }
  void report(Trace& trace) const {
    trace.actors.clear();
    trace.occupancy.clear();
    trace.steps = steps_;
    for (const Run& run : runs_) trace.actors.push_back(run.trace);
    for (const Places& places : places_) trace.occupancy.push_back(places.occupancy());
    trace.cycles = now();
  }
  std::vector<Trace::ActorTrace> counters() const {
    std::vector<Trace::ActorTrace> all;
    for (const Run& run : runs_) all.push_back(run.trace);
    return all;
  }

 private:
  struct Input {
    Places* places;
    std::int64_t base;  ///< tokens of the frames before
    std::int64_t tokensPerFrame;
    bool releaseAtEnd, held;
  };
  struct Output {
    Places* places;
    std::int64_t delay;
  };
  struct Run {
    explicit Run(Cursor c) : cursor(c) {}
    Cursor cursor;
    std::int64_t done = 0;  ///< firings of this frame
    std::int64_t firings = 0, latency = 0;
    std::int64_t free = 0;             ///< end of the last firing
    const Places* waitsFor = nullptr;  ///< channel that the next firing lacked a token or place of
    Trace::ActorTrace trace;
    std::vector<Input> inputs;
    std::vector<Output> outputs;
  };

  /// Fires as often as possible. Returns the actor to try next: the first one that waited for it,
  /// so that units with little room between them stay together.
  std::size_t advance(std::size_t index) {
    Run& run = runs_[index];
    const std::int64_t before = run.done;
    while (run.done < run.firings && fire(run)) {
    }
    ready_[index] = 0;
    std::size_t next = index + 1;
    if (run.done == before) return next;
    steps_ += run.done - before;
    // Open channels have nobody at one end.
    const auto wake = [&](std::int32_t actor, std::int32_t channel) {
      if (actor < 0) return;
      const auto other = static_cast<std::size_t>(actor);
      if (runs_[other].waitsFor != &places_[static_cast<std::size_t>(channel)]) return;
      ready_[other] = 1;
      next = std::min(next, other);
    };
    for (const std::int32_t c : p_.actors[index].inputs)
      wake(p_.channels[static_cast<std::size_t>(c)].from, c);
    for (const std::int32_t c : p_.actors[index].outputs)
      wake(p_.channels[static_cast<std::size_t>(c)].to, c);
    return next;
  }

  bool fire(Run& run) {
    const Firing& firing = run.cursor.now();
    std::int64_t inputs = 0, room = 0;
    for (const Input& input : run.inputs) {
      const std::int64_t count = input.base + (input.held ? input.tokensPerFrame : firing.need);
      if (count > input.places->produced()) {
        run.waitsFor = input.places;
        return false;
      }
      // Tokens taken before were waited for then, and their places may be overwritten.
      if (count > input.places->released())
        inputs = std::max(inputs, input.places->visibleSince(count));
    }
    if (firing.produces)
      for (const Output& output : run.outputs) {
        if (!output.places->hasRoom()) {
          run.waitsFor = output.places;
          return false;
        }
        room = std::max(room, output.places->roomSince());
      }
    const std::int64_t start = std::max({run.free, inputs, room});
    const std::int64_t end = start + firing.service;
    if (frames_ == 0 && run.done == 0) run.trace.firstStart = start;
    const std::int64_t waited = start - run.free;
    const std::int64_t starved = std::clamp<std::int64_t>(inputs - run.free, 0, waited);
    run.trace.starved += starved;
    run.trace.stalled += waited - starved;
    run.trace.busy += firing.service;
    run.trace.end = end;
    run.free = end;
    for (const Input& input : run.inputs) {
      if (input.held && run.done + 1 < run.firings) continue;
      const std::int64_t freed = input.held ? input.tokensPerFrame : firing.release;
      input.places->releaseUpTo(input.base + freed, input.releaseAtEnd ? end : start);
    }
    if (firing.produces)
      for (const Output& output : run.outputs)
        output.places->push(end + run.latency + output.delay, start);
    ++run.done;
    run.cursor.next();
    return true;
  }

  const Pipeline& p_;
  std::vector<Places> places_;
  std::vector<Run> runs_;
  std::vector<char> ready_;  ///< actors to try: what they waited for has moved
  std::int64_t frames_ = 0, steps_ = 0;
};

/// Continues the counters of `trace` for `left` more frames that repeat those since `then`.
void extrapolate(Trace& trace, const std::vector<Trace::ActorTrace>& then, std::int64_t times,
                 std::int64_t shift) {
  for (std::size_t i = 0; i < trace.actors.size(); ++i) {
    Trace::ActorTrace& now = trace.actors[i];
    now.busy += times * (now.busy - then[i].busy);
    now.starved += times * (now.starved - then[i].starved);
    now.stalled += times * (now.stalled - then[i].stalled);
    now.end += times * shift;
  }
  trace.cycles += times * shift;
}

}  // namespace

/// Times of so many tokens are kept at once (a hundred megabytes).
constexpr std::int64_t mostKept = 4'000'000;

Trace evaluate(const Pipeline& pipeline, const RunOptions& options) {
  struct Mark {
    std::int64_t frame, time;
    std::vector<Trace::ActorTrace> counters;
  };
  Trace trace;
  std::int64_t tokens = 0;
  for (const Channel& c : pipeline.channels) tokens += c.tokensPerFrame;
  if (options.frames == 1 && tokens <= mostKept) {
    // Streams of chosen depth are never full: units run through a frame one after the other, which
    // is several times faster than in turns. Where one was full after all, places count.
    Evaluation roomy(pipeline, true);
    if (roomy.frame() && roomy.neverFull()) {
      trace.firstFrame = roomy.now();
      roomy.report(trace);
      return trace;
    }
  }
  Evaluation evaluation(pipeline);
  std::map<Hash128, Mark> seen;
  for (std::int64_t frame = 0; frame < options.frames; ++frame) {
    if (!evaluation.frame()) {
      trace.deadlock = evaluation.stuck();
      return trace;
    }
    if (frame == 0) trace.firstFrame = evaluation.now();
    const std::int64_t left = options.frames - 1 - frame;
    if (!options.fold || left == 0) continue;
    const auto [at, isNew] =
        seen.try_emplace(evaluation.state(), Mark{frame, evaluation.now(), evaluation.counters()});
    if (isNew) continue;
    // Only whole periods are skipped; the rest is evaluated from the same relative state.
    const Mark& mark = at->second;
    const std::int64_t period = frame - mark.frame, shift = evaluation.now() - mark.time;
    if (left % period != 0) continue;
    evaluation.report(trace);
    extrapolate(trace, mark.counters, left / period, shift);
    trace.foldedFrames = left;
    return trace;
  }
  evaluation.report(trace);
  return trace;
}

std::optional<PartTrace> evaluatePart(const Pipeline& part,
                                      const std::vector<const std::vector<std::int64_t>*>& given) {
  Evaluation evaluation(part, true);
  for (std::size_t c = 0; c < part.channels.size(); ++c)
    if (given[c] != nullptr) evaluation.give(c, *given[c], part.channels[c].delay);
  if (!evaluation.frame()) return std::nullopt;
  PartTrace trace;
  trace.end = evaluation.now();
  for (std::size_t c = 0; c < part.channels.size(); ++c) {
    const Channel& channel = part.channels[c];
    const Places& places = evaluation.places(c);
    trace.occupancy.push_back(channel.to < 0 ? 0 : places.occupancy());
    trace.sent.emplace_back();
    if (channel.to >= 0) continue;
    for (std::int64_t token = 1; token <= places.produced(); ++token)
      trace.sent.back().push_back(places.visibleSince(token) - channel.delay);
  }
  return trace;
}

}  // namespace wattlas::fpga
