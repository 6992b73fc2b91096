// `event`: groups instead of commands. A row cycle (precharge, activate) is one decision with its
// times in closed form; column accesses run as one group until something else is due.
#include <algorithm>
#include <vector>

#include "models/dram/channel_engine.h"
#include "models/dram/row_planner.h"

namespace wattlas::dram {

namespace {

using enum CommandKind;

class EventEngine final : public ChannelEngine {
 public:
  EventEngine(const Clocks& clocks, const ControllerParams& params)
      : ChannelEngine(clocks, params), rows_(clocks) {
    banks_.resize(at(c_.banks()));
    for (auto& next : columnNext_) next.assign(at(c_.ranks * c_.groups), 0);
    draining_.assign(at(c_.ranks), {});
    lastBankRefresh_.assign(at(c_.ranks), -(1LL << 60));
  }

 private:
  struct Bank {
    bool open = false;     ///< from the moment its activate is planned
    bool blocked = false;  ///< a refresh is coming
    std::int64_t row = 0, hits = 0;
    Clock activated = 0;
    Clock columnFrom[2] = {0, 0};  ///< first read, first write
    Clock prechargeFrom = 0, activateFrom = 0;
  };
  /// A refresh with all its times.
  struct Draining {
    Clock end = never;         ///< its last command: banks are free again
    std::int64_t left = 0;     ///< refreshes that are made up together; 0 = none is under way
    std::vector<Clock> times;  ///< of those not yet issued, the last first
  };
  struct Pick {
    Clock time = never;
    int bank = -1, index = -1;
    std::int64_t age = 0;
  };

  void run(Clock limit, bool untilEmpty) override;
  void settle();
  void commit(Clock before);
  void plan() { rows_.plan(now_, rowBusFree_), readPlan(); }
  void readPlan();
  bool idle(int rank) const;
  void startRefreshes();
  void startRefresh(int rank);
  Clock closeForRefresh(int rank, Clock from);
  void commitRefreshes(Clock before);
  void endRefreshes();
  Clock refreshEvent() const;
  void openClosedBanks();
  Pick nextColumn() const;
  Pick nextPrecharge() const;
  void startRowCycle(const Pick& pick);
  void reconsider(int bank, Clock& precharge);
  void runColumns(Pick pick, Clock precharge, Clock wake);
  void issueColumn(const Pick& pick);
  Clock& columnBusFree() { return c_.separateRowBus ? columnBus_ : rowBusFree_; }

  RowPlanner rows_;
  std::vector<Bank> banks_;
  std::vector<Clock> columnNext_[2];  ///< of each group: first read, first write
  std::vector<Draining> draining_;
  std::vector<Clock> lastBankRefresh_;
  std::vector<int> changed_;  ///< banks whose requests changed during a run of columns
  Clock rowBusFree_ = 0, columnBus_ = 0;
};

/// Activates before `before` have been issued.
void EventEngine::commit(Clock before) {
  for (const RowCycle* a = rows_.next(); a != nullptr && a->time < before; a = rows_.next()) {
    ++stats_.activates;
    standby_[at(c_.rankOf(a->bank))].open(a->time);
    emit(ACT, c_.rankOf(a->bank), a->bank, a->row, -1, a->time, c_.rcdRead);
    rowBusFree_ = std::max(rowBusFree_, a->time + c_.activateClocks);
    rows_.pop();
  }
}

/// Banks learn when their planned activates come.
void EventEngine::readPlan() {
  for (std::size_t i = rows_.first(); i < rows_.cycles().size(); ++i) {
    const RowCycle& cycle = rows_.cycles()[i];
    Bank& bank = banks_[at(cycle.bank)];
    bank.open = true;
    bank.row = cycle.row;
    bank.hits = 0;
    bank.activated = cycle.time;
    bank.columnFrom[0] = cycle.time + c_.rcdRead;
    bank.columnFrom[1] = cycle.time + c_.rcdWrite;
    bank.prechargeFrom = cycle.time + c_.ras;
  }
}

bool EventEngine::idle(int rank) const {
  const RankRefresh& refresh = refresh_[at(rank)];
  for (int b = rank * c_.banksPerRank(); b < (rank + 1) * c_.banksPerRank(); ++b)
    if (refresh.covers(c_, b) && queues_.waiting(b) > 0) return false;
  for (std::size_t i = rows_.first(); i < rows_.cycles().size(); ++i)
    if (c_.rankOf(rows_.cycles()[i].bank) == rank && refresh.covers(c_, rows_.cycles()[i].bank) &&
        rows_.cycles()[i].time >= now_)
      return false;
  return true;
}

/// Precharges what a refresh needs closed; returns when all of it is ready for the refresh.
Clock EventEngine::closeForRefresh(int rank, Clock from) {
  const RankRefresh& refresh = refresh_[at(rank)];
  const int first = rank * c_.banksPerRank(), end = first + c_.banksPerRank();
  Clock ready = from;
  std::vector<int> open;
  for (int b = first; b < end; ++b) {
    if (!refresh.covers(c_, b)) continue;
    if (banks_[at(b)].open)
      open.push_back(b);
    else
      ready = std::max(ready, banks_[at(b)].activateFrom);
  }
  if (open.empty()) return ready;
  const auto from1 = [&](int b) { return banks_[at(b)].prechargeFrom; };
  std::stable_sort(open.begin(), open.end(), [&](int a, int b) { return from1(a) < from1(b); });
  Clock time = from;
  if (!refresh.bankWise()) {
    time = rows_.avoidSlots(std::max(from, from1(open.back())), 1);
    rows_.reserve({time, -1, 0, 0});
    ++stats_.precharges;
    emit(PREA, rank, -1, -1, -1, time, c_.rpAll);
  }
  for (const int b : open) {
    Bank& bank = banks_[at(b)];
    if (refresh.bankWise()) {
      time = rows_.avoidSlots(std::max(time, bank.prechargeFrom), 1);
      rows_.reserve({time, -1, 0, 0});
      ++stats_.precharges;
      emit(PRE, rank, b, -1, -1, time, c_.rp);
    }
    bank.open = false;
    bank.activateFrom = time + (refresh.bankWise() ? c_.rp : c_.rpAll);
    ready = std::max(ready, bank.activateFrom);
    standby_[at(rank)].close(time);
  }
  return ready;
}

void EventEngine::startRefresh(int rank) {
  RankRefresh& refresh = refresh_[at(rank)];
  const int first = rank * c_.banksPerRank(), end = first + c_.banksPerRank();
  for (int b = first; b < end; ++b) {
    if (!refresh.covers(c_, b)) continue;
    Bank& bank = banks_[at(b)];
    bank.blocked = true;
    if (bank.open && bank.activated >= now_) {  // planned, not issued
      rows_.cancel(b);
      bank.open = false;
    }
  }
  Clock time = closeForRefresh(rank, std::max(now_, rowBusFree_));
  std::int64_t count = 1;
  std::vector<Clock> times;
  if (refresh.bankWise()) {
    time = std::max({time, lastBankRefresh_[at(rank)] + c_.bankRefreshToRefresh,
                     rows_.lastActivate(rank) + c_.rrdL});
    time = rows_.avoidSlots(time, 1);
    lastBankRefresh_[at(rank)] = time;
    rows_.reserve({time, rank, c_.rrdL, c_.bankRefreshToActivate});
    times.push_back(time);
  } else {
    count = refresh.debt();
    for (std::int64_t i = 0; i < count; ++i) {
      if (i > 0) time += c_.rfc;
      time = rows_.avoidSlots(time, 1);
      rows_.reserve({time, -1, 0, 0});
      times.push_back(time);
    }
  }
  std::reverse(times.begin(), times.end());
  draining_[at(rank)] = {time, count, std::move(times)};
  ++stats_.steps;
  plan();
}

void EventEngine::startRefreshes() {
  for (int r = 0; r < c_.ranks; ++r) {
    refresh_[at(r)].tick(now_);
    if (draining_[at(r)].left == 0 && refresh_[at(r)].debt() > 0 && refresh_[at(r)].start(idle(r)))
      startRefresh(r);
  }
}

/// Refreshes before `before` have been issued.
void EventEngine::commitRefreshes(Clock before) {
  for (int r = 0; r < c_.ranks; ++r) {
    const RankRefresh& refresh = refresh_[at(r)];
    const bool bank = refresh.bankWise();
    const Clock length = bank ? c_.rfcBank : c_.rfc;
    for (auto& times = draining_[at(r)].times; !times.empty() && times.back() < before;
         times.pop_back()) {
      ++(bank ? stats_.bankRefreshes : stats_.refreshes);
      stats_.refreshClocks += length;
      emit(bank ? REFb : REF, r, bank ? refresh.unit() : -1, -1, -1, times.back(), length);
    }
  }
}

/// Refreshes whose last command is issued free their banks.
void EventEngine::endRefreshes() {
  commitRefreshes(now_ + 1);
  for (int r = 0; r < c_.ranks; ++r) {
    Draining& d = draining_[at(r)];
    if (d.left == 0 || d.end > now_) continue;
    RankRefresh& refresh = refresh_[at(r)];
    const Clock length = refresh.bankWise() ? c_.rfcBank : c_.rfc;
    for (int b = r * c_.banksPerRank(); b < (r + 1) * c_.banksPerRank(); ++b) {
      if (!refresh.covers(c_, b)) continue;
      banks_[at(b)].blocked = false;
      banks_[at(b)].activateFrom = d.end + length;
    }
    for (; d.left > 0; --d.left) refresh.done();
    rowBusFree_ = std::max(rowBusFree_, d.end + 1);
    rows_.forget(now_);
  }
}

/// Next time at which refresh changes something: one becomes due or has ended.
Clock EventEngine::refreshEvent() const {
  Clock time = never;
  for (int r = 0; r < c_.ranks; ++r) {
    time = std::min(time, refresh_[at(r)].due());
    if (draining_[at(r)].left > 0) time = std::min(time, draining_[at(r)].end);
  }
  return time;
}

void EventEngine::openClosedBanks() {
  for (const int b : queues_.banks()) {
    Bank& bank = banks_[at(b)];
    if (bank.open || bank.blocked) continue;
    const Request& oldest = queues_.list(b).front();
    bank.open = true;
    ++stats_.steps;
    rows_.add({b, oldest.row, oldest.id, std::max(bank.activateFrom, now_), 0}, now_, rowBusFree_);
    readPlan();
  }
}

void EventEngine::settle() {
  while (queues_.nextAdmission() <= now_) queues_.admit();
  endRefreshes();
  startRefreshes();
  openClosedBanks();
}

EventEngine::Pick EventEngine::nextColumn() const {
  const int mode = queues_.writing() ? 1 : 0;
  const Clock bus = std::max(now_, c_.separateRowBus ? columnBus_ : rowBusFree_);
  static thread_local std::vector<Pick> ready;
  ready.clear();
  Clock first = never;
  for (const int b : queues_.banks()) {
    const Bank& bank = banks_[at(b)];
    if (!bank.open || bank.blocked) continue;
    const int index = queues_.eligible(b, bank.row, bank.hits);
    if (index < 0) continue;
    const Clock time = std::max({bus, bank.columnFrom[mode], columnNext_[mode][at(c_.groupOf(b))]});
    first = std::min(first, time);
    ready.push_back({time, b, index, queues_.list(b)[at(index)].id});
  }
  Pick best;
  if (first == never) return best;
  best.time = c_.separateRowBus ? first : rows_.avoid(first, c_.columnClocks);
  for (const Pick& r : ready)
    if (r.time <= best.time && (best.bank < 0 || r.age < best.age)) {
      best.bank = r.bank;
      best.index = r.index;
      best.age = r.age;
    }
  return best;
}

EventEngine::Pick EventEngine::nextPrecharge() const {
  Pick best;
  Clock first = never;
  const Clock bus = std::max(now_, rowBusFree_);
  static thread_local std::vector<Pick> closing;
  closing.clear();
  for (const int b : queues_.banks()) {
    const Bank& bank = banks_[at(b)];
    if (!bank.open || bank.blocked || queues_.eligible(b, bank.row, bank.hits) >= 0) continue;
    const Clock time = std::max(bus, bank.prechargeFrom);
    first = std::min(first, time);
    closing.push_back({time, b, -1, queues_.list(b).front().id});
  }
  if (first == never) return best;
  best.time = rows_.avoid(first, 1);
  for (const Pick& pick : closing)
    if (pick.time <= best.time && (best.bank < 0 || pick.age < best.age)) {
      best.bank = pick.bank;
      best.age = pick.age;
    }
  return best;
}

void EventEngine::startRowCycle(const Pick& pick) {
  Bank& bank = banks_[at(pick.bank)];
  const Request& oldest = queues_.list(pick.bank).front();
  ++stats_.steps;
  ++stats_.precharges;
  rowBusFree_ = now_ + 1;
  standby_[at(c_.rankOf(pick.bank))].close(now_);
  emit(PRE, c_.rankOf(pick.bank), pick.bank, -1, -1, now_, c_.rp);
  bank.activateFrom = now_ + c_.rp;
  rows_.add({pick.bank, oldest.row, oldest.id, bank.activateFrom, 0}, now_, rowBusFree_);
  readPlan();
}

void EventEngine::issueColumn(const Pick& pick) {
  const int b = pick.bank, rank = c_.rankOf(b), group = c_.groupOf(b);
  Bank& bank = banks_[at(b)];
  const bool write = queues_.writing();
  bool more = !closedPage_;
  if (closedPage_)
    for (const Request& r : queues_.list(b)) more |= r.id != pick.age && r.row == bank.row;
  const Request r = queues_.take(b, pick.index);
  columnBusFree() = now_ + c_.columnClocks;
  for (int g = 0; g < c_.ranks * c_.groups; ++g) {
    const bool sameRank = g / c_.groups == rank;
    const Clock toRead = !sameRank    ? (write ? c_.writeToReadOther : c_.sameOtherRank)
                         : g == group ? (write ? c_.writeToReadL : c_.ccdL)
                                      : (write ? c_.writeToReadS : c_.ccdS);
    const Clock toWrite = !sameRank    ? (write ? c_.sameOtherRank : c_.readToWriteOther)
                          : !write     ? c_.readToWrite
                          : g == group ? c_.ccdLWrite
                                       : c_.ccdS;
    columnNext_[0][at(g)] = std::max(columnNext_[0][at(g)], now_ + toRead);
    columnNext_[1][at(g)] = std::max(columnNext_[1][at(g)], now_ + toWrite);
  }
  bank.prechargeFrom = std::max(bank.prechargeFrom, now_ + (write ? c_.writeToPrecharge : c_.rtp));
  if (bank.hits++ > 0) ++stats_.rowHits;
  if (!more) {
    ++stats_.autoPrecharges;
    bank.open = false;
    bank.activateFrom = bank.prechargeFrom + c_.rp;
    standby_[at(rank)].close(bank.prechargeFrom);
  }
  completed(r, now_);
  emit(write ? (more ? WR : WRA) : (more ? RD : RDA), rank, b, r.row, r.column, now_, c_.burst);
}

/// A bank whose requests changed while columns run: its next row cycle begins at once when it is
/// closed, and ends the run when a precharge comes first.
void EventEngine::reconsider(int b, Clock& precharge) {
  const Bank& bank = banks_[at(b)];
  if (bank.blocked || queues_.list(b).empty()) return;
  if (!bank.open) {
    openClosedBanks();  // may move other activates out of a precharge's way
    precharge = std::min(precharge, nextPrecharge().time);
  } else if (queues_.eligible(b, bank.row, bank.hits) < 0) {
    precharge = std::min(precharge, bank.prechargeFrom);
  }
}

/// Column after column: until a precharge may come first, or at `wake` something else.
void EventEngine::runColumns(Pick pick, Clock precharge, Clock wake) {
  ++stats_.steps;
  const bool mode = queues_.writing();
  for (;;) {
    issueColumn(pick);
    changed_.assign(1, pick.bank);
    bool goesOn = queues_.writing() == mode;
    while (queues_.nextAdmission() <= now_) {
      changed_.push_back(queues_.admit().bank);
      goesOn &= queues_.writing() == mode;
    }
    // An idle rank may start what it owes of refreshes.
    if (!goesOn || refresh_[at(c_.rankOf(pick.bank))].debt() > 0) return;
    for (const int bank : changed_) reconsider(bank, precharge);
    pick = nextColumn();
    if (pick.time > precharge || pick.time >= std::min(wake, queues_.nextAdmission())) return;
    commit(pick.time + 1);  // on a bus of its own an activate of the same clock goes first
    now_ = pick.time;
  }
}

void EventEngine::run(Clock limit, bool untilEmpty) {
  for (;;) {
    commit(now_);
    settle();
    if (untilEmpty && queues_.empty()) break;
    const Pick column = nextColumn(), precharge = nextPrecharge();
    const Clock wake = std::min(queues_.nextAdmission(), refreshEvent());
    next_ = std::min({wake, column.time, precharge.time});
    if (next_ >= limit) {
      commitRefreshes(limit);
      return commit(limit);
    }
    const bool columnFirst = column.time <= precharge.time;
    now_ = next_;
    if (wake <= std::min(column.time, precharge.time)) continue;
    commit(columnFirst ? now_ + 1 : now_);
    if (columnFirst)
      runColumns(column, precharge.time, std::min(wake, limit));
    else
      startRowCycle(precharge);
  }
}

}  // namespace

std::unique_ptr<ChannelEngine> makeEventEngine(const Clocks& clocks,
                                               const ControllerParams& params) {
  return std::make_unique<EventEngine>(clocks, params);
}

}  // namespace wattlas::dram
