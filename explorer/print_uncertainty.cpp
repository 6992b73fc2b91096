// What an exploration's intervals mean, in words.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "explorer/summary.h"
#include "explorer/uncertainty.h"
#include "models/metric.h"

namespace wattlas {
namespace {

constexpr std::size_t swingsShown = 3;  ///< of a winner and metric

class Printer {
 public:
  Printer(const ExploreOutcome& outcome, const UncertaintyReport& report)
      : outcome_(outcome), report_(report) {}

  std::string text() const {
    std::string out = fmt::format("under {} common scenarios (the interval of every parameter):\n",
                                  scenarioCount);
    for (std::size_t i = 0; i < report_.comparisons.size();) {
      std::size_t end = i;
      while (end < report_.comparisons.size() &&
             report_.comparisons[end].a == report_.comparisons[i].a &&
             report_.comparisons[end].comparison.metric == report_.comparisons[i].comparison.metric)
        ++end;
      out += comparisons(i, end);
      i = end;
    }
    return out + intervals() + tornadoes();
  }

 private:
  std::string platform(std::size_t i) const {
    return platformOf(outcome_.study, outcome_.points[i].design);
  }
  std::string name(std::size_t i) const {
    const std::string& format = outcome_.points[i].outcome.format;
    return platform(i) + (format.empty() ? "" : " " + format);
  }
  std::string workload(std::size_t i) const {
    return outcome_.study.workloadName(
        static_cast<std::size_t>(outcome_.points[i].design.workload));
  }
  double value(std::size_t i, const std::string& metric) const {
    return metricOf(outcome_.study, outcome_.points[i].outcome,
                    metric == "time_s" ? metricTime : metricEnergy);
  }

  /// One winner against the others; those that it always beats in one line.
  std::string comparisons(std::size_t begin, std::size_t end) const {
    const PointComparison& first = report_.comparisons[begin];
    std::string out = fmt::format("  {} {}: {} beats\n", workload(first.a), first.comparison.metric,
                                  platform(first.a));
    std::string always;
    for (std::size_t i = begin; i < end; ++i) {
      const PointComparison& d = report_.comparisons[i];
      if (d.comparison.probability >= 1 && d.comparison.breakEven.empty()) {
        always += (always.empty() ? "" : ", ") + platform(d.b);
        continue;
      }
      std::string line =
          fmt::format("    {:>3.0f} %  {}", 100 * d.comparison.probability, platform(d.b));
      if (!d.comparison.decidedBy().empty()) line += "; rests on " + d.comparison.decidedBy();
      for (std::size_t k = 0; k < d.comparison.breakEven.size(); ++k)
        line += (k == 0 ? "; level at " : " or ") + d.comparison.breakEven[k].parameter + " = " +
                d.comparison.breakEven[k].value;
      out += wrapText(line, 11);
    }
    return always.empty() ? out : out + wrapText("    100 %  " + always, 11);
  }

  /// The best points of the platforms.
  std::string intervals() const {
    std::set<std::size_t> best;
    for (const Winner& w : report_.winners) best.insert(w.point);
    for (const PointComparison& d : report_.comparisons) best.insert(d.b);
    if (best.empty()) return {};
    std::string out = "  best points, 5 % to 95 %:\n", notes;
    for (const PointUncertainty& u : report_.points) {
      if (best.count(u.point) == 0) continue;
      out += fmt::format("    {:<16} {:<28} {:>22} {:>24}\n", workload(u.point), name(u.point),
                         range("time_s", u.time), range("energy_j", u.energy));
      notes += outside(u, "time_s", u.time) + outside(u, "energy_j", u.energy);
    }
    return out + notes;
  }
  static std::string range(const std::string& metric, const Quantiles& q) {
    return valueText(metric, q.p5) + " .. " + valueText(metric, q.p95);
  }
  /// A value at an end of a parameter's interval makes a result that few scenarios reach.
  std::string outside(const PointUncertainty& u, const std::string& metric,
                      const Quantiles& q) const {
    const double v = value(u.point, metric);
    if (!(v < q.p5 || v > q.p95)) return {};
    std::string line =
        fmt::format("  note: {} of {} on {} is {} as given, {} its interval",
                    metric == "time_s" ? "time" : "energy", workload(u.point), platform(u.point),
                    valueText(metric, v), v < q.p5 ? "below" : "above");
    for (const ParameterSwing& s : u.swings) {
      const double near = 0.05 * std::abs(s.high - s.low);
      if (s.metric == metric && (std::abs(v - s.low) < near || std::abs(v - s.high) < near)) {
        line += "; " + s.parameter + " stands at an end of its own";
        break;
      }
    }
    return wrapText(line, 8);
  }

  std::string tornadoes() const {
    std::string out;
    for (const Winner& winner : report_.winners)
      for (const PointUncertainty& u : report_.points)
        if (u.point == winner.point) out += tornado(u, winner.metric);
    return out;
  }
  std::string tornado(const PointUncertainty& u, const std::string& metric) const {
    std::string out;
    std::size_t shown = 0;
    for (const ParameterSwing& s : u.swings) {
      if (s.metric != metric || !visible(s, u.swings) || ++shown > swingsShown) continue;
      out += fmt::format("    {:<40} {} .. {}", s.parameter, valueText(metric, s.low),
                         valueText(metric, s.high));
      if (s.confirmed())
        out += fmt::format("   ({} {} .. {})", outcome_.study.fidelity,
                           valueText(metric, s.confirmedLow), valueText(metric, s.confirmedHigh));
      out += '\n';
    }
    if (out.empty()) return out;
    return fmt::format("  what moves {} of {} on {} ({} as given):\n",
                       metric == "time_s" ? "time" : "energy", workload(u.point), platform(u.point),
                       valueText(metric, value(u.point, metric))) +
           out;
  }

  const ExploreOutcome& outcome_;
  const UncertaintyReport& report_;
};

}  // namespace

std::string printUncertainty(const ExploreOutcome& outcome, const UncertaintyReport& report) {
  return Printer(outcome, report).text();
}

}  // namespace wattlas
