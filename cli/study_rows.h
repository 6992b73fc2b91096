// From explored points to the results file of a study: the one way for every command that writes
// one, so that equal points give equal files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "explorer/explore.h"
#include "explorer/uncertainty.h"
#include "results/store.h"

namespace wattlas {

class StudyRows {
 public:
  /// `store`: rows go into a results file. The study must stay.
  StudyRows(const Study& study, bool store);
  /// Before the rows: what networks of the front do on samples that the search never saw, measured
  /// now and once, and the intervals that the study asks for. Nothing where accuracy is not
  /// measured and where the outcome is not complete.
  void finalise(const ExploreOutcome& outcome, const Context& context,
                const std::function<bool()>& goesOn = {});
  /// Empty where none were asked for.
  const UncertaintyReport& uncertainty() const { return uncertainty_; }
  /// Row of a point: design parameters as texts, numbers of the core metrics and objectives,
  /// intervals, what decides it.
  PointRow rowOf(const ExploredPoint& point) const;
  /// The same, which also goes into the results file, if there is one.
  PointRow add(const ExploredPoint& point);
  /// What the exploration found out, beside its rows.
  void addTables(const ExploreOutcome& outcome);
  /// Throws InputError when the file cannot be written.
  void commit(const std::string& path) { writer_->commit(path); }

 private:
  void measure(const ExploreOutcome& outcome, const Context& context);

  const Study& study_;
  std::vector<std::string> objectives_;  ///< their columns
  UncertaintyReport uncertainty_;
  std::map<std::string, AccuracyResult> final_;   ///< by point_id
  std::map<std::string, std::size_t> intervals_;  ///< point_id -> position in the report
  std::optional<StoreWriter> writer_;
};

/// Names of a study's design parameters in its order, which tables and files follow.
std::vector<std::string> parameterKeys(const Study& study);

}  // namespace wattlas
