// Makes what a region adds to the books. Internal to models/.
#pragma once

#include "models/booked.h"
#include "models/plan.h"

namespace wattlas {

/// What one copy spends on links and at its ends.
struct CopyCharge {
  EnergyCounts links;  ///< in Platform::linkEnergy
  std::vector<std::pair<ComponentIndex, EnergyCounts>> ends;
};

class RegionBooker {
 public:
  /// Keeps references.
  RegionBooker(const Tariff& tariff, const Phase& phase, const PlannedRegion& region);
  /// A group of equal programs: `duration` on the platform, `alone` without contention.
  void runs(const StepGroup& group, const Profile& profile, Ticks alone, Ticks duration,
            Ticks launch);
  /// A collective of all members: `transfer` is one of `rounds` equal ones of a member, which move
  /// `bits` over the link `link` in all.
  void exchange(CopyPart transfer, std::int64_t rounds, CoefficientId link, double bits);
  void copies(CopyPart copy, const CopyCharge& charge, std::int64_t perStep);
  BookedRegion take() { return std::move(out_); }

 private:
  const Tariff& tariff_;
  const Phase& phase_;
  const PlannedRegion& region_;
  BookedRegion out_;
};

BookedLoad bookLoad(const Tariff& tariff, const CopyPart& copy, const CopyCharge& charge);

}  // namespace wattlas
