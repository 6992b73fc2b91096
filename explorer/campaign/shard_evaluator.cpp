#include "explorer/campaign/shard_evaluator.h"

#include <algorithm>
#include <thread>

#include "explorer/campaign/evaluation_key.h"
#include "explorer/campaign/retry.h"

namespace wattlas {
namespace {

using std::chrono::milliseconds;
constexpr auto firstPause = milliseconds(2), longestPause = milliseconds(500);

double seconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

bool ShardEvaluator::evaluateHere(const Study& study, std::span<const DesignPoint> points,
                                  bool withDetail, std::vector<OpenPoint> open, const Done& done,
                                  const KeepGoing& keepGoing) {
  while (!open.empty()) {
    std::vector<DesignPoint> batch;
    for (const OpenPoint& point : open) batch.push_back(points[point.index]);
    std::vector<OpenPoint> again;
    auto lastAnswer = Clock::now();
    const auto take = [&](std::size_t i, PointOutcome outcome) {
      OpenPoint& point = open[i];
      const auto now = Clock::now();
      longestPoint_ = std::max(longestPoint_, seconds(now - lastAnswer));
      lastAnswer = now;
      const bool retryable = isRetryable(outcome);
      own_.append(retryable ? RecordKind::retry : RecordKind::row, point.key, outcome);
      if (retryable && ++point.tries < mostTries) {
        again.push_back(point);
        return;
      }
      ++counts_.evaluated;
      counts_.infeasible += outcome.status == PointStatus::infeasible ? 1 : 0;
      counts_.failed += outcome.status == PointStatus::failed ? 1 : 0;
      done(point.index, std::move(outcome));
    };
    const bool complete = inner_.evaluate(study, batch, withDetail, take, [&] {
      own_.flush();
      return keepGoing();
    });
    own_.flush();
    if (!complete) return false;
    open = std::move(again);
  }
  return true;
}

std::vector<ShardEvaluator::OpenPoint> ShardEvaluator::answerKnown(
    const std::vector<OpenPoint>& open, const Done& done) const {
  std::vector<OpenPoint> left;
  for (const OpenPoint& point : open) {
    if (journals_.settled(point.key))
      done(point.index, journals_.outcome(point.key));
    else
      left.push_back(point);
  }
  return left;
}

bool ShardEvaluator::newsFromOthers() {
  const std::vector<std::string> grown = journals_.refresh();
  if (!grown.empty()) journals_.requireAgreement();
  bool news = false;
  for (const std::string& name : grown) {
    if (name == own_.name()) continue;
    news = true;
    if (const auto writer = shardOf(name)) silent_.erase(writer->index);
  }
  return news;
}

double ShardEvaluator::patience() const {
  // Others may sit on a point as long as the longest one here.
  return std::max(options_.patienceSeconds, 3 * longestPoint_);
}

bool ShardEvaluator::allSilent(const std::vector<OpenPoint>& open) const {
  return std::all_of(open.begin(), open.end(), [&](const OpenPoint& point) {
    return silent_.count(options_.shard.ownerOf(point.key)) > 0;
  });
}

bool ShardEvaluator::evaluate(const Study& study, std::span<const DesignPoint> points,
                              bool withDetail, const Done& done, const KeepGoing& keepGoing) {
  const PointIds ids(study);
  const EvaluationKeys keys(study, withDetail, plan_.build);
  std::vector<OpenPoint> open;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Hash128 key = keys.of(ids.of(points[i]));
    open.push_back({i, key, journals_.tries(key)});
  }
  counts_.points += open.size();
  open = answerKnown(open, done);
  if (!open.empty()) {
    newsFromOthers();
    open = answerKnown(open, done);
  }
  counts_.before += points.size() - open.size();

  const auto mine = std::stable_partition(open.begin(), open.end(), [&](const OpenPoint& point) {
    return !options_.shard.owns(point.key);
  });
  if (!evaluateHere(study, points, withDetail, {mine, open.end()}, done, keepGoing)) return false;
  open.erase(mine, open.end());

  auto pause = firstPause;
  auto lastNews = Clock::now();
  while (!open.empty()) {
    if (!keepGoing()) return false;
    if (newsFromOthers()) {
      lastNews = Clock::now();
      pause = firstPause;
      open = answerKnown(open, done);
      continue;
    }
    if (!allSilent(open)) {
      if (seconds(Clock::now() - lastNews) < patience()) {
        std::this_thread::sleep_for(pause);
        pause = std::min<milliseconds>(pause * 2, longestPause);
        continue;
      }
      ++counts_.waits;
      for (const OpenPoint& point : open) silent_.insert(options_.shard.ownerOf(point.key));
    }
    // Nobody works on these. Each shard begins elsewhere, so that several helpers share the rest.
    const std::size_t from = open.size() * options_.shard.index / options_.shard.count;
    std::rotate(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(from), open.end());
    const std::size_t taken =
        std::min(open.size(), static_cast<std::size_t>(std::max(1, options_.workers)) * 4);
    const auto end = open.begin() + static_cast<std::ptrdiff_t>(taken);
    if (!evaluateHere(study, points, withDetail, {open.begin(), end}, done, keepGoing))
      return false;
    open.erase(open.begin(), end);
  }
  return true;
}

}  // namespace wattlas
