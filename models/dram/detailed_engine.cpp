// `detailed`: one command at a time, each asked from the checker and issued through it.
#include <algorithm>
#include <tuple>
#include <vector>

#include "models/dram/channel_checker.h"
#include "models/dram/channel_engine.h"

namespace wattlas::dram {

namespace {

using enum CommandKind;

class DetailedEngine final : public ChannelEngine {
 public:
  DetailedEngine(const Clocks& clocks, const ControllerParams& params)
      : ChannelEngine(clocks, params), checker_(clocks) {
    banks_.resize(at(c_.banks()));
    draining_.assign(at(c_.ranks), 0);
    bankRefreshAt_.assign(at(c_.ranks), never);
  }

 private:
  struct Bank {
    bool pending = false;  ///< an activate waits
    bool blocked = false;  ///< a refresh is coming
    std::int64_t target = 0;
    Clock ready = 0;
    Clock prechargeFrom = 0;  ///< what an automatic precharge waits for
    std::int64_t age = 0, hits = 0;
  };
  /// Classes in order of priority on the command bus.
  enum Class { refreshing, activating, accessing, precharging, classes };
  struct Candidate {
    Command command;
    Clock time = never, second = 0;  ///< `second` breaks ties, then `age`
    std::int64_t age = 0;
    int index = -1;
  };

  void run(Clock limit, bool untilEmpty) override;
  void settle();
  void startRefreshes();
  bool idle(int rank) const;
  void openClosedBanks();
  Clock offer(Candidate& best, Candidate c);
  void offerRefresh(Candidate& best);
  void offerBanks(Candidate (&best)[classes]);
  bool mayGo(const Candidate (&best)[classes], const bool (&free)[classes], int k) const;
  void issue(const Candidate& c);
  void issueColumn(const Candidate& c);
  void endRefresh(int rank);
  void closed(int bank, Clock time, Clock ready);

  ChannelChecker checker_;
  std::vector<Bank> banks_;
  std::vector<Clock> bankRefreshAt_;    ///< a bank-wise refresh that only waits for its time
  std::vector<std::int64_t> draining_;  ///< refreshes that a rank still issues before it goes on
};

bool DetailedEngine::idle(int rank) const {
  for (int b = rank * c_.banksPerRank(); b < (rank + 1) * c_.banksPerRank(); ++b)
    if (refresh_[at(rank)].covers(c_, b) && (queues_.waiting(b) > 0 || banks_[at(b)].pending))
      return false;
  return true;
}

void DetailedEngine::startRefreshes() {
  for (int r = 0; r < c_.ranks; ++r) {
    RankRefresh& refresh = refresh_[at(r)];
    refresh.tick(now_);
    if (draining_[at(r)] > 0 || refresh.debt() == 0 || !refresh.start(idle(r))) continue;
    draining_[at(r)] = refresh.bankWise() ? 1 : refresh.debt();
    for (int b = r * c_.banksPerRank(); b < (r + 1) * c_.banksPerRank(); ++b) {
      if (!refresh.covers(c_, b)) continue;
      banks_[at(b)].blocked = true;
      banks_[at(b)].pending = false;
    }
  }
}

void DetailedEngine::openClosedBanks() {
  for (const int b : queues_.banks()) {
    Bank& bank = banks_[at(b)];
    if (bank.pending || bank.blocked || checker_.open(b)) continue;
    const Request& oldest = queues_.list(b).front();
    bank.pending = true;
    bank.target = oldest.row;
    bank.age = oldest.id;
    bank.ready = std::max(bank.ready, now_);
  }
}

void DetailedEngine::settle() {
  while (queues_.nextAdmission() <= now_) queues_.admit();
  startRefreshes();
  openClosedBanks();
}

Clock DetailedEngine::offer(Candidate& best, Candidate c) {
  c.time = std::max(now_, checker_.earliest(c.command));
  // An activate may not push back a bank-wise refresh of its rank that is ready.
  if (c.command.kind == ACT) {
    const Clock refresh = bankRefreshAt_[at(c.command.rank)];
    if (refresh != never && c.time + c_.rrdL > refresh) return c.time;
  }
  if (std::tie(c.time, c.second, c.age) < std::tie(best.time, best.second, best.age)) best = c;
  return c.time;
}

void DetailedEngine::offerRefresh(Candidate& best) {
  for (int r = 0; r < c_.ranks; ++r) {
    bankRefreshAt_[at(r)] = never;
    if (draining_[at(r)] == 0) continue;
    const RankRefresh& refresh = refresh_[at(r)];
    bool open = false;
    for (int b = r * c_.banksPerRank(); b < (r + 1) * c_.banksPerRank(); ++b) {
      if (!refresh.covers(c_, b) || !checker_.open(b)) continue;
      open = true;
      if (refresh.bankWise()) offer(best, {{PRE, r, b, -1, -1}, never, 0, b, -1});
    }
    if (!refresh.bankWise())
      offer(best, {{open ? PREA : REF, r, -1, -1, -1}, never, 0, r, -1});
    else if (!open)
      bankRefreshAt_[at(r)] = offer(best, {{REFb, r, -1, refresh.unit(), -1}, never, 0, r, -1});
  }
}

void DetailedEngine::offerBanks(Candidate (&best)[classes]) {
  // A row cycle that has begun goes on even when the mode has changed since.
  for (int b = 0; b < c_.banks(); ++b) {
    const Bank& bank = banks_[at(b)];
    if (bank.pending)
      offer(best[activating],
            {{ACT, c_.rankOf(b), b, -1, bank.target}, never, bank.ready, bank.age, -1});
  }
  for (const int b : queues_.banks()) {
    const Bank& bank = banks_[at(b)];
    if (bank.blocked || !checker_.open(b)) continue;
    const int rank = c_.rankOf(b);
    const std::int64_t row = checker_.openRow(b);
    const int hit = queues_.eligible(b, row, bank.hits);
    if (hit >= 0)
      offer(best[accessing], {{queues_.writing() ? WR : RD, rank, b, -1, row},
                              never,
                              0,
                              queues_.list(b)[at(hit)].id,
                              hit});
    else
      offer(best[precharging], {{PRE, rank, b, -1, -1}, never, 0, queues_.list(b).front().id, -1});
  }
}

/// Whether a candidate leaves those of higher priority their time. One that is itself held up
/// (`free` is false) holds up nobody before its own obstacle is gone.
bool DetailedEngine::mayGo(const Candidate (&best)[classes], const bool (&free)[classes],
                           int k) const {
  const Candidate& c = best[k];
  const bool ownBus = c_.separateRowBus && k == accessing;
  const Clock length = k == activating ? c_.activateClocks : k == accessing ? c_.columnClocks : 1;
  for (int j = 0; j < k; ++j) {
    const Candidate& higher = best[j];
    if (higher.time == never || !free[j]) continue;
    if (!ownBus && !(c_.separateRowBus && j == accessing) && c.time + length > higher.time)
      return false;
  }
  return true;
}

void DetailedEngine::closed(int b, Clock time, Clock ready) {
  standby_[at(c_.rankOf(b))].close(time);
  banks_[at(b)].ready = ready;
}

void DetailedEngine::issueColumn(const Candidate& c) {
  const int b = c.command.bank;
  Bank& bank = banks_[at(b)];
  const Request r = queues_.list(b)[at(c.index)];
  const bool mode = queues_.writing();
  bool more = false;
  for (const Request& other : queues_.list(b)) more |= other.id != r.id && other.row == r.row;
  const bool automatic = closedPage_ && !more;
  Command command = c.command;
  command.kind = mode ? (automatic ? WRA : WR) : (automatic ? RDA : RD);
  checker_.issue(command, now_);
  queues_.take(b, c.index);
  if (bank.hits++ > 0) ++stats_.rowHits;
  bank.prechargeFrom = std::max(bank.prechargeFrom, now_ + (mode ? c_.writeToPrecharge : c_.rtp));
  if (automatic) {
    ++stats_.autoPrecharges;
    closed(b, bank.prechargeFrom, bank.prechargeFrom + c_.rp);
  }
  completed(r, now_);
  emit(command.kind, command.rank, b, r.row, r.column, now_, c_.burst);
}

void DetailedEngine::endRefresh(int rank) {
  RankRefresh& refresh = refresh_[at(rank)];
  const Clock length = refresh.bankWise() ? c_.rfcBank : c_.rfc;
  const bool last = --draining_[at(rank)] == 0;
  for (int b = rank * c_.banksPerRank(); b < (rank + 1) * c_.banksPerRank(); ++b) {
    if (!refresh.covers(c_, b)) continue;
    banks_[at(b)].ready = now_ + length;
    if (last) banks_[at(b)].blocked = false;
  }
  ++(refresh.bankWise() ? stats_.bankRefreshes : stats_.refreshes);
  stats_.refreshClocks += length;
  refresh.done();
}

void DetailedEngine::issue(const Candidate& c) {
  const Command& x = c.command;
  if (isRead(x.kind) || isWrite(x.kind)) return issueColumn(c);
  std::vector<int> open;  // before a precharge of all
  if (x.kind == PREA)
    for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
      if (checker_.open(b)) open.push_back(b);
  checker_.issue(x, now_);
  Clock busy = c_.rp;
  switch (x.kind) {
    case ACT: {
      Bank& bank = banks_[at(x.bank)];
      bank.pending = false;
      bank.prechargeFrom = now_ + c_.ras;
      bank.hits = 0;
      ++stats_.activates;
      standby_[at(x.rank)].open(now_);
      busy = c_.rcdRead;
      break;
    }
    case PRE: {
      ++stats_.precharges;
      closed(x.bank, now_, now_ + c_.rp);
      Bank& bank = banks_[at(x.bank)];
      if (bank.blocked) break;
      const Request& oldest = queues_.list(x.bank).front();
      bank.pending = true;
      bank.target = oldest.row;
      bank.age = oldest.id;
      break;
    }
    case PREA: {
      ++stats_.precharges;
      for (const int b : open) closed(b, now_, now_ + c_.rpAll);
      busy = c_.rpAll;
      break;
    }
    default:
      busy = x.kind == REF ? c_.rfc : c_.rfcBank;
      endRefresh(x.rank);
      break;
  }
  emit(x.kind, x.rank, x.kind == REFb ? x.unit : x.bank, x.row, -1, now_, busy);
}

void DetailedEngine::run(Clock limit, bool untilEmpty) {
  for (;;) {
    settle();
    if (untilEmpty && queues_.empty()) break;
    Candidate best[classes];
    offerRefresh(best[refreshing]);
    offerBanks(best);
    int chosen = -1;
    bool free[classes] = {};
    for (int k = 0; k < classes; ++k) {
      free[k] = best[k].time != never && mayGo(best, free, k);
      if (free[k] && (chosen < 0 || best[k].time < best[chosen].time)) chosen = k;
    }
    Clock wake = queues_.nextAdmission();
    for (const RankRefresh& r : refresh_) wake = std::min(wake, r.due());
    const Clock time = chosen < 0 ? never : best[chosen].time;
    next_ = std::min(wake, time);
    if (next_ >= limit) return;
    now_ = next_;
    if (wake <= time) continue;
    ++stats_.steps;
    issue(best[chosen]);
  }
}

}  // namespace

std::unique_ptr<ChannelEngine> makeDetailedEngine(const Clocks& clocks,
                                                  const ControllerParams& params) {
  return std::make_unique<DetailedEngine>(clocks, params);
}

}  // namespace wattlas::dram
