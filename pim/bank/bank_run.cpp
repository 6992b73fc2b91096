#include "pim/bank/bank_run.h"

#include <algorithm>
#include <array>
#include <vector>

namespace wattlas::pim {

namespace {

class Bank {
 public:
  Bank(const BankWork& work, const RowPass& row, const SaMacParams& mac, const IssueRate& issue,
       bool fold)
      : w_(work),
        row_(row),
        mac_(mac),
        issue_(issue),
        fold_(fold),
        refill_(issue.time(work.refillInstructions).ps),
        command_(issue.time(work.rowInstructions).ps),
        read_(issue.time(work.readInstructions).ps),
        chunk_(issue.time(work.chunkInstructions).ps),
        post_(issue.time(work.postInstructions).ps),
        in_(cyclesToTicks(work.inputCycles, issue.clock).ps),
        out_(cyclesToTicks(work.outputCycles, issue.clock).ps),
        transfersPerRow_(mac.transfersPerRow),
        registers_(static_cast<std::size_t>(mac.inputRegisters), 0) {}

  BankRun run(const BankTiming& timing) {
    pendingIn_ = w_.inputTransfers;  // the first vector is fetched before anything can start
    drainTransfers();
    dpu_ = std::max(dpu_, bank_);
    std::vector<State> passes;
    for (std::int64_t pass = 0; pass < w_.passes; ++pass) {
      if (fold_) skipPasses(passes, pass);
      runPass(pass + 1 == w_.passes);
    }
    drainTransfers();
    for (const std::int64_t side : subarray_) bank_ = std::max(bank_, side);  // all rows closed
    // The phase of refresh at the start is unknown: its mean share is charged, so nothing is owed.
    // While the bank refreshes or moves the last outputs, the DPU goes on with work put off.
    const Ticks base(now());
    const Ticks stretched = withRefresh(base, w_, row_, mac_, timing, issue_);
    run_.time = stretched + std::max(Ticks(0), Ticks(dpu_ + backlog_) - stretched);
    return run_;
  }

 private:
  struct State {
    std::vector<std::int64_t> relative;
    std::int64_t time = 0, backlog = 0, index = 0, busy = 0, wait = 0, stalled = 0, rows = 0,
                 columns = 0;
  };

  std::int64_t now() const { return std::max(bank_, dpu_); }

  State state(std::int64_t index) const {
    State s;
    const std::int64_t t = now();
    s.relative = {bank_ - t, dpu_ - t, pendingIn_, pendingOut_, std::max(sums_, bank_) - t};
    if (nextActivate_ > 0) s.relative.push_back(std::max(nextActivate_, bank_) - t);
    if (row_.overlap) {
      s.relative.push_back(std::max(subarray_[side_], bank_ - row_.open.ps) - t);
      s.relative.push_back(std::max(subarray_[1 - side_], bank_ - row_.open.ps) - t);
    }
    if (pendingIn_ > 0) s.relative.push_back(inAsked_ - t);
    if (pendingOut_ > 0) s.relative.push_back(outAsked_ - t);
    for (std::size_t i = 0; i < registers_.size(); ++i)
      s.relative.push_back(std::max(registers_[(next_ + i) % registers_.size()], dpu_) - t);
    s.time = t;
    s.backlog = backlog_;
    s.index = index;
    s.busy = run_.bankBusy.ps;
    s.wait = run_.dmaWait.ps;
    s.stalled = run_.dpuWait.ps;
    s.rows = run_.rows;
    s.columns = run_.columns;
    return s;
  }

  /// Skips whole periods between `old` and `s`; returns the indices gained.
  std::int64_t skip(const State& old, const State& s, std::int64_t left) {
    const std::int64_t length = s.index - old.index, drift = s.backlog - old.backlog;
    std::int64_t periods = left / length;
    // Work put off must neither run out nor begin within what is skipped.
    if (drift < 0) periods = std::min(periods, s.backlog / -drift - 1);
    if (drift > 0 && old.backlog == 0) return 0;
    if (periods <= 0) return 0;
    const std::int64_t jump = periods * (s.time - old.time);
    bank_ += jump;
    dpu_ += jump;
    nextActivate_ += jump;
    for (std::int64_t& side : subarray_) side += jump;
    inAsked_ += jump;
    outAsked_ += jump;
    sums_ += jump;
    for (std::int64_t& r : registers_) r += jump;
    backlog_ += periods * drift;
    run_.bankBusy += Ticks(periods * (s.busy - old.busy));
    run_.dmaWait += Ticks(periods * (s.wait - old.wait));
    run_.dpuWait += Ticks(periods * (s.stalled - old.stalled));
    run_.rows += periods * (s.rows - old.rows);
    run_.columns += periods * (s.columns - old.columns);
    run_.folded += periods * length;
    return periods * length;
  }

  std::int64_t tryFold(std::vector<State>& seen, std::int64_t index, std::int64_t left) {
    State s = state(index);
    for (auto old = seen.rbegin(); old != seen.rend(); ++old) {
      if (old->relative != s.relative) continue;
      const std::int64_t gained = skip(*old, s, left);
      if (gained > 0) {
        seen.clear();
        return gained;
      }
      break;
    }
    if (seen.size() == 32) seen.erase(seen.begin());
    seen.push_back(std::move(s));
    return 0;
  }

  void skipPasses(std::vector<State>& seen, std::int64_t& pass) {
    // The last pass differs: it prefetches nothing.
    const std::int64_t left = w_.passes - 1 - pass;
    if (left > 0) pass += tryFold(seen, pass, left);
  }

  /// The DPU works `time` from `earliest` on; gaps before it serve work that was put off.
  std::int64_t occupy(std::int64_t earliest, std::int64_t time) {
    const std::int64_t start = std::max(dpu_, earliest);
    backlog_ = std::max<std::int64_t>(0, backlog_ - (start - dpu_));
    dpu_ = start + time;
    return dpu_;
  }

  /// Between two rows the DPU's transfers may use the bank: some, then the MACs go on.
  void oneTransfer() {
    if (pendingIn_ + pendingOut_ == 0) return;
    const bool in = pendingIn_ > 0;
    --(in ? pendingIn_ : pendingOut_);
    const std::int64_t time = in ? in_ : out_;
    run_.dpuWait += Ticks(std::max<std::int64_t>(0, bank_ - (in ? inAsked_ : outAsked_)));
    bank_ += time;
    run_.dmaWait += Ticks(time);
    ++run_.steps;
  }
  void drainTransfers() {
    while (pendingIn_ + pendingOut_ > 0) oneTransfer();
  }

  void drainOutputs() {
    while (pendingOut_ > 0) oneTransfer();
  }

  /// Activations of a pass must have arrived before its rows open.
  void fetchInputs() {
    while (pendingIn_ > 0) oneTransfer();
  }

  void runPass(bool last) {
    fetchInputs();
    if (!last) {
      pendingIn_ += w_.inputTransfers;
      inAsked_ = now();
    }
    for (std::int64_t c = 0; c < w_.chunks; ++c) {
      if (chunk_ > 0) sums_ = std::max(sums_, occupy(bank_, chunk_));
      std::vector<State> groups;
      for (std::int64_t g = 0; g < w_.groups; ++g) {
        if (fold_) {
          const std::int64_t left = w_.groups - 1 - g;
          if (left > 0) g += tryFold(groups, g, left);
        }
        runGroup();
      }
    }
    backlog_ += post_;
    drainOutputs();  // of the pass before: there are two buffers
    outAsked_ = now();
    pendingOut_ += w_.outputTransfers;
  }

  void runGroup() {
    std::int64_t end = bank_;
    for (std::int64_t r = 0; r < w_.rowsPerGroup; ++r)
      end = runRow(r + 1 < w_.rowsPerGroup ? w_.slices : w_.lastSlices);
    if (read_ > 0) sums_ = occupy(end, read_);
  }

  /// One row; returns the end of its last column.
  std::int64_t runRow(std::int64_t slices) {
    for (std::int64_t i = 0; i < transfersPerRow_; ++i) oneTransfer();
    const std::int64_t ordered = occupy(dpu_, command_);
    // A bank whose row is not ordered yet serves what waits.
    while (pendingIn_ + pendingOut_ > 0 && bank_ < ordered) oneTransfer();
    // Behind one column path two subarrays may alternate: the row opens while the other one works.
    std::int64_t& side = subarray_[row_.overlap ? side_ : 0];
    std::int64_t activate = std::max(row_.overlap ? side : bank_, ordered);
    activate = std::max(activate, nextActivate_);
    const std::int64_t slice = row_.column.ps * w_.columnsPerSlice;
    std::int64_t end = std::max({activate + row_.open.ps, sums_, row_.overlap ? bank_ : 0});
    for (std::int64_t s = 0; s < slices; ++s) {
      std::int64_t ready = end;
      if (refill_ > 0) {
        std::int64_t& held = registers_[next_];
        ready = occupy(held, refill_);
        end = std::max(end, ready) + slice;
        held = end;
        next_ = (next_ + 1) % registers_.size();
      } else {
        end += slice;
      }
      ++run_.steps;
    }
    const Ticks open = row_.openFor(Ticks(end - activate));
    // Against a cap on open rows counts what the row takes after a wait for its turn.
    const Ticks waited = columnsAfterWait(slices, w_, row_, mac_, Ticks(refill_));
    const std::int64_t spacing = row_.spacing(row_.openFor(row_.open + waited)).ps;
    if (spacing > 0) nextActivate_ = activate + spacing;
    side = activate + open.ps + row_.close.ps;
    run_.bankBusy += Ticks(side - std::max(activate, row_.overlap ? bank_ : activate));
    bank_ = row_.overlap ? end : side;
    side_ = 1 - side_;
    ++run_.rows;
    run_.columns += slices * w_.columnsPerSlice;
    ++run_.steps;
    return end;
  }

  const BankWork& w_;
  const RowPass& row_;
  const SaMacParams& mac_;
  const IssueRate& issue_;
  bool fold_;
  std::int64_t refill_, command_, read_, chunk_, post_, in_, out_, transfersPerRow_;
  std::array<std::int64_t, 2> subarray_{};  ///< from when on each half can open a row
  std::size_t side_ = 0;
  std::int64_t inAsked_ = 0, outAsked_ = 0;  ///< since when transfers wait
  std::vector<std::int64_t> registers_;      ///< until when each holds activations still needed
  std::size_t next_ = 0;
  std::int64_t bank_ = 0, dpu_ = 0, sums_ = 0, backlog_ = 0, nextActivate_ = 0;
  std::int64_t pendingIn_ = 0, pendingOut_ = 0;
  BankRun run_;
};

}  // namespace

BankRun runBank(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, bool fold) {
  return Bank(work, row, mac, issue, fold).run(timing);
}

}  // namespace wattlas::pim
