#include "explorer/pairwise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace wattlas {

ClosedForm::ClosedForm(ExperimentSpec spec, ExperimentMaker& maker)
    : spec_(std::move(spec)), analytic_(spec_), maker_(maker) {
  const auto text = [](const char* t) { return ConfigNode::ofScalar(t); };
  analytic_.sets.emplace_back("run.fidelity", text("analytic"));
  analytic_.sets.emplace_back("run.fidelityForced", text("false"));
  analytic_.sets.emplace_back("run.coupling", text("replayed"));
  const Experiment nominal = maker_.make(analytic_);
  for (const ParameterRecord& p : nominal.platform->config.parameters)
    // Elements of lists cannot be set one by one.
    if (p.low < p.high && p.path.find('[') == std::string::npos) records_.emplace(p.path, p);
  const RunResult result = simulate(nominal, cache_, {}, Detail::totals);
  nominal_ = {result.timeS, result.energyJ};
}

const ParameterRecord* ClosedForm::parameter(const std::string& name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : &found->second;
}

ExperimentSpec ClosedForm::moved(const std::string& name, double value) const {
  ExperimentSpec spec = spec_;
  if (const ParameterRecord* p = parameter(name))
    spec.sets.emplace_back(name, ConfigNode::ofScalar(exactQuantity(value, p->dimension)));
  return spec;
}

ClosedForm::Totals ClosedForm::totals(const ExperimentSpec& spec) const {
  try {
    const RunResult r = simulate(maker_.make(spec), cache_, {}, Detail::totals);
    if (r.feasible) return {r.timeS, r.energyJ};
  } catch (const InputError&) {
    // The value and another parameter exclude each other.
  }
  return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
}

double ClosedForm::ratio(const std::string& name, double value, const std::string& metric) const {
  const ParameterRecord* p = parameter(name);
  if (p == nullptr) return 1;
  const auto [entry, isNew] = known_.try_emplace({name, value});
  if (isNew) {
    ExperimentSpec spec = analytic_;
    spec.sets.emplace_back(name, ConfigNode::ofScalar(exactQuantity(value, p->dimension)));
    entry->second = totals(spec);
  }
  return metric == "time_s" ? entry->second.timeS / nominal_.timeS
                            : entry->second.energyJ / nominal_.energyJ;
}

namespace {

constexpr std::size_t swungParameters = 6;      ///< per design and metric
constexpr std::size_t confirmedParameters = 3;  ///< of them, simulated
constexpr int bisections = 16;                  ///< of a break-even value, in the logarithm

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return std::nan("");
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  if (i + 1 >= sorted.size()) return sorted.back();
  return rounded(sorted[i] + (at - static_cast<double>(i)) * (sorted[i + 1] - sorted[i]));
}

void widestFirst(std::vector<ParameterSwing>& swings) {
  std::erase_if(swings, [](const ParameterSwing& s) {
    return !std::isfinite(s.low) || !std::isfinite(s.high) || rounded(s.low) == rounded(s.high);
  });
  std::stable_sort(swings.begin(), swings.end(), [](const auto& x, const auto& y) {
    return std::abs(x.high - x.low) > std::abs(y.high - y.low);
  });
}

/// Value at which a / b is 1, between two ends of which one has it above and one below.
std::string levelAt(const Contender& a, const Contender& b, const std::string& metric,
                    const ParameterRecord& p, bool belowAtLow) {
  double low = p.low, high = p.high;
  const auto middleOf = [&] { return low > 0 ? std::sqrt(low * high) : 0.5 * (low + high); };
  for (int i = 0; i < bisections; ++i) {
    const double middle = middleOf();
    const double ratio = a.value(metric) * a.form.ratio(p.path, middle, metric) /
                         (b.value(metric) * b.form.ratio(p.path, middle, metric));
    ((ratio < 1) == belowAtLow ? low : high) = middle;
  }
  return formatQuantity(middleOf(), p.dimension);
}

}  // namespace

Quantiles quantilesOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95)};
}

Chance chanceToBeBest(const std::vector<double>& own,
                      const std::vector<std::vector<double>>& others) {
  Chance chance;
  std::vector<double> least(own.size(), std::numeric_limits<double>::infinity());
  std::size_t mostLost = 0;
  for (std::size_t k = 0; k < others.size(); ++k) {
    std::size_t lost = 0;
    for (std::size_t s = 0; s < own.size(); ++s) {
      if (std::isnan(others[k][s])) continue;
      least[s] = std::min(least[s], others[k][s]);
      lost += std::isnan(own[s]) || others[k][s] < own[s] ? 1 : 0;
    }
    if (lost <= mostLost) continue;
    mostLost = lost;
    chance.rival = k;
  }
  chance.probability = rounded(probabilityBelow(own, least));
  return chance;
}

std::vector<std::string> influential(const ScenarioSet& scenarios, const std::string& metric,
                                     std::size_t most) {
  auto influences = scenarios.influences;
  const auto on = [&](const ScenarioSet::Influence& i) {
    return std::abs(metric == "time_s" ? i.onTime : i.onEnergy);
  };
  std::stable_sort(influences.begin(), influences.end(),
                   [&](const auto& x, const auto& y) { return on(x) > on(y); });
  std::vector<std::string> out;
  for (const auto& i : influences)
    if (out.size() < most && on(i) > 0) out.push_back(i.parameter);
  return out;
}

std::vector<ParameterSwing> swingsOf(const Contender& design, const std::string& metric) {
  std::vector<ParameterSwing> swings;
  const double value = design.value(metric);
  for (const std::string& name : influential(design.scenarios, metric, swungParameters))
    if (const ParameterRecord* p = design.form.parameter(name))
      swings.push_back({name, metric, rounded(value * design.form.ratio(name, p->low, metric)),
                        rounded(value * design.form.ratio(name, p->high, metric))});
  widestFirst(swings);
  return swings;
}

bool visible(const ParameterSwing& swing, const std::vector<ParameterSwing>& all) {
  double widest = 0;
  for (const ParameterSwing& s : all)
    if (s.metric == swing.metric) widest = std::max(widest, std::abs(s.high - s.low));
  return std::abs(swing.high - swing.low) >= 0.02 * widest;
}

std::optional<Comparison> comparisonOf(const Contender& a, const Contender& b,
                                       const std::string& metric) {
  const std::vector<double>&x = a.values(metric), &y = b.values(metric);
  // A scenario that one design refuses is left out of its set, and the others move up.
  const auto all = static_cast<std::size_t>(scenarioCount);
  if (x.size() != all || y.size() != all) return std::nullopt;
  Comparison comparison;
  comparison.metric = metric;
  comparison.ratio = rounded(a.value(metric) / b.value(metric));
  comparison.probability = probabilityBelow(x, y);
  std::vector<double> ratios;
  for (std::size_t s = 0; s < all; ++s) ratios.push_back(x[s] / y[s]);
  comparison.ratios = quantilesOf(std::move(ratios));

  std::vector<std::string> names = influential(a.scenarios, metric, swungParameters);
  for (const std::string& name : influential(b.scenarios, metric, swungParameters))
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::map<std::string, const ParameterRecord*> records;
  for (const std::string& name : names) {
    const ParameterRecord* p = a.form.parameter(name);
    if (p == nullptr) p = b.form.parameter(name);
    if (p == nullptr) continue;
    records[name] = p;
    const auto at = [&](double v) {
      return rounded(comparison.ratio * a.form.ratio(name, v, metric) /
                     b.form.ratio(name, v, metric));
    };
    comparison.swings.push_back({name, metric, at(p->low), at(p->high)});
  }
  widestFirst(comparison.swings);
  for (const ParameterSwing& s : comparison.swings)
    if ((s.low < 1) != (s.high < 1))
      comparison.breakEven.push_back(
          {s.parameter, levelAt(a, b, metric, *records[s.parameter], s.low < 1)});
  return comparison;
}

void confirmSwings(const ClosedForm& form, std::vector<ParameterSwing>& swings,
                   const SimulateMany& simulateMany) {
  std::vector<ExperimentSpec> specs;
  std::map<std::string, std::size_t> first;  // parameter -> position of its low end
  std::map<std::string, std::size_t> taken;
  std::vector<ParameterSwing*> chosen;
  for (ParameterSwing& s : swings) {
    const ParameterRecord* p = form.parameter(s.parameter);
    if (p == nullptr || ++taken[s.metric] > confirmedParameters) continue;
    chosen.push_back(&s);
    if (!first.emplace(s.parameter, specs.size()).second) continue;
    specs.push_back(form.moved(s.parameter, p->low));
    specs.push_back(form.moved(s.parameter, p->high));
  }
  const std::vector<std::optional<RunResult>> results = simulateMany(specs);
  if (results.size() != specs.size()) return;  // interrupted
  for (ParameterSwing* s : chosen) {
    const std::size_t at = first[s->parameter];
    const auto value = [&](const std::optional<RunResult>& r) {
      if (!r || !r->feasible) return std::nan("");
      return rounded(s->metric == "time_s" ? r->timeS : r->energyJ);
    };
    s->confirmedLow = value(results[at]);
    s->confirmedHigh = value(results[at + 1]);
  }
}

}  // namespace wattlas
