// The ways of a network's copies: between the host and one member of each group, which stands for
// all members that run it in step. Internal to models/.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "models/network.h"
#include "models/tariff.h"

namespace wattlas {

class CopyRoutes {
 public:
  struct Route {
    Ticks latency;
    BitRate rate;        ///< of its slowest section; zero = nothing limits it
    bool byHost = true;  ///< takes a link to the host: what a device says of its copies holds
    double meeting = 1;  ///< equal transfers of all members that meet on a section of it
    std::vector<std::pair<CoefficientId, std::int64_t>> hops;  ///< in Platform::linkEnergy
    std::int32_t index = -1;                                   ///< into `routes`
  };

  /// Keeps a reference.
  explicit CopyRoutes(const Platform& platform);
  ~CopyRoutes();
  /// Throws InputError when no link leads there.
  const Route& between(ComponentIndex from, ComponentIndex to) const;
  const Resources& resources() const { return resources_; }
  const std::vector<std::vector<ChannelId>>& routes() const { return routes_; }
  SeatId seat(ComponentIndex component) const;
  /// A member of each stage of a pipeline over the first group, and from each to the next.
  SeatId stage(std::int64_t number) const { return static_cast<SeatId>(number); }
  const Route& toNextStage(std::int64_t number) const {
    return stages_[static_cast<std::size_t>(number)];
  }
  /// Between neighbours of the first group, in collectives; -1 when they have none.
  std::int32_t neighbour() const { return neighbour_; }

 private:
  void onlyLink();
  Route find(ComponentIndex from, ComponentIndex to) const;
  void joinStages();
  Route along(const Network::Route* way) const;

  const Platform& platform_;
  std::unique_ptr<Platform> folded_;  ///< several groups: one member of each
  std::unique_ptr<Network> network_, all_;
  Resources resources_;
  mutable std::vector<std::vector<ChannelId>> routes_;
  mutable std::map<std::pair<ComponentIndex, ComponentIndex>, Route> known_;
  std::vector<Route> stages_;
  std::int32_t neighbour_ = -1;
};

}  // namespace wattlas
