#include <algorithm>
#include <cmath>
#include <map>

#include "models/base/error.h"
#include "results/plot_frame.h"
#include "results/print_parts.h"
#include "results/store.h"
#include "results/table.h"

namespace wattlas {
namespace {

struct Change {
  const PointRow *before, *after;
  double size = 0;  ///< greatest |log ratio| of a number; infinite = not a matter of ratios
};

bool same(double x, double y) {
  return x == y || (std::isnan(x) && std::isnan(y));
}

double sizeOf(double x, double y) {
  if (same(x, y)) return 0;
  return x > 0 && y > 0 ? std::abs(std::log(y / x)) : INFINITY;
}

/// Numbers of a row, further ones included.
std::vector<std::string> columnsOf(const Store& a, const Store& b) {
  std::vector<std::string> names;
  // The other metrics follow from these, or say what they rest on.
  for (int m = 0; m < contractMetricCount; ++m) names.push_back(metricAt(m).name);
  for (const Store* store : {&a, &b})
    for (const std::string& name : columnsOf(store->rows()).extras)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

double numberIn(const PointRow& row, const std::string& column) {
  const auto metric = findMetric(column);
  return metric && *metric < coreMetricCount ? row[*metric] : extraOf(row, column);
}

std::string title(const PointRow& row) {
  std::string text =
      fmt::format("{}  {} {} {}", row.id.substr(0, 16), row.platform, row.workload, row.format);
  for (const auto& [parameter, value] : row.parameters)
    text += fmt::format(", {} {}", parameter, value);
  return text;
}

std::string verdicts(const Change& c) {
  std::string out;
  if (c.before->feasible != c.after->feasible)
    out += c.after->feasible ? "    now feasible\n"
                             : "    now infeasible: " + c.after->reason.substr(0, 200) + "\n";
  if (c.before->pareto != c.after->pareto)
    out += c.after->pareto ? "    joins the Pareto set\n" : "    leaves the Pareto set\n";
  return out;
}

std::string changeText(const Change& c, const std::vector<std::string>& columns) {
  std::string out = "~ " + title(*c.after) + "\n" + verdicts(c);
  if (c.before->feasible != c.after->feasible) return out;
  for (const std::string& column : columns) {
    const double x = numberIn(*c.before, column), y = numberIn(*c.after, column);
    if (same(x, y)) continue;
    const Measure measure = measureOf(column);
    const auto text = [&](double v) {
      return std::isfinite(v) ? formatQuantity(v, measure.dimension) : std::string("none");
    };
    out += fmt::format("    {:<16} {} -> {}", measure.name, text(x), text(y));
    if (x > 0 && y > 0) out += fmt::format("  ({:+.3g} %)", 100 * (y / x - 1));
    out += "\n";
  }
  return out;
}

/// How each number moved over all points that have it in both files.
std::string overview(const std::vector<Change>& changes, const std::vector<std::string>& columns) {
  std::string out;
  for (const std::string& column : columns) {
    double logs = 0, least = INFINITY, most = 0;
    std::size_t n = 0;
    for (const Change& c : changes) {
      const double x = numberIn(*c.before, column), y = numberIn(*c.after, column);
      if (same(x, y) || !(x > 0) || !(y > 0)) continue;
      ++n;
      logs += std::log(y / x);
      least = std::min(least, y / x);
      most = std::max(most, y / x);
    }
    if (n > 0)
      out += fmt::format("  {:<16} {} changed, {:.4g}x to {:.4g}x, geometric mean {:.4g}x\n",
                         measureOf(column).name, n, least, most,
                         std::exp(logs / static_cast<double>(n)));
  }
  return out;
}

}  // namespace

std::string printDiff(const Store& a, const Store& b, std::size_t most) {
  if (!a.rows().empty() && !b.rows().empty() &&
      (a.header().scope != b.header().scope || a.header().energyMode != b.header().energyMode))
    throw InputError(fmt::format("the first file has scope '{}' and energy by {}, the second '{}' "
                                 "and {}",
                                 a.header().scope, a.header().energyMode, b.header().scope,
                                 b.header().energyMode),
                     "files of the same scope and energy mode");
  std::map<std::string, const PointRow*> left, right;
  for (const PointRow& row : a.rows()) left[row.id] = &row;
  for (const PointRow& row : b.rows()) right[row.id] = &row;
  const std::vector<std::string> columns = columnsOf(a, b);
  std::vector<Change> changes;
  std::vector<const PointRow*> gone, added;
  std::size_t equal = 0;
  for (const auto& [id, row] : left) {
    const auto other = right.find(id);
    if (other == right.end()) {
      gone.push_back(row);
      continue;
    }
    Change change{row, other->second};
    for (const std::string& column : columns)
      change.size =
          std::max(change.size, sizeOf(numberIn(*row, column), numberIn(*other->second, column)));
    if (row->feasible != other->second->feasible) change.size = INFINITY;
    if (change.size > 0 || row->pareto != other->second->pareto)
      changes.push_back(change);
    else
      ++equal;
  }
  for (const auto& [id, row] : right)
    if (left.count(id) == 0) added.push_back(row);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& x, const Change& y) { return x.size > y.size; });

  std::string out;
  std::size_t shown = 0;
  for (const Change& c : changes)
    if (shown++ < most) out += changeText(c, columns);
  for (const PointRow* row : gone)
    if (shown++ < most) out += "- " + title(*row) + "\n";
  for (const PointRow* row : added)
    if (shown++ < most) out += "+ " + title(*row) + "\n";
  if (shown > most) out += fmt::format("  and {} more; --all lists them\n", shown - most);
  out += fmt::format("{}{} equal, {} changed, {} only in the first file, {} only in the second\n",
                     out.empty() ? "" : "\n", equal, changes.size(), gone.size(), added.size());
  out += overview(changes, columns);
  if (equal + changes.size() == 0 && !left.empty() && !right.empty())
    out +=
        "  no point is in both files: an id holds the workload, the genes and the fixed settings\n";
  return out;
}

}  // namespace wattlas
