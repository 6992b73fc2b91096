// Memories of devices on the platform's clock (`coupling: live`): what programs and copies move
// meets in a channel of DRAM, command by command, refresh and idle time included.
#pragma once

#include <functional>
#include <memory>
#include <systemc>
#include <unordered_map>
#include <vector>

#include "models/dram/channel_engine.h"
#include "models/live_run.h"

namespace wattlas {

class LiveMemories : public sc_core::sc_module {
 public:
  /// Called in the evaluation phase in which the last data have passed.
  using Done = std::function<void()>;
  explicit LiveMemories(const sc_core::sc_module_name& name);

  /// Memories of the next run, at rest; times count from now.
  void configure(const LiveTraffic& traffic);
  /// What a task moves; null where no memory of it is simulated.
  const LiveTraffic::OfTask* trafficOf(TaskId task) const {
    return traffic_ == nullptr ? nullptr : &traffic_->tasks[static_cast<std::size_t>(task)];
  }
  /// The run is over, and what `configure` got may go. By seat: requests are streams, and tasks
  /// wait that have the memory not to themselves.
  std::vector<ResourceUse> finish();
  /// Reads or writes `amount` in order of addresses, as fast as the memory lets it.
  void access(SeatId seat, TaskId task, Bits amount, bool write, Done done);

  /// Decisions of all memories, and wake-ups.
  std::int64_t events() const;

 private:
  struct Stream {
    TaskId task = 0;
    Bits amount;
    bool write = false;
    std::int64_t left = 0, inQueue = 0, place = 0;
    std::int64_t lastData = 0;
    Done done;
  };
  struct Memory {
    const LiveMemory* what = nullptr;
    std::unique_ptr<dram::ChannelEngine> engine;
    std::vector<std::unique_ptr<Stream>> streams;     ///< in order of arrival
    std::unordered_map<std::int64_t, Stream*> owner;  ///< of requests in the queues
    std::int64_t requests = 0, place = 0, since = 0, arrived = 0;
    ResourceUse use;
  };
  void step();
  void refill(Memory& memory, std::int64_t now);
  /// Takes the decisions before `limit` and fills the queues again.
  void advance(Memory& memory, std::int64_t limit, std::int64_t now);
  void meter(Memory& memory, std::int64_t now);

  const LiveTraffic* traffic_ = nullptr;
  std::vector<Memory> memories_;
  Ticks begin_;
  std::int64_t wakes_ = 0, past_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas
