#include "models/experiment.h"
#include "validation/probes/probes.h"

namespace wattlas {

Probes allProbes(const ProbeContext& context) {
  Probes probes = {{"run", makeRunProbe(context)},
                   {"predict", makePredictProbe(context)},
                   {"copy", makeCopyProbe(context)},
                   {"prim", makePrimProbe(context)},
                   {"dpu-figure", makeDpuFigureProbe(context)},
                   {"dpu-mix", makeDpuMixProbe(context)},
                   {"dram", makeDramProbe(context)},
                   {"network", makeNetworkProbe(context)},
                   {"onnx-examples", makeOnnxExamplesProbe()},
                   {"search", makeSearchProbe(context)}};
  addFpgaProbes(context, probes);
  return probes;
}

std::shared_ptr<const Platform> platformOf(const Settings& settings, const ProbeContext& context) {
  ExperimentSpec spec{settings.get("platform"), "gemv:1x1", {}};
  for (const auto& [name, value] : settings.entries())
    if (name.find('.') != std::string::npos && !name.starts_with("workload."))
      spec.sets.push_back(parseAssignment(name + "=" + value));
  return makeExperiment(spec, context.registry, context.path).platform;
}

Probe makeCopyProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    static const std::map<std::string, CopyPattern> patterns = {
        {"scatter", CopyPattern::scatter},
        {"gather", CopyPattern::gather},
        {"broadcast", CopyPattern::broadcast}};
    std::vector<Answer> answers;
    for (const Settings& question : questions) {
      const auto platform = platformOf(question, context);
      const auto at = patterns.find(question.get("pattern"));
      if (at == patterns.end())
        throw InputError("pattern '" + question.get("pattern") + "'",
                         "scatter, gather or broadcast");
      const double amount = question.number("bytes");
      const CopyCost cost = platform->device.device->copy(
          {at->second, at->second != CopyPattern::gather, bytes(amount)});
      const double rate = std::min(cost.peak.value, platform->link.rate.value.value);
      const double seconds = toSeconds(cost.latency).value + platform->link.latency.value.value +
                             cost.wire.value / rate;
      answers.push_back({{{"time_s", seconds}, {"bandwidth", amount / seconds}}, {}});
    }
    return answers;
  };
}

}  // namespace wattlas
