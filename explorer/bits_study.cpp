// The `bits` section of a study: formats of single operators become design parameters.
#include <algorithm>
#include <set>

#include "explorer/bits.h"
#include "explorer/study.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

[[noreturn]] void refuse(const ConfigNode& at, const std::string& key, std::string what,
                         std::string expected, std::string hint = {}) {
  throw InputError(Problem{at.place(), key, std::move(what), std::move(expected), std::move(hint)});
}

/// Operators with weights of their own, in the order of the network.
std::vector<std::string> layersOf(const ConfigNode& tree, const SearchPath& path) {
  const ConfigNode* workloads = tree.find("workloads");
  if (workloads == nullptr || !workloads->isList() || workloads->items().size() != 1)
    refuse(workloads == nullptr ? tree : *workloads, "bits", "layers belong to one workload",
           "exactly one entry in 'workloads'");
  ConfigNode options = ConfigNode::ofMap();
  if (const ConfigNode* sets = tree.find("set"); sets != nullptr && sets->isMap())
    for (const auto& [key, value] : sets->entries())
      if (const std::string target = setKeyOf(key); target.starts_with("workload."))
        options.set(target.substr(9), value);
  const Workload workload = makeWorkload(canonicalText(workloads->items().front()), options, path);
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const Phase& phase : workload.phases)
    for (const OpId id : phase.graph.order()) {
      const Operator& op = phase.graph.at(id);
      const OpCost cost = costOf(op);
      if (op.hasWeights && op.sharesWeightsOf.empty() && cost.parameters > 0 && cost.macs > 0 &&
          seen.insert(op.name).second)
        out.push_back(op.name);
    }
  return out;
}

std::vector<std::string> textsOf(const ConfigNode& list) {
  std::vector<std::string> out;
  for (const ConfigNode& item : list.items()) out.push_back(canonicalText(item));
  return out;
}

}  // namespace

ConfigNode expandBits(ConfigNode tree, const SearchPath& path) {
  const ConfigNode* given = tree.isMap() ? tree.find("bits") : nullptr;
  if (given == nullptr) return tree;
  const ConfigNode bits = *given;
  if (!bits.isMap()) refuse(bits, "bits", "is not a section", "{formats: [w8a8, w4a8]}");
  for (const auto& [key, value] : bits.entries())
    if (key != "formats" && key != "layers")
      refuse(value, "bits." + key, "unknown key", "formats or layers",
             didYouMean(key, {"formats", "layers"}));
  const ConfigNode* formats = bits.find("formats");
  if (formats == nullptr || !formats->isList() || formats->items().size() < 2)
    refuse(bits, "bits.formats", "is not a list of formats", "at least two, [w8a8, w4a8]");
  for (const ConfigNode& item : formats->items()) {
    try {
      (void)quantisationNoise(canonicalText(item));
    } catch (const InputError& error) {
      const Problem& problem = error.problems().front();
      refuse(item, "bits.formats", problem.what, problem.expected, problem.hint);
    }
  }

  const std::vector<std::string> known = layersOf(tree, path);
  std::vector<std::string> layers = known;
  if (const ConfigNode* list = bits.find("layers"); list != nullptr) {
    if (!list->isList()) refuse(*list, "bits.layers", "is not a list", "names of operators");
    layers = textsOf(*list);
    for (const std::string& layer : layers)
      if (std::find(known.begin(), known.end(), layer) == known.end())
        refuse(*list, "bits.layers", "'" + layer + "' is no operator with weights",
               "names of operators of the workload", didYouMean(layer, known));
  }
  if (layers.empty())
    refuse(bits, "bits", "the workload has no layers with weights", "another one");

  ConfigNode parameters = tree.find("genes") != nullptr && tree.find("genes")->isMap()
                              ? *tree.find("genes")
                              : ConfigNode::ofMap(bits.place());
  std::string sum;
  for (const std::string& layer : layers) {
    const std::string key = "workload.formats." + layer;
    if (parameters.find(key) == nullptr) {
      ConfigNode parameter = ConfigNode::ofMap(bits.place());
      parameter.put("categorical", *formats);
      parameters.put(key, parameter);
    }
    sum += (sum.empty() ? "" : ", ") + key;
  }
  tree.put("genes", parameters);
  ConfigNode derived =
      tree.find("derived") != nullptr ? *tree.find("derived") : ConfigNode::ofMap(bits.place());
  // 10 log10(x) = 3.0103 log2(x); relative noise of the layers adds up on its way to the output.
  if (derived.isMap() && derived.find("sqnr_db") == nullptr)
    derived.put("sqnr_db", ConfigNode::ofScalar("-3.010299956639812 * log2(noise(" + sum + "))"));
  tree.put("derived", derived);
  return tree;
}

}  // namespace wattlas
