#include "explorer/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "explorer/study.h"
#include "models/metric.h"

namespace wattlas {

std::string wrapText(const std::string& text, std::size_t indent) {
  constexpr std::size_t widest = 110;
  std::string out, line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, space - at);
    if (!line.empty() && line.size() + 1 + word.size() > widest) {
      out += line + '\n';
      line = std::string(indent, ' ') + word;
    } else {
      line += (at == 0 ? "" : " ") + word;
    }
    at = space + 1;
  }
  return out + line + '\n';
}

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

std::string findingsText(const ExploreOutcome& outcome) {
  return (outcome.screening.screened > 0 ? screeningText(outcome.screening) + '\n'
                                         : std::string()) +
         effectsText(outcome) + regionsText(outcome);
}

constexpr std::size_t shownPlatforms = 3;  ///< runners-up named per objective

std::string valueText(const Objective& objective, double value) {
  // An expression keeps the unit that its operands leave it: "time_s / workload.batch" is a time.
  const auto dimension = objective.expression.type().dimension;
  if (!dimension) return fmt::format("{:.4g}", value);
  return formatQuantity(*dimension == Dimension::information ? 8.0 * value : value, *dimension);
}

std::string ratioText(double ratio) {
  if (ratio < 1.0095) return fmt::format("{:.2g} %", 100.0 * (ratio - 1.0));
  return ratio >= 99.5 ? fmt::format("{:.0f}x", ratio) : fmt::format("{:.3g}x", ratio);
}

std::string percentText(double share) {
  return fmt::format("{:.0f} %", 100.0 * share);
}

class WorkloadSummary {
 public:
  WorkloadSummary(const ExploreOutcome& outcome, std::size_t workload,
                  const std::vector<WinnerRow>& chances)
      : outcome_(outcome),
        chances_(chances),
        study_(outcome.study),
        workload_(static_cast<std::int32_t>(workload)),
        front_(outcome.fronts[workload]) {
    for (std::size_t i = 0; i < outcome.points.size(); ++i) {
      if (outcome.points[i].design.workload != workload_) continue;
      ++total_;
      if (outcome.points[i].feasible()) feasible_.push_back(i);
    }
  }

  std::string text() const {
    std::string out = fmt::format(
        "{}  (scope {}{}): {} points, {} feasible, {} in the Pareto set\n", front_.workload,
        study_.scope, study_.energy == "tdp" ? ", energy from rated power" : "", total_,
        feasible_.size(), front_.members.size());
    if (feasible_.empty()) return out + "  no design is feasible; the reasons are below\n";
    for (std::size_t o = 0; o < study_.objectives.size(); ++o) out += objectiveText(o);
    if (front_.lacking > 0)
      out += fmt::format("  {} feasible points lack an objective and are not compared\n",
                         front_.lacking);
    if (front_.otherKinds > 0)
      out += fmt::format(
          "  the front holds {} accuracies; {} feasible points have others "
          "(accuracy.share_front)\n",
          front_.accuracyKind, front_.otherKinds);
    for (const std::string& note : study_.accuracy.notes)
      if (note.starts_with(front_.workload + ".")) out += wrapText("  " + note, 4);
    if (study_.oneTask) out += "  one front for all workloads: they do the same task\n";
    if (study_.objectives.size() > 1 && front_.compared > 1) out += volumeText(front_, "the front");
    for (const Front& part : outcome_.partFronts)
      if (part.workload == front_.workload && part.compared > 0)
        out +=
            volumeText(part, fmt::format("front '{}': {} points", part.set, part.members.size()));
    for (const SeedBand& band : outcome_.bands)
      if (band.workload == front_.workload) out += bandText(band);
    return out;
  }

 private:
  const ExploredPoint& at(std::size_t i) const { return outcome_.points[i]; }

  /// The reference is stated: without it the share says nothing.
  std::string volumeText(const Front& front, const std::string& what) const {
    std::string reference;
    for (std::size_t o = 0; o < front.reference.size(); ++o) {
      const Objective& objective = study_.objectives[front.objectives[o]];
      reference += (o == 0 ? "" : ", ") + objective.name + ' ' +
                   valueText(objective, front.ideal[o]) + " to " +
                   valueText(objective, front.reference[o]);
    }
    return wrapText(fmt::format("  {} fills {} of the box {} (hypervolume)", what,
                                percentText(front.hypervolume), reference),
                    4);
  }

  static std::string bandText(const SeedBand& band) {
    const std::string number = band.fewest == band.most
                                   ? fmt::format("{}", band.most)
                                   : fmt::format("{} to {}", band.fewest, band.most);
    return wrapText(
        fmt::format("  {} repeated searches of {} designs: hypervolume {:.4f} worst, {:.4f} "
                    "median, {:.4f} best; of the front of all together they found {} worst, {} "
                    "median",
                    band.seeds, number, band.worst, band.median, band.best,
                    percentText(band.worstRecall), percentText(band.medianRecall)),
        4);
  }

  std::string name(std::size_t i) const {
    std::string extra;
    const DesignPoint& design = at(i).design;
    for (std::size_t g = 0; g < study_.parameters.size(); ++g) {
      const DesignParameter& parameter = study_.parameters[g];
      if (std::isnan(design.parameters[g]) || setKeyOf(parameter.key) == "platform" ||
          (!parameter.continuous() && parameter.choices() < 2))
        continue;
      const bool isFormat = setKeyOf(parameter.key) == "workload.format";
      extra += (extra.empty() ? "" : ", ") + (isFormat ? "" : parameter.key + " ") +
               parameter.text(design.parameters[g]);
    }
    return platformOf(study_, design) + hostNote(metricOf(study_, at(i).outcome, metricHostShare)) +
           (extra.empty() ? "" : " (" + extra + ")");
  }

  /// Best point of each platform, the best platform first.
  std::vector<std::size_t> ranking(std::size_t objective) const {
    const int parameter = study_.parameterIndex("platform");
    std::map<Coordinate, std::pair<double, std::size_t>>
        best;  // by platform; of equal ones the first
    for (const std::size_t i : feasible_) {
      const std::pair mine(objectiveOf(study_, at(i), objective), i);
      if (std::isnan(mine.first)) continue;
      const Coordinate platform =
          parameter < 0 ? Coordinate{}
                        : at(i).design.parameters[static_cast<std::size_t>(parameter)];
      const auto [entry, isNew] = best.emplace(platform, mine);
      if (!isNew) entry->second = std::min(entry->second, mine);
    }
    std::vector<std::pair<double, std::size_t>> sorted;
    for (const auto& [platform, one] : best) sorted.push_back(one);
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> order;
    for (const auto& [value, i] : sorted) order.push_back(i);
    return order;
  }

  std::string objectiveText(std::size_t o) const {
    const Objective& objective = study_.objectives[o];
    const std::vector<std::size_t> order = ranking(o);
    const std::string title = fmt::format("  {:<13} ", objective.name);
    if (order.empty()) return title + "no point has it\n";
    const auto value = [&](std::size_t i) {
      const double v = objectiveOf(study_, at(i), o);
      return objective.maximise ? -v : v;
    };
    std::string text = title + name(order[0]) + ": " + valueText(objective, value(order[0]));
    for (std::size_t k = 1; k < std::min(order.size(), 1 + shownPlatforms); ++k) {
      const double a = value(order[0]), b = value(order[k]);
      const double ratio = objective.maximise ? a / b : b / a;
      text += k == 1 ? "; " : ", ";
      text += a == b ? "equal to "
              : std::isfinite(ratio) && ratio > 0
                  ? ratioText(ratio) + (objective.maximise ? " more than " : " less than ")
                  : "better than ";
      text += name(order[k]) + fmt::format(" ({})", valueText(objective, b));
    }
    if (order.size() > 1 + shownPlatforms)
      text += fmt::format(", and {} more platforms", order.size() - 1 - shownPlatforms);
    std::string out = wrapText(text, 16) + chance(objective);
    if (order.size() > 1) out += decisive(objective, order[0], order[1]);
    return out;
  }

  /// How sure the winner is when what is known as an interval moves.
  std::string chance(const Objective& objective) const {
    for (const WinnerRow& w : chances_) {
      if (w.workload != front_.workload || w.metric != objective.name) continue;
      std::string rival;
      for (const std::size_t i : feasible_)
        if (shortId(at(i).id) == w.rival) rival = name(i);
      return wrapText(std::string(16, ' ') +
                          (w.probability < 0.95 ? "not sure: "
                           : w.restsOnUnknown() ? "sure, but not its value: "
                                                : "sure: ") +
                          chanceText(w, rival),
                      16);
    }
    return {};
  }

  /// What separates the winner from the best point of the next platform.
  std::string decisive(const Objective& objective, std::size_t winner, std::size_t other) const {
    const PointOutcome &a = at(winner).outcome, &b = at(other).outcome;
    std::string text;
    if (objective.name.find("energy") != std::string::npos) text = energyDifference(a, b);
    const bool timed = objective.name.find("time") != std::string::npos ||
                       objective.name.find("per_s") != std::string::npos;
    if (timed && !a.topBound.empty() && !b.topBound.empty())
      text = fmt::format("{} takes {} of its time, {} takes {} of the other's", a.topBound,
                         percentText(a.topBoundShare), b.topBound, percentText(b.topBoundShare));
    return text.empty() ? text : wrapText(std::string(16, ' ') + "decided by: " + text, 16);
  }

  std::string energyDifference(const PointOutcome& a, const PointOutcome& b) const {
    double largest = 0, total = 0, ours = 0, theirs = 0;
    std::string category;
    for (int c = 0; c < categoryCount; ++c) {
      const double x = metricOf(study_, a, metricBreakdown + c),
                   y = metricOf(study_, b, metricBreakdown + c);
      total += y - x;
      if (!(y - x > largest)) continue;
      largest = y - x;
      ours = x;
      theirs = y;
      category = nameOf(static_cast<Category>(c));
    }
    if (category.empty() || !(total > 0)) return {};
    // Other categories may act the other way: then one alone is more than the whole difference.
    return fmt::format("{} energy, {} against {} ({} of the difference)", category,
                       formatQuantity(ours, Dimension::energy),
                       formatQuantity(theirs, Dimension::energy),
                       largest > total ? "more than all" : percentText(largest / total));
  }

  const ExploreOutcome& outcome_;
  const std::vector<WinnerRow>& chances_;
  const Study& study_;
  std::int32_t workload_;
  const Front& front_;
  std::size_t total_ = 0;
  std::vector<std::size_t> feasible_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> parameterTexts(const Study& study,
                                                                const DesignPoint& design) {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t g = 0; g < study.parameters.size(); ++g)
    if (!std::isnan(design.parameters[g]))
      out.emplace_back(study.parameters[g].key, study.parameters[g].text(design.parameters[g]));
  return out;
}

std::pair<std::string, double> topEnergyCategory(const Study& study, const PointOutcome& outcome) {
  const double total = metricOf(study, outcome, metricEnergy);
  std::pair<std::string, double> best{{}, 0.0};
  for (int c = 0; c < categoryCount; ++c) {
    const double share = metricOf(study, outcome, metricBreakdown + c) / total;
    if (share > best.second) best = {nameOf(static_cast<Category>(c)), rounded(share)};
  }
  return best;
}

std::string summarise(const ExploreOutcome& outcome, const std::vector<WinnerRow>& chances) {
  std::string out;
  if (outcome.interrupted)
    out += fmt::format("interrupted: {} of {} points have a row\n\n", outcome.points.size(),
                       outcome.planned);
  for (std::size_t w = 0; w < outcome.fronts.size(); ++w)
    out += WorkloadSummary(outcome, w, chances).text() + '\n';
  return out + findingsText(outcome);
}

}  // namespace wattlas
