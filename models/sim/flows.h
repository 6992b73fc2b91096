// Transfers in flight over shared channels, as rates that change when others come and go. Plain
// C++: the interconnect (interconnect.h) owns it and tells it the time.
#pragma once

#include <cstdint>
#include <vector>

#include "models/task_graph.h"

namespace wattlas {

struct Flow {
  std::vector<ChannelId> route;  ///< channels it takes at the same time
  BitRate want;                  ///< its ends take no more
  Ticks alone;                   ///< duration with all channels to itself
  Bits amount;
  std::uint8_t priority = 0;
  std::int64_t requester = 0;  ///< order among simultaneous arrivals
  std::int64_t holder = 0;     ///< whose task keeps exclusive channels
  void* user = nullptr;        ///< handed back when it has ended
};

class Flows {
 public:
  void configure(const std::vector<Channel>& channels);
  /// Collects an arrival; it counts from the next `step` on.
  void add(Flow flow) { inbox_.push_back({std::move(flow), sequence_++, 0, 0, {}, {}}); }
  /// The holder's task has ended: exclusive channels are free from the next `step` on. False when
  /// it held none.
  bool release(std::int64_t holder);
  /// Moves on to `now`: ends flows, lets arrivals in by priority, requester and sequence, divides
  /// the rates anew. Returns the flows that ended, in their order of arrival.
  const std::vector<Flow>& step(Ticks now);
  /// When the next flow ends at present rates; negative = never.
  Ticks next() const { return next_; }
  const std::vector<ResourceUse>& uses() const { return uses_; }
  /// Who kept which channel busy, in the order of the ends. `first` is a holder.
  const std::vector<ChannelSlice>& traffic() const { return traffic_; }

 private:
  struct Active {
    Flow flow;
    std::uint64_t sequence = 0;
    double left = 0;   ///< picoseconds of alone time still to go
    double speed = 0;  ///< alone picoseconds a picosecond: 1 = nobody else there
    Ticks finish, begun;
  };
  void advance(Ticks now);
  void admit(Ticks now);
  void share(Ticks now);
  /// Whether fifo and exclusive channels of its route let it pass.
  bool granted(const Active& active);
  void fill(std::vector<Active*>& flows);

  std::vector<Channel> channels_;
  std::vector<ResourceUse> uses_;
  std::vector<Active> inbox_, active_;
  std::vector<Flow> ended_;
  std::vector<std::int64_t> holders_;  ///< of pairs of exclusive channels; -1 = free
  std::vector<char> claimed_;          ///< fifo channels with an earlier transfer
  std::vector<double> free_;
  std::vector<int> users_;
  std::vector<ChannelSlice> busy_;  ///< by channel: since the last step; no transfers: idle
  std::vector<ChannelSlice> traffic_;
  Ticks last_, next_{-1};
  std::uint64_t sequence_ = 0;
};

}  // namespace wattlas
