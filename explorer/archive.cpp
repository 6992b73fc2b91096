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
  // Rows of this call, in order; those to simulate are marked by an empty outcome until they are.
  std::vector<ExploredPoint> fresh;
  std::vector<std::optional<PointOutcome>> outcomes;
  std::vector<DesignPoint> open;
  std::vector<std::size_t> openIndex;
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> seen;
  const PointIds ids(study_);
  for (const DesignPoint& point : points) {
    const Hash128 id = ids.of(point);
    if (index_.count(id) > 0 || !seen.emplace(id, fresh.size()).second) continue;
    fresh.push_back({id, point, {}, false});
    outcomes.emplace_back();
    if (auto violated = violatedBefore(study_, point)) {
      outcomes.back() = outcomeWithout(PointStatus::infeasible, std::move(*violated));
      meter_.count(*outcomes.back());
    } else {
      open.push_back(point);
      openIndex.push_back(fresh.size() - 1);
    }
  }
  const bool complete = evaluator_.evaluate(
      study_, open, withDetail_,
      [&](std::size_t i, PointOutcome row) {
        meter_.count(row);
        outcomes[openIndex[i]] = std::move(row);
      },
      [&] {
        meter_.tell(false);
        return !options_.interrupted || !options_.interrupted();
      });
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (!outcomes[i]) continue;
    fresh[i].outcome = std::move(*outcomes[i]);
    index_.emplace(fresh[i].id, points_.size());
    points_.push_back(std::move(fresh[i]));
  }
  return complete;
}

const ExploredPoint* Archive::find(const Hash128& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &points_[found->second];
}

}  // namespace wattlas
