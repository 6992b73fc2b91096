// The other side of the worker pool: what `wattlas worker` does.
#pragma once

#include "explorer/evaluator.h"

namespace wattlas {

/// Descriptors a worker is started with. Its standard output goes to standard error.
inline constexpr int workerInput = 3, workerOutput = 4;

struct WorkerServices {
  /// Analytic experiments run in the worker; for others, use runInChild (child_process.h).
  EvaluateFunction evaluate;
};

/// Answers jobs until its input ends. Single-threaded; ignores SIGINT and SIGTERM (the parent
/// decides when to stop) and dies with its parent. Returns the exit code.
int workerMain(int in, int out, const WorkerServices& services);

}  // namespace wattlas
