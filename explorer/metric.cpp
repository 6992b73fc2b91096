#include "explorer/metric.h"

#include <array>
#include <limits>
#include <unordered_map>

namespace wattlas {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::array phaseNames = {"prefill",       "decode",          "inference", "forward",
                                   "backward_data", "backward_weight", "update"};
constexpr int phaseFields = 5;

std::vector<Metric> makeMetrics() {
  std::vector<Metric> out = {
      {"time_s", Dimension::time, "duration of the workload"},
      {"bound_s", Dimension::time, "physical lower bound on the duration"},
      {"energy_j", Dimension::energy, "energy within the scope"},
      {"power_avg_w", Dimension::power, "average power"},
      {"power_peak_w", Dimension::power, "highest power over the power window"},
      {"area_mm2", Dimension::area, "silicon area, where known"},
      {"weights_bytes", Dimension::information, "stored parameters"},
      {"peak_bytes", Dimension::information, "most memory in use at a time"},
      {"capacity_bytes", Dimension::information, "memory capacity"},
      {"accuracy", std::nullopt, "accuracy of the network, where known"},
      {"accuracy_se", std::nullopt, "its standard error"},
      {"tokens_per_s", std::nullopt, "decode rate"},
      {"energy_per_token_j", Dimension::energy, "decode energy of one token"},
      {"fits(device)", std::nullopt, "1 when memory in use fits every tier"},
  };
  for (int c = 0; c < categoryCount; ++c)
    out.push_back({std::string("energy_breakdown_j.") + nameOf(static_cast<Category>(c)),
                   Dimension::energy, "energy of one category"});
  for (const char* phase : phaseNames) {
    const std::string prefix = std::string(phase) + ".";
    out.push_back({prefix + "time_s", Dimension::time, "duration of the phase"});
    out.push_back({prefix + "energy_j", Dimension::energy, "energy of the phase"});
    out.push_back({prefix + "tokens", std::nullopt, "tokens of the phase"});
    out.push_back({prefix + "tokens_per_s", std::nullopt, "rate of the phase"});
    out.push_back({prefix + "energy_per_token_j", Dimension::energy, "energy per token"});
  }
  return out;
}

double phaseField(const PhaseResult* phase, int field) {
  if (phase == nullptr) return unknown;
  switch (field) {
    case 0:
      return phase->timeS;
    case 1:
      return phase->energyJ;
    case 2:
      return phase->tokens;
    case 3:
      return phase->tokens > 0 ? phase->tokensPerS : unknown;
    default:
      return phase->tokens > 0 ? phase->energyPerTokenJ : unknown;
  }
}

double fits(const RunResult& result) {
  if (result.tiers.empty() && !result.feasible) return unknown;
  for (const TierResult& tier : result.tiers)
    if (tier.peakBytes > tier.capacityBytes) return 0;
  return 1;
}

double known(double value) {
  return value > 0 ? value : unknown;
}

double rawMetric(const RunResult& r, int metric) {
  switch (metric) {
    case metricTime:
      return r.timeS;
    case metricBound:
      return r.boundS;
    case metricEnergy:
      return r.energyJ;
    case metricPowerAvg:
      return r.powerAvgW;
    case metricPowerPeak:
      return r.powerPeakW;
    case metricArea:
      return known(r.areaMm2);
    case metricWeights:
      return r.weightsBytes;
    case metricPeakBytes:
      return r.peakBytes;
    case metricCapacity:
      return known(r.capacityBytes);
    case metricAccuracy:
      return r.accuracy.value.value_or(unknown);
    case metricAccuracySe:
      return r.accuracy.se.value_or(unknown);
    case metricTokensPerS:
      return phaseField(r.phase("decode"), 3);
    case metricEnergyPerToken:
      return phaseField(r.phase("decode"), 4);
    default:
      break;
  }
  if (metric < coreMetricCount)
    return r.breakdownJ[static_cast<std::size_t>(metric - metricBreakdown)];
  const int rest = metric - coreMetricCount;
  return phaseField(r.phase(phaseNames[static_cast<std::size_t>(rest / phaseFields)]),
                    rest % phaseFields);
}

}  // namespace

std::span<const Metric> allMetrics() {
  static const std::vector<Metric> metrics = makeMetrics();
  return metrics;
}

std::optional<int> findMetric(std::string_view name) {
  static const auto index = [] {
    std::unordered_map<std::string_view, int> out;
    int i = 0;
    for (const Metric& metric : allMetrics()) out[metric.name] = i++;
    return out;
  }();
  const auto found = index.find(name);
  return found == index.end() ? std::nullopt : std::optional<int>(found->second);
}

double metricOf(const RunResult& result, int metric) {
  if (metric == metricFits) return fits(result);
  if (!result.feasible) return unknown;
  return rounded(rawMetric(result, metric));
}

}  // namespace wattlas
