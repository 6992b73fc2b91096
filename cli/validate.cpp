// wattlas validate: ours against references, with known gaps and a ratchet.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.h"
#include "cli/context.h"
#include "models/base/atomic_file.h"
#include "models/base/error.h"
#include "models/base/plain_text.h"
#include "validation/measurements.h"
#include "validation/probes/probes.h"
#include "validation/row.h"

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

using Json = nlohmann::ordered_json;

/// In the order in which they are printed; each is a file of configs/validation.
const std::vector<std::string> groups = {"upmem",    "banks",    "gpu",      "fpga",
                                         "networks", "explorer", "platforms"};

constexpr RowKind kinds[] = {RowKind::blind, RowKind::seen, RowKind::calibration,
                             RowKind::identity};

std::string number(double v) {
  return std::isfinite(v) ? fmt::format("{:.6g}", v) : std::string("-");
}
std::string percent(double v) {
  return v < 0 || !std::isfinite(v) ? "-" : fmt::format("{:.3g} %", v * 100);
}
/// An error or a gate as its row counts it: most are shares, some are factors.
std::string share(const ValidationRow& row, double v) {
  if (row.unit != "times") return percent(v);
  return v < 0 || !std::isfinite(v) ? "-" : fmt::format("{:.3g}x", v);
}

Json jsonOf(double v) {
  return std::isfinite(v) ? Json(rounded(v)) : Json();
}

Json jsonOf(const Judged& j) {
  const ValidationRow& r = j.row;
  return {{"group", r.group},
          {"id", r.id},
          {"kind", nameOf(r.kind)},
          {"quantity", r.quantity},
          {"unit", r.unit},
          {"ours", jsonOf(r.ours)},
          {"reference", jsonOf(r.reference)},
          {"error", jsonOf(r.error())},
          {"gate", r.gated() ? Json(r.gate) : Json()},
          {"target", r.target >= 0 ? Json(r.target) : Json()},
          {"pass", r.pass()},
          {"verdict", nameOf(j.verdict)},
          {"fitted_on", r.fittedOn},
          {"fitted_parameters", r.fittedParameters()},
          {"source", r.source},
          {"note", j.note}};
}

struct ValidateCommand {
  std::string group = "all", data, achieved;
  bool json = false, strict = false, points = false;

  void run(Context& context) const {
    const ProbeContext asked = probeContext(context);
    if (!data.empty()) {
      validateData(asked, data, json);
      return;
    }
    std::vector<std::string> known = {"all"};
    known.insert(known.end(), groups.begin(), groups.end());
    if (std::find(known.begin(), known.end(), group) == known.end()) {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      throw InputError("'" + group.substr(0, 40) + "' is not a validation group", "one of " + list,
                       didYouMean(group, known));
    }
    const Judge judge(context.path, strict);
    const Probes probes = allProbes(asked);
    std::vector<Judged> all;
    std::vector<std::string> stale;
    for (const std::string& name : groups) {
      if (group != "all" && group != name) continue;
      const GroupSpec spec = readGroup(name, context.path);
      const ValidationRows rows = validationRows(spec, probes, context.path);
      std::vector<Judged> judged;
      for (const ValidationRow& row : rows) judged.push_back(judge.judge(row));
      if (!json) print(spec, judged);
      all.insert(all.end(), judged.begin(), judged.end());
      for (std::string& key : judge.staleGaps(name, rows)) stale.push_back(std::move(key));
    }
    summarise(context, all, stale);
    if (!achieved.empty()) writeAchieved(all);
  }

  void print(const GroupSpec& g, const std::vector<Judged>& rows) const {
    fmt::print("\n{}: {}\n", g.name, g.what);
    if (rows.empty()) {
      fmt::print("  no rows yet\n");
      return;
    }
    fmt::print("  {:<34} {:<11} {:>12} {:>12} {:<7} {:>9} {:>8} {:>8}  {}\n", "row", "kind", "ours",
               "reference", "unit", "error", "gate", "target", "verdict");
    for (const Judged& j : rows) {
      const ValidationRow& r = j.row;
      fmt::print("  {:<34} {:<11} {:>12} {:>12} {:<7} {:>9} {:>8} {:>8}  {}{}\n", r.id,
                 nameOf(r.kind), number(r.ours), number(r.reference), r.unit, share(r, r.error()),
                 share(r, r.gate), share(r, r.target), nameOf(j.verdict),
                 j.note.empty() ? "" : "  " + j.note);
      if (!points) continue;
      for (const RowPoint& p : r.points)
        fmt::print("    {:>+8.1f} % {:>12} {:>12}  {}{}\n", 100 * (p.ours / p.reference - 1),
                   number(p.ours), number(p.reference), p.name,
                   p.reason.empty() ? "" : "  " + p.reason);
    }
    std::set<std::string> sources, fitted;
    for (const Judged& j : rows) {
      sources.insert(j.row.source);
      fitted.insert(j.row.fittedOn.begin(), j.row.fittedOn.end());
    }
    for (const std::string& source : sources) fmt::print("  source: {}\n", source);
    for (const std::string& entry : fitted) fmt::print("  chosen with rows in view: {}\n", entry);
  }

  void summarise(Context& context, const std::vector<Judged>& all,
                 const std::vector<std::string>& stale) const {
    Tally tally;
    for (const Judged& j : all) tally.add(j);
    if (json) {
      Json out = {{"schema", 1}, {"rows", Json::array()}};
      for (const Judged& j : all) out["rows"].push_back(jsonOf(j));
      Json& summary = out["summary"];
      summary = {{"pass", tally.of(Verdict::pass)},
                 {"gap", tally.of(Verdict::gap)},
                 {"fail", tally.failures()},
                 {"reported", tally.of(Verdict::ungated)},
                 {"blind", tally.of(RowKind::blind)},
                 {"blind_pass", tally.of(RowKind::blind, Verdict::pass)}};
      for (const RowKind kind : kinds)
        summary["kinds"][nameOf(kind)] = {{"rows", tally.of(kind)},
                                          {"pass", tally.of(kind, Verdict::pass)},
                                          {"gap", tally.of(kind, Verdict::gap)},
                                          {"fail", tally.failures(kind)},
                                          {"ungated", tally.of(kind, Verdict::ungated)}};
      summary["stale_gaps"] = stale;
      fmt::print("{}\n", out.dump(2));
    } else {
      fmt::print("\n{:<12} {:>5} {:>5} {:>5} {:>5} {:>8}\n", "rows", "all", "pass", "GAP", "fail",
                 "ungated");
      for (const RowKind kind : kinds)
        fmt::print("{:<12} {:>5} {:>5} {:>5} {:>5} {:>8}\n", nameOf(kind), tally.of(kind),
                   tally.of(kind, Verdict::pass), tally.of(kind, Verdict::gap),
                   tally.failures(kind), tally.of(kind, Verdict::ungated));
      for (const std::string& key : stale)
        fmt::print("configs/validation/known-gaps.yaml: {} passes or does not exist\n", key);
      fmt::print("{} pass, {} GAP, {} fail, {} ungated; {} blind rows, {} of them pass\n",
                 tally.of(Verdict::pass), tally.of(Verdict::gap), tally.failures(),
                 tally.of(Verdict::ungated), tally.of(RowKind::blind),
                 tally.of(RowKind::blind, Verdict::pass));
    }
    if (tally.failures() > 0) context.exitCode = exitGateMissed;
  }

  void writeAchieved(const std::vector<Judged>& all) const {
    ConfigNode tree = ConfigNode::ofMap();
    for (const Judged& j : all)
      if (j.row.gated() && std::isfinite(j.row.error()))
        tree.put(j.row.group + "/" + j.row.id,
                 ConfigNode::ofScalar(fmt::format("{:.6g}", j.row.error())));
    writeFileAtomically(
        achieved,
        "# Errors reached so far: `wattlas validate all --write-achieved FILE`. A figure may\n"
        "# only worsen together with a change of this file that says why.\n" +
            tree.toYaml());
  }
};

}  // namespace

void addValidate(CLI::App& app, Context& context) {
  auto command = std::make_shared<ValidateCommand>();
  CLI::App* sub = app.add_subcommand("validate", "Compare the models with references");
  sub->footer("Example:\n  wattlas validate gpu\n  wattlas validate --data measured.csv");
  sub->add_option("group", command->group,
                  "all, upmem, banks, gpu, fpga, networks, explorer or platforms");
  sub->add_option("--data", command->data,
                  "Own measurements: operator CSV with platform and measured_us, or runs with "
                  "platform, workload, measured_us and measured_j");
  sub->add_flag("--json", command->json, "Print one JSON object");
  sub->add_flag("--points", command->points, "Print every value behind a mean error");
  sub->add_flag("--strict", command->strict, "Known gaps count as failures");
  sub->add_option("--write-achieved", command->achieved, "Write the ratchet file");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
