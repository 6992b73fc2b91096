#include "pim/bank/bank_commands.h"

#include <algorithm>
#include <vector>

#include "pim/dram/checker.h"

namespace wattlas::pim {

namespace {

/// The DPU as a server of instructions and the bank as a stream of commands.
class Generator {
 public:
  Generator(const BankWork& work, const SaMacParams& mac, const BankTiming& timing,
            const IssueRate& issue, const RowPass& row)
      : w_(work),
        issue_(issue),
        row_(row),
        bank_(timing, row.column, row.recover),
        interval_(nearestTicks(timing.tREFI)),
        due_(Ticks(interval_.ps / 2)),
        slots_(static_cast<std::size_t>(mac.inputRegisters)) {}

  CommandRun run() {
    transfers(w_.inputTransfers, w_.inputCycles);
    dpu_ = std::max(dpu_, free_);
    for (std::int64_t pass = 0; pass < w_.passes; ++pass) runPass(pass + 1 == w_.passes);
    while (pendingIn_ + pendingOut_ > 0) between();
    CommandRun result;
    result.time = std::max(free_, dpu_ + backlog_);
    result.activates = bank_.count(BankCommand::activate);
    result.columns = bank_.count(BankCommand::column);
    result.precharges = bank_.count(BankCommand::precharge);
    result.refreshes = bank_.count(BankCommand::refresh);
    result.commands = result.activates + result.columns + result.precharges + result.refreshes;
    return result;
  }

 private:
  Ticks occupy(Ticks earliest, std::int64_t instructions) {
    const Ticks start = std::max(dpu_, earliest);
    backlog_ = std::max(Ticks(0), backlog_ - (start - dpu_));
    dpu_ = start + issue_.time(instructions);
    return dpu_;
  }
  void transfers(std::int64_t n, std::int64_t cycles) {
    free_ += cyclesToTicks(n * cycles, issue_.clock);
  }
  /// Between rows: refresh when due, then one transfer of the DPU.
  void between() {
    while (due_ <= std::max(free_, bank_.earliest(BankCommand::refresh))) {
      const Ticks at = std::max(free_, bank_.earliest(BankCommand::refresh));
      bank_.issue(BankCommand::refresh, at);
      free_ = bank_.earliest(BankCommand::activate);
      due_ += interval_;
    }
    if (pendingIn_ > 0) {
      --pendingIn_;
      transfers(1, w_.inputCycles);
    } else if (pendingOut_ > 0) {
      --pendingOut_;
      transfers(1, w_.outputCycles);
    }
  }
  void runPass(bool last) {
    if (!last) pendingIn_ += w_.inputTransfers;
    for (std::int64_t c = 0; c < w_.chunks; ++c) {
      if (w_.chunkInstructions > 0) sums_ = std::max(sums_, occupy(free_, w_.chunkInstructions));
      for (std::int64_t g = 0; g < w_.groups; ++g) {
        Ticks end;
        for (std::int64_t r = 0; r < w_.rowsPerGroup; ++r)
          end = runRow(r + 1 < w_.rowsPerGroup ? w_.slices : w_.lastSlices);
        if (w_.readInstructions > 0) sums_ = occupy(end, w_.readInstructions);
      }
    }
    backlog_ += issue_.time(w_.postInstructions);
    pendingOut_ += w_.outputTransfers;
  }
  Ticks runRow(std::int64_t slices) {
    between();
    const Ticks ordered = occupy(dpu_, w_.rowInstructions);
    Ticks at = std::max({free_, ordered, bank_.earliest(BankCommand::activate)});
    if (row_.pitch.ps > 0 && bank_.count(BankCommand::activate) > 0)
      at = std::max(at, activated_ + row_.pitch);
    bank_.issue(BankCommand::activate, at);
    activated_ = at;
    for (std::int64_t s = 0; s < slices; ++s) {
      Ticks ready = sums_;
      if (w_.refillInstructions > 0)
        ready = std::max(ready, occupy(slots_[next_], w_.refillInstructions));
      for (std::int64_t c = 0; c < w_.columnsPerSlice; ++c) {
        const Ticks column = std::max(ready, bank_.earliest(BankCommand::column));
        bank_.issue(BankCommand::column, column);
        lastEnd_ = column + row_.column;
      }
      if (w_.refillInstructions > 0) {
        slots_[next_] = lastEnd_;
        next_ = (next_ + 1) % slots_.size();
      }
    }
    bank_.issue(BankCommand::precharge, bank_.earliest(BankCommand::precharge));
    free_ = bank_.earliest(BankCommand::activate);
    return lastEnd_;
  }

  const BankWork& w_;
  const IssueRate& issue_;
  const RowPass& row_;
  BankChecker bank_;
  Ticks interval_, due_, free_, dpu_, sums_, backlog_, activated_, lastEnd_;
  std::int64_t pendingIn_ = 0, pendingOut_ = 0;
  std::vector<Ticks> slots_;
  std::size_t next_ = 0;
};

}  // namespace

CommandRun runCommands(const BankWork& work, const SaMacParams& mac, const BankTiming& timing,
                       const IssueRate& issue, int activationBits, std::int64_t banksPerChip) {
  const RowPass row = rowPass(mac, timing, activationBits, banksPerChip);
  return Generator(work, mac, timing, issue, row).run();
}

}  // namespace wattlas::pim
