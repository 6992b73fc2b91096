#include <algorithm>
#include <filesystem>

#include "models/experiment.h"
#include "validation/probes/probes.h"
#include "workloads/graph/workload.h"
#include "workloads/import/import.h"

namespace wattlas {
namespace {

/// What a network is, before any hardware.
Answer networkAnswer(const Settings& question, const ProbeContext& context) {
  ConfigNode options = ConfigNode::ofMap();
  for (const auto& [name, value] : question.entries())
    if (name != "workload") options.set(name, ConfigNode::ofScalar(value));
  const WorkloadTotals t = makeWorkload(question.get("workload"), options, context.path).totals();
  return {{{"parameters", static_cast<double>(t.parameters)},
           {"macs", static_cast<double>(t.macsPrefill)},
           {"macs_decode", static_cast<double>(t.macsDecodeFirst)},
           {"weights_bytes", toBytes(t.weights)},
           {"bits_per_weight", t.weights.value / static_cast<double>(t.parameters)},
           {"kv_bytes_per_token", toBytes(t.kvPerToken)},
           {"kv_peak_bytes", toBytes(t.kvPeak)}},
          {}};
}

/// The tests that come with ONNX: the shares that are read, and read with the shapes of their
/// references.
Answer examplesAnswer(const Settings& question) {
  namespace fs = std::filesystem;
  const std::string folder = question.get("folder");
  std::error_code failed;
  if (!readsOnnx() || !fs::is_directory(folder, failed))
    return {{}, "needs a build with ONNX and the package libonnx-testdata"};
  double all = 0, imported = 0, exact = 0, executed = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const OnnxExample example = readOnnxExample(entry.path().string());
    all += 1;
    imported += example.imported ? 1 : 0;
    exact += example.exact ? 1 : 0;
    executed += example.executed ? 1 : 0;
  }
  all = std::max(all, 1.0);
  return {{{"imported", imported / all}, {"exact", exact / all}, {"executed", executed / all}}, {}};
}

}  // namespace

Probe makeNetworkProbe(const ProbeContext& context) {
  return [context](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    for (const Settings& question : questions) answers.push_back(networkAnswer(question, context));
    return answers;
  };
}

Probe makeOnnxExamplesProbe() {
  return [](const std::vector<Settings>& questions) {
    std::vector<Answer> answers;
    for (const Settings& question : questions) answers.push_back(examplesAnswer(question));
    return answers;
  };
}

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
