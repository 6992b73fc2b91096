#include "validation/measurements.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "validation/operator_csv.h"

namespace wattlas {
namespace {

class Reader {
 public:
  Reader(const std::string& name, const CsvFile& file) : name_(name), file_(file) {}

  void checkHeader(bool operators) {
    if (!file_.column("platform") && !file_.column("device"))
      missing("platform",
              "columns platform (or device), workload or op, and measured_us or "
              "measured_j");
    if (!operators && !file_.column("workload"))
      missing("workload", "a column workload (whole runs) or op (operators)");
    if (!file_.column("measured_us") && !file_.column("measured_j"))
      problems_.add({{name_, 1},
                     "measured_us",
                     "nothing measured is in this file",
                     "a column measured_us (microseconds) or measured_j (joules)",
                     {}});
    problems_.finish();
    if (operators) return;
    static const std::vector<std::string> known = {
        "platform", "device", "workload", "measured_us", "measured_j", "format", "prompt",
        "generate", "batch",  "split",    "timing",      "source",     "note"};
    for (const std::string& column : file_.header)
      if (!column.starts_with("set:") &&
          std::find(known.begin(), known.end(), column) == known.end())
        problems_.add({{name_, 1},
                       column.substr(0, 40),
                       "is no known column",
                       "a known one, or set:KEY for a parameter",
                       didYouMean(column, known)});
  }

  Measurement read(const CsvRecord& r, bool operators) {
    Measurement m;
    m.line = r.line;
    if (r.cells.size() > file_.header.size())
      problem(r, {}, "has " + std::to_string(r.cells.size()) + " cells",
              "at most " + std::to_string(file_.header.size()) + ", as the header");
    for (std::size_t i = 0; i < std::min(r.cells.size(), file_.header.size()); ++i)
      if (!r.cells[i].empty()) m.settings.put(file_.header[i], r.cells[i]);
    m.settings.put("fidelity", "analytic");
    if (m.platform().empty()) problem(r, "platform", "is empty", "a platform id or file");
    const char* what = operators ? "op" : "workload";
    if (m.settings.get(what).empty()) problem(r, what, "is empty", "what was measured");
    m.seconds = positive(r, m, "measured_us") * 1e-6;
    m.joules = positive(r, m, "measured_j");
    if (m.settings.get("measured_us").empty() && m.settings.get("measured_j").empty())
      problem(r, "measured_us", "nothing was measured", "measured_us or measured_j");
    const std::string split = m.settings.get("split"), timing = m.settings.get("timing");
    if (!split.empty() && split != "fit" && split != "test")
      problem(r, "split", "'" + split.substr(0, 40) + "' is unknown", "fit or test");
    if (!operators && !timing.empty() && timing != "kernel" && timing != "run")
      problem(r, "timing", "'" + timing.substr(0, 40) + "' is unknown", "kernel or run");
    m.test = split == "test";
    m.kernelOnly = !operators && timing == "kernel";
    return m;
  }

  void finish() const { problems_.finish(); }
  void missing(const std::string& column, const std::string& expected) {
    problems_.add({{name_, 1}, column, "the column is missing", expected, {}});
  }

 private:
  void problem(const CsvRecord& r, const std::string& column, std::string what,
               std::string expected) {
    problems_.add({{name_, r.line}, column, std::move(what), std::move(expected), {}});
  }
  /// A positive number; 0 for an empty cell.
  double positive(const CsvRecord& r, const Measurement& m, const std::string& column) {
    const std::string cell = m.settings.get(column);
    if (cell.empty()) return 0;
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value) &&
        value > 0)
      return value;
    problem(r, column, "'" + cell.substr(0, 40) + "' is no measurement",
            "a positive number such as 412.5");
    return 0;
  }

  const std::string& name_;
  const CsvFile& file_;
  Problems problems_;
};

}  // namespace

Measurements Measurements::read(const std::string& name) {
  const CsvFile file = CsvFile::read(name, {}, true);
  Measurements out;
  out.operators = file.column("op") && !file.column("workload");
  Reader reader(name, file);
  reader.checkHeader(out.operators);
  for (const CsvRecord& record : file.records)
    out.rows.push_back(reader.read(record, out.operators));
  if (out.rows.empty()) reader.missing("2nd line", "one row for each measurement");
  reader.finish();
  return out;
}

std::vector<Predicted> predicted(const Measurements& all, const ProbeContext& context,
                                 const std::vector<std::pair<std::string, std::string>>& sets) {
  std::vector<Settings> questions;
  for (const Measurement& m : all.rows) {
    questions.push_back(m.settings);
    for (const auto& [key, value] : sets) questions.back().put(key, value);
  }
  const Probe probe = all.operators ? makePredictProbe(context) : makeRunProbe(context);
  std::vector<Predicted> out;
  const std::vector<Answer> answers = probe(questions);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& a = answers[i];
    Predicted p{0, 0, a.reason};
    if (a.reason.empty()) {
      const std::string prefix = all.rows[i].kernelOnly ? "device_" : "";
      p.seconds = a.figures.at(prefix + "time_s");
      p.joules = a.figures.at(prefix + "energy_j");
    }
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace wattlas
