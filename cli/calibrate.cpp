// wattlas calibrate: fits few named parameters of a platform to measured runs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/bounded_fit.h"
#include "cli/commands.h"
#include "cli/measured_runs.h"
#include "models/base/atomic_file.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct Family {
  const char* name;
  const char* kind;  ///< of the device
  std::vector<std::string> parameters;
};
const std::vector<Family>& families() {
  static const std::vector<Family> all = {
      {"banks", "upmem", {"saMac.macIssue", "saMac.inputWrite", "host.scale"}},
      {"dpu", "upmem", {"dpu.stretch", "host.scale", "host.launchRank"}}};
  return all;
}

struct Fitted {
  ParameterRecord record;
  double value = 0, low = 0, high = 0;
  /// A bound that the fit ran into: the physical interval is wrong, or another parameter is.
  bool atBound() const {
    const double slack = 1e-3 * std::log(record.high / record.low);
    return std::log(record.high / value) < slack || std::log(value / record.low) < slack;
  }
};

struct CalibrateCommand {
  std::string family, data, output, source;
  std::vector<std::string> names;
  int evaluations = 300;
  bool json = false;

  void run(Context& context) const {
    const auto at = std::find_if(families().begin(), families().end(),
                                 [&](const Family& f) { return f.name == family; });
    if (at == families().end())
      throw InputError("'" + family.substr(0, 40) + "' cannot be calibrated by this command",
                       "banks or dpu", didYouMean(family, {"banks", "dpu"}));
    std::vector<MeasuredRun> runs = readMeasuredRuns(data);
    for (const MeasuredRun& r : runs)
      if (r.platform != runs.front().platform)
        throw InputError(Problem{{data, r.line},
                                 "platform",
                                 "is '" + r.platform + "', another one than in the rows above",
                                 "one platform for each fit: its parameters are one set",
                                 {}});
    holdOut(runs);
    RunPredictor predictor(context);
    std::vector<Fitted> fitted = open(predictor, runs.front(), *at);
    std::vector<FitParameter> start;
    for (const Fitted& f : fitted) start.push_back({f.record.value, f.record.low, f.record.high});
    const auto setsOf = [&](const std::vector<double>& v) {
      std::vector<std::pair<std::string, ConfigNode>> sets;
      for (std::size_t i = 0; i < v.size(); ++i)
        sets.emplace_back(fitted[i].record.path,
                          ConfigNode::ofScalar(exactQuantity(v[i], fitted[i].record.dimension)));
      return sets;
    };
    const auto errors = [&](const std::vector<double>& v, bool test) {
      std::vector<double> out;
      const auto sets = setsOf(v);
      for (const MeasuredRun& r : runs) {
        if (r.test != test) continue;
        const RunPrediction p = predictor.predict(r, sets);
        if (!p.reason.empty())
          throw InputError(
              Problem{{data, r.line}, {}, "cannot run: " + p.reason, "a measured run", {}});
        if (r.seconds > 0) out.push_back(p.seconds / r.seconds - 1);
        if (r.joules > 0) out.push_back(p.joules / r.joules - 1);
      }
      return out;
    };
    const auto cost = [&](const std::vector<double>& v) {
      double sum = 0;
      const std::vector<double> list = errors(v, false);
      for (const double e : list) sum += std::pow(std::log(1 + e), 2);
      return std::sqrt(sum / static_cast<double>(list.size()));
    };
    const FitResult fit = fitWithin(start, cost, evaluations);
    std::vector<double> nominal;
    for (std::size_t i = 0; i < fitted.size(); ++i) {
      nominal.push_back(fitted[i].record.value);
      fitted[i].value = fit.values[i];
      fitted[i].low = fit.low[i];
      fitted[i].high = fit.high[i];
    }
    print(runs, fitted, fit, errors(nominal, false), errors(fit.values, false),
          errors(nominal, true), errors(fit.values, true), predictor, setsOf(fit.values));
    if (!output.empty()) writeFileAtomically(output, overlay(runs, fitted));
    if (!output.empty() && !json) fmt::print("\nwrote {}: wattlas run -p {} ...\n", output, output);
  }

  /// Without a column `split` every fifth row of ten or more is held out.
  static void holdOut(std::vector<MeasuredRun>& runs) {
    if (runs.size() < 10) return;
    for (const MeasuredRun& r : runs)
      if (r.test) return;
    for (std::size_t i = 4; i < runs.size(); i += 5) runs[i].test = true;
  }

  std::vector<Fitted> open(RunPredictor& predictor, const MeasuredRun& first,
                           const Family& chosen) const {
    const std::vector<ParameterRecord> all = predictor.parameters(first);
    std::vector<std::string> known;
    for (const ParameterRecord& p : all)
      if (p.low > 0 && p.low < p.high) known.push_back(p.path);
    const std::vector<std::string>& wanted = names.empty() ? chosen.parameters : names;
    if (wanted.size() > 8)
      throw InputError(std::to_string(wanted.size()) + " parameters are too many to fit",
                       "at most 8, fewer than there are rows");
    std::vector<Fitted> out;
    for (const std::string& name : wanted) {
      const auto at = std::find_if(all.begin(), all.end(), [&](const ParameterRecord& p) {
        return p.path == name || p.path == "device." + name;
      });
      if (at == all.end())
        throw InputError("'" + name.substr(0, 60) + "' is no parameter of " + first.platform,
                         "a parameter of its configuration, such as " + known.front(),
                         didYouMean("device." + name, known));
      if (!(at->low > 0 && at->low < at->high)) {
        if (names.empty()) continue;
        throw InputError("'" + name + "' has no interval to be fitted in",
                         "low and high in its configuration: a fit stays inside them");
      }
      out.push_back({*at, at->value, at->low, at->high});
    }
    if (out.empty())
      throw InputError("none of the usual parameters has an interval on " + first.platform,
                       "--parameters with names that have low and high");
    return out;
  }

  static double mean(const std::vector<double>& errors) {
    double sum = 0;
    for (const double e : errors) sum += std::abs(e);
    return errors.empty() ? 0 : sum / static_cast<double>(errors.size());
  }

  void print(const std::vector<MeasuredRun>& runs, const std::vector<Fitted>& fitted,
             const FitResult& fit, const std::vector<double>& before,
             const std::vector<double>& after, const std::vector<double>& testBefore,
             const std::vector<double>& testAfter, RunPredictor& predictor,
             const std::vector<std::pair<std::string, ConfigNode>>& sets) const {
    if (json) {
      Json out = {{"schema", 1}, {"platform", runs.front().platform}, {"rows", runs.size()}};
      for (const Fitted& f : fitted)
        out["parameters"].push_back({{"path", f.record.path},
                                     {"start", rounded(f.record.value)},
                                     {"value", rounded(f.value)},
                                     {"low", rounded(f.low)},
                                     {"high", rounded(f.high)},
                                     {"at_bound", f.atBound()}});
      out["error"] = {{"fit_before", rounded(mean(before))}, {"fit", rounded(mean(after))}};
      if (!testAfter.empty()) {
        out["error"]["test_before"] = rounded(mean(testBefore));
        out["error"]["test"] = rounded(mean(testAfter));
      }
      fmt::print("{}\n", out.dump(2));
      return;
    }
    fmt::print("{} rows of {}, {} values fitted, {} held out, {} evaluations\n\n", runs.size(),
               runs.front().platform, after.size(), testAfter.size(), fit.evaluations);
    fmt::print("{:<34} {:>14} {:>14} {:>30}\n", "parameter", "was", "fitted",
               "within a tenth of the error");
    for (const Fitted& f : fitted) {
      const auto shown = [&](double v) { return formatQuantity(v, f.record.dimension); };
      fmt::print("{:<34} {:>14} {:>14} {:>30}{}\n", f.record.path, shown(f.record.value),
                 shown(f.value), shown(f.low) + " .. " + shown(f.high),
                 f.atBound() ? "  AT ITS BOUND" : "");
    }
    fmt::print("\nmean error       before    after\n");
    fmt::print("  fitted rows  {:>7.2f} % {:>7.2f} %\n", 100 * mean(before), 100 * mean(after));
    if (!testAfter.empty())
      fmt::print("  held out     {:>7.2f} % {:>7.2f} %\n", 100 * mean(testBefore),
                 100 * mean(testAfter));
    fmt::print("\n{:<6} {:<28} {:>12} {:>12} {:>9}\n", "line", "workload", "measured us", "ours us",
               "error");
    for (const MeasuredRun& r : runs) {
      const RunPrediction p = predictor.predict(r, sets);
      if (r.seconds > 0)
        fmt::print("{:<6} {:<28} {:>12.2f} {:>12.2f} {:>+7.1f} %{}\n", r.line, r.workload,
                   r.seconds * 1e6, p.seconds * 1e6, 100 * (p.seconds / r.seconds - 1),
                   r.test ? "  held out" : "");
    }
    for (const Fitted& f : fitted)
      if (f.atBound())
        fmt::print(
            "\n{} sits at the bound of its interval: the interval, another parameter or the data "
            "is wrong; do not trust this fit without finding out.\n",
            f.record.path);
  }

  std::string overlay(const std::vector<MeasuredRun>& runs,
                      const std::vector<Fitted>& fitted) const {
    ConfigNode tree = ConfigNode::ofMap();
    const std::string& platform = runs.front().platform;
    const bool file = platform.find('/') != std::string::npos || platform.ends_with(".yaml");
    tree.put("from", ConfigNode::ofScalar(file ? platform : "platforms/" + platform + ".yaml"));
    for (const Fitted& f : fitted) {
      ConfigNode value = ConfigNode::ofMap();
      const auto text = [&](double v) {
        return ConfigNode::ofScalar(exactQuantity(v, f.record.dimension));
      };
      value.put("value", text(f.value));
      value.put("low", text(f.low));
      value.put("high", text(f.high));
      value.put("basis", ConfigNode::ofScalar("measured"));
      value.put("source", ConfigNode::ofScalar(
                              source.empty() ? fmt::format("fitted to {} rows of {}", runs.size(),
                                                           data.substr(data.rfind('/') + 1))
                                             : source));
      tree.set(f.record.path.starts_with("device.") ? f.record.path : "device." + f.record.path,
               value);
    }
    return "# Parameters fitted to measured runs (wattlas calibrate " + family + ").\n" +
           tree.toYaml();
  }
};

}  // namespace

void addCalibrate(CLI::App& app, Context& context) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App* sub = app.add_subcommand("calibrate", "Fit parameters of a platform to measured runs");
  sub->footer(
      "Example:\n  wattlas calibrate dpu --data measured.csv -o mine.yaml\n"
      "  measured.csv: platform,workload,format,measured_us,measured_j,split");
  sub->add_option("family", command->family, "banks or dpu")->required();
  sub->add_option("--data", command->data, "CSV of measured runs")->required();
  sub->add_option("--parameters", command->names, "Which parameters (default: of the family)")
      ->delimiter(',');
  sub->add_option("-o,--output", command->output, "Write a platform file with the fitted values");
  sub->add_option("--source", command->source, "Where the data come from, for the file");
  sub->add_option("--evaluations", command->evaluations, "Most evaluations of all rows");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
