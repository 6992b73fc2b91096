// One channel with its controller, independent of SystemC: requests in, completions out. Each
// command is asked from the state of the channel and issued through it. `event` takes column
// accesses that follow each other undisturbed as one step, `detailed` evaluates every command; both
// issue the same commands.
//
// Policy (FR-FCFS): one mode at a time (reads, or writes while draining). A column command whose
// row is open goes first, oldest first; an open bank without hits and with waiting requests is
// precharged, then activated for its oldest request; activates go in the order in which their banks
// became ready. A row that was opened for a request serves it before it closes, so when the mode
// changes the accesses of the old one whose rows are open go first. On the command bus refresh goes
// before activates, activates before column commands, column commands before precharges.
#pragma once

#include <memory>
#include <vector>

#include "models/dram/channel_state.h"
#include "models/dram/refresh.h"
#include "models/dram/request_queues.h"
#include "models/dram/standby_meter.h"

namespace wattlas::dram {

enum class Level { event, detailed };

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
  ChannelEngine(const Timing& timing, const ControllerParams& params, Level level);

  void traceTo(CommandTrace* trace, int channel) {
    trace_ = trace;
    channel_ = channel;
  }
  /// The command buses of several pseudo channels, which must then be advanced in turn.
  void shareBuses(std::array<Clock, 2>* buses) { state_.shareBuses(buses); }
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

 private:
  struct Bank {
    bool pending = false;  ///< an activate waits
    bool half = false;     ///< the first of its two commands is out
    bool blocked = false;  ///< a refresh is coming
    std::int64_t target = 0;
    Clock ready = 0;
    Clock prechargeFrom = 0;  ///< what an automatic precharge waits for
    std::int64_t age = 0, hits = 0;
    std::int64_t owner = -1;  ///< request that the open row has yet to serve
    bool ownerWrites = false;
  };
  /// Classes in order of priority on the command bus.
  enum Class { refreshing, activating, accessing, precharging, classes };
  struct Candidate {
    Command command;
    Clock time = never, second = 0;  ///< `second` breaks ties, then `age`
    std::int64_t age = 0;
    int index = -1;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  void run(Clock limit, bool untilEmpty);
  void settle();
  void startRefreshes();
  bool idle(int rank) const;
  void openClosedBanks();
  Clock offer(Candidate& best, Candidate c);
  void offerRefresh(Candidate& best);
  void offerActivates(Candidate& best);
  /// Column commands and precharges of a bank.
  void offerBank(int bank, Candidate& access, Candidate& precharge);
  void offerBanks(Candidate& access, Candidate& precharge);
  void offerColumns(Candidate& access);
  bool mayGo(const Candidate (&best)[classes], const bool (&free)[classes], int k) const;
  /// The second half of an activate finds room between column commands.
  bool yields(const Candidate& c) const {
    return c_.splitActivate && c.command.kind == CommandKind::ACT;
  }
  void issue(const Candidate& c);
  void issueColumn(const Candidate& c);
  void activated(const Command& command);
  void precharged(int bank);
  void endRefresh(int rank);
  void closed(int bank, Clock time, Clock ready);
  void release(int bank);
  void runColumns(const Candidate (&best)[classes], Clock wake);
  void completed(const Request& request, Clock column);
  void emit(CommandKind kind, int rank, int bank, std::int64_t row, std::int64_t column, Clock time,
            Clock busy);

  const Timing c_;
  const bool closedPage_, groups_;
  ChannelState state_;
  RequestQueues queues_;
  std::vector<RankRefresh> refresh_;
  std::vector<StandbyMeter> standby_;
  ChannelStats stats_;
  Clock now_ = 0, next_ = 0;
  std::vector<Bank> banks_;
  std::vector<int> pending_;            ///< banks whose activate waits
  std::int64_t owed_[2] = {0, 0};       ///< open rows that have yet to serve a read, a write
  std::vector<Clock> bankRefreshAt_;    ///< a bank-wise refresh that only waits for its time
  std::vector<std::int64_t> draining_;  ///< refreshes that a rank still issues before it goes on
  bool mode_ = false;
  CommandTrace* trace_ = nullptr;
  int channel_ = 0;
  std::vector<Completion> completions_;
};

}  // namespace wattlas::dram
