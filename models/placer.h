// Where each operator of a run goes: as the mapping says, to the first device that can run it, or
// where it ends first. Internal to models/.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/copy_routes.h"
#include "models/plan.h"
#include "models/workload_facts.h"

namespace wattlas {

class Placer {
 public:
  /// Keeps references. Reasons why something cannot run and assumptions go into `plan`.
  Placer(const Experiment& experiment, const WorkloadFacts& facts, ProfileCache& cache,
         Detail detail, Plan& plan);

  void place(std::size_t phase);
  /// Entries of `mapping.place` that named nothing, once all phases are placed.
  void sayWhatFitsNothing();
  ComponentIndex placeOf(std::size_t phase, OpId op) const {
    return places_[phase][static_cast<std::size_t>(op)];
  }
  /// Whose memory holds what operators there make: DPUs leave it with the host.
  ComponentIndex home(ComponentIndex where) const;
  /// Where the state of an operator lives: a later phase may run the same attention elsewhere.
  ComponentIndex keptAt(std::size_t phase, OpId op) const;

  const Component& part(ComponentIndex where) const { return partOf(*x_.platform, where); }
  const ProfileCache::Placed& placed(ComponentIndex where, const Operator& op,
                                     const OperatorFacts& facts) {
    return placedOn(part(where), op, facts, cache_);
  }
  bool weightsResident() const { return x_.platform->residency == "resident"; }
  /// Lowers a region at a step, or says why not.
  Expected<ProfileCache::Lowered, std::string> lower(ComponentIndex where, std::size_t phase,
                                                     const std::vector<OpId>& ops,
                                                     std::int64_t step, bool grows);
  void refuse(const std::string& reason);

 private:
  struct Wish {
    std::optional<ComponentIndex> where;
    bool best = false;
  };
  Wish wishOf(const Phase& phase, const Operator& op);
  ComponentIndex named(const std::string& what, const std::string& where);
  bool fitsShard(std::size_t group) const;
  bool takes(ComponentIndex where, const Operator& op, const OperatorFacts& facts);
  ComponentIndex groupFor(const Operator& op, const OperatorFacts& facts);
  ComponentIndex defaultFor(const Operator& op, const OperatorFacts& facts);
  bool hostTakes(const Operator& op, const OperatorFacts& facts, ComponentIndex device, bool forced,
                 bool pinned);
  /// Fills in where the operators go that may go anywhere.
  void findBest(std::size_t phase, std::vector<Wish>& wishes);
  double timeOn(ComponentIndex where, std::size_t phase, OpId op);
  Ticks passing(Bits amount, ComponentIndex from, ComponentIndex to);
  void assume(const char* key, OpKind kind, const std::string& value, const std::string& source);

  const Experiment& x_;
  const WorkloadFacts& facts_;
  ProfileCache& cache_;
  const Detail detail_;
  Plan& plan_;
  const KindSet hostKinds_, deviceKinds_;
  std::vector<std::vector<ComponentIndex>> places_;  ///< by phase and OpId
  std::set<std::string> seen_;
  std::vector<char> fitted_;            ///< by entry of `mapping.place`
  std::unique_ptr<CopyRoutes> routes_;  ///< made where operators look for the best place
};

}  // namespace wattlas
