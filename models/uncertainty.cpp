#include "models/uncertainty.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/base/random.h"
#include "models/metric.h"

namespace wattlas {
namespace {

/// Linear interpolation between order statistics.
double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  if (i + 1 >= values.size()) return values.back();
  return values[i] + (at - static_cast<double>(i)) * (values[i + 1] - values[i]);
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) out[order[i]] = static_cast<double>(i);
  return out;
}

double rankCorrelation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto [low, high] = std::minmax_element(b.begin(), b.end());
  if (b.size() < 3 || *high - *low <= 1e-9 * std::abs(*high)) return 0;  // nothing changes
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = 0.5 * static_cast<double>(x.size() - 1);
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
  }
  return xx > 0 ? xy / xx : 0;
}

bool varies(const ParameterRecord& p) {
  // Elements of lists cannot be set one by one.
  return p.low < p.high && p.path.find('[') == std::string::npos;
}

}  // namespace

double scenarioPosition(const std::string& path, int s) {
  Random random(hashText(path).low);
  std::vector<int> strata(scenarioCount);
  std::iota(strata.begin(), strata.end(), 0);
  for (int i = scenarioCount - 1; i > 0; --i)
    std::swap(strata[static_cast<std::size_t>(i)],
              strata[random.below(static_cast<std::uint64_t>(i) + 1)]);
  return (strata[static_cast<std::size_t>(s)] + 0.5) / scenarioCount;
}

double scenarioValue(const ParameterRecord& p, double position) {
  const double value =
      p.low > 0 ? p.low * std::pow(p.high / p.low, position) : p.low + (p.high - p.low) * position;
  return p.dimension == Dimension::count ? std::round(value) : rounded(value);
}

ScenarioSet runScenarios(const ExperimentSpec& spec, RunResult& result, const Registry& registry,
                         const SearchPath& path, std::span<const int> metrics) {
  ScenarioSet out;
  out.ratios.assign(metrics.size(), std::vector<double>(scenarioCount, std::nan("")));
  if (!result.feasible) return out;
  ExperimentSpec base = spec;
  base.sets.emplace_back("run.fidelity", ConfigNode::ofScalar("analytic"));
  base.sets.emplace_back("run.fidelityForced", ConfigNode::ofScalar("false"));
  base.sets.emplace_back("run.coupling", ConfigNode::ofScalar("replayed"));
  ExperimentMaker maker(registry, path);  // files and network are read once for all scenarios
  const Experiment nominal = maker.make(base);
  ProfileCache cache;
  const RunResult reference = simulate(nominal, cache, {}, Detail::totals);
  std::vector<ParameterRecord> open;
  for (const ParameterRecord& p : nominal.platform->config.parameters)
    if (varies(p)) open.push_back(p);

  std::vector<std::vector<double>> drawn(open.size());
  for (int s = 0; s < scenarioCount; ++s) {
    ExperimentSpec scenario = base;
    for (const ParameterRecord& p : open)
      scenario.sets.emplace_back(
          p.path, ConfigNode::ofScalar(
                      exactQuantity(scenarioValue(p, scenarioPosition(p.path, s)), p.dimension)));
    try {
      ProfileCache own;
      const RunResult r = simulate(maker.make(scenario), own, {}, Detail::totals);
      if (!r.feasible) {
        ++out.infeasible;
        continue;
      }
      out.timeS.push_back(rounded(result.timeS * r.timeS / reference.timeS));
      out.energyJ.push_back(rounded(result.energyJ * r.energyJ / reference.energyJ));
      for (std::size_t m = 0; m < metrics.size(); ++m)
        out.ratios[m][static_cast<std::size_t>(s)] =
            rounded(metricOf(r, metrics[m]) / metricOf(reference, metrics[m]));
      for (std::size_t i = 0; i < open.size(); ++i)
        drawn[i].push_back(scenarioPosition(open[i].path, s));
    } catch (const InputError&) {
      ++out.infeasible;  // parameters that exclude each other
    }
  }
  for (std::size_t i = 0; i < open.size(); ++i)
    out.influences.push_back({open[i].path, rankCorrelation(drawn[i], out.timeS),
                              rankCorrelation(drawn[i], out.energyJ)});
  std::stable_sort(out.influences.begin(), out.influences.end(), [](const auto& a, const auto& b) {
    return std::abs(a.onEnergy) > std::abs(b.onEnergy);
  });

  UncertaintyResult& u = result.uncertainty;
  u.present = true;
  u.timeP5 = quantile(out.timeS, 0.05);
  u.timeP50 = quantile(out.timeS, 0.50);
  u.timeP95 = quantile(out.timeS, 0.95);
  u.energyP5 = quantile(out.energyJ, 0.05);
  u.energyP50 = quantile(out.energyJ, 0.50);
  u.energyP95 = quantile(out.energyJ, 0.95);
  return out;
}

double probabilityBelow(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  if (n == 0) return 0;
  double below = 0;
  for (std::size_t i = 0; i < n; ++i) below += a[i] < b[i] ? 1.0 : a[i] == b[i] ? 0.5 : 0.0;
  return below / static_cast<double>(n);
}

}  // namespace wattlas
