// Frames between an exploring process and its workers. Private to this room: both ends are always
// the same build.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "explorer/outcome.h"
#include "explorer/point_evaluator.h"

namespace wattlas {

enum class FrameType : std::uint8_t {
  start = 'S',    ///< to the worker: study and limits of the jobs that follow
  job = 'J',      ///< to the worker: points of one batch
  ready = 'H',    ///< from the worker: it understood the start frame
  results = 'R',  ///< from the worker: outcomes of the next points of the batch, in order
  broken = 'E',   ///< from the worker: it cannot work, with the reason
};

struct StartFrame {
  std::string studyYaml, studyFile;
  bool withDetail = false;
  std::uint64_t memoryBytes = 0;
  std::uint32_t parent = 0;  ///< process id
};

FrameType typeOf(const std::string& frame);
std::string encodeStart(const StartFrame& start);
StartFrame decodeStart(const std::string& frame);
std::string encodeJob(std::span<const DesignPoint> points);
std::vector<DesignPoint> decodeJob(const std::string& frame);
std::string encodeResults(std::span<const PointOutcome> outcomes);
std::vector<PointOutcome> decodeResults(const std::string& frame);
std::string encodeText(FrameType type, const std::string& text);
std::string decodeText(const std::string& frame);

// The other side of the worker pool: what `wattlas worker` does.

/// Descriptors a worker is started with. Its standard output goes to standard error.
inline constexpr int workerInput = 3, workerOutput = 4;

/// Makes what evaluates the points of a study; the study outlives it.
using MakePointEvaluator = std::function<std::unique_ptr<PointEvaluator>(const Study&)>;

/// Answers jobs until its input ends. Single-threaded; ignores SIGINT and SIGTERM (the parent
/// decides when to stop) and dies with its parent. Returns the exit code.
int workerMain(int in, int out, const MakePointEvaluator& makeEvaluator);

}  // namespace wattlas
