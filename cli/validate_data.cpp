#include "cli/validate_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/base/plain_text.h"
#include "validation/measurements.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

/// Relative errors of what was measured, by name.
class Errors {
 public:
  /// "+3.1 %", or "-" when there is nothing to compare.
  std::string add(const std::string& name, double ours, double measured, const Predicted& p) {
    if (measured <= 0 || !p.reason.empty()) return "-";
    errors_[name].push_back(ours / measured - 1);
    return fmt::format("{:+.1f} %", 100 * (ours / measured - 1));
  }
  void print() const {
    fmt::print("\n{:<34} {:>6} {:>9} {:>9} {:>9}\n", "platform", "rows", "MAPE", "median", "bias");
    for (const auto& [name, list] : errors_) {
      double sum = 0, bias = 0;
      std::vector<double> absolute;
      for (const double e : list) {
        sum += std::abs(e);
        bias += e;
        absolute.push_back(std::abs(e));
      }
      std::sort(absolute.begin(), absolute.end());
      const auto n = static_cast<double>(list.size());
      fmt::print("{:<34} {:>6} {:>7.3g} % {:>7.3g} % {:>+7.1f} %\n", name, list.size(),
                 100 * sum / n, 100 * absolute[absolute.size() / 2], 100 * bias / n);
    }
  }

 private:
  std::map<std::string, std::vector<double>> errors_;
};

}  // namespace

void validateData(const ProbeContext& context, const std::string& data, bool json) {
  const Measurements all = Measurements::read(data);
  const std::vector<Predicted> ours = predicted(all, context);
  const char* what = all.operators ? "op" : "workload";
  Json rows = Json::array();
  Errors errors;
  std::size_t skipped = 0;
  if (!json && !all.operators)
    fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}\n", "line", "platform",
               "workload", "measured us", "ours us", "error", "measured J", "ours J", "error");
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const Measurement& m = all.rows[i];
    const Predicted& p = ours[i];
    const std::string platform = plainText(m.platform()), work = plainText(m.settings.get(what)),
                      name = platform + " " + (all.operators ? work + " " : "");
    const std::string time = errors.add(name + "time", p.seconds, m.seconds, p),
                      energy = errors.add(name + "energy", p.joules, m.joules, p);
    skipped += p.reason.empty() ? 0 : 1;
    const auto shown = [](double v) { return v > 0 ? fmt::format("{:.5g}", v) : "-"; };
    if (json)
      rows.push_back({{"line", m.line},
                      {"platform", m.platform()},
                      {what, m.settings.get(what)},
                      {"measured_s", rounded(m.seconds)},
                      {"ours_s", rounded(p.seconds)},
                      {"measured_j", rounded(m.joules)},
                      {"ours_j", rounded(p.joules)},
                      {"reason", p.reason}});
    else if (!all.operators)
      fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}{}\n", m.line,
                 platform, work, shown(m.seconds * 1e6), shown(p.seconds * 1e6), time,
                 shown(m.joules), shown(p.joules), energy,
                 p.reason.empty() ? "" : "  " + plainText(p.reason));
  }
  if (json) {
    fmt::print("{}\n", Json{{"schema", 1}, {"rows", rows}}.dump(
                           2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    errors.print();
    if (skipped > 0) fmt::print("{} rows without a prediction (--json says why)\n", skipped);
  }
  if (skipped > 0 && skipped == all.rows.size())
    throw InputError(Problem{{data, all.rows.front().line},
                             {},
                             "no row has a prediction: " + ours.front().reason,
                             "rows that a model answers",
                             {}});
}

}  // namespace wattlas
