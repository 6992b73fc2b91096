#include "cli/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/context.h"
#include "results/table.h"

namespace wattlas {
namespace {

constexpr const char* metrics[] = {"time_s", "energy_j"};
constexpr std::size_t swingsShown = 5;

/// Scenarios and closed form of one result.
struct Assessed {
  ScenarioSet scenarios;
  std::unique_ptr<ClosedForm> form;
};

SimulateMany simulator(const Context& context) {
  return [&](const std::vector<ExperimentSpec>& specs) { return evaluateAccepted(specs, context); };
}

bool simulated(const RunResult& result) {
  return std::any_of(result.fidelityUsed.begin(), result.fidelityUsed.end(),
                     [](const auto& used) { return used.second != "analytic"; });
}

/// The swings of a ratio at the results' own fidelity: each side that has the parameter is
/// simulated, the other one keeps its value.
void confirmRatio(Comparison& comparison, const Assessed& a, const Assessed& b,
                  const RunResult& resultA, const RunResult& resultB,
                  const SimulateMany& simulateMany) {
  const auto sides = [&](const ClosedForm& form, const RunResult& result) {
    std::vector<ParameterSwing> swings = comparison.swings;
    if (simulated(result)) confirmSwings(form, swings, simulateMany);
    return swings;
  };
  const std::vector<ParameterSwing> x = sides(*a.form, resultA), y = sides(*b.form, resultB);
  const auto own = [&](const RunResult& r) {
    return comparison.metric == "time_s" ? r.timeS : r.energyJ;
  };
  for (std::size_t i = 0; i < comparison.swings.size(); ++i) {
    if (!x[i].confirmed() && !y[i].confirmed()) continue;
    const std::string& name = comparison.swings[i].parameter;
    // A side without a simulation of its own keeps its value only when the parameter is not its.
    if ((!x[i].confirmed() && a.form->parameter(name)) ||
        (!y[i].confirmed() && b.form->parameter(name)))
      continue;
    const auto pick = [](double v, double other) { return std::isnan(v) ? other : v; };
    comparison.swings[i].confirmedLow =
        rounded(pick(x[i].confirmedLow, own(resultA)) / pick(y[i].confirmedLow, own(resultB)));
    comparison.swings[i].confirmedHigh =
        rounded(pick(x[i].confirmedHigh, own(resultA)) / pick(y[i].confirmedHigh, own(resultB)));
  }
}

struct CompareCommand {
  std::vector<std::string> platforms, workloads;
  CommonOptions common;
  bool json = false;

  void run(Context& context) const {
    std::vector<ExperimentSpec> specs;
    for (const std::string& workload : workloads)
      for (const std::string& platform : platforms)
        specs.push_back(common.spec(platform, workload));
    std::vector<RunResult> results = evaluateEach(specs, context);
    refuseMixed(results);
    std::vector<ComparedPair> pairs;
    if (common.uncertainty) pairs = comparisonsAgainstFirst(specs, results, context);
    for (const RunResult& result : results) printNotes(result);
    if (!json) {
      fmt::print(
          "{}{}",
          printCompare(results, {.colour = context.colour}, chancesOf(specs, results, context)),
          common.uncertainty ? printComparisons(pairs) : "");
      return;
    }
    std::string out = "{\n\"schema\": " + std::to_string(resultSchema) + ",\n\"results\": [\n";
    for (std::size_t i = 0; i < results.size(); ++i)
      out += toJson(results[i]) + (i + 1 < results.size() ? ",\n" : "\n");
    out += "]";
    if (common.uncertainty) out += ",\n\"duels\": " + comparisonsJson(pairs);
    fmt::print("{}\n}}\n", out);
  }
};

}  // namespace

std::vector<ComparedPair> comparisonsAgainstFirst(const std::vector<ExperimentSpec>& specs,
                                                  std::vector<RunResult>& results,
                                                  const Context& context) {
  ExperimentMaker maker(context.registry, context.path);
  std::vector<Assessed> assessed(results.size());
  std::vector<ComparedPair> pairs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i].feasible) continue;
    assessed[i].scenarios = runScenarios(specs[i], results[i], context.registry, context.path);
    assessed[i].form = std::make_unique<ClosedForm>(specs[i], maker);
    std::size_t first = 0;
    while (results[first].workload != results[i].workload || !results[first].feasible) ++first;
    if (first == i) continue;
    ComparedPair pair{results[i].workload, results[i].platform, results[first].platform, {}};
    const auto contender = [&](std::size_t k) {
      return Contender{*assessed[k].form, assessed[k].scenarios, results[k].timeS,
                       results[k].energyJ};
    };
    for (const char* metric : metrics)
      if (auto comparison = comparisonOf(contender(i), contender(first), metric)) {
        confirmRatio(*comparison, assessed[i], assessed[first], results[i], results[first],
                     simulator(context));
        pair.comparisons.push_back(std::move(*comparison));
      }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::vector<WinnerRow> chancesOf(const std::vector<ExperimentSpec>& specs,
                                 const std::vector<RunResult>& results, const Context& context) {
  constexpr int wanted[] = {metricTime, metricEnergy};
  std::vector<ScenarioSet> sets(results.size());
  std::map<std::string, std::vector<std::size_t>> blocks;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (results[i].feasible) blocks[results[i].workload].push_back(i);
  for (const auto& [workload, members] : blocks)
    for (const std::size_t i : members)
      if (members.size() > 1) {
        RunResult scratch = results[i];
        sets[i] = runScenarios(specs[i], scratch, context.registry, context.path, wanted);
      }
  std::vector<WinnerRow> rows;
  for (auto& [workload, members] : blocks)
    for (std::size_t m = 0; m < std::size(wanted) && members.size() > 1; ++m) {
      const auto value = [&](std::size_t i) { return metricOf(results[i], wanted[m]); };
      std::stable_sort(members.begin(), members.end(),
                       [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
      const auto costs = [&](std::size_t i) {
        std::vector<double> out = sets[i].ratios[m];
        for (double& ratio : out) ratio *= value(i);
        return out;
      };
      const std::vector<double> own = costs(members[0]);
      std::vector<std::vector<double>> others;
      for (std::size_t k = 1; k < members.size(); ++k) others.push_back(costs(members[k]));
      const Chance chance = chanceToBeBest(own, others);
      std::vector<double> known = own;
      std::erase_if(known, [](double v) { return !std::isfinite(v); });
      const Quantiles range = quantilesOf(known);
      WinnerRow row{workload, metrics[m], std::to_string(members[0]), {}, {}};
      if (chance.rival) row.rival = std::to_string(members[1 + *chance.rival]);
      if (const auto strongest = influential(sets[members[0]], metrics[m], 1);
          !strongest.empty() && range.p5 < range.p95)
        row.restsOn = strongest.front();
      row.probability = chance.probability;
      row.value = value(members[0]);
      row.low = range.p5;
      row.high = range.p95;
      rows.push_back(std::move(row));
    }
  return rows;
}

std::string printComparisons(const std::vector<ComparedPair>& pairs) {
  std::string out =
      fmt::format("\nUnder {} common scenarios (the interval of every parameter)\n", scenarioCount);
  for (const ComparedPair& pair : pairs) {
    if (pair.comparisons.empty())
      out +=
          fmt::format("  {}: {} and {} do not share all scenarios; some are impossible for one\n",
                      pair.workload, pair.platform, pair.reference);
    for (const Comparison& comparison : pair.comparisons) {
      const char* what = comparison.metric == "time_s" ? "time" : "energy";
      out += fmt::format(
          "  {}: {} needs less {} than {} in {:.0f} %; ratio {:.3g}, 5 % to 95 %: {:.3g} .. "
          "{:.3g}\n",
          pair.workload, pair.platform, what, pair.reference, 100 * comparison.probability,
          comparison.ratio, comparison.ratios.p5, comparison.ratios.p95);
      for (std::size_t i = 0; i < std::min(swingsShown, comparison.swings.size()); ++i) {
        const ParameterSwing& s = comparison.swings[i];
        if (!visible(s, comparison.swings)) continue;
        out += fmt::format("      {:<42} {:>8.3g} .. {:<8.3g}", s.parameter, s.low, s.high);
        if (s.confirmed())
          out += fmt::format("  simulated {:.3g} .. {:.3g}", s.confirmedLow, s.confirmedHigh);
        out += '\n';
      }
      for (const BreakEven& even : comparison.breakEven)
        out += fmt::format("      level at {} = {}\n", even.parameter, even.value);
      if (comparison.breakEven.empty())
        out += "      no single assumption within its interval makes them level\n";
    }
  }
  return out;
}

std::string comparisonsJson(const std::vector<ComparedPair>& pairs) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ComparedPair& pair : pairs)
    for (const Comparison& comparison : pair.comparisons) {
      nlohmann::ordered_json tornado = nlohmann::ordered_json::array(),
                             even = nlohmann::ordered_json::array();
      for (const ParameterSwing& s : comparison.swings) {
        tornado.push_back({{"parameter", s.parameter}, {"low", s.low}, {"high", s.high}});
        if (s.confirmed()) {
          tornado.back()["simulated_low"] = s.confirmedLow;
          tornado.back()["simulated_high"] = s.confirmedHigh;
        }
      }
      for (const BreakEven& e : comparison.breakEven)
        even.push_back({{"parameter", e.parameter}, {"value", e.value}});
      list.push_back({{"workload", pair.workload},
                      {"platform", pair.platform},
                      {"reference", pair.reference},
                      {"metric", comparison.metric},
                      {"ratio", comparison.ratio},
                      {"probability", comparison.probability},
                      {"ratio_p5", comparison.ratios.p5},
                      {"ratio_p50", comparison.ratios.p50},
                      {"ratio_p95", comparison.ratios.p95},
                      {"tornado", tornado},
                      {"break_even", even}});
    }
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string assumptionsOf(const ExperimentSpec& spec, RunResult& result, const Context& context) {
  const ScenarioSet scenarios = runScenarios(spec, result, context.registry, context.path);
  if (scenarios.timeS.empty()) return {};
  ExperimentMaker maker(context.registry, context.path);
  const ClosedForm form(spec, maker);
  std::string out = fmt::format(
      "\nWhat moves it most (one parameter over its interval, the others at their value)\n");
  for (const char* metric : metrics) {
    std::vector<ParameterSwing> swings =
        swingsOf({form, scenarios, result.timeS, result.energyJ}, metric);
    if (simulated(result)) confirmSwings(form, swings, simulator(context));
    for (const ParameterSwing& s : swings) {
      if (!visible(s, swings)) continue;
      out += fmt::format("  {:<7} {:<42} {} .. {}", metric == metrics[0] ? "time" : "energy",
                         s.parameter, valueText(metric, s.low), valueText(metric, s.high));
      if (s.confirmed())
        out += fmt::format("   (simulated {} .. {})", valueText(metric, s.confirmedLow),
                           valueText(metric, s.confirmedHigh));
      out += '\n';
    }
  }
  return out;
}

void addCompare(CLI::App& app, Context& context) {
  auto command = std::make_shared<CompareCommand>();
  CLI::App* sub = app.add_subcommand("compare", "Compare platforms side by side");
  sub->footer(
      "Example:\n  wattlas compare -p upmem-server -p gpu-h100-sxm -w llama2-7b "
      "--format int8");
  repeated(sub->add_option("-p,--platform", command->platforms, "Platform id or file (repeat)")
               ->required());
  repeated(sub->add_option("-w,--workload", command->workloads, "Workload id or file (repeat)")
               ->required());
  sub->add_flag("--json", command->json, "Print one JSON object");
  command->common.addTo(*sub);
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
