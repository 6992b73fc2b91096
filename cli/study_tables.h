// What an exploration found out, as tables and further numbers of its results file.
#pragma once

#include "explorer/explore.h"
#include "explorer/uncertainty.h"
#include "results/store.h"

namespace wattlas {

/// Objectives, history, design parameters and infeasible groups; every writer of a study's results
/// adds them.
void addStudyTables(StoreWriter& writer, const ExploreOutcome& outcome);

/// Objectives that are no column of a row yet, such as `decode.tokens_per_s`; as given, not
/// negated.
void addObjectives(PointRow& row, const Study& study, const ExploredPoint& point);

/// Columns `time_s.p5` and so on of a point, of every objective.
void addQuantiles(PointRow& row, const Study& study, const PointUncertainty& point);
/// Tornado bars, and scenarios of the points that every scenario accepts.
void addUncertaintyTables(StoreWriter& writer, const ExploreOutcome& outcome,
                          const UncertaintyReport& report);

}  // namespace wattlas
