// One channel with its controller, independent of SystemC: requests in, completions out. Two
// engines serve the same policy: `detailed` issues command by command through the checker, `event`
// computes row cycles and column runs as groups.
//
// Policy (FR-FCFS): one mode at a time (reads, or writes while draining). A column command whose
// row is open goes first, oldest first; an open bank without hits and with waiting requests is
// precharged, then activated for its oldest request; activates go in the order in which their banks
// became ready. On the command bus refresh goes before activates, activates before column commands,
// column commands before precharges.
#pragma once

#include <memory>
#include <vector>

#include "models/dram/command.h"
#include "models/dram/refresh.h"
#include "models/dram/request_queues.h"
#include "models/dram/standby_meter.h"

namespace wattlas::dram {

struct Completion {
  std::int64_t id = 0;
  bool write = false;
  Clock arrival = 0;
  Clock done = 0;  ///< end of its data
};

struct ChannelStats {
  std::int64_t reads = 0, writes = 0;
  std::int64_t activates = 0, precharges = 0, autoPrecharges = 0;
  std::int64_t refreshes = 0, bankRefreshes = 0;
  std::int64_t rowHits = 0;  ///< column commands that needed no activate of their own
  std::int64_t steps = 0;    ///< decisions evaluated: commands (detailed), groups (event)
  Clock lastData = 0;        ///< end of the last data
  Clock refreshClocks = 0;   ///< sum over ranks and commands of tRFC (bank-wise: its share)
  std::int64_t commands() const {
    return reads + writes + activates + precharges + refreshes + bankRefreshes;
  }
};

class ChannelEngine {
 public:
  ChannelEngine(const Clocks& clocks, const ControllerParams& params);
  virtual ~ChannelEngine() = default;

  void traceTo(CommandTrace* trace, int channel) {
    trace_ = trace;
    channel_ = channel;
  }
  void submit(const Request& request) { queues_.submit(request); }
  /// Takes every decision before `limit`. Requests that arrive before `limit` must be there.
  void advance(Clock limit) { run(limit, false); }
  /// Runs until nothing waits.
  void drain() { run(never, true); }
  /// First clock at which something may be decided; after advance or drain.
  Clock next() const { return next_; }
  /// Refreshes on to `end` and closes the books on standby time.
  void finish(Clock end);

  /// Requests that were served since the last call, in order of their column commands.
  std::vector<Completion> takeCompletions();
  std::int64_t admitted() const { return queues_.admitted(); }
  std::int64_t turnarounds() const { return queues_.turnarounds(); }
  const ChannelStats& stats() const { return stats_; }
  const StandbyMeter& standby(int rank) const { return standby_[static_cast<std::size_t>(rank)]; }
  bool idle() const { return queues_.empty(); }

 protected:
  virtual void run(Clock limit, bool untilEmpty) = 0;

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  void completed(const Request& request, Clock column);
  void emit(CommandKind kind, int rank, int bank, std::int64_t row, std::int64_t column, Clock time,
            Clock busy);

  const Clocks c_;
  const bool closedPage_;
  RequestQueues queues_;
  std::vector<RankRefresh> refresh_;
  std::vector<StandbyMeter> standby_;
  ChannelStats stats_;
  Clock now_ = 0, next_ = 0;

 private:
  CommandTrace* trace_ = nullptr;
  int channel_ = 0;
  std::vector<Completion> completions_;
};

std::unique_ptr<ChannelEngine> makeDetailedEngine(const Clocks& clocks,
                                                  const ControllerParams& params);
std::unique_ptr<ChannelEngine> makeEventEngine(const Clocks& clocks,
                                               const ControllerParams& params);

}  // namespace wattlas::dram
