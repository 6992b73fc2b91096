#include "explorer/closed_form.h"

#include <limits>

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

}  // namespace wattlas
