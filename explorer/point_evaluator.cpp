#include "explorer/point_evaluator.h"

#include <algorithm>
#include <chrono>

#include "explorer/child_process.h"
#include "explorer/worker_protocol.h"
#include "models/base/byte_stream.h"

namespace wattlas {
namespace {

using Clock = std::chrono::steady_clock;
// A child runs for about this long: much longer than it takes to fork and elaborate (1 ms), short
// enough that a crash or a request to stop costs little.
constexpr double childSeconds = 0.2;
constexpr std::size_t mostInChild = 256;

/// Thrown instead of making an engine: this process must not elaborate.
struct EngineNeeded {};

/// SystemC elaborates once per process: all simulations of a child use the same engine.
class BorrowedEngine : public EventEngine {
 public:
  explicit BorrowedEngine(EventEngine& engine) : engine_(engine), before_(engine.events()) {}
  Profile profile(const std::string& component, const Program& program) override {
    return engine_.profile(component, program);
  }
  Ticks replay(const Profile& profile) override { return engine_.replay(profile); }
  Ticks live(const std::string& component, const Program& program) override {
    return engine_.live(component, program);
  }
  std::int64_t events() const override { return engine_.events() - before_; }

 private:
  EventEngine& engine_;
  std::int64_t before_;
};

}  // namespace

void SimpleEvaluator::evaluate(std::span<const DesignPoint> points, bool withDetail,
                               const Done& done) {
  for (const DesignPoint& point : points) done(evaluatePoint(study_, point, function_, withDetail));
}

SimulatingEvaluator::SimulatingEvaluator(const Study& study, const Registry& registry,
                                         const SearchPath& path, EngineFactory makeEngine)
    : study_(study),
      maker_(registry, path),
      source_(study_, maker_),
      makeEngine_(std::move(makeEngine)) {}

void SimulatingEvaluator::evaluate(std::span<const DesignPoint> points, bool withDetail,
                                   const Done& done) {
  const Detail detail = withDetail ? Detail::full : Detail::totals;
  const EngineFactory refuse = [](const Platform&, Fidelity) -> std::unique_ptr<EventEngine> {
    throw EngineNeeded();
  };
  std::size_t i = 0;
  while (i < points.size()) {
    cache_.trim();
    std::optional<Experiment> waiting;
    try {
      done(rowOf([&] {
        const Experiment experiment = source_.at(points[i]);
        try {
          return outcomeOf(study_, points[i], simulate(experiment, cache_, refuse, detail),
                           withDetail);
        } catch (const EngineNeeded&) {
          waiting = experiment;
          throw;
        }
      }));
      ++i;
      continue;
    } catch (const EngineNeeded&) {
    }
    const std::size_t n = samePlatform(points.subspan(i), *waiting);
    waiting.reset();
    try {
      for (PointOutcome& outcome : inChild(points.subspan(i, n), withDetail))
        done(std::move(outcome));
    } catch (const ChildFailure& failure) {
      const std::string why = failure.what();
      for (std::size_t k = i; k < i + n; ++k)
        done(rowOf([&] {
          return n == 1 ? outcomeWithout(PointStatus::failed, "failed: " + why)
                        : inChild(points.subspan(k, 1), withDetail).front();
        }));
    }
    i += n;
  }
}

std::size_t SimulatingEvaluator::samePlatform(std::span<const DesignPoint> points,
                                              const Experiment& first) {
  const auto wanted = static_cast<std::size_t>(
      std::clamp(childSeconds / secondsPerPoint_, 1.0, static_cast<double>(mostInChild)));
  std::size_t n = 1;
  try {
    for (; n < std::min(wanted, points.size()); ++n) {
      const Experiment x = source_.at(points[n]);
      if (x.platform != first.platform || x.run.fidelity != first.run.fidelity) break;
    }
  } catch (const InputError&) {
    // That point becomes a row of its own when its turn comes.
  }
  return n;
}

std::vector<PointOutcome> SimulatingEvaluator::inChild(std::span<const DesignPoint> points,
                                                       bool withDetail) {
  const auto started = Clock::now();
  const std::string bytes = runInChild([&] {
    cache_.startRecording();
    std::unique_ptr<EventEngine> engine;
    const EngineFactory borrow = [&](const Platform& platform, Fidelity fidelity) {
      if (!engine) engine = makeEngine_(platform, fidelity);
      return std::make_unique<BorrowedEngine>(*engine);
    };
    std::vector<PointOutcome> outcomes;
    for (const DesignPoint& point : points)
      outcomes.push_back(rowOf([&] {
        const RunResult result =
            simulate(source_.at(point), cache_, borrow, withDetail ? Detail::full : Detail::totals);
        return outcomeOf(study_, point, result, withDetail);
      }));
    ByteWriter out;
    out.text(encodeResults(outcomes));
    out.text(cache_.recorded());
    return out.take();
  });
  ByteReader in(bytes);
  std::vector<PointOutcome> outcomes = decodeResults(in.text());
  if (outcomes.size() != points.size())
    throw ChildFailure(ChildFailure::Kind::crashed, "gave an incomplete answer");
  cache_.absorb(in.text());
  secondsPerPoint_ = std::chrono::duration<double>(Clock::now() - started).count() /
                     static_cast<double>(points.size());
  return outcomes;
}

}  // namespace wattlas
