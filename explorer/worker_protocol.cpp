#include "explorer/worker_protocol.h"

#include <fcntl.h>
#include <signal.h>

#include <chrono>

#include "explorer/child_process.h"
#include "explorer/pipe_io.h"
#include "models/base/byte_stream.h"

namespace wattlas {
namespace {

// Changes with the layout, so that a worker of another build is refused instead of misread.
constexpr std::uint32_t protocolVersion = 1;

ByteReader open(const std::string& frame, FrameType expected) {
  ByteReader in(frame);
  if (static_cast<FrameType>(in.u8()) != expected)
    throw std::runtime_error("an unexpected frame between processes");
  return in;
}

ByteWriter begin(FrameType type) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(type));
  return out;
}

void put(ByteWriter& out, const PointOutcome& o) {
  out.u8(static_cast<std::uint8_t>(o.status));
  out.text(o.reason);
  out.reals(o.metrics);
  out.text(o.configHash);
  out.text(o.format);
  out.text(o.fidelity);
  out.text(o.accuracyKind);
  out.text(o.topBound);
  out.real(o.topBoundShare);
  out.text(o.detail);
}

PointOutcome get(ByteReader& in) {
  PointOutcome o;
  const std::uint8_t status = in.u8();
  if (status > static_cast<std::uint8_t>(PointStatus::failed))
    throw std::runtime_error("a row with an unknown status");
  o.status = static_cast<PointStatus>(status);
  o.reason = in.text();
  o.metrics = in.reals();
  o.configHash = in.text();
  o.format = in.text();
  o.fidelity = in.text();
  o.accuracyKind = in.text();
  o.topBound = in.text();
  o.topBoundShare = in.real();
  o.detail = in.text();
  return o;
}

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

FrameType typeOf(const std::string& frame) {
  return frame.empty() ? FrameType::broken : static_cast<FrameType>(frame.front());
}

std::string encodeStart(const StartFrame& start) {
  ByteWriter out = begin(FrameType::start);
  out.u32(protocolVersion);
  out.text(start.studyYaml);
  out.text(start.studyFile);
  out.u8(start.withDetail ? 1 : 0);
  out.u64(start.memoryBytes);
  out.u32(start.parent);
  return out.take();
}

StartFrame decodeStart(const std::string& frame) {
  ByteReader in = open(frame, FrameType::start);
  if (in.u32() != protocolVersion) throw std::runtime_error("the worker is of another version");
  StartFrame start;
  start.studyYaml = in.text();
  start.studyFile = in.text();
  start.withDetail = in.u8() != 0;
  start.memoryBytes = in.u64();
  start.parent = in.u32();
  return start;
}

std::string encodeJob(std::span<const DesignPoint> points) {
  ByteWriter out = begin(FrameType::job);
  out.u32(static_cast<std::uint32_t>(points.size()));
  for (const DesignPoint& point : points) {
    out.u32(static_cast<std::uint32_t>(point.workload));
    out.reals(point.parameters);
  }
  return out.take();
}

std::vector<DesignPoint> decodeJob(const std::string& frame) {
  ByteReader in = open(frame, FrameType::job);
  const std::uint32_t n = in.u32();
  std::vector<DesignPoint> points;
  for (std::uint32_t i = 0; i < n; ++i) {
    DesignPoint point;
    point.workload = static_cast<std::int32_t>(in.u32());
    point.parameters = in.reals();
    points.push_back(std::move(point));
  }
  return points;
}

std::string encodeResults(std::span<const PointOutcome> outcomes) {
  ByteWriter out = begin(FrameType::results);
  out.u32(static_cast<std::uint32_t>(outcomes.size()));
  for (const PointOutcome& outcome : outcomes) put(out, outcome);
  return out.take();
}

std::vector<PointOutcome> decodeResults(const std::string& frame) {
  ByteReader in = open(frame, FrameType::results);
  const std::uint32_t n = in.u32();
  std::vector<PointOutcome> outcomes;
  for (std::uint32_t i = 0; i < n; ++i) outcomes.push_back(get(in));
  return outcomes;
}

std::string encodeText(FrameType type, const std::string& text) {
  ByteWriter out = begin(type);
  out.text(text);
  return out.take();
}

std::string decodeText(const std::string& frame) {
  ByteReader in(frame);
  in.u8();
  return in.text();
}

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
