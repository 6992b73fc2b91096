// Evaluates points in worker processes: clean state, crash isolation, all cores.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "explorer/outcome.h"

namespace wattlas {

struct WorkerPoolOptions {
  std::vector<std::string> command;  ///< program and arguments, such as {"/usr/bin/wattlas",
                                     ///< "worker"}
  int workers = 1;
  double pointSeconds = 600;  ///< wall time of one point before it is given up; 0 = none
  std::uint64_t memoryBytes = std::uint64_t{8}
                              << 30;  ///< per worker, on top of its start; 0 = none
  std::size_t largestBatch = 4096;    ///< points
  double batchSeconds = 0.3;          ///< aim for one batch: rows come earlier, a new batch costs
};

/// Workers stay for the pool's life, with what they learned, and take one study after the other.
/// Batches grow and shrink with the measured speed; which worker gets what never shows in a row.
/// A worker that dies is replaced. Its finished points count; the rest of its batch is halved and
/// tried again until the culprit stands alone, which becomes a failed row. Use from the main
/// thread: workers die with the thread that started them.
class WorkerPool : public Evaluator {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  ~WorkerPool() override;
  /// Starts the worker processes now: they load while the caller prepares the study. Throws
  /// std::runtime_error when the program cannot be started.
  void start();
  /// Workers read the study, and what it names, while the caller goes on.
  void prepare(const Study& study, bool withDetail) override;
  /// Throws std::runtime_error when workers cannot be started at all.
  bool evaluate(const Study& study, std::span<const DesignPoint> points, bool withDetail,
                const Done& done, const KeepGoing& keepGoing) override;
  /// Workers replaced after a crash or timeout, so far.
  int restarts() const { return restarts_; }

  struct Slot;  ///< one place in the pool

 private:
  WorkerPoolOptions options_;
  std::vector<Slot> slots_;
  int restarts_ = 0;
};

}  // namespace wattlas
