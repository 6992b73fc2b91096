// Adds up one simulation: operator rows, ledger, phases, power over time. Internal to models/.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "models/plan.h"
#include "models/power.h"

namespace wattlas {

inline double ps(Ticks t) {
  return static_cast<double>(t.ps);
}
inline double seconds(Ticks t) {
  return toSeconds(t).value;
}

/// Times of one region within a phase; made by Bookkeeping.
struct RegionBook {
  const PlannedRegion* plan = nullptr;
  std::size_t firstRow = 0;           ///< rows of its operators in RunResult::operators
  Ticks firstInstance, lastInstance;  ///< one program at the first and at the last step
  Ticks copiesPerStep;
  std::vector<PowerPiece> pieces;  ///< one program at the step of highest power
  Ticks piecesLaunch;
  Ticks copyTime;
  Joules copyEnergy;
};

class Bookkeeping {
 public:
  Bookkeeping(const Experiment& experiment, RunResult& result, Detail detail = Detail::full);

  void assume(const Assumption& assumption);
  void fold(const Fold& fold);
  void openingCopy(Ticks time, const CopyCost& cost);

  void beginPhase(const Phase& phase);
  RegionBook& region(const PlannedRegion& region);
  /// A group of equal programs: `duration` on the platform, `alone` without contention.
  void runs(RegionBook& book, const StepGroup& group, const Profile& profile, Ticks alone,
            Ticks duration, Ticks launch);
  void copies(RegionBook& book, Ticks time, const CopyCost& cost, std::int64_t perStep);
  void endPhase();
  /// Static power, idle time, supply losses, totals.
  void close();

 private:
  enum ComponentIndex { device = 0, host = 1, link = 2 };
  struct Row {
    Ticks attributed;
    double dynamicJ = 0;
    std::size_t index = 0;
  };

  const EnergyTable& tableOf(int component) const;
  bool counted(int component, const Coefficient& c) const;
  double joules(int component, const EnergyCounts& counts) const;
  void addCount(int component, CoefficientId id, double count);
  void charge(int component, const EnergyCounts& counts, double factor);
  void layOut();
  void addRow(OperatorResult row, Ticks attributed, double dynamicJ);
  double staticPower() const;
  void chargeStatic(Ticks total);
  void ledgerToResult();
  void listParameters();

  const Experiment& x_;
  RunResult& result_;
  const bool full_;
  /// Counts by component and coefficient; NaN = never charged.
  std::array<std::vector<double>, 3> ledger_;
  std::vector<Row> rows_;
  std::set<std::string> assumed_;
  const Phase* phase_ = nullptr;
  std::vector<RegionBook> books_;
  Ticks phaseStart_, phaseTransfer_, now_;
  double phaseTransferJ_ = 0;
  std::size_t phaseFirstRow_ = 0;
  std::vector<Ticks> phaseTimes_;
  std::vector<PowerPiece> timeline_;
  Ticks bound_;
  std::int64_t regionNumber_ = 0;
  double tdpW_ = 0;
};

}  // namespace wattlas
