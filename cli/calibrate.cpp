// wattlas calibrate: fits few named parameters of a platform to measurements.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/context.h"
#include "models/base/atomic_file.h"
#include "validation/calibration.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

struct CalibrateCommand {
  std::string family, data, output, source;
  std::vector<std::string> names;
  int evaluations = 300;
  bool json = false;

  void run(Context& context) const {
    const auto families = calibrationFamilies(context.path);
    const auto at = families.find(family);
    if (at == families.end()) {
      std::vector<std::string> known;
      for (const auto& [name, f] : families) known.push_back(name);
      throw InputError("'" + family.substr(0, 40) + "' cannot be calibrated by this command",
                       fmt::format("one of {}", fmt::join(known, ", ")), didYouMean(family, known));
    }
    const ProbeContext asked = probeContext(context);
    std::vector<CalibrationFit> fits;
    for (const CalibrationTask& task : calibrationTasks(at->second, data, names))
      fits.push_back(calibrate(task, asked, evaluations));
    json ? printJson(fits) : print(fits);
    for (const CalibrationFit& fit : fits)
      if (fit.losesToRoofline() || fit.hitsBound()) context.exitCode = exitGateMissed;
    if (output.empty()) return;
    writeFileAtomically(output, overlay(fits));
    if (!json) fmt::print("\nwrote {}: wattlas run -p {} ...\n", output, output);
  }

  static Json jsonOf(const CalibrationFit& fit) {
    Json out = {{"name", fit.name}, {"platform", fit.platform}, {"rows", fit.rows.size()}};
    for (const FittedParameter& p : fit.parameters)
      out["parameters"].push_back({{"path", p.record.path},
                                   {"start", rounded(p.record.value)},
                                   {"value", rounded(p.value)},
                                   {"low", rounded(p.low)},
                                   {"high", rounded(p.high)},
                                   {"at_bound", p.atBound()}});
    Json& error = out["error"];
    error = {{"fit_before", rounded(fit.before.mean)}, {"fit", rounded(fit.after.mean)}};
    if (fit.testAfter.values > 0) {
      error["test_before"] = rounded(fit.testBefore.mean);
      error["test"] = rounded(fit.testAfter.mean);
    }
    if (fit.roofline.values > 0) error["roofline"] = rounded(fit.roofline.mean);
    return out;
  }

  static void printJson(const std::vector<CalibrationFit>& fits) {
    Json out = {{"schema", 1}};
    // One fit stands for itself, as ever; several are a list.
    if (fits.size() == 1)
      out.update(jsonOf(fits.front()));
    else
      for (const CalibrationFit& fit : fits) out["fits"].push_back(jsonOf(fit));
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  static void print(const std::vector<CalibrationFit>& fits) {
    for (const CalibrationFit& fit : fits) {
      fmt::print("{}{} rows of {}, {} values fitted, {} held out, {} evaluations\n\n",
                 fit.name.empty() ? "" : fit.name + ": ", fit.rows.size(), fit.platform,
                 fit.after.values, fit.testAfter.values, fit.evaluations);
      fmt::print("{:<34} {:>14} {:>14} {:>30}\n", "parameter", "was", "fitted",
                 "within a tenth of the error");
      for (const FittedParameter& p : fit.parameters) {
        const auto shown = [&](double v) { return formatQuantity(v, p.record.dimension); };
        fmt::print("{:<34} {:>14} {:>14} {:>30}{}\n", p.record.path, shown(p.record.value),
                   shown(p.value), shown(p.low) + " .. " + shown(p.high),
                   p.atBound() ? "  AT ITS BOUND" : "");
      }
      fmt::print("\nmean error       before    after\n");
      fmt::print("  fitted rows  {:>7.2f} % {:>7.2f} %\n", 100 * fit.before.mean,
                 100 * fit.after.mean);
      if (fit.testAfter.values > 0)
        fmt::print("  held out     {:>7.2f} % {:>7.2f} %\n", 100 * fit.testBefore.mean,
                   100 * fit.testAfter.mean);
      if (fit.roofline.values > 0)
        fmt::print("  a roofline fitted to the same rows, held out: {:.2f} %{}\n",
                   100 * fit.roofline.mean, fit.losesToRoofline() ? "  BETTER THAN THE MODEL" : "");
      if (fits.size() == 1) printRows(fit);
      for (const FittedParameter& p : fit.parameters)
        if (p.atBound())
          fmt::print(
              "\n{} sits at the bound of its interval: the interval, another parameter or the "
              "data is wrong; do not trust this fit without finding out.\n",
              p.record.path);
      fmt::print("\n");
    }
  }

  static void printRows(const CalibrationFit& fit) {
    fmt::print("\n{:<6} {:<28} {:>12} {:>12} {:>9}\n", "line", "workload", "measured us", "ours us",
               "error");
    for (const CalibrationFit::Row& r : fit.rows)
      if (r.measured > 0)
        fmt::print("{:<6} {:<28} {:>12.2f} {:>12.2f} {:>+7.1f} %{}\n", r.line, r.what,
                   r.measured * 1e6, r.ours * 1e6, 100 * (r.ours / r.measured - 1),
                   r.test ? "  held out" : "");
  }

  /// A platform of its own: the measured one with the fitted values.
  std::string overlay(const std::vector<CalibrationFit>& fits) const {
    ConfigNode tree = ConfigNode::ofMap();
    const std::string& platform = fits.front().platform;
    const bool file = platform.find('/') != std::string::npos || platform.ends_with(".yaml");
    tree.put("from", ConfigNode::ofScalar(file ? platform : "platforms/" + platform + ".yaml"));
    for (const CalibrationFit& fit : fits)
      for (const FittedParameter& p : fit.parameters) {
        ConfigNode value = ConfigNode::ofMap();
        const auto text = [&](double v) {
          return ConfigNode::ofScalar(exactQuantity(v, p.record.dimension));
        };
        value.put("value", text(p.value));
        value.put("low", text(p.low));
        value.put("high", text(p.high));
        value.put("basis", ConfigNode::ofScalar("measured"));
        value.put("source",
                  ConfigNode::ofScalar(source.empty()
                                           ? fmt::format("fitted to {} rows of {}", fit.rows.size(),
                                                         data.substr(data.rfind('/') + 1))
                                           : source));
        tree.set(p.record.path, value);
      }
    return "# Parameters fitted to measurements (wattlas calibrate " + family + ").\n" +
           tree.toYaml();
  }
};

}  // namespace

void addCalibrate(CLI::App& app, Context& context) {
  auto command = std::make_shared<CalibrateCommand>();
  CLI::App* sub = app.add_subcommand("calibrate", "Fit parameters of a platform to measurements");
  sub->footer(
      "Example:\n  wattlas calibrate dpu --data measured.csv -o mine.yaml\n"
      "  measured.csv: platform,workload,format,measured_us,measured_j,split\n"
      "  wattlas calibrate gpu --data kernels.csv -o mine.yaml\n"
      "  kernels.csv: the operator CSV of predict with measured_us and split");
  sub->add_option("family", command->family, "banks, dpu or gpu (configs/calibration.yaml)")
      ->required();
  sub->add_option("--data", command->data, "CSV of measurements")->required();
  sub->add_option("--parameters", command->names, "Which parameters (default: of the family)")
      ->delimiter(',');
  sub->add_option("-o,--output", command->output, "Write a platform file with the fitted values");
  sub->add_option("--source", command->source, "Where the data come from, for the file");
  sub->add_option("--evaluations", command->evaluations, "Most evaluations of all rows");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
