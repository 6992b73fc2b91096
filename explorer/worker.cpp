#include "explorer/worker.h"

#include <fcntl.h>
#include <signal.h>

#include <chrono>

#include "explorer/child_process.h"
#include "explorer/pipe_io.h"
#include "explorer/worker_protocol.h"

namespace wattlas {
namespace {

using Clock = std::chrono::steady_clock;
// Finished points are handed over at this pace, so that a crash costs little.
constexpr auto flushInterval = std::chrono::milliseconds(20);

bool checkPoint(const Study& study, const DesignPoint& point) {
  if (point.workload < 0 || point.workload >= static_cast<std::int32_t>(study.workloads.size()) ||
      point.parameters.size() != study.parameters.size())
    return false;
  for (std::size_t g = 0; g < point.parameters.size(); ++g)
    if (!study.parameters[g].continuous() &&
        point.parameters[g] >= static_cast<double>(study.parameters[g].choices()))
      return false;
  return true;
}

bool answerJob(int out, const Study& study, const std::vector<DesignPoint>& points,
               PointEvaluator& evaluator, bool withDetail) {
  for (const DesignPoint& point : points)
    if (!checkPoint(study, point)) throw std::runtime_error("a damaged job");
  std::vector<PointOutcome> outcomes;
  auto lastFlush = Clock::now();
  bool connected = true;
  evaluator.evaluate(points, withDetail, [&](PointOutcome outcome) {
    outcomes.push_back(std::move(outcome));
    if (Clock::now() - lastFlush < flushInterval) return;
    connected = connected && writeFrame(out, encodeResults(outcomes));
    outcomes.clear();
    lastFlush = Clock::now();
  });
  return connected && (outcomes.empty() || writeFrame(out, encodeResults(outcomes)));
}

}  // namespace

int workerMain(int in, int out, const MakePointEvaluator& makeEvaluator) {
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  // A program that an oracle starts must not hold the pipes of a worker that is gone.
  for (const int fd : {in, out}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  auto frame = readFrame(in);
  if (!frame) return 0;
  try {
    dieWithParent(static_cast<int>(decodeStart(*frame).parent));
    bool limited = false;
    while (frame) {
      const StartFrame start = decodeStart(*frame);
      const Study study =
          compileStudy(parseYaml(start.studyYaml, start.studyFile), start.studyFile);
      const auto evaluator = makeEvaluator(study);
      if (start.memoryBytes > 0 && !limited) limitMemory(start.memoryBytes);
      limited = true;
      if (!writeFrame(out, encodeText(FrameType::ready, {}))) return 0;
      evaluator->prepare();
      while ((frame = readFrame(in)) && typeOf(*frame) == FrameType::job)
        if (!answerJob(out, study, decodeJob(*frame), *evaluator, start.withDetail)) return 0;
    }
    return 0;
  } catch (const std::exception& error) {
    writeFrame(out, encodeText(FrameType::broken, error.what()));
    return 1;
  }
}

}  // namespace wattlas
