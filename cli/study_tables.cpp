#include "cli/study_tables.h"

#include <algorithm>

namespace wattlas {
namespace {

/// An objective may be an expression; HDF5 keeps '/' for paths.
std::string columnOf(const Objective& objective) {
  std::string name = objective.name;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at))
    name.replace(at, 1, "÷");
  return name;
}

bool isFixed(const std::string& name) {
  const std::vector<NumberColumn>& columns = numberColumns();
  return std::any_of(columns.begin(), columns.end(),
                     [&](const NumberColumn& c) { return name == c.name; });
}

}  // namespace

void addStudyTables(StoreWriter& writer, const ExploreOutcome& outcome) {
  std::vector<ObjectiveInfo> objectives;
  for (const Objective& o : outcome.study.objectives)
    objectives.push_back({columnOf(o), o.maximise});
  std::vector<KnobEffect> effects;
  for (const GeneEffect& e : outcome.effects)
    effects.push_back({e.gene, e.platform, static_cast<std::int64_t>(e.pairs), e.changesAnything});
  std::vector<RefusedRegion> regions;
  for (const InfeasibleRegion& r : outcome.regions) {
    std::string common;
    for (const std::string& setting : r.common) common += (common.empty() ? "" : "; ") + setting;
    regions.push_back({r.reason, common, static_cast<std::int64_t>(r.count), r.failed});
  }
  writer.addTable(objectivesTable(objectives));
  writer.addTable(effectsTable(effects));
  writer.addTable(regionsTable(regions));
}

void addObjectives(PointRow& row, const Study& study, const ExploredPoint& point) {
  for (std::size_t i = 0; i < study.objectives.size(); ++i) {
    const Objective& objective = study.objectives[i];
    if (isFixed(objective.name)) continue;
    const double value = point.feasible() ? objectiveOf(study, point, i) : missing;
    row.extra.emplace_back(columnOf(objective), objective.maximise ? -value : value);
  }
}

}  // namespace wattlas
