// What an exploration says, in words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "explorer/explore.h"
#include "models/records.h"

namespace wattlas {

/// Breaks at spaces into lines of at most 110 columns; later lines start with `indent` spaces. Ends
/// with a line break.
std::string wrapText(const std::string& text, std::size_t indent);

/// Per workload: which platform wins each objective, by how much against the best point of every
/// other platform, and what decides it (what limits the time, which energy differs). Then design
/// parameters without effect and infeasible groups with their counts. Plain text, lines of at most
/// 110 columns.
/// `chances`: how sure the winners are (assessUncertainty).
std::string summarise(const ExploreOutcome& outcome, const std::vector<WinnerRow>& chances = {});

/// Active design parameters with their text, in the study's order.
std::vector<std::pair<std::string, std::string>> parameterTexts(const Study& study,
                                                                const DesignPoint& design);
/// Largest energy category and its share, 0..1; empty name when unknown.
std::pair<std::string, double> topEnergyCategory(const Study& study, const PointOutcome& outcome);

}  // namespace wattlas
