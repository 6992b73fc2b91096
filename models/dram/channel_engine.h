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

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "models/dram/channel_state.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

// Requests of one channel: arrival, read and write queue, write drain.

/// One access: a burst. `id` grows in order of submission and is the age.
struct Request {
  std::int64_t id = 0;
  Clock arrival = 0;
  int bank = 0;  ///< over all ranks
  std::int64_t row = 0, column = 0;
  bool write = false;
};

class RequestQueues {
 public:
  RequestQueues(const ControllerParams& params, const Timing& clocks);

  /// Arrivals must not go back in time.
  void submit(const Request& request);
  /// When the next request enters its queue; `never` while there is none or its queue is full.
  Clock nextAdmission() const {
    if (input_.empty()) return never;
    const Request& head = input_.front();
    return count_[head.write] < capacity_[head.write] ? head.arrival : never;
  }
  /// Lets it enter; may change the mode.
  Request admit();
  const Request& head() const { return input_.front(); }

  /// Whether writes are served now.
  bool writing() const { return writing_; }
  /// Requests of the current mode for a bank, oldest first.
  const std::vector<Request>& list(int bank) const { return list(writing_, bank); }
  const std::vector<Request>& list(bool write, int bank) const {
    return lists_[write][static_cast<std::size_t>(bank)];
  }
  /// Banks with requests of the current mode, in no order.
  const std::vector<int>& banks() const { return active_[writing_]; }
  /// Oldest request of the current mode for the row, or -1.
  int hit(int bank, std::int64_t row) const;
  /// The same, but nothing once `hits` reached the cap while an older request waits.
  int eligible(int bank, std::int64_t row, std::int64_t hits) const;
  /// Removes a request whose column command was issued; may change the mode.
  Request take(bool write, int bank, int index);

  /// Requests of both modes that wait for the bank.
  std::int64_t waiting(int bank) const { return perBank_[static_cast<std::size_t>(bank)]; }
  bool empty() const { return input_.empty() && queued() == 0; }
  std::int64_t queued() const { return count_[0] + count_[1]; }
  std::int64_t admitted() const { return admitted_; }
  std::int64_t turnarounds() const { return turnarounds_; }

 private:
  void updateMode();

  std::int64_t capacity_[2], count_[2] = {0, 0};
  std::int64_t drainStart_, drainStop_, hitCap_;
  bool writing_ = false, forced_ = false;
  std::int64_t turnarounds_ = 0, admitted_ = 0;
  std::deque<Request> input_;
  std::vector<std::vector<Request>> lists_[2];
  std::vector<int> active_[2];
  std::vector<std::ptrdiff_t> place_[2];  ///< of a bank in active_, -1 = not there
  std::vector<std::int64_t> perBank_;
};

/// When a rank owes refreshes: the schedule, what was postponed, whose turn it is.
class RankRefresh {
 public:
  RankRefresh(const Timing& clocks, const ControllerParams& params, int rank);

  bool bankWise() const { return bankWise_; }
  /// Bank-wise: the unit whose turn it is.
  int unit() const { return unit_; }
  /// Whether the bank belongs to what is refreshed next (bank of this rank).
  bool covers(const Timing& clocks, int bank) const {
    return !bankWise_ || clocks.unitOf(bank) == unit_;
  }
  /// Next time at which a refresh becomes due.
  Clock due() const { return due_; }
  /// Counts what became due until `now`.
  void tick(Clock now);
  std::int64_t debt() const { return debt_; }
  /// Whether to start now: too much was postponed, or nothing waits for its banks.
  bool start(bool idle) const { return debt_ > 0 && (debt_ > allowed_ || idle); }
  /// One refresh was issued.
  void done();

 private:
  Clock dueAt(std::int64_t k) const { return phase_ + k * refi_ / units_; }

  bool bankWise_;
  std::int64_t units_, allowed_, debt_ = 0, k_ = 1;
  Clock refi_, phase_, due_;
  int unit_ = 0;
};

/// How long a rank had any bank open. Opens and closes are told in order of decision; a close may
/// lie in the future (automatic precharge).
class StandbyMeter {
 public:
  void open(Clock time) {
    if (openBanks_ == 0 && time > closesAt_) {
      openClocks_ += closesAt_ - openSince_;
      openSince_ = time;
    }
    ++openBanks_;
  }
  void close(Clock time) {
    --openBanks_;
    closesAt_ = std::max(closesAt_, time);
  }
  /// Timing with a bank open until `end`.
  Clock openUntil(Clock end) const {
    const Clock last = openBanks_ > 0 ? end : std::min(end, closesAt_);
    return openClocks_ + std::max<Clock>(0, last - openSince_);
  }

 private:
  int openBanks_ = 0;
  Clock openSince_ = 0, closesAt_ = 0, openClocks_ = 0;
};

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
