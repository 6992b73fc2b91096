#include "explorer/summary_findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "explorer/study_names.h"
#include "explorer/text_wrap.h"

namespace wattlas {
namespace {

constexpr std::size_t shownGroups = 8, shownBands = 24;

std::string effectsText(const ExploreOutcome& outcome) {
  std::string inert, unknown;
  for (const ParameterInfluence& effect : outcome.effects) {
    // Platforms are what the summary compares; their own design parameters keep them from varying
    // alone.
    if (setKeyOf(effect.parameter) == "platform") continue;
    const std::string where = effect.platform.empty() ? "" : " on " + effect.platform;
    if (effect.pairs > 0 && !effect.changes)
      inert += fmt::format("{}{}{} ({} pairs)", inert.empty() ? "" : ", ", effect.parameter, where,
                           effect.pairs);
    const int g = outcome.study.parameterIndex(effect.parameter);
    const DesignParameter& parameter = outcome.study.parameters[static_cast<std::size_t>(g)];
    if (effect.pairs == 0 && (parameter.continuous() || parameter.choices() > 1))
      unknown += (unknown.empty() ? "" : ", ") + effect.parameter + where;
  }
  std::string out;
  if (!inert.empty()) out += wrapText("knobs without effect: " + inert, 2);
  if (!unknown.empty()) out += wrapText("never varied alone, effect unknown: " + unknown, 2);
  return out;
}

std::string screeningText(const ScreeningReport& screening) {
  std::string out = fmt::format(
      "ladder: {} points screened in closed form, {} simulated ({:.1f} times fewer)\n",
      screening.screened, screening.simulated,
      screening.simulated > 0
          ? static_cast<double>(screening.screened) / static_cast<double>(screening.simulated)
          : 0.0);
  std::size_t shown = 0;
  for (const ScreeningReport::Band& band : screening.bands) {
    if (band.low == 1 && band.high == 1) continue;
    if (++shown > shownBands) continue;
    out += fmt::format(
        "  {:<16} {:<22} {:<16} {:.4g} to {:.4g} of the closed form, rank {:.3f} ({})\n",
        band.workload, band.platform, band.objective, band.low, band.high, band.rank, band.points);
  }
  if (shown > shownBands) out += fmt::format("  and {} more\n", shown - shownBands);
  return out;
}

std::string regionsText(const ExploreOutcome& outcome) {
  std::string out;
  std::size_t shown = 0;
  for (const RefusedGroup& region : outcome.regions) {
    if (++shown > shownGroups) {
      out += fmt::format("  and {} more reasons; the CSV lists all\n",
                         outcome.regions.size() - shownGroups);
      break;
    }
    std::string where;
    for (const std::string& setting : region.common)
      where += (where.empty() ? " [all with " : ", ") + setting;
    std::string reason = region.reason;
    if (reason.size() > 300) reason.replace(297, std::string::npos, "...");
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    out += wrapText(
        fmt::format("  {:>7}  {}{}", region.count, reason, where.empty() ? "" : where + "]"), 11);
  }
  return out.empty() ? out : "infeasible or failed points:\n" + out;
}

}  // namespace

std::string findingsText(const ExploreOutcome& outcome) {
  return (outcome.screening.screened > 0 ? screeningText(outcome.screening) + '\n'
                                         : std::string()) +
         effectsText(outcome) + regionsText(outcome);
}

}  // namespace wattlas
