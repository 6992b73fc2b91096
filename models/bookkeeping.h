// Adds up one simulation: operator rows, ledger, phases, power over time. Internal to models/.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "models/booked.h"
#include "models/plan.h"
#include "models/result.h"
#include "models/task_plan.h"

namespace wattlas {

inline double seconds(Ticks t) {
  return toSeconds(t).value;
}

class Bookkeeping {
 public:
  Bookkeeping(const Experiment& experiment, const Tariff& tariff, RunResult& result,
              Detail detail = Detail::full);

  void assume(const Assumption& assumption);
  void fold(const Replication& fold);
  /// `end`: when it is over.
  void load(const BookedLoad& load, Ticks end);

  void beginPhase(const Phase& phase);
  /// `region` must stay until the phase ends. `plan` may be null for totals. `end`: when all its
  /// steps are over.
  void region(const BookedRegion& region, const PlannedRegion* plan, Ticks end);
  /// `spans` by region where regions overlap; otherwise they follow each other.
  void endPhase(const std::vector<TaskSpan>& spans = {});
  /// A component was at work for so long, added up over its members; for the rest it is idle.
  void busy(ComponentIndex component, Ticks time, double members);
  /// All of a workload of tasks.
  void tasks(const TaskPlan& plan, const Schedule& schedule);
  /// Static power, idle time, supply losses, totals.
  void close();

 private:
  struct Row {
    Ticks attributed;
    double dynamicJ = 0;
    BottleneckCategory cause = BottleneckCategory::unknown;
  };
  struct Book {
    const BookedRegion* region = nullptr;
    std::size_t firstRow = 0;  ///< rows of its operators
  };

  void addCharges(const std::vector<Charge>& charges);
  void describe(const BookedRegion& booked, const PlannedRegion& plan, const DesignReport& design);
  /// A row of full results that is no operator: `kind` is a name as well where none is given.
  void describe(BottleneckCategory kind, const char* phase, ComponentIndex component,
                Bottleneck bound, Ticks start, Ticks end);
  /// Consecutive regions with the same count.
  struct Block {
    std::size_t begin, end;
    std::int64_t count;
  };
  std::vector<Block> blocks() const;
  void layOut();
  void layOutPower(const std::vector<Block>& blocks);
  void layOutSpans(const std::vector<TaskSpan>& spans);
  /// A cell of the result; `idle`: what flows while the component waits.
  void cell(ComponentIndex component, CoefficientId id, double count, bool idle);
  void ledgerToResult(double watts);
  void listParameters();

  const Experiment& x_;
  const Tariff& tariff_;
  RunResult& result_;
  const bool full_;
  /// Counts by component and coefficient; NaN = never charged.
  std::vector<std::vector<double>> ledger_;
  std::vector<double> busy_;  ///< picoseconds of members at work, by component
  Ticks hostTime_;            ///< of operators that the host ran
  std::vector<Row> rows_;     ///< as RunResult::operators, which only full results have
  std::set<std::string> assumed_;
  const Phase* phase_ = nullptr;
  std::vector<Book> books_;
  Ticks phaseStart_, phaseTransfer_, now_;
  double phaseTransferJ_ = 0;
  std::size_t phaseFirstRow_ = 0;
  std::vector<PowerPiece> timeline_;
  Ticks bound_;
  std::int64_t regionNumber_ = 0;
};

}  // namespace wattlas
