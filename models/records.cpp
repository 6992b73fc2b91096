#include "models/records.h"

#include <fmt/format.h>

#include <cmath>

namespace wattlas {
namespace {

constexpr double whole = 0.999, worthNaming = 0.05;

}  // namespace

std::string valueText(const std::string& metric, double value) {
  const auto known = findMetric(metric);
  const auto dimension = known ? metricAt(*known).dimension : std::nullopt;
  if (!dimension) return fmt::format("{:.4g}", value);
  return formatQuantity(*dimension == Dimension::information ? 8 * value : value, *dimension);
}

std::string labelOf(const std::string& metric) {
  const auto known = findMetric(metric);
  return known ? metricAt(*known).label : metric;
}

std::string chancePercent(double probability) {
  if (probability > 0 && probability < 0.01) return "<1 %";
  if (probability < 1 && probability > 0.99) return ">99 %";
  return fmt::format("{:.0f} %", 100 * probability);
}

std::string chanceText(const WinnerRow& w, const std::string& rival) {
  std::string text = "best in " + chancePercent(w.probability) + " of the scenarios";
  if (w.low < w.high)
    text += fmt::format(", where it is {} .. {}", valueText(w.metric, w.low),
                        valueText(w.metric, w.high));
  if (w.restsOnUnknown() && !w.restsOn.empty()) text += "; rests on " + w.restsOn;
  if (w.probability < 0.95 && !rival.empty()) text += "; most often beaten by " + rival;
  return text;
}

std::string fidelityText(const RunResult& result) {
  std::string out;
  for (const char* level : {"detailed", "event", "analytic"})
    for (const auto& [component, used] : result.fidelityUsed)
      if (used == level) {
        out += (out.empty() ? "" : "+") + used;
        break;
      }
  return out.empty() ? result.fidelity : out;
}

std::string ranOn(double hostShare) {
  if (!std::isfinite(hostShare)) return {};
  return hostShare <= 0 ? "device" : hostShare > whole ? "host" : "device+host";
}

std::string hostNote(double hostShare) {
  if (!(hostShare >= worthNaming)) return {};
  return hostShare > whole ? " on its host" : fmt::format(" + host {:.0f} %", 100 * hostShare);
}

}  // namespace wattlas
