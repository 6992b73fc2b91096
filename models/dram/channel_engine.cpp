#include "models/dram/channel_engine.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace wattlas::dram {

RequestQueues::RequestQueues(const ControllerParams& p, const Timing& clocks)
    : capacity_{p.readQueue, p.writeQueue},
      drainStart_(p.drainStart),
      drainStop_(p.drainStop),
      hitCap_(p.hitCap) {
  const auto n = static_cast<std::size_t>(clocks.banks());
  for (int mode = 0; mode < 2; ++mode) {
    lists_[mode].resize(n);
    place_[mode].assign(n, -1);
  }
  perBank_.assign(n, 0);
}

void RequestQueues::submit(const Request& request) {
  if (!input_.empty() && request.arrival < input_.back().arrival)
    throw std::logic_error("a request arrives before the one in front of it");
  input_.push_back(request);
}

Request RequestQueues::admit() {
  const Request r = input_.front();
  input_.pop_front();
  const auto bank = static_cast<std::size_t>(r.bank);
  auto& list = lists_[r.write][bank];
  if (list.empty()) {
    place_[r.write][bank] = static_cast<std::ptrdiff_t>(active_[r.write].size());
    active_[r.write].push_back(r.bank);
  }
  list.push_back(r);
  ++perBank_[bank];
  ++count_[r.write];
  ++admitted_;
  updateMode();
  return r;
}

int RequestQueues::hit(int bank, std::int64_t row) const {
  const auto& waiting = list(bank);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    if (waiting[i].row == row) return static_cast<int>(i);
  return -1;
}

int RequestQueues::eligible(int bank, std::int64_t row, std::int64_t hits) const {
  const int found = hit(bank, row);
  return found > 0 && hits >= hitCap_ ? -1 : found;
}

Request RequestQueues::take(bool write, int bank, int index) {
  const auto at = static_cast<std::size_t>(bank);
  auto& list = lists_[write][at];
  const Request r = list[static_cast<std::size_t>(index)];
  list.erase(list.begin() + index);
  if (list.empty()) {
    auto& active = active_[write];
    const auto place = static_cast<std::size_t>(place_[write][at]);
    active[place] = active.back();
    place_[write][static_cast<std::size_t>(active[place])] = static_cast<std::ptrdiff_t>(place);
    active.pop_back();
    place_[write][at] = -1;
  }
  --perBank_[at];
  --count_[write];
  updateMode();
  return r;
}

void RequestQueues::updateMode() {
  const std::int64_t reads = count_[0], writes = count_[1];
  bool next = writing_;
  if (!writing_) {
    next = writes >= drainStart_ || (reads == 0 && writes > 0);
    forced_ = writes >= drainStart_;
  } else if (writes == 0) {
    next = false;
  } else if (forced_) {
    if (writes <= drainStop_) {
      forced_ = false;
      next = reads == 0;
    }
  } else if (writes >= drainStart_) {
    forced_ = true;
  } else {
    next = reads == 0;
  }
  if (next != writing_) ++turnarounds_;
  writing_ = next;
}

using enum CommandKind;

RankRefresh::RankRefresh(const Timing& clocks, const ControllerParams& params, int rank)
    : bankWise_(params.refresh == "bank"),
      units_(bankWise_ ? clocks.refreshUnits : 1),
      allowed_(params.postpone * units_),
      refi_(clocks.refi),
      // Ranks take turns; the first refresh falls due after half an interval on average.
      phase_(rank * clocks.refi / (units_ * clocks.ranks) - clocks.refi / units_ / 2) {
  due_ = params.refresh == "none" ? 1LL << 60 : dueAt(k_);
}

void RankRefresh::tick(Clock now) {
  while (due_ <= now) {
    ++debt_;
    due_ = dueAt(++k_);
  }
}

void RankRefresh::done() {
  --debt_;
  if (bankWise_) unit_ = static_cast<int>((unit_ + 1) % units_);
}

ChannelEngine::ChannelEngine(const Timing& timing, const ControllerParams& params, Level level)
    : c_(timing),
      closedPage_(params.page == "closed"),
      groups_(level == Level::event),
      state_(timing),
      queues_(params, timing),
      banks_(at(timing.banks())),
      bankRefreshAt_(at(timing.ranks), never),
      draining_(at(timing.ranks), 0) {
  for (int r = 0; r < c_.ranks; ++r) refresh_.emplace_back(c_, params, r);
  standby_.resize(at(c_.ranks));
}

void ChannelEngine::finish(Clock end) {
  if (end > now_) run(end, false);
}

bool ChannelEngine::idle(int rank) const {
  for (int b = rank * c_.banksPerRank(); b < (rank + 1) * c_.banksPerRank(); ++b)
    if (refresh_[at(rank)].covers(c_, b) && (queues_.waiting(b) > 0 || banks_[at(b)].pending))
      return false;
  return true;
}

void ChannelEngine::startRefreshes() {
  for (int r = 0; r < c_.ranks; ++r) {
    RankRefresh& refresh = refresh_[at(r)];
    refresh.tick(now_);
    if (draining_[at(r)] > 0 || refresh.debt() == 0 || !refresh.start(idle(r))) continue;
    draining_[at(r)] = refresh.bankWise() ? 1 : refresh.debt();
    for (int b = r * c_.banksPerRank(); b < (r + 1) * c_.banksPerRank(); ++b)
      if (refresh.covers(c_, b)) {
        banks_[at(b)].blocked = true;
        release(b);
      }
    std::erase_if(pending_, [&](int b) {
      if (!banks_[at(b)].blocked || banks_[at(b)].half) return false;
      banks_[at(b)].pending = false;
      return true;
    });
  }
}

void ChannelEngine::openClosedBanks() {
  for (const int b : queues_.banks()) {
    Bank& bank = banks_[at(b)];
    if (bank.pending || bank.blocked || state_.open(b)) continue;
    const Request& oldest = queues_.list(b).front();
    bank.pending = true;
    bank.target = oldest.row;
    bank.age = oldest.id;
    bank.ready = std::max(bank.ready, now_);
    pending_.push_back(b);
  }
}

void ChannelEngine::settle() {
  while (queues_.nextAdmission() <= now_) queues_.admit();
  startRefreshes();
  if (mode_ != queues_.writing()) {
    // A closed bank opens for the new mode; what is open serves what it was opened for.
    mode_ = queues_.writing();
    std::erase_if(pending_, [&](int b) {
      banks_[at(b)].pending = banks_[at(b)].half;
      return !banks_[at(b)].half;
    });
  }
  openClosedBanks();
}

Clock ChannelEngine::offer(Candidate& best, Candidate c) {
  c.time = std::max(now_, state_.earliest(c.command));
  // An activate may not push back a bank-wise refresh of its rank that is ready.
  if (c.command.kind == ACT || c.command.kind == ACT1) {
    const Clock refresh = bankRefreshAt_[at(c.command.rank)];
    if (refresh != never && c.time + c_.rrdL > refresh) return c.time;
  }
  if (std::tie(c.time, c.second, c.age) < std::tie(best.time, best.second, best.age)) best = c;
  return c.time;
}

void ChannelEngine::offerRefresh(Candidate& best) {
  for (int r = 0; r < c_.ranks; ++r) {
    bankRefreshAt_[at(r)] = never;
    if (draining_[at(r)] == 0) continue;
    const RankRefresh& refresh = refresh_[at(r)];
    bool open = false, opening = false;
    for (int b = r * c_.banksPerRank(); b < (r + 1) * c_.banksPerRank(); ++b) {
      if (!refresh.covers(c_, b)) continue;
      opening |= banks_[at(b)].half;
      if (!state_.open(b)) continue;
      open = true;
      if (refresh.bankWise()) offer(best, {{PRE, r, b}, never, 0, b, -1});
    }
    if (opening) continue;
    if (!refresh.bankWise())
      offer(best, {{open ? PREA : REF, r}, never, 0, r, -1});
    else if (!open)
      bankRefreshAt_[at(r)] = offer(best, {{REFb, r, -1, refresh.unit()}, never, 0, r, -1});
  }
}

void ChannelEngine::offerActivates(Candidate& best) {
  for (const int b : pending_) {
    const Bank& bank = banks_[at(b)];
    const CommandKind kind = c_.splitActivate && !bank.half ? ACT1 : ACT;
    offer(best, {{kind, c_.rankOf(b), b, -1, bank.target},
                 never,
                 bank.half ? -1 : bank.ready,  // the second half follows at once
                 bank.age,
                 -1});
  }
}

void ChannelEngine::offerBank(int b, Candidate& access, Candidate& precharge) {
  const Bank& bank = banks_[at(b)];
  if (bank.blocked || !state_.open(b)) return;
  const int rank = c_.rankOf(b);
  const std::int64_t row = state_.openRow(b);
  const bool late = bank.owner >= 0 && bank.ownerWrites != mode_;
  const CommandKind kind = mode_ != late ? WR : RD;
  if (late) {
    offer(access, {{kind, rank, b, -1, row}, never, 0, bank.owner, 0});
    return;
  }
  if (queues_.list(b).empty()) return;
  const int hit = queues_.eligible(b, row, bank.hits);
  if (hit < 0)
    offer(precharge, {{PRE, rank, b}, never, 0, queues_.list(b).front().id, -1});
  else if (owed_[mode_ ? 0 : 1] == 0)
    offer(access, {{kind, rank, b, -1, row}, never, 0, queues_.list(b)[at(hit)].id, hit});
}

void ChannelEngine::offerBanks(Candidate& access, Candidate& precharge) {
  if (owed_[mode_ ? 0 : 1] > 0) {
    for (int b = 0; b < c_.banks(); ++b) offerBank(b, access, precharge);
  } else {
    for (const int b : queues_.banks()) offerBank(b, access, precharge);
  }
}

void ChannelEngine::offerColumns(Candidate& access) {
  const bool late = owed_[mode_ ? 0 : 1] > 0;
  if (late) {
    Candidate ignored;
    return offerBanks(access, ignored);
  }
  const CommandKind kind = mode_ ? WR : RD;
  for (const int b : queues_.banks()) {
    const Bank& bank = banks_[at(b)];
    if (bank.blocked || !state_.open(b)) continue;
    const int hit = queues_.eligible(b, state_.openRow(b), bank.hits);
    if (hit >= 0)
      offer(access, {{kind, c_.rankOf(b), b, -1, state_.openRow(b)},
                     never,
                     0,
                     queues_.list(b)[at(hit)].id,
                     hit});
  }
}

/// Whether a candidate leaves those of higher priority their time. One that is itself held up
/// (`free` is false) holds up nobody before its own obstacle is gone.
bool ChannelEngine::mayGo(const Candidate (&best)[classes], const bool (&free)[classes],
                          int k) const {
  const Candidate& c = best[k];
  const Clock activateLength = c_.splitActivate ? 1 : c_.activateClocks;
  const bool ownBus = c_.separateRowBus && k == accessing;
  const Clock length = k == activating ? activateLength : k == accessing ? c_.columnClocks : 1;
  for (int j = 0; j < k; ++j) {
    const Candidate& higher = best[j];
    if (higher.time == never || !free[j]) continue;
    if (k == accessing && yields(higher)) continue;
    if (!ownBus && !(c_.separateRowBus && j == accessing) && c.time + length > higher.time)
      return false;
  }
  return true;
}

void ChannelEngine::closed(int b, Clock time, Clock ready) {
  standby_[at(c_.rankOf(b))].close(time);
  Bank& bank = banks_[at(b)];
  bank.ready = ready;
  release(b);
}

/// The open row owes nothing any more.
void ChannelEngine::release(int b) {
  Bank& bank = banks_[at(b)];
  if (bank.owner >= 0) --owed_[bank.ownerWrites];
  bank.owner = -1;
}

void ChannelEngine::issueColumn(const Candidate& c) {
  const int b = c.command.bank;
  Bank& bank = banks_[at(b)];
  const bool write = isWrite(c.command.kind);
  const auto& list = queues_.list(write, b);
  auto index = at(c.index);
  while (list[index].id != c.age) ++index;
  const Request r = list[index];
  bool automatic = closedPage_ && (bank.owner < 0 || bank.owner == r.id);
  if (automatic)
    for (const Request& other : list) automatic &= other.id == r.id || other.row != r.row;
  Command command = c.command;
  if (automatic) command.kind = write ? WRA : RDA;
  state_.issue(command, now_);
  if (bank.owner == r.id) release(b);
  queues_.take(write, b, static_cast<int>(index));
  if (bank.hits++ > 0) ++stats_.rowHits;
  bank.prechargeFrom = std::max(bank.prechargeFrom, now_ + (write ? c_.writeToPrecharge : c_.rtp));
  if (automatic) {
    ++stats_.autoPrecharges;
    closed(b, bank.prechargeFrom, bank.prechargeFrom + c_.rp);
  }
  completed(r, now_);
  emit(command.kind, command.rank, b, r.row, r.column, now_, c_.burst);
}

void ChannelEngine::endRefresh(int rank) {
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

void ChannelEngine::activated(const Command& x) {
  Bank& bank = banks_[at(x.bank)];
  std::erase(pending_, x.bank);
  bank.pending = bank.half = false;
  bank.prechargeFrom = now_ + c_.ras;
  bank.hits = 0;
  bank.owner = bank.age;
  if (!c_.splitActivate) bank.ownerWrites = mode_;
  ++owed_[bank.ownerWrites];
  ++stats_.activates;
  standby_[at(x.rank)].open(now_);
}

void ChannelEngine::precharged(int b) {
  ++stats_.precharges;
  closed(b, now_, now_ + c_.rp);
}

void ChannelEngine::issue(const Candidate& c) {
  const Command& x = c.command;
  if (isRead(x.kind) || isWrite(x.kind)) return issueColumn(c);
  if (x.kind == PREA) {
    ++stats_.precharges;
    for (int b = x.rank * c_.banksPerRank(); b < (x.rank + 1) * c_.banksPerRank(); ++b)
      if (state_.open(b)) closed(b, now_, now_ + c_.rpAll);
  }
  state_.issue(x, now_);
  Clock busy = c_.rp;
  switch (x.kind) {
    case ACT1:
      banks_[at(x.bank)].half = true;
      banks_[at(x.bank)].ownerWrites = mode_;
      busy = 1;
      break;
    case ACT:
      activated(x);
      busy = c_.rcdRead;
      break;
    case PRE:
      precharged(x.bank);
      break;
    case PREA:
      busy = c_.rpAll;
      break;
    default:
      busy = x.kind == REF ? c_.rfc : c_.rfcBank;
      endRefresh(x.rank);
      break;
  }
  emit(x.kind, x.rank, x.kind == REFb ? x.unit : x.bank, x.row, -1, now_, busy);
}

/// Column after column, while nothing else can want to come between: neither a command that was
/// offered, nor one of a bank whose requests have changed, nor `wake`.
void ChannelEngine::runColumns(const Candidate (&best)[classes], Clock wake) {
  // On a shared bus a column command must be over when a command of higher priority is due.
  const Clock length = c_.separateRowBus ? 1 : c_.columnClocks;
  Clock until = std::min({wake, best[refreshing].time - length + 1,
                          best[activating].time - (yields(best[activating]) ? -1 : length - 1),
                          best[precharging].time == never ? never : best[precharging].time + 1});
  Candidate column = best[accessing];
  for (;;) {
    issueColumn(column);
    Candidate precharge;
    Candidate ignored;
    const auto changed = [&](int b) {
      if (!state_.open(b) && !banks_[at(b)].blocked && !queues_.list(b).empty()) return true;
      offerBank(b, ignored, precharge);
      return false;
    };
    bool stop = changed(column.command.bank);
    while (queues_.nextAdmission() <= now_) stop |= changed(queues_.admit().bank);
    if (stop || mode_ != queues_.writing()) return;
    for (const RankRefresh& r : refresh_)
      if (r.debt() > 0) return;  // an idle rank may start what it owes
    if (precharge.time != never) until = std::min(until, precharge.time + 1);
    column = {};
    offerColumns(column);
    if (column.time >= std::min(until, queues_.nextAdmission())) return;
    now_ = column.time;
  }
}

void ChannelEngine::run(Clock limit, bool untilEmpty) {
  for (;;) {
    settle();
    if (untilEmpty && queues_.empty()) break;
    Candidate best[classes];
    offerRefresh(best[refreshing]);
    offerActivates(best[activating]);
    offerBanks(best[accessing], best[precharging]);
    int chosen = -1;
    bool free[classes] = {};
    for (int k = 0; k < classes; ++k) {
      free[k] = best[k].time != never && mayGo(best, free, k);
      if (!free[k]) continue;
      const Clock late = k == accessing && chosen >= 0 && yields(best[chosen]) ? 1 : 0;
      if (chosen < 0 || best[k].time < best[chosen].time + late) chosen = k;
    }
    Clock wake = queues_.nextAdmission();
    for (const RankRefresh& r : refresh_) wake = std::min(wake, r.due());
    const Clock time = chosen < 0 ? never : best[chosen].time;
    next_ = std::min(wake, time);
    if (next_ >= limit) return;
    now_ = next_;
    if (wake <= time) continue;
    ++stats_.steps;
    if (chosen == accessing && groups_)
      runColumns(best, std::min(wake, limit));
    else
      issue(best[chosen]);
  }
}

std::vector<Completion> ChannelEngine::takeCompletions() {
  std::vector<Completion> out;
  out.swap(completions_);
  return out;
}

void ChannelEngine::completed(const Request& r, Clock column) {
  const Clock done = column + (r.write ? c_.cwl : c_.cl) + c_.burst;
  ++(r.write ? stats_.writes : stats_.reads);
  stats_.lastData = std::max(stats_.lastData, done);
  completions_.push_back({r.id, r.write, r.arrival, done});
}

void ChannelEngine::emit(CommandKind kind, int rank, int bank, std::int64_t row,
                         std::int64_t column, Clock time, Clock busy) {
  if (trace_ == nullptr) return;
  CommandRecord record;
  record.time = cyclesToTicks(time, c_.clock);
  record.busy = cyclesToTicks(time + busy, c_.clock) - record.time;
  record.channel = channel_;
  record.rank = rank;
  if (bank >= 0) {
    record.group = bank / c_.banksPerGroup % c_.groups;
    record.bank = bank % c_.banksPerGroup;
  }
  record.kind = kind;
  record.row = row;
  record.column = column;
  trace_->command(record);
}

}  // namespace wattlas::dram
