#include <algorithm>
#include <map>

#include "models/base/error.h"
#include "results/print_parts.h"
#include "results/table.h"

namespace wattlas {
namespace {

using Rows = std::vector<const PointRow*>;

constexpr std::size_t frontShown = 40;
constexpr std::size_t longestReason = 240;

void refuseMixedScopes(const std::vector<PointRow>& rows) {
  for (const PointRow& row : rows)
    if (row.scope != rows.front().scope)
      throw InputError(fmt::format("points of scope '{}' and of scope '{}' stand together",
                                   rows.front().scope, row.scope),
                       "one scope for all points", "set 'scope' once for the whole study");
}

/// Design parameters that take more than one value here: the others would only fill the table.
std::vector<std::string> varyingParameters(const std::vector<std::string>& columns,
                                           const Rows& rows) {
  std::vector<std::string> varying;
  for (const std::string& parameter : columns) {
    std::vector<std::string> seen;
    for (const PointRow* row : rows)
      if (const std::string* value = parameterOf(*row, parameter);
          value != nullptr && std::find(seen.begin(), seen.end(), *value) == seen.end())
        seen.push_back(*value);
    if (seen.size() > 1) varying.push_back(parameter);
  }
  return varying;
}

/// The last part of a dotted name, unless another design parameter ends alike.
std::string shortName(const std::string& parameter, const std::vector<std::string>& parameters) {
  const auto last = [](const std::string& name) { return name.substr(name.rfind('.') + 1); };
  const auto alike =
      std::count_if(parameters.begin(), parameters.end(),
                    [&](const std::string& other) { return last(other) == last(parameter); });
  return alike > 1 ? parameter : last(parameter);
}

std::string parameterText(const PointRow& row, const std::vector<std::string>& parameters) {
  std::string text;
  for (const std::string& parameter : parameters)
    if (const std::string* value = parameterOf(row, parameter))
      text += (text.empty() ? "" : ", ") + shortName(parameter, parameters) + "=" + *value;
  return text;
}

std::string nameOfPoint(const PointRow& row, const std::vector<std::string>& parameters) {
  const std::string extra = parameterText(row, parameters);
  return row.platform + " " + row.format + (extra.empty() ? "" : " (" + extra + ")");
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
    else if (row->timeS < (*known)->timeS)
      *known = row;
  }
  return others;
}

std::string frontTable(const Rows& rows, const std::vector<std::string>& parameters,
                       const TextOptions& options) {
  const auto faster = [](const PointRow* a, const PointRow* b) { return a->timeS < b->timeS; };
  Rows front;
  for (const PointRow* row : rows)
    if (row->pareto && row->feasible) front.push_back(row);
  Rows others = fastestOfOthers(rows, front);
  std::stable_sort(front.begin(), front.end(), faster);
  std::stable_sort(others.begin(), others.end(), faster);
  TextTable table({{"set", false, 3, 3},
                   {"platform", false, 26, 22},
                   {"format", false, 14},
                   {"genes", false, 40},
                   {"time", true},
                   {"energy", true},
                   {"peak", true},
                   {"area", true},
                   {"accuracy", true},
                   {"time is"},
                   {"energy is", false, 12},
                   {"fidelity", false, 16}});
  const auto add = [&](const PointRow& r, bool inSet) {
    const Style style = inSet ? Style::bold : Style::dim;
    table.add({{inSet ? "●" : "", Style::good},
               {r.platform, style},
               r.format,
               parameterText(r, parameters),
               timeText(r.timeS),
               energyText(r.energyJ),
               powerText(r.powerPeakW),
               std::isfinite(r.areaMm2) ? plainNumber(r.areaMm2) + " mm2" : "",
               std::isfinite(r.accuracy) ? percent(r.accuracy) : "",
               r.bound,
               r.energyCategory,
               r.fidelity == "event+analytic" ? "event*" : r.fidelity});
  };
  for (std::size_t i = 0; i < std::min(front.size(), frontShown); ++i) add(*front[i], true);
  for (const PointRow* row : others) add(*row, false);
  if (table.empty()) return "  no feasible point\n";
  std::string out = table.text(options);
  if (front.size() > frontShown)
    out += styled(fmt::format("  and {} more in the set; the CSV lists all",
                              front.size() - frontShown),
                  Style::dim, options) +
           '\n';
  return out;
}

struct Contest {
  const char* title;
  const char* better;
  double PointRow::*member;
};

/// The best point, and by how much it beats the best point of any other platform.
std::string winner(const Rows& rows, const Contest& contest,
                   const std::vector<std::string>& parameters, const TextOptions& options) {
  const auto bestOf = [&](const std::string& except) {
    const PointRow* best = nullptr;
    for (const PointRow* row : rows)
      if (row->feasible && row->platform != except && std::isfinite(row->*contest.member) &&
          (best == nullptr || row->*contest.member < best->*contest.member))
        best = row;
    return best;
  };
  const PointRow* best = bestOf("");
  if (best == nullptr) return {};
  const PointRow* next = bestOf(best->platform);
  std::string text = nameOfPoint(*best, parameters);
  if (next != nullptr && next->*contest.member == best->*contest.member)
    text += ", equal to " + nameOfPoint(*next, parameters);
  else if (next != nullptr)
    text += fmt::format(": {} {} than {}, the best of another platform",
                        ratioText(next->*contest.member / best->*contest.member), contest.better,
                        nameOfPoint(*next, parameters));
  if (contest.member == &PointRow::timeS && std::isfinite(best->boundShare))
    text += fmt::format("; {} of its time is bound by {}", percent(best->boundShare), best->bound);
  if (contest.member == &PointRow::energyJ && std::isfinite(best->energyCategoryShare))
    text += fmt::format("; {} of its energy is {}", percent(best->energyCategoryShare),
                        best->energyCategory);
  return "  " + styled(fmt::format("{:<14}", contest.title), Style::good, options) +
         wrapped(text, options.width - 16, 16) + '\n';
}

std::string refusals(const Rows& rows, const TextOptions& options) {
  std::map<std::string, std::size_t> reasons;
  for (const PointRow* row : rows)
    if (!row->feasible)
      ++reasons[row->platform + ": " +
                (row->reason.empty() ? "no reason" : clipped(row->reason, longestReason))];
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

std::string printPareto(const std::vector<PointRow>& all, const TextOptions& options, bool verdicts,
                        const std::vector<std::string>& order) {
  if (all.empty()) return "no points\n";
  refuseMixedScopes(all);
  std::vector<std::string> workloads;
  for (const PointRow& row : all)
    if (std::find(workloads.begin(), workloads.end(), row.workload) == workloads.end())
      workloads.push_back(row.workload);
  const std::vector<std::string> columns = parameterColumns(all, order);
  std::string out;
  for (const std::string& workload : workloads) {
    Rows rows;
    for (const PointRow& row : all)
      if (row.workload == workload) rows.push_back(&row);
    const auto feasible =
        std::count_if(rows.begin(), rows.end(), [](const PointRow* r) { return r->feasible; });
    const auto front = std::count_if(rows.begin(), rows.end(),
                                     [](const PointRow* r) { return r->feasible && r->pareto; });
    const std::vector<std::string> parameters = varyingParameters(columns, rows);
    out += (out.empty() ? "" : "\n") + styled(workload, Style::title, options) +
           styled(fmt::format("   scope {}: {} points, {} feasible, {} in the Pareto set",
                              all.front().scope, rows.size(), feasible, front),
                  Style::dim, options) +
           '\n' + frontTable(rows, parameters, options);
    if (!verdicts) continue;
    out += '\n';
    out += winner(rows, {"fastest", "faster", &PointRow::timeS}, parameters, options);
    out += winner(rows, {"least energy", "less", &PointRow::energyJ}, parameters, options);
    out += winner(rows, {"lowest peak", "lower", &PointRow::powerPeakW}, parameters, options);
    out += refusals(rows, options);
  }
  return out;
}

}  // namespace wattlas
