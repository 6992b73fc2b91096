// What every region of a run costs on its component: planned, lowered, in closed form or simulated,
// and shared with other runs where it is the same. Internal to models/.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/booked.h"
#include "models/copy_routes.h"
#include "models/memory_device.h"
#include "models/plan.h"

namespace wattlas {

/// What one copy spends on links and at its ends.
struct CopyCharge {
  EnergyCounts links;  ///< in Platform::linkEnergy
  std::vector<std::pair<ComponentIndex, EnergyCounts>> ends;
};

/// Makes what a region adds to the books.
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

/// The level at which a component runs when `wanted` is asked for.
Fidelity usableLevel(const Device& device, Fidelity wanted);

struct CostedRegion {
  const BookedRegion* cost = nullptr;
  const PlannedRegion* plan = nullptr;  ///< null where only totals are asked for
};

struct CostedPhase {
  std::size_t index = 0;  ///< into Workload::phases
  std::vector<CostedRegion> regions;
};

/// Points into the cache and the Costing that made it.
struct CostedRun {
  std::vector<const BookedLoad*> loads;
  std::vector<CostedPhase> phases;
  MemoryPlan memory;
  std::vector<std::string> reasons;  ///< why it cannot run; empty = feasible
  std::vector<Assumption> assumptions;
  std::vector<Replication> replications;
  bool usesHost = false;
  std::vector<ComponentIndex> groups;  ///< that run something, in their order
  std::int64_t events = 0;
};

class Costing {
 public:
  /// Keeps references. `commands`: simulates anew what the cache knows, and keeps the commands.
  Costing(const Experiment& experiment, const Tariff& tariff, ProfileCache& cache, Detail detail,
          bool commands = false);
  /// Call once.
  CostedRun run();

  /// What the simulation of a program told the banks; null: nothing was kept.
  const dram::CommandLog* commandsOf(const Profile& profile) const;
  /// With `coupling: live`, by segment of a profile; null: its device has no memory that is
  /// simulated.
  const std::vector<MemoryTraffic>* trafficOf(const Profile& profile) const;

  Fidelity level(ComponentIndex component) const {
    return levels_[static_cast<std::size_t>(component)];
  }
  /// With `coupling: live`, a device whose memory can be simulated; else null.
  const LiveDevice* liveDevice(ComponentIndex where) const;
  const CopyRoutes& routes() const {
    if (!routes_) routes_ = std::make_unique<CopyRoutes>(*x_.platform);
    return *routes_;
  }

 private:
  struct Executed {
    const Profile* profile = nullptr;
    Ticks alone, duration;
  };

  bool fromMemory();
  bool costMissing(const std::vector<const BookedOperator*>& known);
  bool findKnown(std::vector<const BookedOperator*>& known);
  void remember(std::size_t phase, const PlannedRegion& planned, BookedRegion region);
  bool shares() const;
  Hash128 runKey() const;
  void use(ComponentIndex component);
  void fromPlan();
  const Executed& executed(const StepGroup& group, ComponentIndex where);
  Ticks closedForm(const Profile& profile, ComponentIndex where) const;
  struct Copied {
    CopyPart part;
    CopyCharge charge;
  };
  Copied copied(const PlannedCopy& copy) const;
  Copied passedOn(Bits amount) const;
  BookedLoad booked(const PlannedCopy& load) const;
  BookedRegion booked(const Phase& phase, const PlannedRegion& region);
  BookedRegion exchanged(const Phase& phase, const PlannedRegion& region);
  const WorkloadFacts& facts();

  const Experiment& x_;
  const Tariff& tariff_;
  ProfileCache& cache_;
  const Detail detail_;
  const bool commands_;
  std::vector<Fidelity> levels_;                ///< by component
  mutable std::unique_ptr<CopyRoutes> routes_;  ///< points whose costs are known need none
  CostedRun out_;
  Plan plan_;
  std::deque<BookedRegion> regions_;
  std::deque<BookedLoad> loads_;
  std::shared_ptr<const WorkloadFacts> facts_;
  std::unique_ptr<Network> network_;  ///< made for exchanges of members
  std::unordered_map<Hash128, Executed, Hash128Hasher> executed_;
  std::map<const Profile*, dram::CommandLog> told_;
  std::map<const Profile*, std::vector<MemoryTraffic>> traffic_;
  std::deque<Profile> estimates_;  ///< of programs that nobody else can use; they must not move
};

}  // namespace wattlas
