// The work of a run as tasks on the resources of a platform: programs on devices and host threads,
// transfers over links. One simulation runs it (simulate.h); `analytic` schedules the same graph
// with closed-form durations (dispatcher.h).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/program.h"

namespace wattlas {

/// How transfers that meet on a link share it.
enum class Sharing {
  fair,       ///< max-min in each direction
  fifo,       ///< one transfer at a time in each direction, in order of arrival
  priority,   ///< higher priority first, preemptive; equal priorities share fairly
  exclusive,  ///< a requester holds both directions until its task ends
  dedicated,  ///< each transfer has the whole rate: as many lanes as transfers
};
Sharing parseSharing(const std::string& name);

using TaskId = std::int32_t;
using SeatId = std::int32_t;
using ChannelId = std::int32_t;

/// One direction of a link, or of one of its sections, that transfers share.
struct Channel {
  std::string name;
  BitRate rate;
  Sharing sharing = Sharing::fair;
  std::int32_t pair = 0;  ///< both directions of a section have the same number
};

/// Where programs run: a device, or a processor with `slots` threads.
struct Seat {
  std::string name;
  std::int64_t slots = 1;
  std::vector<ChannelId> in, out;  ///< channels of port 0 towards the device and away from it
  std::int32_t domain = -1;        ///< of power, into Resources::power; -1: nothing limits it
};

struct Resources {
  std::vector<Seat> seats;
  std::vector<Channel> channels;
  /// By domain: watts that running programs may draw together, beyond what flows all the time.
  std::vector<double> power;
};

struct Task {
  enum class Kind : std::uint8_t { run, move, sync } kind = Kind::run;
  std::uint8_t priority = 0;  ///< higher first, on seats and on priority links
  SeatId seat = -1;           ///< run: where
  /// Move: memories at its ends that are closed while programs run; these seats rest meanwhile.
  SeatId closedFrom = -1, closedTo = -1;
  Ticks lead;  ///< of each repetition: launch of a program, latency before the first bit of a copy
  const Profile* profile = nullptr;  ///< run: what is played; null: `local` passes
  Ticks local;
  Bits wire;                ///< move: bits that cross each channel of the route
  BitRate peak;             ///< move: its ends take no more
  std::int32_t route = -1;  ///< move: index into TaskGraph::routes
  std::int64_t repeat = 1;  ///< equal repetitions, one after the other
  Ticks alone;              ///< one repetition with everything to itself, `lead` included
  double watts = 0;         ///< run: drawn meanwhile, beyond what flows all the time
  std::int32_t owner = -1;  ///< who accounts for it: meaning belongs to who made the graph
};

/// One repetition of a task that runs without others, slowed down where it alone would draw more
/// than its power domain allows.
Ticks durationOf(const Task& task, const Resources& resources);

struct TaskGraph {
  std::vector<Task> tasks;
  /// (before, after): data and order. Empty and `chain` set: each task waits for the one before.
  std::vector<std::pair<TaskId, TaskId>> edges;
  bool chain = false;
  std::vector<std::vector<ChannelId>> routes;
  std::vector<std::string> names;  ///< of tasks, for traces; may be empty
};

struct TaskSpan {
  Ticks ready, start, end;
};

/// What a seat or channel did.
struct ResourceUse {
  Ticks busy;    ///< at least one task was there
  Ticks waited;  ///< of tasks that were ready and had to wait for a seat; of transfers, time lost
                 ///< to others on the channel
  std::int64_t served = 0;
  std::int64_t longestQueue = 0;
  Bits moved;
};

/// A stretch during which the same transfers keep a channel busy.
struct ChannelSlice {
  ChannelId channel = 0;
  Ticks start, end;
  TaskId first = 0;  ///< of the transfers
  std::int32_t transfers = 1;
};

struct Schedule {
  std::vector<TaskSpan> spans;  ///< by task
  std::vector<ChannelSlice> traffic;
  Ticks end;
  std::vector<ResourceUse> seats, channels;  ///< as Resources
  std::int64_t events = 0;
};

/// Runs task graphs event by event (models/sim/). Results depend on nothing that ran before.
class PlatformSimulator {
 public:
  virtual ~PlatformSimulator() = default;
  /// Keeps no reference. Throws InputError when the graph needs more seats than there are.
  virtual Schedule run(const TaskGraph& graph, const Resources& resources) = 0;
};

}  // namespace wattlas
