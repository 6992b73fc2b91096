// The other side of the worker pool: what `wattlas worker` does.
#pragma once

#include <memory>

#include "explorer/point_evaluator.h"

namespace wattlas {

/// Descriptors a worker is started with. Its standard output goes to standard error.
inline constexpr int workerInput = 3, workerOutput = 4;

/// Makes what evaluates the points of a study; the study outlives it.
using MakePointEvaluator = std::function<std::unique_ptr<PointEvaluator>(const Study&)>;

/// Answers jobs until its input ends. Single-threaded; ignores SIGINT and SIGTERM (the parent
/// decides when to stop) and dies with its parent. Returns the exit code.
int workerMain(int in, int out, const MakePointEvaluator& makeEvaluator);

}  // namespace wattlas
