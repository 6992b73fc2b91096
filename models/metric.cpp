#include "models/metric.h"

#include <array>
#include <limits>
#include <unordered_map>

namespace wattlas {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::array phaseNames = {"prefill",       "decode",          "inference", "forward",
                                   "backward_data", "backward_weight", "update",    "recompute"};
constexpr const char* always = "every feasible point";
constexpr const char* decoding = "networks that generate tokens";
constexpr const char* withArea = "devices whose area is known";
constexpr const char* withAccuracy = "networks with an accuracy oracle";
constexpr const char* whenPlanned = "every point whose memory could be planned";

double known(double value) {
  return value > 0 ? value : unknown;
}

double fits(const RunResult& result) {
  if (result.tiers.empty() && !result.feasible) return unknown;
  for (const TierResult& tier : result.tiers)
    if (tier.peakBytes > tier.capacityBytes) return 0;
  return 1;
}

/// Time of one step of decoding: all sequences of the batch get a token in it.
double tokenTime(const RunResult& r) {
  const PhaseResult* decode = r.phase("decode");
  return decode != nullptr && decode->tokens > 0
             ? decode->timeS * static_cast<double>(r.batch) / decode->tokens
             : unknown;
}

/// Metrics of one phase under its name.
template <class Get>
std::function<double(const RunResult&)> inPhase(const char* phase, Get get) {
  return [phase, get](const RunResult& r) {
    const PhaseResult* p = r.phase(phase);
    return p == nullptr ? unknown : get(*p);
  };
}

double rateOf(const PhaseResult& p) {
  return p.tokens > 0 ? p.tokensPerS : unknown;
}
double energyPerTokenOf(const PhaseResult& p) {
  return p.tokens > 0 ? p.energyPerTokenJ : unknown;
}
double timeOf(const PhaseResult& p) {
  return p.timeS;
}

void addCore(std::vector<Metric>& out) {
  using R = const RunResult&;
  out = {
      {"time_s", "s", Dimension::time, "time", "duration of the workload", always, Better::less,
       false, [](R r) { return r.timeS; }},
      {"energy_j", "J", Dimension::energy, "energy", "energy within the scope", always,
       Better::less, false, [](R r) { return r.energyJ; }},
      {"power_avg_w", "W", Dimension::power, "average power", "energy over time", always,
       Better::less, false, [](R r) { return r.powerAvgW; }},
      {"power_peak_w", "W", Dimension::power, "peak power", "highest power over the power window",
       always, Better::less, false, [](R r) { return r.powerPeakW; }},
      {"area_mm2", "mm2", Dimension::area, "area", "silicon area", withArea, Better::less, true,
       [](R r) { return r.feasible ? known(r.areaMm2) : unknown; }},
      {"accuracy", "1", std::nullopt, "accuracy", "accuracy of the network in its format",
       withAccuracy, Better::more, true, [](R r) { return r.accuracy.value.value_or(unknown); }},
      {"accuracy_se", "1", std::nullopt, "standard error of accuracy",
       "standard error of the accuracy", withAccuracy, Better::less, true,
       [](R r) { return r.accuracy.se.value_or(unknown); }},
      {"edp_js", "J*s", std::nullopt, "energy-delay product", "energy times time", always,
       Better::less, false, [](R r) { return r.energyJ * r.timeS; }},
      {"tokens_per_s", "1/s", std::nullopt, "tokens per second",
       "tokens of the decode phase over its time, all sequences of the batch together", decoding,
       Better::more, false, inPhase("decode", rateOf), "decode"},
      {"energy_per_token_j", "J", Dimension::energy, "energy per token",
       "energy of the decode phase over its tokens", decoding, Better::less, false,
       inPhase("decode", energyPerTokenOf), "decode"},
      {"ttft_s", "s", Dimension::time, "time to first token",
       "duration of the prefill, which ends with the first token", decoding, Better::less, false,
       inPhase("prefill", timeOf), "prefill"},
      {"tpot_s", "s", Dimension::time, "time per output token", "mean time of a decode step",
       decoding, Better::less, false, tokenTime, "decode"},
      {"bound_s", "s", Dimension::time, "lower bound of time",
       "physical lower bound on the duration", always, Better::neither, false,
       [](R r) { return r.boundS; }},
      {"host_share", "1", std::nullopt, "share run on the host",
       "share of the time in operators that the host ran because the device refuses them", always,
       Better::neither, false, [](R r) { return r.timeS > 0 ? r.hostS / r.timeS : 0.0; }},
      {"weights_bytes", "B", Dimension::information, "memory for weights", "stored parameters",
       whenPlanned, Better::less, true, [](R r) { return known(r.weightsBytes); }},
      {"peak_bytes", "B", Dimension::information, "peak memory", "most memory in use at a time",
       whenPlanned, Better::less, true, [](R r) { return known(r.peakBytes); }},
      {"capacity_bytes", "B", Dimension::information, "memory capacity",
       "capacity of the memory that the network lies in", whenPlanned, Better::neither, true,
       [](R r) { return known(r.capacityBytes); }},
      {"fits(device)", "1", std::nullopt, "fits", "1 when memory in use fits every tier",
       whenPlanned, Better::more, true, fits},
      {"inferences_per_s", "1/s", std::nullopt, "inferences per second",
       "batch over time; a request of a language model is one inference", always, Better::more,
       false, [](R r) { return r.timeS > 0 ? static_cast<double>(r.batch) / r.timeS : unknown; }},
      {"energy_per_inference_j", "J", Dimension::energy, "energy per inference",
       "energy over batch", always, Better::less, false,
       [](R r) { return r.energyJ / static_cast<double>(r.batch); }},
  };
}

void addBreakdown(std::vector<Metric>& out) {
  for (int c = 0; c < categoryCount; ++c) {
    const std::string name = nameOf(static_cast<Category>(c));
    out.push_back({"energy_breakdown_j." + name, "J", Dimension::energy, name + " energy",
                   "energy of the category " + name, always, Better::less, false,
                   [c](const RunResult& r) { return r.breakdownJ[static_cast<std::size_t>(c)]; }});
  }
}

void addPhase(std::vector<Metric>& out, const char* phase) {
  const std::string prefix = std::string(phase) + ".", word = std::string(phase) + " ";
  const std::string when = "workloads with a phase " + std::string(phase);
  const auto add = [&](const char* name, const char* unit, std::optional<Dimension> dimension,
                       const char* label, Better better, auto get) {
    out.push_back({prefix + name, unit, dimension, word + label,
                   std::string(label) + " of the phase " + phase, when, better, false,
                   inPhase(phase, get), phase});
  };
  add("time_s", "s", Dimension::time, "time", Better::less, timeOf);
  add("energy_j", "J", Dimension::energy, "energy", Better::less,
      [](const PhaseResult& p) { return p.energyJ; });
  add("tokens", "1", std::nullopt, "tokens", Better::neither,
      [](const PhaseResult& p) { return p.tokens; });
  add("tokens_per_s", "1/s", std::nullopt, "tokens per second", Better::more, rateOf);
  add("energy_per_token_j", "J", Dimension::energy, "energy per token", Better::less,
      energyPerTokenOf);
}

std::vector<Metric> makeMetrics() {
  std::vector<Metric> out;
  addCore(out);
  addBreakdown(out);
  for (const char* phase : phaseNames) addPhase(out, phase);
  return out;
}

}  // namespace

const char* nameOf(Better better) {
  static constexpr std::array names = {"less", "more", "neither"};
  return names[static_cast<std::size_t>(better)];
}

std::span<const Metric> allMetrics() {
  static const std::vector<Metric> metrics = makeMetrics();
  return metrics;
}

const Metric& metricAt(int metric) {
  return allMetrics()[static_cast<std::size_t>(metric)];
}

std::span<const std::pair<const char*, CoreMetric>> metricAliases() {
  static constexpr std::array<std::pair<const char*, CoreMetric>, 3> aliases = {
      {{"edp", metricEdp}, {"ttft", metricTtft}, {"tpot", metricTpot}}};
  return aliases;
}

std::optional<int> findMetric(std::string_view name) {
  static const auto index = [] {
    std::unordered_map<std::string_view, int> out;
    int i = 0;
    for (const Metric& metric : allMetrics()) out[metric.name] = i++;
    for (const auto& [alias, metric] : metricAliases()) out[alias] = metric;
    return out;
  }();
  const auto found = index.find(name);
  return found == index.end() ? std::nullopt : std::optional<int>(found->second);
}

double metricOf(const RunResult& result, int metric) {
  const Metric& known = metricAt(metric);
  return result.feasible || known.ofInfeasible ? rounded(known.value(result)) : unknown;
}

}  // namespace wattlas
