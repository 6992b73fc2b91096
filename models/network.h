// The links of a platform as channels, and the ways between its devices and hosts.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/experiment.h"
#include "models/task_graph.h"

namespace wattlas {

/// Lets programs of `seat`, a member of the group or host called `member`, draw what the power
/// domains of the platform leave them.
void limitPower(const Platform& platform, const std::string& member, Seat& seat,
                Resources& resources);

class Network {
 public:
  struct Route {
    std::vector<ChannelId> channels;
    Ticks latency;
    BitRate rate;                                              ///< of its slowest section
    std::vector<std::pair<CoefficientId, std::int64_t>> hops;  ///< in Platform::linkEnergy
  };

  /// Throws InputError for links that join nothing or names that nobody has.
  explicit Network(const Platform& platform);
  const Resources& resources() const { return resources_; }
  /// Members of a group are numbered from 0.
  SeatId seat(std::size_t group, std::int64_t member) const;
  SeatId host() const { return host_; }  ///< -1 when there is none
  std::size_t groupOf(SeatId seat) const { return groups_[static_cast<std::size_t>(seat)]; }
  /// Null when no links lead there. Fewest links first, over devices and hosts on the way.
  const Route* route(SeatId from, SeatId to) const;
  /// True when these seats reach each other over one link on which equal transfers of all of them
  /// never meet: a switch, or between neighbours a ring.
  bool equalMembers(const std::vector<SeatId>& seats, bool neighboursOnly) const;

 private:
  struct Link {
    const PlatformLink* spec;
    CoefficientId coefficient;
    std::vector<SeatId> ends;
    ChannelId first = 0;  ///< its channels are numbered from here
  };
  void addChannels(Link& link);
  std::vector<std::int32_t> path(const Link& link, std::size_t from, std::size_t to,
                                 std::int64_t& hops) const;
  Route within(const Link& link, SeatId from, SeatId to) const;

  const Platform& platform_;
  Resources resources_;
  std::vector<SeatId> firstSeat_;  ///< by group
  std::vector<std::size_t> groups_;
  SeatId host_ = -1;
  std::vector<Link> links_;
  std::int32_t pairs_ = 0;
  mutable std::map<std::pair<SeatId, SeatId>, Route> known_;
};

}  // namespace wattlas
