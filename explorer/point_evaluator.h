// Evaluates points of one study as a worker process does.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "explorer/outcome.h"
#include "explorer/space.h"
#include "models/simulate.h"

namespace wattlas {

/// Experiments of a study's points. Platform, workload and run options are each built once for the
/// design parameters that decide them: most points of a sweep find all three, and no text is
/// touched.
class ExperimentSource {
 public:
  /// Keeps references to both.
  ExperimentSource(const Study& study, ExperimentMaker& maker);
  /// Reads the files of all platforms and workloads that points of the study can name.
  void prepare();
  /// Same as maker.make(specOf(study, point)). Throws InputError with all problems.
  Experiment at(const DesignPoint& point);

 private:
  static constexpr std::size_t mostKept = 8192;

  /// What decides a section: coordinates of design parameters, and derived values that are set.
  struct Inputs {
    std::vector<std::size_t> parameters;
    std::vector<std::size_t> derived;
  };
  void decides(Section section, const std::string& key, std::vector<std::size_t> Inputs::*list,
               std::size_t index);
  Hash128 keyOf(Section section, const DesignPoint& point) const;

  const Study& study_;
  ExperimentMaker& maker_;
  std::array<Inputs, 3> inputs_;  ///< by Section
  std::size_t mostWorkloads_ = mostKept;
  std::unordered_map<Hash128, BuiltPlatform, Hash128Hasher> platforms_;
  std::unordered_map<Hash128, BuiltWorkload, Hash128Hasher> workloads_;
  std::unordered_map<Hash128, BuiltRun, Hash128Hasher> runs_;
};

/// How a worker evaluates the points of its study.
class PointEvaluator {
 public:
  virtual ~PointEvaluator() = default;
  /// Points will come: what the study names can be read.
  virtual void prepare() {}
  /// Calls `done` once for each point, in order, as soon as it is known.
  using Done = std::function<void(PointOutcome outcome)>;
  virtual void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) = 0;
};

/// Simulates in this process: what points have in common is made once, and one platform model
/// serves all of them. A crash costs the process; whoever started it (worker_pool.h) finds the
/// culprit.
class SimulatingEvaluator : public PointEvaluator {
 public:
  /// Keeps references to study, registry and path. `accuracy` may be null.
  SimulatingEvaluator(const Study& study, const Registry& registry, const SearchPath& path,
                      SimulatorSource simulator, std::unique_ptr<AccuracyOracle> accuracy = {});
  void prepare() override { source_.prepare(); }
  void evaluate(std::span<const DesignPoint> points, bool withDetail, const Done& done) override;

 private:
  // SystemC counts 213 days in picoseconds.
  static constexpr double mostSimulatedS = 50 * 86400.0;
  PointOutcome outcome(const DesignPoint& point, bool withDetail);

  const Study& study_;
  ExperimentMaker maker_;
  ExperimentSource source_;
  SimulatorSource simulator_;
  std::unique_ptr<AccuracyOracle> accuracy_;
  ProfileCache cache_;
  double simulatedS_ = 0;  ///< of all points, at least what the clock of SystemC shows
};

// In which order workers should look at points, so that what points have in common is made once.

/// Positions of `points` in the order of work, and where the part of each worker begins in it.
struct PointOrder {
  std::vector<std::size_t> order;
  std::vector<std::size_t> parts;  ///< one begin per worker, rising; the first is 0
};

/// Networks that a worker keeps cached where networks come first.
inline constexpr std::size_t networksAtOnce = 16;

/// Those with the same platform side by side; for closed forms, when there are many more networks
/// than platforms, within blocks of a few networks: neighbours have most operators in common, and
/// what is known of them on a platform stays in the processor's caches. Otherwise in their order.
/// Parts are about equal; when networks come first, a worker meets as few platforms as possible.
PointOrder affinityOrder(const Study& study, std::span<const DesignPoint> points,
                         std::size_t workers = 1);
/// Whether the points of a whole space come in such blocks.
bool inNetworkBlocks(const Study& study);

}  // namespace wattlas
