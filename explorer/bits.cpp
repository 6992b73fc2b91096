#include "explorer/bits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "explorer/front.h"
#include "models/metric.h"

namespace wattlas {
namespace {

constexpr const char* prefix = "workload.formats.";

struct Layer {
  std::size_t parameter = 0;
  std::string name;
  std::vector<double> noise;  ///< by choice of the design parameter
};

std::vector<Layer> layersOf(const Study& study) {
  std::vector<Layer> out;
  for (std::size_t g = 0; g < study.parameters.size(); ++g) {
    const DesignParameter& parameter = study.parameters[g];
    if (!parameter.key.starts_with(prefix) || parameter.continuous()) continue;
    Layer layer{g, parameter.key.substr(std::string(prefix).size()), {}};
    for (const std::string& text : parameter.texts) layer.noise.push_back(quantisationNoise(text));
    out.push_back(std::move(layer));
  }
  return out;
}

/// Cost of a layer in a result: of its operator and what hangs on it (activation, bias).
double costOfLayer(const RunResult& result, const std::string& layer, bool time) {
  double sum = 0;
  for (const OperatorResult& op : result.operators)
    if (op.name == layer || op.name.starts_with(layer + "."))
      sum += time ? op.attributedS : op.energyJ;
  return sum;
}

class Baseline {
 public:
  Baseline(const ExploreOutcome& outcome, Evaluator& evaluator)
      : outcome_(outcome),
        study_(outcome.study),
        evaluator_(evaluator),
        layers_(layersOf(outcome.study)) {}

  std::vector<BitsBaseline> run() {
    std::vector<BitsBaseline> out;
    if (layers_.empty() || outcome_.fronts.empty()) return out;
    std::map<std::string, std::size_t> bases;
    for (const std::size_t i : outcome_.fronts.front().members)
      bases.emplace(platformOf(study_, outcome_.points[i].design), i);
    for (const auto& [platform, base] : bases) addPlatform(platform, base, out);
    return out;
  }

 private:
  std::vector<PointOutcome> simulateAll(const std::vector<DesignPoint>& points, bool detail) {
    std::vector<PointOutcome> out(points.size());
    evaluator_.evaluate(
        study_, points, detail, [&](std::size_t i, PointOutcome row) { out[i] = std::move(row); },
        [] { return true; });
    return out;
  }

  void addPlatform(const std::string& platform, std::size_t base, std::vector<BitsBaseline>& out) {
    std::size_t formats = std::numeric_limits<std::size_t>::max();
    for (const Layer& layer : layers_) formats = std::min(formats, layer.noise.size());
    std::vector<DesignPoint> uniform;
    for (std::size_t f = 0; f < formats; ++f) {
      DesignPoint design = outcome_.points[base].design;
      for (const Layer& layer : layers_)
        design.parameters[layer.parameter] = static_cast<double>(f);
      canonicalise(study_, design);
      uniform.push_back(std::move(design));
    }
    const std::vector<PointOutcome> rows = simulateAll(uniform, true);
    for (const char* metric : {"time_s", "energy_j"}) {
      const bool time = std::string(metric) == "time_s";
      std::vector<std::vector<double>> cost(layers_.size()), noise(layers_.size());
      double rest = 0;
      bool complete = true;
      for (std::size_t f = 0; f < formats; ++f) {
        if (rows[f].status != PointStatus::done || rows[f].detail.empty()) {
          complete = false;
          break;
        }
        const RunResult result = resultFromJson(rows[f].detail);
        if (f == 0) rest = time ? result.timeS : result.energyJ;
        for (std::size_t l = 0; l < layers_.size(); ++l) {
          cost[l].push_back(costOfLayer(result, layers_[l].name, time));
          noise[l].push_back(layers_[l].noise[f]);
          if (f == 0) rest -= cost[l][0];
        }
      }
      if (!complete) continue;
      BitsBaseline b;
      b.workload = study_.workloads.front();
      b.platform = platform;
      b.metric = metric;
      b.costRuns = formats;
      allocate(outcome_.points[base].design, cost, noise, rest, b);
      out.push_back(std::move(b));
    }
  }

  void allocate(const DesignPoint& base, const std::vector<std::vector<double>>& cost,
                const std::vector<std::vector<double>>& noise, double rest, BitsBaseline& b) {
    std::vector<DesignPoint> designs;
    for (const auto& choice : lagrangianPath(cost, noise)) {
      BitAllocation allocation{base, rest};
      for (std::size_t l = 0; l < layers_.size(); ++l) {
        allocation.design.parameters[layers_[l].parameter] = static_cast<double>(choice[l]);
        allocation.predicted += cost[l][choice[l]];
      }
      canonicalise(study_, allocation.design);
      designs.push_back(allocation.design);
      b.allocations.push_back(std::move(allocation));
    }
    const std::vector<PointOutcome> rows = simulateAll(designs, false);
    std::vector<ObjectiveVector> found, searched;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const ExploredPoint point{idOf(study_, designs[i]), designs[i], rows[i], false};
      if (auto v = objectivesOf(study_, point)) found.push_back(std::move(*v));
      const double value =
          metricOf(study_, rows[i], b.metric == "time_s" ? metricTime : metricEnergy);
      if (std::isfinite(value) && b.allocations[i].predicted > 0)
        b.worstPrediction =
            std::max(b.worstPrediction, rounded(std::abs(value / b.allocations[i].predicted - 1)));
    }
    for (const ExploredPoint& point : outcome_.points) {
      if (platformOf(study_, point.design) != b.platform) continue;
      ++b.searchedPoints;
      if (auto v = objectivesOf(study_, point)) searched.push_back(std::move(*v));
    }
    const FrontBox box(study_, outcome_.fronts.front());
    b.hypervolume = rounded(box.filledBy(found));
    b.searched = rounded(box.filledBy(searched));
  }

  const ExploreOutcome& outcome_;
  const Study& study_;
  Evaluator& evaluator_;
  std::vector<Layer> layers_;
};

}  // namespace

std::vector<std::vector<std::size_t>> lagrangianPath(
    const std::vector<std::vector<double>>& cost, const std::vector<std::vector<double>>& noise) {
  struct Upgrade {
    std::size_t layer = 0, to = 0;
    double price = 0;  ///< cost of one unit of noise less
  };
  std::vector<Upgrade> upgrades;
  std::vector<std::size_t> choice;
  for (std::size_t l = 0; l < cost.size(); ++l) {
    const auto cheaper = [&](std::size_t a, std::size_t b) {
      return cost[l][a] != cost[l][b] ? cost[l][a] < cost[l][b] : noise[l][a] < noise[l][b];
    };
    std::size_t at = 0;
    for (std::size_t f = 1; f < cost[l].size(); ++f)
      if (cheaper(f, at)) at = f;
    choice.push_back(at);
    // Along the lower hull prices rise, so upgrades of one layer stay in their order.
    for (;;) {
      std::size_t best = at;
      double price = std::numeric_limits<double>::infinity();
      for (std::size_t f = 0; f < cost[l].size(); ++f) {
        if (!(noise[l][f] < noise[l][at])) continue;
        const double p = (cost[l][f] - cost[l][at]) / (noise[l][at] - noise[l][f]);
        if (p < price || (p == price && noise[l][f] < noise[l][best])) {
          price = p;
          best = f;
        }
      }
      if (best == at) break;
      upgrades.push_back({l, best, price});
      at = best;
    }
  }
  std::stable_sort(upgrades.begin(), upgrades.end(),
                   [](const Upgrade& a, const Upgrade& b) { return a.price < b.price; });
  std::vector<std::vector<std::size_t>> path{choice};
  for (const Upgrade& upgrade : upgrades) {
    choice[upgrade.layer] = upgrade.to;
    path.push_back(choice);
  }
  return path;
}

std::vector<BitsBaseline> bitsBaseline(const ExploreOutcome& outcome, Evaluator& evaluator) {
  return Baseline(outcome, evaluator).run();
}

std::string printBits(const std::vector<BitsBaseline>& baselines) {
  if (baselines.empty()) return {};
  std::string out = "bits per layer (noise of quantisation as proxy; accuracy is not measured):\n";
  for (const BitsBaseline& b : baselines)
    out += fmt::format(
        "  {} on {}: allocation by {} of single layers: {} simulations + {} for the costs, "
        "hypervolume {:.4f}; search: {} simulations, {:.4f}; sums of layers are off by at most "
        "{:.1f} %\n",
        b.workload, b.platform, b.metric, b.allocations.size(), b.costRuns, b.hypervolume,
        b.searchedPoints, b.searched, 100 * b.worstPrediction);
  return out;
}

}  // namespace wattlas
