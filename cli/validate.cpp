// wattlas validate: ours against references, with known gaps and a ratchet.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.h"
#include "cli/measured_runs.h"
#include "cli/row_predictor.h"
#include "cli/validation_groups.h"

namespace wattlas {
namespace {

using Json = nlohmann::ordered_json;

/// `group/id: reason` entries of configs/validation/known-gaps.yaml and the like.
std::map<std::string, std::string> entriesOf(const Context& context, const std::string& file) {
  std::map<std::string, std::string> out;
  const auto found = context.path.findPart("validation/" + file);
  if (!found) return out;
  const ConfigNode tree = loadConfig(*found, context.path);
  for (const auto& [key, value] : tree.entries()) out[key] = value.scalar();
  return out;
}

enum class Verdict { pass, gap, fail, report, worse };

struct Judged {
  ValidationRow row;
  Verdict verdict = Verdict::report;
  std::string note;
};

const char* word(Verdict v) {
  static constexpr const char* words[] = {"pass", "GAP", "FAIL", "-", "WORSE"};
  return words[static_cast<std::size_t>(v)];
}

class Judge {
 public:
  Judge(const Context& context, bool strict)
      : gaps_(entriesOf(context, "known-gaps.yaml")),
        achieved_(entriesOf(context, "achieved.yaml")),
        strict_(strict) {}

  Judged judge(const ValidationRow& row) const {
    Judged out{row, row.gated() ? Verdict::pass : Verdict::report, {}};
    const std::string key = row.group + "/" + row.id;
    if (!row.pass()) {
      const auto gap = gaps_.find(key);
      out.verdict = gap != gaps_.end() && !strict_ ? Verdict::gap : Verdict::fail;
      if (gap != gaps_.end()) out.note = gap->second;
    }
    // The ratchet: an error may not grow beyond what was reached before (1 % of slack for the
    // twelfth digit and rounding of the file).
    const auto best = achieved_.find(key);
    if (best != achieved_.end() && out.verdict != Verdict::fail) {
      const double reached = parseQuantity(best->second, Dimension::ratio);
      const double now = row.error();
      const bool worse =
          row.higherIsBetter ? now < reached * 0.99 - 1e-9 : now > reached * 1.01 + 1e-9;
      if (worse) {
        out.verdict = Verdict::worse;
        out.note = fmt::format("was {:.4g} (configs/validation/achieved.yaml)", reached);
      }
    }
    return out;
  }

 private:
  std::map<std::string, std::string> gaps_, achieved_;
  bool strict_;
};

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

struct ValidateCommand {
  std::string group = "all", data, achieved;
  bool json = false, strict = false;

  void run(Context& context) const {
    if (!data.empty()) {
      validateData(context);
      return;
    }
    std::vector<std::string> known = {"all"};
    for (const ValidationGroup& g : validationGroups()) known.push_back(g.name);
    if (std::find(known.begin(), known.end(), group) == known.end()) {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      throw InputError("'" + group.substr(0, 40) + "' is not a validation group", "one of " + list,
                       didYouMean(group, known));
    }
    const Judge judge(context, strict);
    std::vector<Judged> all;
    for (const ValidationGroup& g : validationGroups()) {
      if (group != "all" && group != g.name) continue;
      std::vector<Judged> judged;
      for (const ValidationRow& row : g.rows(context)) judged.push_back(judge.judge(row));
      if (!json) print(g, judged);
      all.insert(all.end(), judged.begin(), judged.end());
    }
    summarise(context, all);
    if (!achieved.empty()) writeAchieved(all);
  }

  void print(const ValidationGroup& g, const std::vector<Judged>& rows) const {
    fmt::print("\n{}: {}\n", g.name, g.what);
    if (rows.empty()) {
      fmt::print("  no rows yet\n");
      return;
    }
    fmt::print("  {:<34} {:<11} {:>12} {:>12} {:<7} {:>9} {:>8} {:>8}  {}\n", "row", "kind", "ours",
               "reference", "unit", "error", "gate", "target", "verdict");
    for (const Judged& j : rows) {
      const ValidationRow& r = j.row;
      fmt::print("  {:<34} {:<11} {:>12} {:>12} {:<7} {:>9} {:>8} {:>8}  {}{}\n", r.id, r.kind,
                 number(r.ours), number(r.reference), r.unit, share(r, r.error()), share(r, r.gate),
                 share(r, r.target), word(j.verdict), j.note.empty() ? "" : "  " + j.note);
    }
    std::set<std::string> sources;
    for (const Judged& j : rows) sources.insert(j.row.source);
    for (const std::string& source : sources) fmt::print("  source: {}\n", source);
  }

  void summarise(Context& context, const std::vector<Judged>& all) const {
    std::map<Verdict, int> count;
    int blind = 0, blindPass = 0;
    for (const Judged& j : all) {
      ++count[j.verdict];
      if (j.row.kind != "blind") continue;
      ++blind;
      blindPass += j.verdict == Verdict::pass ? 1 : 0;
    }
    if (json) {
      Json out;
      out["schema"] = 1;
      for (const Judged& j : all) {
        const ValidationRow& r = j.row;
        out["rows"].push_back({{"group", r.group},
                               {"id", r.id},
                               {"kind", r.kind},
                               {"quantity", r.quantity},
                               {"unit", r.unit},
                               {"ours", rounded(r.ours)},
                               {"reference", rounded(r.reference)},
                               {"error", rounded(r.error())},
                               {"gate", r.gated() ? Json(r.gate) : Json()},
                               {"target", r.target >= 0 ? Json(r.target) : Json()},
                               {"pass", r.pass()},
                               {"verdict", word(j.verdict)},
                               {"fitted_parameters", r.fittedParameters},
                               {"source", r.source},
                               {"note", j.note}});
      }
      out["summary"] = {{"pass", count[Verdict::pass]},
                        {"gap", count[Verdict::gap]},
                        {"fail", count[Verdict::fail] + count[Verdict::worse]},
                        {"reported", count[Verdict::report]},
                        {"blind", blind},
                        {"blind_pass", blindPass}};
      fmt::print("{}\n", out.dump(2));
    } else {
      fmt::print("\n{} pass, {} GAP, {} fail, {} reported only; {} blind rows, {} of them pass\n",
                 count[Verdict::pass], count[Verdict::gap],
                 count[Verdict::fail] + count[Verdict::worse], count[Verdict::report], blind,
                 blindPass);
    }
    if (count[Verdict::fail] + count[Verdict::worse] > 0) context.exitCode = exitGateMissed;
  }

  void writeAchieved(const std::vector<Judged>& all) const {
    ConfigNode tree = ConfigNode::ofMap();
    for (const Judged& j : all)
      if (j.row.gated())
        tree.put(j.row.group + "/" + j.row.id,
                 ConfigNode::ofScalar(fmt::format("{:.6g}", j.row.error())));
    std::FILE* out = std::fopen(achieved.c_str(), "w");
    if (out == nullptr) throw InputError(Problem{{achieved, 0}, {}, "cannot be written", {}, {}});
    fmt::print(
        out,
        "# Errors reached so far: `wattlas validate all --write-achieved FILE`. A figure may\n"
        "# only worsen together with a change of this file that says why.\n{}",
        tree.toYaml());
    std::fclose(out);
  }

  /// User data: measured runs of whole workloads or micro operators (cli/measured_runs.h).
  void validateRuns(Context& context) const {
    RunPredictor predictor(context);
    Json rows = Json::array();
    std::map<std::string, std::vector<double>> errors;
    if (!json)
      fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}\n", "line",
                 "platform", "workload", "measured us", "ours us", "error", "measured J", "ours J",
                 "error");
    for (const MeasuredRun& r : readMeasuredRuns(data)) {
      const RunPrediction p = predictor.predict(r);
      const auto error = [&](double ours, double truth, const char* what) {
        if (truth <= 0 || !p.reason.empty()) return std::string("-");
        errors[r.platform + " " + what].push_back(ours / truth - 1);
        return fmt::format("{:+.1f} %", 100 * (ours / truth - 1));
      };
      const auto shown = [](double v) { return v > 0 ? fmt::format("{:.5g}", v) : "-"; };
      const std::string time = error(p.seconds, r.seconds, "time"),
                        energy = error(p.joules, r.joules, "energy");
      if (json)
        rows.push_back({{"line", r.line},
                        {"platform", r.platform},
                        {"workload", r.workload},
                        {"measured_s", rounded(r.seconds)},
                        {"ours_s", rounded(p.seconds)},
                        {"measured_j", rounded(r.joules)},
                        {"ours_j", rounded(p.joules)},
                        {"reason", p.reason}});
      else
        fmt::print("{:<6} {:<24} {:<26} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}{}\n", r.line,
                   r.platform, r.workload, shown(r.seconds * 1e6), shown(p.seconds * 1e6), time,
                   shown(r.joules), shown(p.joules), energy,
                   p.reason.empty() ? "" : "  " + p.reason);
    }
    if (json) {
      fmt::print("{}\n", Json{{"schema", 1}, {"rows", rows}}.dump(2));
      return;
    }
    fmt::print("\n{:<34} {:>6} {:>9} {:>9}\n", "platform", "rows", "MAPE", "bias");
    for (const auto& [name, list] : errors) {
      double sum = 0, bias = 0;
      for (const double e : list) {
        sum += std::abs(e);
        bias += e;
      }
      const auto n = static_cast<double>(list.size());
      fmt::print("{:<34} {:>6} {:>9} {:>+7.1f} %\n", name, list.size(), percent(sum / n),
                 100 * bias / n);
    }
  }

  /// User data: rows of the operator CSV with `platform` (or `device`) and `measured_us`.
  void validateData(Context& context) const {
    if (isRunsFile(data)) {
      validateRuns(context);
      return;
    }
    const CsvFile file = CsvFile::read(data);
    const auto measured = file.column("measured_us");
    auto where = file.column("platform");
    if (!where) where = file.column("device");
    if (!measured || !where)
      throw InputError(Problem{{data, 1},
                               {},
                               "a column is missing",
                               "columns op, measured_us, and platform or device",
                               {}});
    const auto aliases = entriesOf(context, "../aliases.yaml");
    std::map<std::string, std::unique_ptr<RowPredictor>> predictors;
    std::map<std::string, std::vector<double>> errors;
    std::size_t skipped = 0;
    for (const CsvRecord& record : file.records) {
      if (record.cells.size() <= std::max(*measured, *where)) {
        ++skipped;
        continue;
      }
      std::string platform = record.cells[*where];
      if (const auto alias = aliases.find(platform); alias != aliases.end())
        platform = alias->second;
      auto& predictor = predictors[platform];
      if (!predictor)
        predictor =
            std::make_unique<RowPredictor>(context, platform,
                                           std::vector<std::pair<std::string, ConfigNode>>{
                                               {"run.fidelity", ConfigNode::ofScalar("analytic")}});
      const Prediction p = predictor->predict(file, record);
      const double truth = std::strtod(record.cells[*measured].c_str(), nullptr);
      if (!p.feasible || truth <= 0) {
        ++skipped;
        continue;
      }
      errors[platform + " " + record.cells[*file.column("op")]].push_back(p.microseconds / truth -
                                                                          1.0);
    }
    fmt::print("{:<34} {:>6} {:>9} {:>9} {:>9}\n", "platform and op", "rows", "MAPE", "median",
               "bias");
    for (auto& [name, list] : errors) {
      double sum = 0, bias = 0;
      std::vector<double> absolute;
      for (const double e : list) {
        sum += std::abs(e);
        bias += e;
        absolute.push_back(std::abs(e));
      }
      std::sort(absolute.begin(), absolute.end());
      const auto n = static_cast<double>(list.size());
      fmt::print("{:<34} {:>6} {:>9} {:>9} {:>+8.1f} %\n", name, list.size(), percent(sum / n),
                 percent(absolute[absolute.size() / 2]), 100 * bias / n);
    }
    fmt::print("{} rows skipped (infeasible, or without a measured time)\n", skipped);
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
  sub->add_flag("--strict", command->strict, "Known gaps count as failures");
  sub->add_option("--write-achieved", command->achieved, "Write the ratchet file");
  sub->callback([command, &context] { command->run(context); });
}

}  // namespace wattlas
