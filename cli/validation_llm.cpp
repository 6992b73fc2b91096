#include "cli/validation_llm.h"

#include <fmt/format.h>

#include "cli/evaluate.h"

namespace wattlas {
namespace {

using Sets = std::vector<std::pair<std::string, ConfigNode>>;

const std::pair<std::string, ConfigNode> compat = {"device.compat",
                                                   ConfigNode::ofScalar("upmem-llm-framework")};

ExperimentSpec specOf(const std::string& platform, const std::string& workload, int prompt,
                      int generate, const std::string& format, Sets sets) {
  sets.emplace_back("workload.prompt", ConfigNode::ofScalar(std::to_string(prompt)));
  sets.emplace_back("workload.generate", ConfigNode::ofScalar(std::to_string(generate)));
  sets.emplace_back("workload.format", ConfigNode::ofScalar(format));
  return {platform, workload, std::move(sets)};
}

const PhaseResult& phaseOf(const RunResult& result, const std::string& name) {
  for (const PhaseResult& phase : result.phases)
    if (phase.name == name) return phase;
  throw InputError("validation: " + result.platform + " has no phase " + name +
                   (result.reasons.empty() ? "" : ": " + result.reasons.front()));
}

ValidationRow rowOf(const std::string& id, const char* kind, const char* quantity, const char* unit,
                    double ours, double reference, double gate, std::string source) {
  ValidationRow row;
  row.group = "banks";
  row.id = id;
  row.kind = kind;
  row.quantity = quantity;
  row.unit = unit;
  row.ours = rounded(ours);
  row.reference = reference;
  row.gate = gate;
  row.source = std::move(source);
  return row;
}

/// A run of the tool: what it printed, and half a unit of the last digit.
struct Printed {
  double value, half;
};
struct ToolRun {
  const char* profile;
  const char* format;
  int prompt, generate;
  bool hostRoundTrips;  ///< the mapping with flag `t` of the tool's own example
  Printed prefillS, tokensPerS, prefillJ, tokenMj;
};

constexpr ToolRun toolRuns[] = {
    {"pim-ai-4chip",
     "fp16",
     128,
     32,
     false,
     {.1085, 5e-5},
     {30.70, 5e-3},
     {.877, 5e-4},
     {107.09, 5e-3}},
    {"pim-ai-1chip",
     "fp16",
     128,
     32,
     false,
     {.4320, 5e-5},
     {7.675, 5e-4},
     {.876, 5e-4},
     {107.09, 5e-3}},
    {"pim-ai-4chip",
     "fp16",
     128,
     32,
     true,
     {.1304, 5e-5},
     {30.54, 5e-3},
     {1.057, 5e-4},
     {108.5, .05}},
    {"a17pro", "fp16", 128, 32, false, {.3247, 5e-5}, {3.845, 5e-4}, {2.890, 5e-4}, {2132.4, .05}},
    {"snapdragon8gen3",
     "fp16",
     128,
     32,
     false,
     {.2571, 5e-5},
     {5.777, 5e-4},
     {1.833, 5e-4},
     {1069.3, .05}},
    {"dimensity9300",
     "fp16",
     128,
     32,
     false,
     {.2611, 5e-5},
     {5.762, 5e-4},
     {1.833, 5e-4},
     {1069.3, .05}},
    {"sam-lpddr5pim",
     "fp16",
     128,
     32,
     false,
     {17.85, 5e-3},
     {5.623, 5e-4},
     {1.652, 5e-4},
     {113.2, .05}},
    {"h100", "fp16", 128, 32, false, {.00768, 5e-6}, {150.4, .05}, {1.710, 5e-4}, {751.8, .05}},
    {"pim-ai-4chip",
     "int4",
     1000,
     32,
     false,
     {.2408, 5e-5},
     {105.3, .05},
     {6.088, 5e-4},
     {35.24, 5e-3}},
    {"h100", "int4", 1000, 32, false, {.02713, 5e-6}, {520.3, .05}, {7.762, 5e-4}, {222.4, .05}},
    {"pim-ai-4chip",
     "fp16",
     64,
     128,
     false,
     {.06162, 5e-6},
     {30.72, 5e-3},
     {.4887, 5e-5},
     {107.02, 5e-3}},
};

void addToolRuns(const Context& context, ValidationRows& rows) {
  std::vector<ConfigNode> points;
  for (const char* layer : {"q_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head"})
    points.push_back(ConfigNode::ofScalar(layer));
  std::vector<ExperimentSpec> specs;
  for (const ToolRun& run : toolRuns) {
    Sets sets = {compat};
    if (run.hostRoundTrips)
      sets.emplace_back("device.tool.transferPoints", ConfigNode::ofList(points));
    specs.push_back(specOf(std::string("roofline-") + run.profile, "llama2-7b", run.prompt,
                           run.generate, run.format, sets));
  }
  const auto results = evaluateEach(specs, context);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ToolRun& run = toolRuns[i];
    const PhaseResult &prefill = phaseOf(results[i], "prefill"),
                      &decode = phaseOf(results[i], "decode");
    const std::string name =
        fmt::format("tool-{}{}-{}-{}-{}", run.profile, run.hostRoundTrips ? "-mixed" : "",
                    run.format, run.prompt, run.generate);
    const auto add = [&](const char* what, const char* unit, double ours, const Printed& printed) {
      // Half a unit of the last printed digit.
      rows.push_back(rowOf(name + "-" + what, "identity", what, unit, ours, printed.value,
                           printed.half / printed.value * (1 + 1e-9),
                           "printed by upmem_llm_framework, Llama-2-7B"));
    };
    add("prefill", "s", prefill.timeS, run.prefillS);
    add("rate", "token/s", decode.tokensPerS, run.tokensPerS);
    add("prefill-energy", "J", prefill.energyJ, run.prefillJ);
    add("token-energy", "mJ", 1e3 * decode.energyPerTokenJ, run.tokenMj);
  }
}

/// MACs of a decode step as the tool counts them: energy of its products when memory is free.
double toolMacs(const RunResult& result, bool head) {
  double joules = 0;
  for (const OperatorResult& op : result.operators)
    if (op.phase == "decode" && op.kind == "gemm" && (head || op.name != "lm_head"))
      joules += op.energyJ;
  return joules / phaseOf(result, "decode").tokens / 2e-12;
}

double trueMacs(const RunResult& result, bool head) {
  double macs = 0;
  for (const OperatorResult& op : result.operators)
    if (op.phase == "decode" && op.kind == "gemm" && (head || op.name != "lm_head"))
      macs += op.macs;
  return macs / phaseOf(result, "decode").tokens;
}

void addToolCounts(const Context& context, ValidationRows& rows) {
  const Sets sets = {compat,
                     {"device.tool.memoryEnergy", ConfigNode::ofScalar("0 pJ/bit")},
                     {"device.tool.deviceToHostEnergy", ConfigNode::ofScalar("0 pJ/bit")},
                     {"device.tool.flopEnergy", ConfigNode::ofScalar("1 pJ")}};
  const auto results = evaluateEach({specOf("roofline-h100", "llama2-7b", 16, 3, "fp16", sets),
                                     specOf("roofline-h100", "llama2-70b", 16, 3, "fp16", sets)},
                                    context);
  const char* source = "reading of upmem_llm_framework: products take the input width twice";
  // The sampling softmax sits in the vocabulary projection: 1,500 FLOPs an element.
  const double sampling = 750.0 * 32000;
  rows.push_back(rowOf("tool-counts-llama2-7b", "identity", "MACs of a token in the tool", "GMAC",
                       (toolMacs(results[0], true) - sampling) * 1e-9, 7.115, 0.001 / 7.115,
                       std::string(source) + "; the digits are cut, not rounded"));
  rows.push_back(rowOf("true-counts-llama2-7b", "identity", "MACs of a token", "GMAC",
                       trueMacs(results[0], true) * 1e-9, 6.607, 0.0005 / 6.607, source));
  rows.push_back(rowOf("tool-counts-llama2-70b", "identity", "layers of the tool over real ones",
                       "", toolMacs(results[1], false) / trueMacs(results[1], false), 1.43,
                       0.005 / 1.43, source));
}

void addPhones(const Context& context, ValidationRows& rows) {
  const Sets device = {{"run.scope", ConfigNode::ofScalar("device")}};
  std::vector<ExperimentSpec> specs;
  for (const char* platform :
       {"pim-ai-1chip", "roofline-a17pro", "roofline-snapdragon8gen3", "roofline-dimensity9300"})
    specs.push_back(specOf(platform, "llama2-7b", 128, 32, "int4", device));
  for (const char* platform :
       {"roofline-pim-ai-1chip", "roofline-a17pro", "roofline-snapdragon8gen3"})
    specs.push_back(specOf(platform, "llama2-7b", 128, 32, "fp16", {compat}));
  const auto results = evaluateEach(specs, context);
  const auto energy = [&](std::size_t i) { return phaseOf(results[i], "decode").energyPerTokenJ; };
  const char* tool = "printed by upmem_llm_framework, fp16";
  rows.push_back(rowOf("tool-a17pro-over-pim-ai", "identity", "energy of a token", "x",
                       energy(5) / energy(4), 19.9, 0.05 / 19.9, tool));
  rows.push_back(rowOf("tool-snapdragon8gen3-over-pim-ai", "identity", "energy of a token", "x",
                       energy(6) / energy(4), 9.98, 0.006 / 9.98, tool));
  const char* names[] = {"a17pro", "snapdragon8gen3", "dimensity9300"};
  for (std::size_t i = 0; i < 3; ++i)
    rows.push_back(rowOf(fmt::format("{}-over-pim-ai", names[i]), "blind",
                         "energy of a token, corrected phone over simulated chip, int4", "x",
                         energy(i + 1) / energy(0), 15, 5.0 / 15,
                         "PIM-AI, arXiv 2411.17309, abstract: 10 to 20 times"));
}

}  // namespace

ValidationRows llmValidationRows(const Context& context) {
  ValidationRows rows;
  addToolRuns(context, rows);
  addToolCounts(context, rows);
  addPhones(context, rows);
  return rows;
}

}  // namespace wattlas
