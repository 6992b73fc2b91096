#include "explorer/archive.h"

namespace wattlas {

void ProgressMeter::count(const PointOutcome& outcome) {
  ++state_.done;
  ++(outcome.status == PointStatus::done         ? state_.feasible
     : outcome.status == PointStatus::infeasible ? state_.infeasible
                                                 : state_.failed);
}

double ProgressMeter::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void ProgressMeter::tell(bool last) {
  if (listener_ == nullptr) return;
  const double now = seconds();
  if (!last && now - told_ < 0.1) return;
  told_ = now;
  state_.seconds = now;
  state_.last = last;
  state_.pointsPerSecond = now > 0 ? static_cast<double>(state_.done) / now : 0;
  const double left = static_cast<double>(state_.total) - static_cast<double>(state_.done);
  state_.secondsLeft = state_.pointsPerSecond > 0 ? left / state_.pointsPerSecond : 0;
  listener_->update(state_);
}

Archive::Archive(const Study& study, const ExploreOptions& options, Evaluator& evaluator,
                 ProgressMeter& meter, std::size_t planned)
    : study_(study),
      options_(options),
      evaluator_(evaluator),
      meter_(meter),
      withDetail_(planned <= options.detailLimit) {}

bool Archive::evaluate(const std::vector<DesignPoint>& points) {
  const std::size_t first = points_.size();  // rows of this call stand behind it, in order
  std::vector<char> answered;                // which of them have an outcome
  std::vector<std::size_t> open;             // which of them are to be evaluated
  const PointIds ids(study_);
  if (first == 0) index_.reserve(points.size());
  answered.reserve(points.size());
  open.reserve(points.size());
  for (const DesignPoint& point : points) {
    const Hash128 id = ids.of(point);
    if (!index_.emplace(id, points_.size()).second) continue;
    points_.push_back({id, point, {}, false});
    auto violated = violatedBefore(study_, point);
    answered.push_back(violated ? 1 : 0);
    if (violated) {
      points_.back().outcome = outcomeWithout(PointStatus::infeasible, std::move(*violated));
      meter_.count(points_.back().outcome);
    } else {
      open.push_back(points_.size() - 1);
    }
  }
  std::vector<DesignPoint> some;
  const bool all = open.size() == points.size();
  if (!all)
    for (const std::size_t i : open) some.push_back(points_[i].design);
  const bool complete = evaluator_.evaluate(
      study_, all ? points : some, withDetail_,
      [&](std::size_t i, PointOutcome row) {
        meter_.count(row);
        points_[open[i]].outcome = std::move(row);
        answered[open[i] - first] = 1;
      },
      [&] {
        meter_.tell(false);
        return !options_.interrupted || !options_.interrupted();
      });
  if (!complete) dropUnanswered(first, answered);
  return complete;
}

void Archive::dropUnanswered(std::size_t first, const std::vector<char>& answered) {
  std::size_t kept = first;
  for (std::size_t i = first; i < points_.size(); ++i) {
    if (answered[i - first] == 0) {
      index_.erase(points_[i].id);
      continue;
    }
    index_[points_[i].id] = kept;
    if (kept != i) points_[kept] = std::move(points_[i]);
    ++kept;
  }
  points_.resize(kept);
}

const ExploredPoint* Archive::find(const Hash128& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &points_[found->second];
}

}  // namespace wattlas
