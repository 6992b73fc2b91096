#include "explorer/worker_pool.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <stdexcept>

#include "explorer/child_process.h"
#include "explorer/interrupt.h"
#include "explorer/point_evaluator.h"
#include "explorer/worker_process.h"
#include "explorer/worker_protocol.h"

namespace wattlas {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;
constexpr int pollMilliseconds = 100;
constexpr int mostStarts = 3;  ///< of a worker that is killed before it says that it is ready
constexpr double graceSeconds = 2.0;  ///< for running batches after a request to stop

/// Consecutive points [begin, end).
struct Range {
  std::size_t begin = 0, end = 0;
  bool triedAlone = false;
  std::size_t size() const { return end - begin; }
};

}  // namespace

/// A process and the batch it works on.
struct WorkerPool::Slot {
  std::unique_ptr<WorkerProcess> process;
  std::string study;  ///< the start frame that it has
  bool ready = false;
  bool busy = false;
  int failedStarts = 0;
  Range batch;  ///< what is still to come back
  std::size_t batchSize = 0;
  Clock::time_point started, lastSign;
  std::size_t nextSize = 1;
  Range span;  ///< what it takes its next batches from
};

namespace {

using Slot = WorkerPool::Slot;

void startWorker(Slot& slot, const WorkerPoolOptions& options) {
  slot.process = std::make_unique<WorkerProcess>(options.command);
  slot.study.clear();
}

std::string startOf(const Study& study, bool withDetail, const WorkerPoolOptions& options) {
  return encodeStart({study.tree.toYaml(), study.file, withDetail, options.memoryBytes,
                      static_cast<std::uint32_t>(::getpid())});
}

/// Makes sure that the worker is there and has the study.
void prepareSlot(Slot& slot, const std::string& start, const WorkerPoolOptions& options) {
  if (!slot.process) startWorker(slot, options);
  if (slot.study == start) return;
  slot.study = start;
  slot.ready = false;
  slot.process->send(start);
}

class PoolRun {
 public:
  PoolRun(const WorkerPoolOptions& options, std::span<Slot> slots, const Study& study,
          std::span<const DesignPoint> points, bool withDetail, const Evaluator::Done& done,
          int& restarts)
      : options_(options),
        slots_(slots.first(std::min(slots.size(), points.size()))),
        order_(affinityOrder(study, points, slots_.size())),
        points_(points),
        done_(done),
        restarts_(restarts),
        start_(startOf(study, withDetail, options)),
        pointSeconds_(options.pointSeconds + study.accuracy.commandSeconds()) {
    const std::size_t n = slots_.size();
    // Each worker has a phase of its own, so that it meets what it knows.
    for (std::size_t i = 0; i < n; ++i)
      slots_[i].span = {order_.parts[i], i + 1 < n ? order_.parts[i + 1] : points.size(), false};
  }
  /// Whoever still works on a batch, after a request to stop or an exception, is of no use any
  /// more.
  ~PoolRun() {
    for (Slot& slot : slots_) {
      if (slot.busy) slot.process.reset();
      slot.busy = false;
    }
  }
  PoolRun(const PoolRun&) = delete;
  PoolRun& operator=(const PoolRun&) = delete;

  bool run(const Evaluator::KeepGoing& keepGoing) {
    bool stopping = false;
    Clock::time_point stopTime;
    while (remaining_ != 0 || anyBusy()) {
      if (!stopping && !keepGoing()) {
        stopping = true;
        stopTime = Clock::now();
      }
      if (stopping &&
          (!anyBusy() || duration<double>(Clock::now() - stopTime).count() > graceSeconds))
        return false;
      if (!stopping) dispatch();
      wait();
      checkTimeouts();
    }
    return true;
  }

 private:
  bool anyBusy() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.busy; });
  }

  void dispatch() {
    for (Slot& slot : slots_) {
      if (slot.busy) continue;
      const auto range = nextRange(slot);
      if (!range) continue;
      prepareSlot(slot, start_, options_);
      slot.batch = *range;
      slot.batchSize = range->size();
      slot.busy = true;
      slot.started = slot.lastSign = Clock::now();
      std::vector<DesignPoint> job;
      for (std::size_t i = range->begin; i < range->end; ++i)
        job.push_back(points_[order_.order[i]]);
      // A worker that is gone shows when its results are read.
      slot.process->send(encodeJob(job));
    }
  }

  std::optional<Range> nextRange(Slot& slot) {
    if (!retries_.empty()) {
      const Range range = retries_.front();
      retries_.pop_front();
      return range;
    }
    if (slot.span.size() == 0) takeOver(slot);
    if (slot.span.size() == 0) return std::nullopt;
    std::size_t left = 0;
    for (const Slot& other : slots_) left += other.span.size();
    // Towards the end batches shrink, so that all workers finish together.
    const std::size_t fair = std::max<std::size_t>(1, left / (2 * slots_.size()));
    const std::size_t size = std::min({slot.nextSize, fair, slot.span.size()});
    const Range range{slot.span.begin, slot.span.begin + size, false};
    slot.span.begin += size;
    return range;
  }

  /// Half of what the worker with most left has before it.
  void takeOver(Slot& slot) {
    Slot& other = *std::max_element(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) {
      return a.span.size() < b.span.size();
    });
    const std::size_t middle = other.span.begin + other.span.size() / 2;
    slot.span = {middle, other.span.end, false};
    other.span.end = middle;
  }

  void wait() {
    std::vector<pollfd> items;
    std::vector<Slot*> owners;
    for (Slot& slot : slots_)
      if (slot.busy) {
        items.push_back({slot.process->output(), POLLIN, 0});
        owners.push_back(&slot);
      }
    const int ready = ::poll(items.data(), items.size(), pollMilliseconds);
    if (ready < 0 && errno != EINTR) throw std::runtime_error("poll failed on worker pipes");
    if (ready <= 0) return;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].revents != 0) read(*owners[i]);
  }

  void read(Slot& slot) {
    const bool closed =
        slot.process->frames().fill(slot.process->output()) == FrameBuffer::Read::closed;
    try {
      while (const auto frame = nextFrame(slot)) handle(slot, *frame);
    } catch (const Damaged&) {
      // Damaged frames come from a process that overwrote its own memory.
      slot.process->kill();
      lost(slot, "sent a damaged answer");
      return;
    }
    if (closed && slot.process) {
      slot.process->kill();
      const int status = slot.process->reap();
      lost(slot, "crashed with " + describeExit(status));
    }
  }

  struct WorkerBroken : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  /// What a worker sent makes no sense. Anything else that is thrown is not the worker's fault.
  struct Damaged : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  template <class Decode>
  static auto decoded(const Decode& decode) {
    try {
      return decode();
    } catch (const std::exception& error) {
      throw Damaged(error.what());
    }
  }
  static std::optional<std::string> nextFrame(Slot& slot) {
    return decoded([&] { return slot.process->frames().next(); });
  }

  void handle(Slot& slot, const std::string& frame) {
    slot.lastSign = Clock::now();
    switch (typeOf(frame)) {
      case FrameType::ready:
        slot.ready = true;
        slot.failedStarts = 0;
        return;
      case FrameType::broken:
        throw WorkerBroken("a worker process cannot work: " +
                           decoded([&] { return decodeText(frame); }));
      case FrameType::results:
        for (PointOutcome& outcome : decoded([&] { return decodeResults(frame); })) {
          if (slot.batch.size() == 0) throw Damaged("more results than points");
          finish(slot.batch.begin++, std::move(outcome));
        }
        if (slot.batch.size() == 0) batchDone(slot);
        return;
      default:
        throw Damaged("an unexpected frame");
    }
  }

  void finish(std::size_t index, PointOutcome outcome) {
    --remaining_;
    done_(order_.order[index], std::move(outcome));
  }

  void batchDone(Slot& slot) {
    slot.busy = false;
    const double seconds = duration<double>(Clock::now() - slot.started).count();
    const double perPoint = seconds / static_cast<double>(slot.batchSize);
    const double aim = std::clamp(options_.batchSeconds / std::max(perPoint, 1e-9), 1.0,
                                  static_cast<double>(options_.largestBatch));
    // At most eightfold at a time: one lucky fast point must not start a huge batch.
    slot.nextSize = std::min(static_cast<std::size_t>(aim), slot.batchSize * 8);
  }

  /// The worker is gone: keep what it returned, try the rest in smaller pieces.
  /// A point that stood alone gets one more chance after a crash (someone may have killed the
  /// worker), none after a timeout.
  void lost(Slot& slot, const std::string& why, bool timeout = false) {
    if (!slot.ready && ++slot.failedStarts >= mostStarts)
      throw Resumable("the worker process '" + options_.command.front() + "' does not start: it " +
                      why +
                      "; look at the memory and the limits of this machine, then run the same "
                      "command again");
    slot.process.reset();
    slot.busy = false;
    slot.nextSize = 1;
    ++restarts_;
    const Range rest = slot.batch;
    if (rest.size() == 0) return;
    if (!slot.ready) {
      retries_.push_back(rest);  // it never saw them
      return;
    }
    if (rest.size() == 1) {
      if (rest.triedAlone || (timeout && slot.batchSize == 1))
        finish(rest.begin, outcomeWithout(PointStatus::failed, "failed: " + why));
      else
        retries_.push_back({rest.begin, rest.end, true});
      return;
    }
    const std::size_t middle = rest.begin + rest.size() / 2;
    retries_.push_back({rest.begin, middle, false});
    retries_.push_back({middle, rest.end, false});
  }

  void checkTimeouts() {
    if (options_.pointSeconds <= 0) return;
    for (Slot& slot : slots_) {
      if (!slot.busy) continue;
      const double quiet = duration<double>(Clock::now() - slot.lastSign).count();
      if (quiet <= pointSeconds_) continue;
      slot.process->kill();
      lost(slot, "took longer than " + numberText(pointSeconds_) + " s", true);
    }
  }

  const WorkerPoolOptions& options_;
  const std::span<Slot> slots_;
  const PointOrder order_;  ///< positions in `points_`
  const std::span<const DesignPoint> points_;
  const Evaluator::Done& done_;
  int& restarts_;
  const std::string start_;
  double pointSeconds_;  ///< a program that answers for accuracy has its own on top
  std::deque<Range> retries_;
  std::size_t remaining_ = order_.order.size();
};

/// Writing to a worker that just died must not end this process.
class IgnorePipeSignal {
 public:
  IgnorePipeSignal() : old_(::signal(SIGPIPE, SIG_IGN)) {}
  ~IgnorePipeSignal() { ::signal(SIGPIPE, old_); }

 private:
  void (*old_)(int);
};

}  // namespace

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(std::move(options)) {
  if (options_.command.empty()) throw std::logic_error("a worker pool without a command");
  slots_.resize(static_cast<std::size_t>(std::max(1, options_.workers)));
}

WorkerPool::~WorkerPool() = default;

void WorkerPool::start() {
  for (Slot& slot : slots_)
    if (!slot.process) startWorker(slot, options_);
}

void WorkerPool::prepare(const Study& study, bool withDetail) {
  const IgnorePipeSignal ignore;
  const std::string start = startOf(study, withDetail, options_);
  for (Slot& slot : slots_) prepareSlot(slot, start, options_);
}

bool WorkerPool::evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                          const Done& done, const KeepGoing& keepGoing) {
  if (points.empty()) return true;
  const IgnorePipeSignal ignore;
  return PoolRun(options_, slots_, study, points, withDetail, done, restarts_).run(keepGoing);
}

}  // namespace wattlas
