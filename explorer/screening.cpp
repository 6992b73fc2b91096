#include "explorer/screening.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "explorer/front.h"

namespace wattlas {
namespace {

using Group = std::pair<std::int32_t, std::string>;  ///< workload and platform

/// Objectives as far as the row has numbers, also of a point that violates a constraint: whether it
/// does at the other level is not known.
std::optional<ObjectiveVector> numbersOf(const Study& study, const ExploredPoint* point) {
  if (point == nullptr || point->outcome.metrics.empty()) return std::nullopt;
  ObjectiveVector v;
  for (std::size_t o = 0; o < study.objectives.size(); ++o) {
    v.push_back(objectiveOf(study, *point, o));
    if (!std::isfinite(v.back())) return std::nullopt;
  }
  return v;
}

struct Candidate {
  std::size_t plan = 0;  ///< position in the plan
  Hash128 id;
  ObjectiveVector analytic;
  bool asked = false;
};

struct Members {
  std::vector<Candidate> all;
  std::vector<ErrorBand> bands;                ///< one an objective
  std::vector<std::size_t> calibrationSample;  ///< positions in `all`, in the order of the ids
  std::size_t calibrated = 0;                  ///< how many of them were asked for
};

constexpr std::size_t firstCalibrationSamples =
    4;                       ///< enough to see that a platform is far from any front
constexpr double doubt = 4;  ///< by which its points may still be better than its band

class ScreeningSearch final : public Search {
 public:
  ScreeningSearch(const Study& study, std::vector<DesignPoint> plan)
      : study_(study), plan_(std::move(plan)) {}

  SearchRequest next(const RowLookup& rows) override {
    if (groups_.empty()) {
      SearchRequest screen = screening(rows);
      if (!screen.points.empty()) return screen;
      sortIntoGroups(rows);
      askCalibrationSample();
    }
    for (;;) {
      SearchRequest request{study_.fidelity, {}};
      for (const auto& [plan, id] : wanted_)
        if (rows(study_.fidelity, id) == nullptr) request.points.push_back(plan_[plan]);
      if (!request.points.empty() || done_) return request;
      learn(rows);
      askPromising();
      done_ = wanted_.empty();
    }
  }

 private:
  SearchRequest screening(const RowLookup& rows) const {
    SearchRequest request{"analytic", {}};
    for (const DesignPoint& point : plan_)
      if (rows("analytic", idOf(study_, point)) == nullptr) request.points.push_back(point);
    return request;
  }

  void sortIntoGroups(const RowLookup& rows) {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      const Hash128 id = idOf(study_, plan_[i]);
      if (auto v = numbersOf(study_, rows("analytic", id)))
        groups_[{plan_[i].workload, platformOf(study_, plan_[i])}].all.push_back(
            {i, id, std::move(*v), false});
    }
    if (groups_.empty()) done_ = true;
  }

  void ask(Candidate& candidate) {
    candidate.asked = true;
    wanted_.emplace_back(candidate.plan, candidate.id);
  }

  /// In the order of the ids: as good as random, and the same whoever asks.
  void askCalibrationSample() {
    for (auto& [group, members] : groups_) {
      for (std::size_t i = 0; i < members.all.size(); ++i) members.calibrationSample.push_back(i);
      std::sort(
          members.calibrationSample.begin(), members.calibrationSample.end(),
          [&all = members.all](std::size_t a, std::size_t b) { return all[a].id < all[b].id; });
      members.calibrationSample.resize(
          std::min(members.calibrationSample.size(),
                   static_cast<std::size_t>(study_.search.screening.calibrationSample)));
      askCalibrationSample(members, firstCalibrationSamples);
    }
  }
  void askCalibrationSample(Members& members, std::size_t upTo) {
    for (; members.calibrated < std::min(upTo, members.calibrationSample.size());
         ++members.calibrated)
      ask(members.all[members.calibrationSample[members.calibrated]]);
  }

  /// The rest of the calibration sample sample, but not for a group of which every point is beaten
  /// even if it were `doubt` times better than the kind end of the band that the first calibration
  /// samples show.
  void completeCalibrationSamples() {
    for (auto& [group, members] : groups_) {
      if (members.calibrated == members.calibrationSample.size()) continue;
      std::vector<ErrorBand> doubtful = members.bands;
      for (ErrorBand& band : doubtful) {
        band.low /= doubt;
        band.high *= doubt;
      }
      const auto& known = simulated_[group.first];
      if (std::any_of(members.all.begin(), members.all.end(),
                      [&](const Candidate& c) { return !c.asked && !beaten(c, doubtful, known); }))
        askCalibrationSample(members, members.calibrationSample.size());
    }
  }

  void learn(const RowLookup& rows) {
    wanted_.clear();
    simulated_.clear();
    for (auto& [group, members] : groups_) {
      const std::size_t objectives = study_.objectives.size();
      std::vector<std::vector<double>> before(objectives), after(objectives);
      for (const Candidate& c : members.all) {
        if (!c.asked) continue;
        const ExploredPoint* row = rows(study_.fidelity, c.id);
        const auto v = numbersOf(study_, row);
        if (!v) continue;
        for (std::size_t o = 0; o < objectives; ++o) {
          before[o].push_back(c.analytic[o]);
          after[o].push_back((*v)[o]);
        }
        if (row->feasible()) simulated_[group.first].push_back(*v);
      }
      members.bands.clear();
      for (std::size_t o = 0; o < objectives; ++o)
        members.bands.push_back(bandOf(before[o], after[o]));
    }
    for (auto& [workload, vectors] : simulated_) {
      std::vector<ObjectiveVector> front;
      for (const std::size_t i : paretoFront(vectors)) front.push_back(vectors[i]);
      vectors = std::move(front);
    }
  }

  static double scaled(double v, const ErrorBand& band, bool kind) {
    if (!kind) return v * band.middle;
    if (!band.bounded) return -std::numeric_limits<double>::infinity();
    return v > 0 ? v * band.low : v * band.high;
  }

  static ObjectiveVector scaled(const Candidate& c, const std::vector<ErrorBand>& bands,
                                bool kind) {
    ObjectiveVector out;
    for (std::size_t o = 0; o < c.analytic.size(); ++o)
      out.push_back(scaled(c.analytic[o], bands[o], kind));
    return out;
  }
  static bool beaten(const Candidate& c, const std::vector<ErrorBand>& bands,
                     const std::vector<ObjectiveVector>& known) {
    const ObjectiveVector kind = scaled(c, bands, true);
    return std::any_of(known.begin(), known.end(),
                       [&](const ObjectiveVector& v) { return dominates(v, kind); });
  }

  void askPromising() {
    completeCalibrationSamples();
    if (!wanted_.empty()) return;  // bands first
    std::map<std::int32_t, std::vector<std::pair<Candidate*, ObjectiveVector>>> open;
    for (auto& [group, members] : groups_) {
      const auto& known = simulated_[group.first];
      for (Candidate& c : members.all) {
        if (c.asked) continue;
        if (!beaten(c, members.bands, known))
          open[group.first].emplace_back(&c, scaled(c, members.bands, false));
      }
    }
    for (auto& [workload, candidates] : open) {
      std::vector<ObjectiveVector> vectors;
      for (const auto& [candidate, v] : candidates) vectors.push_back(v);
      for (const std::size_t i : paretoFront(vectors)) ask(*candidates[i].first);
    }
  }

  const Study& study_;
  std::vector<DesignPoint> plan_;
  std::map<Group, Members> groups_;
  std::map<std::int32_t, std::vector<ObjectiveVector>> simulated_;  ///< fronts so far
  std::vector<std::pair<std::size_t, Hash128>> wanted_;
  bool done_ = false;
};

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
    std::vector<double> out(values.size());
    for (std::size_t i = 0; i < order.size();) {  // equal values share their mean rank
      std::size_t j = i;
      while (j < order.size() && values[order[j]] == values[order[i]]) ++j;
      for (std::size_t k = i; k < j; ++k) out[order[k]] = 0.5 * static_cast<double>(i + j - 1);
      i = j;
    }
    return out;
  };
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = 0.5 * (static_cast<double>(x.size()) - 1);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xx > 0 && yy > 0 ? rounded(xy / std::sqrt(xx * yy)) : 1;
}

}  // namespace

ErrorBand bandOf(const std::vector<double>& analytic, const std::vector<double>& simulated) {
  ErrorBand band;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < analytic.size(); ++i) {
    if (analytic[i] == simulated[i])
      ratios.push_back(1);
    else if (analytic[i] * simulated[i] > 0)
      ratios.push_back(simulated[i] / analytic[i]);
    else
      band.bounded = false;
  }
  // One pair shows no spread.
  if (ratios.size() < 2) {
    band.bounded = false;
    if (!ratios.empty()) band.low = band.middle = band.high = ratios.front();
    return band;
  }
  std::sort(ratios.begin(), ratios.end());
  const double wider =
      2 * (ratios.back() - ratios.front()) / static_cast<double>(ratios.size() - 1);
  band.low = std::max(0.0, ratios.front() - wider);
  band.high = ratios.back() + wider;
  band.middle = ratios[ratios.size() / 2];
  return band;
}

std::unique_ptr<Search> makeScreeningSearch(const Study& study, std::vector<DesignPoint> plan) {
  return std::make_unique<ScreeningSearch>(study, std::move(plan));
}

ScreeningReport screeningReport(const Study& study, const RowLookup& rows,
                                const std::vector<DesignPoint>& plan) {
  ScreeningReport report;
  struct Pairs {
    std::vector<std::vector<double>> before, after;
  };
  std::map<Group, Pairs> groups;
  for (const DesignPoint& point : plan) {
    const Hash128 id = idOf(study, point);
    const ExploredPoint* below = rows("analytic", id);
    const ExploredPoint* above = rows(study.fidelity, id);
    report.screened += below != nullptr ? 1 : 0;
    report.feasible += below != nullptr && below->feasible() ? 1 : 0;
    report.simulated += above != nullptr ? 1 : 0;
    const auto a = numbersOf(study, below), b = numbersOf(study, above);
    if (!a || !b) continue;
    Pairs& pairs = groups[{point.workload, platformOf(study, point)}];
    pairs.before.resize(a->size());
    pairs.after.resize(a->size());
    for (std::size_t o = 0; o < a->size(); ++o) {
      pairs.before[o].push_back((*a)[o]);
      pairs.after[o].push_back((*b)[o]);
    }
  }
  for (const auto& [group, pairs] : groups)
    for (std::size_t o = 0; o < pairs.before.size(); ++o) {
      ScreeningReport::Band band;
      band.workload = study.workloadName(static_cast<std::size_t>(group.first));
      band.platform = group.second;
      band.objective = study.objectives[o].name;
      band.points = pairs.before[o].size();
      band.low = std::numeric_limits<double>::infinity();
      band.high = 0;
      for (std::size_t i = 0; i < band.points; ++i) {
        const double a = pairs.before[o][i], b = pairs.after[o][i];
        const double ratio = a == b ? 1 : b / a;
        band.low = std::min(band.low, rounded(ratio));
        band.high = std::max(band.high, rounded(ratio));
      }
      band.rank = spearman(pairs.before[o], pairs.after[o]);
      report.bands.push_back(std::move(band));
    }
  return report;
}

}  // namespace wattlas
