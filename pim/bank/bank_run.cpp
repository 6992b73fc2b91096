#include "pim/bank/bank_run.h"

#include <algorithm>
#include <vector>

#include "models/dram/channel_state.h"

namespace wattlas::pim {

namespace {

using dram::Clock;
using Kind = dram::CommandKind;

struct Setup {
  const BankWork& work;
  const RowPass& row;
  const SaMacParams& mac;
  const BankTiming& timing;
  const IssueRate& issue;
};

/// Banks of a chip in picoseconds. Two subarrays open rows of their own behind one column path: the
/// second halves follow all first ones, so that a refresh of a bank covers both.
dram::ChannelState stateOf(const Setup& s, std::int64_t banks) {
  using enum dram::RuleScope;
  const BankTiming& t = s.timing;
  dram::Timing timing;
  timing.commandBus = false;
  timing.banksPerGroup = static_cast<int>(s.row.overlap ? 2 * banks : banks);
  timing.refreshUnits = banks;
  timing.faw = nearestTicks(s.mac.tFAW).ps;
  const Clock rp = nearestTicks(t.tRP).ps, rfc = nearestTicks(t.tRFC).ps;
  return {timing,
          {{Kind::ACT, Kind::ACT, rank, nearestTicks(t.tRRD).ps, "tRRD"},
           {Kind::ACT, Kind::MAC, bank, s.row.open.ps, "tRCD"},
           {Kind::ACT, Kind::PRE, bank, s.row.minimumOpen.ps, "tRAS"},
           {Kind::MAC, Kind::MAC, bank, s.row.column.ps, "macIssue"},
           {Kind::MAC, Kind::PRE, bank, (s.row.column + s.row.recover).ps, "tRTP"},
           {Kind::PRE, Kind::ACT, bank, rp, "tRP"},
           {Kind::PRE, Kind::REFb, bank, rp, "tRP"},
           {Kind::REFb, Kind::ACT, bank, rfc, "tRFC"},
           {Kind::REFb, Kind::REFb, bank, rfc, "tRFC"}}};
}

/// The DPU as a server of instructions and the bank as a stream of commands. Advances row by row,
/// so that banks of a chip can be run side by side.
class Bank {
 public:
  enum class Level { rows, commands };

  Bank(const Setup& setup, dram::ChannelState& chip, Level level, bool fold, int bank, int banks,
       dram::CommandTrace* trace)
      : w_(setup.work),
        row_(setup.row),
        mac_(setup.mac),
        every_(level == Level::commands),
        fold_(fold),
        bank_(bank),
        banks_(banks),
        trace_(trace),
        chip_(chip),
        refill_(setup.issue.time(w_.refillInstructions).ps),
        command_(setup.issue.time(w_.rowInstructions).ps),
        read_(setup.issue.time(w_.readInstructions).ps),
        fill_(setup.issue.time(w_.chunkInstructions).ps),
        post_(setup.issue.time(w_.postInstructions).ps),
        in_(cyclesToTicks(w_.inputCycles, setup.issue.clock).ps),
        out_(cyclesToTicks(w_.outputCycles, setup.issue.clock).ps),
        interval_(nearestTicks(setup.timing.tREFI).ps),
        refreshTime_(nearestTicks(setup.timing.tRFC).ps),
        window_(row_.open.ps + row_.minimumOpen.ps + row_.column.ps + row_.recover.ps +
                row_.close.ps + nearestTicks(mac_.tFAW).ps),
        due_(interval_ / 2),
        registers_(static_cast<std::size_t>(mac_.inputRegisters), 0) {
    pendingIn_ = w_.inputTransfers;  // the first vector is fetched before anything can start
    fetchInputs();
    dpu_ = free_;
    enter();
  }

  bool done() const { return pass_ == w_.passes; }
  /// Earliest time of the next row's activation.
  Clock ready() const { return at_; }
  Clock legal(Kind kind) const {
    return std::max<Clock>(0, chip_.ruled({kind, 0, half(), -1, rowNumber_}));
  }

  /// Runs the next row from `at` (not before `ready()`); returns when its row is closed again.
  Clock runRow(Clock at) {
    command(Kind::ACT, at, row_.open.ps);
    const std::int64_t slices = inGroup_ + 1 < w_.rowsPerGroup ? w_.slices : w_.lastSlices;
    Clock end = std::max({legal(Kind::MAC), sums_, row_.overlap ? free_ : 0});
    for (std::int64_t s = 0; s < slices; ++s) {
      if (refill_ > 0) {
        const Clock written = occupy(registers_[next_], refill_);
        note(Kind::WR, written - refill_, refill_, -1, s);
        end = std::max(end, written);
      }
      columns(end, s, slices);
      end += row_.column.ps * w_.columnsPerSlice;
      if (refill_ == 0) continue;
      registers_[next_] = end;
      next_ = (next_ + 1) % registers_.size();
    }
    const Clock close = legal(Kind::PRE);
    command(Kind::PRE, close, row_.close.ps);
    const Clock pause = every_ ? row_.powerPitch.ps : shareOf(slices);
    nextActivate_ = pause > 0 ? at + pause : 0;
    free_ = row_.overlap ? end : legal(Kind::ACT);
    if (row_.overlap) side_ = 1 - side_;
    ++run_.rows;
    run_.columns += slices * w_.columnsPerSlice;
    leave(end);
    return close;
  }

  BankRun result() {
    while (pendingIn_ + pendingOut_ > 0) between(1);
    for (side_ = 0; side_ < (row_.overlap ? 2 : 1); ++side_)
      free_ = std::max(free_, legal(Kind::ACT));  // all rows closed
    run_.time = Ticks(std::max(free_, dpu_ + (every_ ? backlog_ : 0)));
    return run_;
  }
  /// The DPU's work when nothing else is left.
  Ticks dpuEnd() const { return Ticks(dpu_ + backlog_); }

 private:
  struct Moment {
    std::vector<std::int64_t> relative;
    std::int64_t index = 0, backlog = 0;
    Clock time = 0;
    BankRun run;
  };

  int half() const { return side_ * banks_ + bank_; }

  void note(Kind kind, Clock at, Clock lasts, std::int64_t row, std::int64_t column = -1) {
    if (trace_ != nullptr)
      trace_->command({Ticks(at), Ticks(lasts), 0, 0, -1, bank_, kind, row, column});
  }
  void command(Kind kind, Clock at, Clock lasts, std::int64_t column = -1) {
    chip_.issue({kind, 0, half(), -1, rowNumber_}, at);
    ++run_.steps;
    note(kind, at, lasts, rowNumber_, column);
  }
  /// The columns of slice `s` from `at` on. By rows only the ends of the row are asked from the
  /// state: nothing comes between the others.
  void columns(Clock at, std::int64_t s, std::int64_t slices) {
    const Clock column = row_.column.ps;
    const std::int64_t n = w_.columnsPerSlice;
    if (!every_) {
      const bool last = s + 1 == slices;
      if (s == 0) chip_.issue({Kind::MAC, 0, half(), -1, rowNumber_}, at);
      if (last && s + n > 1)
        chip_.issue({Kind::MAC, 0, half(), -1, rowNumber_}, at + (n - 1) * column);
      ++run_.steps;
      return;
    }
    for (std::int64_t c = 0; c < n; ++c) command(Kind::MAC, at + c * column, column, s * n + c);
  }
  /// Activate to activate that leaves the other banks of the chip their share. Against a cap on
  /// open rows counts what the row takes after a wait for its turn.
  Clock shareOf(std::int64_t slices) const {
    const Ticks waited = columnsAfterWait(slices, w_, row_, mac_, Ticks(refill_));
    return row_.spacing(row_.openFor(row_.open + waited)).ps;
  }

  /// The DPU works `time` from `earliest` on; gaps before it serve work that was put off.
  Clock occupy(Clock earliest, Clock time) {
    const Clock start = std::max(dpu_, earliest);
    backlog_ = std::max<Clock>(0, backlog_ - (start - dpu_));
    dpu_ = start + time;
    return dpu_;
  }
  void transfer() {
    if (pendingIn_ + pendingOut_ == 0) return;
    const bool in = pendingIn_ > 0;
    --(in ? pendingIn_ : pendingOut_);
    const Clock time = in ? in_ : out_;
    note(Kind::DMA, free_, time, -1);
    free_ += time;
    ++run_.steps;
  }
  /// Activations of a pass must have arrived before its rows open.
  void fetchInputs() {
    while (pendingIn_ > 0) transfer();
  }
  /// Between rows: refresh when due, then transfers of the DPU.
  void between(std::int64_t most) {
    while (every_) {
      const dram::Command refresh{Kind::REFb, 0, -1, bank_};
      const Clock at = std::max(free_, chip_.ruled(refresh));
      if (due_ > at) break;
      chip_.issue(refresh, at);  // both halves together
      ++run_.refreshes;
      ++run_.steps;
      note(Kind::REF, at, refreshTime_, -1);
      free_ = legal(Kind::ACT);
      due_ += interval_;
    }
    for (std::int64_t i = 0; i < most; ++i) transfer();
  }

  /// Steps to the next row: begins passes and chunks, then finds its earliest time.
  void enter() {
    if (done()) return;
    if (inGroup_ == 0 && group_ == 0) {
      if (chunk_ == 0) {
        // The last pass differs: it prefetches nothing.
        pass_ += recurred(passes_, pass_, w_.passes - 1 - pass_);
        fetchInputs();
        if (pass_ + 1 < w_.passes) pendingIn_ += w_.inputTransfers;
      }
      if (fill_ > 0) sums_ = std::max(sums_, occupy(free_, fill_));
      groups_.clear();
    }
    if (inGroup_ == 0) group_ += recurred(groups_, group_, w_.groups - 1 - group_);
    between(mac_.transfersPerRow);
    const Clock ordered = occupy(dpu_, command_);
    // A bank whose row is not ordered yet serves what waits.
    while (pendingIn_ + pendingOut_ > 0 && free_ < ordered) between(1);
    at_ = std::max({ordered, legal(Kind::ACT), nextActivate_, row_.overlap ? 0 : free_});
  }
  void leave(Clock end) {
    ++rowNumber_;
    if (++inGroup_ == w_.rowsPerGroup) {
      inGroup_ = 0;
      if (read_ > 0) {
        sums_ = occupy(end, read_);
        note(Kind::RD, sums_ - read_, read_, -1);
      }
      if (++group_ == w_.groups) {
        group_ = 0;
        if (++chunk_ == w_.chunks) endPass();
      }
    }
    enter();
  }
  void endPass() {
    chunk_ = 0;
    ++pass_;
    rowNumber_ = 0;  // every pass reads the same weights
    backlog_ += post_;
    while (pendingOut_ > 0) transfer();  // of the pass before: there are two buffers
    pendingOut_ += w_.outputTransfers;
  }

  Moment moment(std::int64_t index) const {
    Moment m;
    m.time = std::max(free_, dpu_);
    m.relative = {free_ - m.time,
                  dpu_ - m.time,
                  pendingIn_,
                  pendingOut_,
                  std::max(sums_, free_) - m.time,
                  std::max(nextActivate_, free_) - m.time,
                  side_};
    for (std::size_t i = 0; i < registers_.size(); ++i)
      m.relative.push_back(std::max(registers_[(next_ + i) % registers_.size()], dpu_) - m.time);
    chip_.picture(m.time, window_, m.relative);
    m.backlog = backlog_;
    m.index = index;
    m.run = run_;
    return m;
  }

  /// Whole periods that can be skipped because a moment before was like this one, in rounds.
  std::int64_t recurred(std::vector<Moment>& seen, std::int64_t index, std::int64_t left) {
    constexpr std::size_t most = 32;
    if (!fold_ || left <= 0) return 0;
    Moment now = moment(index);
    for (auto old = seen.rbegin(); old != seen.rend(); ++old) {
      if (old->relative != now.relative) continue;
      const std::int64_t gained = skip(*old, now, left);
      if (gained == 0) break;
      seen.clear();
      return gained;
    }
    if (seen.size() == most) seen.erase(seen.begin());
    seen.push_back(std::move(now));
    return 0;
  }
  std::int64_t skip(const Moment& old, const Moment& now, std::int64_t left) {
    const std::int64_t length = now.index - old.index, drift = now.backlog - old.backlog;
    std::int64_t periods = left / length;
    // Work put off must neither run out nor begin within what is skipped.
    if (drift < 0) periods = std::min(periods, now.backlog / -drift - 1);
    if (periods <= 0 || (drift > 0 && old.backlog == 0)) return 0;
    const Clock jump = periods * (now.time - old.time);
    for (Clock* time : {&free_, &dpu_, &nextActivate_, &sums_}) *time += jump;
    for (Clock& held : registers_) held += jump;
    chip_.shift(jump);
    backlog_ += periods * drift;
    run_.rows += periods * (now.run.rows - old.run.rows);
    run_.columns += periods * (now.run.columns - old.run.columns);
    run_.folded += periods * length;
    return periods * length;
  }

  const BankWork& w_;
  const RowPass& row_;
  const SaMacParams& mac_;
  const bool every_, fold_;
  const int bank_, banks_;
  dram::CommandTrace* trace_;
  dram::ChannelState& chip_;
  const Clock refill_, command_, read_, fill_, post_, in_, out_, interval_, refreshTime_, window_;
  int side_ = 0;
  BankRun run_;
  Clock due_, free_ = 0, dpu_ = 0, sums_ = 0, backlog_ = 0, nextActivate_ = 0, at_ = 0;
  std::int64_t pass_ = 0, chunk_ = 0, group_ = 0, inGroup_ = 0, rowNumber_ = 0;
  std::int64_t pendingIn_ = 0, pendingOut_ = 0;
  std::vector<Clock> registers_;  ///< until when each holds activations still needed
  std::size_t next_ = 0;
  std::vector<Moment> passes_, groups_;
};

/// The cap on rows open at once in a chip.
class OpenRows {
 public:
  explicit OpenRows(std::int64_t most) : most_(static_cast<std::size_t>(most)) {}

  /// Waits for the earliest to close while too many are open.
  Clock allowed(Clock at) const {
    return openAt(at) < most_ ? at : std::max(at, closes_[closes_.size() - most_]);
  }
  void opened(Clock at, Clock closed) {
    closes_.insert(std::upper_bound(closes_.begin(), closes_.end(), closed), closed);
    mostOpen_ = std::max(mostOpen_, static_cast<int>(openAt(at)));
    while (closes_.size() > 4 * most_) closes_.erase(closes_.begin());
  }
  int mostOpen() const { return mostOpen_; }

 private:
  std::size_t openAt(Clock at) const {
    return static_cast<std::size_t>(closes_.end() -
                                    std::upper_bound(closes_.begin(), closes_.end(), at));
  }

  std::size_t most_;
  std::vector<Clock> closes_;  ///< in rising order
  int mostOpen_ = 0;
};

}  // namespace

BankRun runBank(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, bool fold) {
  const Setup setup{work, row, mac, timing, issue};
  dram::ChannelState state = stateOf(setup, 1);
  Bank bank(setup, state, Bank::Level::rows, fold, 0, 1, nullptr);
  while (!bank.done()) bank.runRow(bank.ready());
  BankRun run = bank.result();
  // While the bank refreshes or moves the last outputs, the DPU goes on with work put off.
  run.time = std::max(withRefresh(run.time, work, row, mac, timing, issue), bank.dpuEnd());
  return run;
}

BankRun runChip(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, std::int64_t banks,
                dram::CommandTrace* trace) {
  const Setup setup{work, row, mac, timing, issue};
  dram::ChannelState state = stateOf(setup, banks);
  std::vector<Bank> all;
  all.reserve(static_cast<std::size_t>(banks));
  for (int b = 0; b < banks; ++b)
    all.emplace_back(setup, state, Bank::Level::commands, false, b, static_cast<int>(banks), trace);
  OpenRows rows(mac.activeRowsPerChip);
  for (;;) {
    // The bank that can activate first goes first; equal times in the order of the banks.
    Bank* first = nullptr;
    for (Bank& b : all)
      if (!b.done() && (first == nullptr || b.ready() < first->ready())) first = &b;
    if (first == nullptr) break;
    const Clock at = rows.allowed(std::max(first->ready(), first->legal(Kind::ACT)));
    rows.opened(at, first->runRow(at));
  }
  BankRun sum;
  for (Bank& b : all) {
    const BankRun one = b.result();
    sum.time = std::max(sum.time, one.time);
    sum.steps += one.steps;
    sum.rows += one.rows;
    sum.columns += one.columns;
    sum.refreshes += one.refreshes;
  }
  sum.mostOpenRows = rows.mostOpen();
  return sum;
}

}  // namespace wattlas::pim
