// Experiment -> RunResult. `infeasible` is a result; a throw is bad input or our bug.
#pragma once

#include <functional>
#include <memory>

#include "models/experiment.h"
#include "models/profile_cache.h"

namespace wattlas {

/// Executes programs at `event` or `detailed`. The SystemC implementation lives in models/sim
/// (makeEventEngine); analytic runs never need one.
class EventEngine {
 public:
  virtual ~EventEngine() = default;
  /// Profile of a program alone on `component` ("device" or "host").
  virtual Profile profile(const std::string& component, const Program& program) = 0;
  /// Plays a profile against the platform's link; returns the duration.
  virtual Ticks replay(const Profile& profile) = 0;
  /// Runs a program directly on the platform's link (coupling live).
  virtual Ticks live(const std::string& component, const Program& program) = 0;
  virtual std::int64_t events() const = 0;
};

/// Makes the engine for one platform. One engine per process (SystemC cannot elaborate twice).
using EngineFactory = std::function<std::unique_ptr<EventEngine>(const Platform&, Fidelity)>;

/// Runs the experiment. `makeEngine` may be empty when only analytic components are used.
RunResult simulate(const Experiment& experiment, ProfileCache& cache,
                   const EngineFactory& makeEngine, Detail detail = Detail::full);

/// True when the experiment needs SystemC, i.e. a process of its own.
bool needsEngine(const Experiment& experiment);

}  // namespace wattlas
