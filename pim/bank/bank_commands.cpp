#include "pim/bank/bank_commands.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "models/dram/channel_state.h"

namespace wattlas::pim {

namespace {

using Kind = dram::CommandKind;

/// A bank, or two subarrays that open rows of their own behind one column path.
dram::ChannelState stateOf(const RowPass& row, const BankTiming& t) {
  using Scope = dram::RuleScope;
  dram::Timing timing;
  timing.commandBus = false;
  timing.banksPerGroup = row.overlap ? 2 : 1;
  const std::int64_t rp = nearestTicks(t.tRP).ps, rfc = nearestTicks(t.tRFC).ps;
  return {timing,
          {{Kind::ACT, Kind::MAC, Scope::bank, row.open.ps, "tRCD"},
           {Kind::ACT, Kind::PRE, Scope::bank, row.minimumOpen.ps, "tRAS"},
           {Kind::MAC, Kind::MAC, Scope::bank, row.column.ps, "macIssue"},
           {Kind::MAC, Kind::PRE, Scope::bank, (row.column + row.recover).ps, "tRTP"},
           {Kind::PRE, Kind::ACT, Scope::bank, rp, "tRP"},
           {Kind::PRE, Kind::REF, Scope::rank, rp, "tRP"},
           {Kind::REF, Kind::ACT, Scope::rank, rfc, "tRFC"},
           {Kind::REF, Kind::REF, Scope::rank, rfc, "tRFC"}}};
}

/// The DPU as a server of instructions and the bank as a stream of commands. Advances row by row,
/// so that banks of a chip can be run side by side.
class Generator {
 public:
  Generator(const BankWork& work, const SaMacParams& mac, const BankTiming& timing,
            const IssueRate& issue, const RowPass& row, std::int32_t bank,
            dram::CommandTrace* trace)
      : w_(work),
        issue_(issue),
        row_(row),
        bank_(bank),
        trace_(trace),
        transfersPerRow_(mac.transfersPerRow),
        state_(stateOf(row, timing)),
        interval_(nearestTicks(timing.tREFI)),
        refreshTime_(nearestTicks(timing.tRFC)),
        due_(Ticks(interval_.ps / 2)),
        slots_(static_cast<std::size_t>(mac.inputRegisters)) {
    pendingIn_ = w_.inputTransfers;
    fetchInputs();
    dpu_ = std::max(dpu_, free_);
    enter();
  }

  bool done() const { return pass_ == w_.passes; }
  /// Earliest time of the next row's activation.
  Ticks ready() const { return at_; }
  /// Runs the next row from `at` (not before `ready()`); returns when its row is closed again.
  Ticks runRow(Ticks at) {
    const std::int64_t row = rowNumber_++;
    command(Kind::ACT, at, row_.open, row);
    activated_ = at;
    any_ = true;
    const std::int64_t slices = inGroup_ + 1 < w_.rowsPerGroup ? w_.slices : w_.lastSlices;
    std::int64_t column = 0;
    for (std::int64_t s = 0; s < slices; ++s) {
      Ticks ready = std::max(sums_, row_.overlap ? free_ : Ticks(0));
      if (w_.refillInstructions > 0) {
        const Ticks end = occupy(slots_[next_], w_.refillInstructions);
        note(Kind::WR, end - issue_.time(w_.refillInstructions), issue_.time(w_.refillInstructions),
             -1, s);
        ready = std::max(ready, end);
      }
      for (std::int64_t c = 0; c < w_.columnsPerSlice; ++c) {
        const Ticks when =
            std::max({ready, legal(Kind::MAC, row), row_.overlap ? lastEnd_ : Ticks(0)});
        command(Kind::MAC, when, row_.column, row, column++);
        lastEnd_ = when + row_.column;
      }
      if (w_.refillInstructions > 0) {
        slots_[next_] = lastEnd_;
        next_ = (next_ + 1) % slots_.size();
      }
    }
    const Ticks close = legal(Kind::PRE, row);
    command(Kind::PRE, close, row_.close, row);
    free_ = row_.overlap ? lastEnd_ : legal(Kind::ACT, row);
    if (row_.overlap) side_ = 1 - side_;
    leave();
    return close;
  }

  CommandRun result() {
    while (pendingIn_ + pendingOut_ > 0) between(1);
    CommandRun out = counts_;
    out.time = std::max({free_, dpu_ + backlog_, Ticks(state_.ruled({Kind::ACT, 0, 0}))});
    if (row_.overlap) out.time = std::max(out.time, Ticks(state_.ruled({Kind::ACT, 0, 1})));
    out.commands = out.activates + out.columns + out.precharges + out.refreshes;
    return out;
  }

 private:
  void note(Kind kind, Ticks at, Ticks duration, std::int64_t row, std::int64_t column = -1) {
    if (trace_ != nullptr) trace_->command({at, duration, 0, 0, -1, bank_, kind, row, column});
  }
  /// First time of a command to the half whose turn it is.
  Ticks legal(Kind kind, std::int64_t row) const {
    return std::max(Ticks(0), Ticks(state_.ruled({kind, 0, side_, -1, row})));
  }
  void command(Kind kind, Ticks at, Ticks duration, std::int64_t row, std::int64_t column = -1) {
    state_.issue({kind, 0, side_, -1, row}, at.ps);
    ++(kind == Kind::ACT   ? counts_.activates
       : kind == Kind::PRE ? counts_.precharges
                           : counts_.columns);
    note(kind, at, duration, row, column);
  }
  Ticks occupy(Ticks earliest, std::int64_t instructions) {
    const Ticks start = std::max(dpu_, earliest);
    backlog_ = std::max(Ticks(0), backlog_ - (start - dpu_));
    dpu_ = start + issue_.time(instructions);
    return dpu_;
  }
  void transfer() {
    if (pendingIn_ + pendingOut_ == 0) return;
    const bool in = pendingIn_ > 0;
    --(in ? pendingIn_ : pendingOut_);
    const Ticks time = cyclesToTicks(in ? w_.inputCycles : w_.outputCycles, issue_.clock);
    note(Kind::DMA, free_, time, -1);
    free_ += time;
  }
  void fetchInputs() {
    while (pendingIn_ > 0) transfer();
  }
  /// Between rows: refresh when due, then transfers of the DPU.
  void between(std::int64_t most) {
    for (;;) {
      const Ticks at = std::max(free_, Ticks(state_.ruled({Kind::REF})));
      if (due_ > at) break;
      state_.issue({Kind::REF}, at.ps);  // both halves together
      ++counts_.refreshes;
      note(Kind::REF, at, refreshTime_, -1);
      free_ = Ticks(state_.ruled({Kind::ACT, 0, 0}));
      due_ += interval_;
    }
    for (std::int64_t i = 0; i < most; ++i) transfer();
  }
  /// Steps to the next row: begins passes and chunks, then finds its earliest time.
  void enter() {
    if (done()) return;
    if (inGroup_ == 0 && group_ == 0 && chunk_ == 0) {
      fetchInputs();
      if (pass_ + 1 < w_.passes) pendingIn_ += w_.inputTransfers;
    }
    if (inGroup_ == 0 && group_ == 0 && w_.chunkInstructions > 0)
      sums_ = std::max(sums_, occupy(free_, w_.chunkInstructions));
    between(transfersPerRow_);
    const Ticks ordered = occupy(dpu_, w_.rowInstructions);
    while (pendingIn_ + pendingOut_ > 0 && free_ < ordered) between(1);
    at_ = std::max(ordered, legal(Kind::ACT, -1));
    if (!row_.overlap) at_ = std::max(at_, free_);
    if (row_.powerPitch.ps > 0 && any_) at_ = std::max(at_, activated_ + row_.powerPitch);
  }
  void leave() {
    if (++inGroup_ == w_.rowsPerGroup) {
      inGroup_ = 0;
      if (w_.readInstructions > 0) {
        sums_ = occupy(lastEnd_, w_.readInstructions);
        const Ticks length = issue_.time(w_.readInstructions);
        note(Kind::RD, sums_ - length, length, -1);
      }
      if (++group_ == w_.groups) {
        group_ = 0;
        if (++chunk_ == w_.chunks) {
          chunk_ = 0;
          ++pass_;
          rowNumber_ = 0;  // every pass reads the same weights
          backlog_ += issue_.time(w_.postInstructions);
          while (pendingOut_ > 0) transfer();  // of the pass before: there are two buffers
          pendingOut_ += w_.outputTransfers;
        }
      }
    }
    enter();
  }

  const BankWork& w_;
  const IssueRate& issue_;
  const RowPass& row_;
  std::int32_t bank_;
  dram::CommandTrace* trace_;
  std::int64_t transfersPerRow_;
  dram::ChannelState state_;
  int side_ = 0;
  CommandRun counts_;
  Ticks interval_, refreshTime_, due_, free_, dpu_, sums_, backlog_, activated_, lastEnd_, at_;
  std::int64_t pass_ = 0, chunk_ = 0, group_ = 0, inGroup_ = 0, rowNumber_ = 0;
  std::int64_t pendingIn_ = 0, pendingOut_ = 0;
  bool any_ = false;
  std::vector<Ticks> slots_;
  std::size_t next_ = 0;
};

/// What the banks of a chip share: the pumps (four activations in a window) and the cap on rows.
class ChipWindow {
 public:
  ChipWindow(const SaMacParams& mac, const BankTiming& timing)
      : window_(nearestTicks(mac.tFAW)),
        distance_(nearestTicks(timing.tRRD)),
        most_(static_cast<std::size_t>(mac.activeRowsPerChip)) {}

  Ticks allowed(Ticks at) const {
    if (window_.ps > 0 && recent_.size() == 4) at = std::max(at, recent_.front() + window_);
    if (distance_.ps > 0 && !recent_.empty()) at = std::max(at, recent_.back() + distance_);
    // Not more rows than allowed: wait for the earliest to close. Kept in rising order.
    const auto open = static_cast<std::size_t>(
        closes_.end() - std::upper_bound(closes_.begin(), closes_.end(), at));
    if (open >= most_) at = std::max(at, closes_[closes_.size() - most_]);
    return at;
  }
  void activated(Ticks at, Ticks closed) {
    recent_.push_back(at);
    if (recent_.size() > 4) recent_.pop_front();
    closes_.insert(std::upper_bound(closes_.begin(), closes_.end(), closed), closed);
    const auto open =
        static_cast<int>(closes_.end() - std::upper_bound(closes_.begin(), closes_.end(), at));
    mostOpen_ = std::max(mostOpen_, open);
    while (closes_.size() > 4 * most_) closes_.erase(closes_.begin());
  }
  int mostOpen() const { return mostOpen_; }

 private:
  Ticks window_, distance_;
  std::size_t most_;
  std::deque<Ticks> recent_;
  std::vector<Ticks> closes_;
  int mostOpen_ = 0;
};

}  // namespace

CommandRun runCommands(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                       const BankTiming& timing, const IssueRate& issue,
                       dram::CommandTrace* trace) {
  return runChip(work, row, mac, timing, issue, 1, trace);
}

CommandRun runChip(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                   const BankTiming& timing, const IssueRate& issue, std::int64_t banks,
                   dram::CommandTrace* trace) {
  std::vector<Generator> all;
  all.reserve(static_cast<std::size_t>(banks));
  for (std::int64_t b = 0; b < banks; ++b)
    all.emplace_back(work, mac, timing, issue, row, static_cast<std::int32_t>(b), trace);
  ChipWindow window(mac, timing);
  for (;;) {
    // The bank that can activate first goes first; equal times in the order of the banks.
    Generator* first = nullptr;
    for (Generator& g : all)
      if (!g.done() && (first == nullptr || g.ready() < first->ready())) first = &g;
    if (first == nullptr) break;
    const Ticks at = window.allowed(first->ready());
    window.activated(at, first->runRow(at));
  }
  CommandRun sum;
  for (Generator& g : all) {
    const CommandRun one = g.result();
    sum.time = std::max(sum.time, one.time);
    sum.commands += one.commands;
    sum.activates += one.activates;
    sum.columns += one.columns;
    sum.precharges += one.precharges;
    sum.refreshes += one.refreshes;
  }
  sum.mostOpenRows = window.mostOpen();
  return sum;
}

}  // namespace wattlas::pim
