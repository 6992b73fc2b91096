#include <algorithm>
#include <map>

#include "models/base/error.h"
#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

using Rows = std::vector<const PointRow*>;

constexpr std::size_t frontShown = 40, briefShown = 6;
constexpr std::size_t longestReason = 240;
constexpr int contested[] = {metricTime, metricEnergy, metricPowerPeak};

/// The last part of a dotted name, unless another design parameter ends alike.
/// The end of a dotted name that no other parameter ends in.
std::string shortName(const std::string& parameter, const std::vector<std::string>& parameters) {
  for (std::size_t dot = parameter.rfind('.'); dot != std::string::npos && dot > 0;
       dot = parameter.rfind('.', dot - 1)) {
    const std::string end = parameter.substr(dot);
    const auto ends = [&](const std::string& other) { return ('.' + other).ends_with(end); };
    if (std::count_if(parameters.begin(), parameters.end(), ends) == 1) return end.substr(1);
  }
  return parameter;
}

std::string parameterText(const PointRow& row, const std::vector<std::string>& parameters) {
  std::string text;
  for (const std::string& parameter : parameters)
    if (const std::string* value = parameterOf(row, parameter))
      text += (text.empty() ? "" : ", ") + shortName(parameter, parameters) + "=" + *value;
  return text;
}

std::string platformText(const PointRow& row) {
  return row.platform + hostNote(row[metricHostShare]);
}

std::string nameOfPoint(const PointRow& row, const std::vector<std::string>& parameters) {
  const std::string extra = parameterText(row, parameters);
  return platformText(row) + " " + row.format + (extra.empty() ? "" : " (" + extra + ")");
}

bool isFaster(const PointRow* a, const PointRow* b) {
  return (*a)[metricTime] < (*b)[metricTime];
}

/// The fastest point of each platform that is not on the front: what the others could have been.
Rows fastestOfOthers(const Rows& rows, const Rows& front) {
  Rows others;
  for (const PointRow* row : rows) {
    const auto samePlatform = [&](const PointRow* other) {
      return other->platform == row->platform;
    };
    if (!row->feasible || std::any_of(front.begin(), front.end(), samePlatform)) continue;
    const auto known = std::find_if(others.begin(), others.end(), samePlatform);
    if (known == others.end())
      others.push_back(row);
    else if (isFaster(row, *known))
      *known = row;
  }
  return others;
}

/// What a table of one workload shows.
struct View {
  const std::vector<std::string>& parameters;
  const std::vector<WinnerRow>& winners;  ///< of all workloads
  const TextOptions& options;
  std::size_t shown = frontShown;
  bool others = true;
};

/// The objectives that a point is the best in, each with the chance when that is not certain.
std::string bestIn(const PointRow& row, const std::vector<WinnerRow>& winners) {
  std::string text;
  for (const WinnerRow& w : winners)
    if (w.point == row.id && w.workload == row.workload)
      text += (text.empty() ? "" : ", ") + labelOf(w.metric) +
              (w.probability < 1 ? " " + chancePercent(w.probability) : "") +
              (w.restsOnUnknown() ? " ?" : "");
  return text;
}

bool isUnsure(const PointRow& row, const char* metric, const std::vector<WinnerRow>& winners) {
  return std::any_of(winners.begin(), winners.end(), [&](const WinnerRow& w) {
    return w.point == row.id && w.workload == row.workload && w.metric == metric &&
           w.restsOnUnknown();
  });
}

/// The fastest `most` of a front, and those that are the best in some objective.
Rows chosenOf(Rows front, const View& view) {
  std::stable_sort(front.begin(), front.end(), isFaster);
  std::size_t room = view.shown;
  for (const PointRow* row : front)
    if (!bestIn(*row, view.winners).empty() && room > 0) --room;
  std::erase_if(front, [&](const PointRow* row) {
    if (!bestIn(*row, view.winners).empty()) return false;
    return room == 0 || room-- == 0;
  });
  return front;
}

/// Fewer bits can only win where nobody says what they cost in accuracy.
std::string accuracyNote(const std::vector<std::string>& formats, bool someKnown,
                         const TextOptions& options) {
  if (formats.size() < (someKnown ? 1 : 2)) return {};
  const char* meaning = someKnown
                            ? ": these points are not compared where accuracy counts"
                            : ": formats are compared by cost alone, so fewer bits can only look "
                              "better";
  return "  " +
         styled(wrapped(fmt::format("accuracy unknown in {}{}", fmt::join(formats, ", "), meaning),
                        options.width - 2, 2),
                Style::warn, options) +
         '\n';
}

/// What the marks of a table stand for.
std::string chanceNote(const std::string& workload, const View& view) {
  std::string out;
  for (const WinnerRow& w : view.winners)
    if (w.workload == workload && w.restsOnUnknown())
      out += "  " +
             styled(wrapped("? " + labelOf(w.metric) + ": " + valueText(w.metric, w.value) +
                                " as given, but " + chanceText(w),
                            view.options.width - 2, 4),
                    Style::warn, view.options) +
             '\n';
  return out;
}

/// With its standard error, and its kind where it was not measured.
std::string accuracyText(const PointRow& row) {
  if (!std::isfinite(row[metricAccuracy])) return {};
  std::string text = fmt::format("{:.2f} %", 100 * row[metricAccuracy]);
  if (std::isfinite(row[metricAccuracySe]))
    text += fmt::format(" ±{:.2f}", 100 * row[metricAccuracySe]);
  return row.accuracyKind == "measured" ? text : text + " " + row.accuracyKind;
}

std::string frontTable(const Rows& rows, const View& view) {
  const auto& [parameters, winners, options, shown, withOthers] = view;
  Rows front;
  for (const PointRow* row : rows)
    if (row->pareto && row->feasible) front.push_back(row);
  const std::size_t whole = front.size();
  Rows others = withOthers ? fastestOfOthers(rows, front) : Rows{};
  front = chosenOf(std::move(front), view);
  std::stable_sort(others.begin(), others.end(), isFaster);
  TextTable table({{"set", false, 3, 3},
                   {"platform", false, 30, 23},
                   {"format", false, 14},
                   {"genes", false, 40, 24},
                   {"time", true},
                   {"energy", true},
                   {"peak", true},
                   {"area", true},
                   {"accuracy", true},
                   {"on test", true},
                   {"best in", false, 46, 20},
                   {"time is"},
                   {"energy is", false, 12},
                   {"fidelity", false, 16}});
  const auto add = [&, &parameters = view.parameters, &winners = view.winners](const PointRow& r,
                                                                               bool inSet) {
    const Style style = inSet ? Style::bold : Style::dim;
    const double tested = extraOf(r, "accuracy_test");
    table.add({{inSet ? "●" : "", Style::good},
               {platformText(r), r.device == "host" ? Style::warn : style},
               r.format,
               parameterText(r, parameters),
               timeText(r[metricTime]) + (isUnsure(r, "time_s", winners) ? " ?" : ""),
               energyText(r[metricEnergy]) + (isUnsure(r, "energy_j", winners) ? " ?" : ""),
               powerText(r[metricPowerPeak]) + (isUnsure(r, "power_peak_w", winners) ? " ?" : ""),
               std::isfinite(r[metricArea]) ? plainNumber(r[metricArea]) + " mm2" : "",
               accuracyText(r),
               std::isfinite(tested) ? fmt::format("{:.2f} %", 100 * tested) : "",
               bestIn(r, winners),
               r.bound,
               r.energyCategory,
               r.fidelity == "event+analytic" ? "event*" : r.fidelity});
  };
  for (const PointRow* row : front) add(*row, true);
  for (const PointRow* row : others) add(*row, false);
  if (table.empty()) return "  no feasible point\n";
  std::string out = table.text(options);
  if (whole > front.size())
    out += styled(fmt::format("  and {} more in the set; the CSV lists all", whole - front.size()),
                  Style::dim, options) +
           '\n';
  return out;
}

struct MetricContest {
  const char* title;
  const char* better;
  int metric;
};

/// The best point, and by how much it beats the best point of any other platform.
std::string winner(const Rows& rows, const MetricContest& contest, const View& view) {
  const auto& [parameters, winners, options, shown, others] = view;
  const auto bestOf = [&](const std::string& except) {
    const PointRow* best = nullptr;
    for (const PointRow* row : rows)
      if (row->feasible && row->platform != except && std::isfinite((*row)[contest.metric]) &&
          (best == nullptr || (*row)[contest.metric] < (*best)[contest.metric]))
        best = row;
    return best;
  };
  const PointRow* best = bestOf("");
  if (best == nullptr) return {};
  const PointRow* next = bestOf(best->platform);
  std::string text = nameOfPoint(*best, parameters);
  if (next != nullptr && (*next)[contest.metric] == (*best)[contest.metric])
    text += ", equal to " + nameOfPoint(*next, parameters);
  else if (next != nullptr)
    text += fmt::format(": {} {} than {}, the best of another platform",
                        ratioText((*next)[contest.metric] / (*best)[contest.metric]),
                        contest.better, nameOfPoint(*next, parameters));
  if (contest.metric == metricTime && std::isfinite(best->boundShare))
    text += fmt::format("; {} of its time is bound by {}", percent(best->boundShare), best->bound);
  if (contest.metric == metricEnergy && std::isfinite(best->energyCategoryShare))
    text += fmt::format("; {} of its energy is {}", percent(best->energyCategoryShare),
                        best->energyCategory);
  for (const WinnerRow& w : winners)
    if (w.point == best->id && w.metric == metricAt(contest.metric).name &&
        w.workload == best->workload) {
      const auto rival = std::find_if(rows.begin(), rows.end(),
                                      [&](const PointRow* row) { return row->id == w.rival; });
      text += "; " + chanceText(w, rival == rows.end() ? "" : nameOfPoint(**rival, parameters));
    }
  return "  " + styled(fmt::format("{:<14}", contest.title), Style::good, options) +
         wrapped(text, options.width - 16, 16) + '\n';
}

std::string refusals(const std::map<std::string, std::size_t>& reasons,
                     const TextOptions& options) {
  if (reasons.empty()) return {};
  std::vector<std::pair<std::string, std::size_t>> order(reasons.begin(), reasons.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out = '\n' + styled("  infeasible", Style::warn, options) + '\n';
  constexpr std::size_t shown = 6;
  for (std::size_t i = 0; i < std::min(order.size(), shown); ++i)
    out += fmt::format("  {:>6}  ", order[i].second) +
           wrapped(order[i].first, options.width - 12, 10) + '\n';
  if (order.size() > shown)
    out += fmt::format("          and {} more reasons\n", order.size() - shown);
  return out;
}

}  // namespace

ParetoTable::ParetoTable(std::vector<std::string> order, std::vector<WinnerRow> winners)
    : order_(std::move(order)), winners_(std::move(winners)) {}

void ParetoTable::add(PointRow row) {
  if (scope_.empty()) scope_ = row.scope;
  if (row.scope != scope_)
    throw InputError(
        fmt::format("points of scope '{}' and of scope '{}' stand together", scope_, row.scope),
        "one scope for all points", "set 'scope' once for the whole study");
  auto at = std::find_if(workloads_.begin(), workloads_.end(),
                         [&](const Workload& w) { return w.name == row.workload; });
  if (at == workloads_.end()) at = workloads_.insert(workloads_.end(), Workload{row.workload});
  columns_.note(row);
  for (const auto& [name, value] : row.parameters)
    if (const auto [known, isNew] = at->values.try_emplace(name, value, false); !isNew)
      known->second.second |= known->second.first != value;
  ++at->points;
  if (!row.feasible) {
    ++at->reasons[row.platform + ": " +
                  (row.reason.empty() ? "no reason" : clipped(row.reason, longestReason))];
    return;
  }
  ++at->feasible;
  if (row.accuracyKind != "none")
    at->someAccuracy = true;
  else if (std::find(at->unknownAccuracy.begin(), at->unknownAccuracy.end(), row.format) ==
           at->unknownAccuracy.end())
    at->unknownAccuracy.push_back(row.format);
  at->keep(std::move(row), winners_);
}

void ParetoTable::Workload::keep(PointRow row, const std::vector<WinnerRow>& winners) {
  const std::size_t position = points;
  int uses = row.pareto || std::any_of(winners.begin(), winners.end(),
                                       [&](const WinnerRow& w) { return w.rival == row.id; });
  auto& best = platforms[row.platform];
  // The first one of a platform stays: tables name platforms in the order of their rows.
  if (best.empty()) {
    best.assign(std::size(contested), 0);
    ++uses;
  }
  for (std::size_t m = 0; m < std::size(contested); ++m) {
    const double value = row[contested[m]];
    const auto old = kept.find(best[m]);
    if (!std::isfinite(value) || (old != kept.end() && !(value < old->second.row[contested[m]])))
      continue;
    if (old != kept.end() && --old->second.uses == 0) kept.erase(old);
    best[m] = position;
    ++uses;
  }
  if (uses > 0) kept.emplace(position, Kept{std::move(row), uses});
}

std::string ParetoTable::text(const TextOptions& options, Form form) const {
  if (workloads_.empty()) return "no points\n";
  const bool brief = form == Form::brief;
  PointColumns columns = columns_;
  columns.sort(order_);
  std::string out;
  for (const Workload& workload : workloads_) {
    Rows rows;
    for (const auto& [position, kept] : workload.kept) rows.push_back(&kept.row);
    // The others would only fill the table.
    std::vector<std::string> varying;
    for (const std::string& parameter : columns.parameters)
      if (const auto at = workload.values.find(parameter);
          at != workload.values.end() && at->second.second)
        varying.push_back(parameter);
    out += (out.empty() ? "" : "\n") + styled(workload.name, Style::title, options) +
           styled(fmt::format("   scope {}: {} points, {} feasible, {} in the Pareto set", scope_,
                              workload.points, workload.feasible,
                              std::count_if(rows.begin(), rows.end(),
                                            [](const PointRow* r) { return r->pareto; })),
                  Style::dim, options) +
           '\n';
    const View view{varying, winners_, options, brief ? briefShown : frontShown, !brief};
    out += frontTable(rows, view) + (brief ? chanceNote(workload.name, view) : "") +
           accuracyNote(workload.unknownAccuracy, workload.someAccuracy, options);
    if (form != Form::verdicts) continue;
    out += '\n';
    out += winner(rows, {"fastest", "faster", metricTime}, view);
    out += winner(rows, {"least energy", "less", metricEnergy}, view);
    out += winner(rows, {"lowest peak", "lower", metricPowerPeak}, view);
    out += refusals(workload.reasons, options);
  }
  return out;
}

std::string printPareto(const std::vector<PointRow>& rows, const TextOptions& options,
                        ParetoTable::Form form, const std::vector<std::string>& order,
                        const std::vector<WinnerRow>& winners) {
  ParetoTable table(order, winners);
  for (const PointRow& row : rows) table.add(row);
  return table.text(options, form);
}

}  // namespace wattlas
