// The same work command by command: every ACT, column MAC, PRE and REF goes through the checker,
// refreshes stand where they fall due, nothing is folded. Proves bank_run.h.
#pragma once

#include "models/dram/command.h"
#include "pim/bank/bank_work.h"

namespace wattlas::pim {

struct CommandRun {
  Ticks time;
  std::int64_t commands = 0, activates = 0, columns = 0, precharges = 0, refreshes = 0;
  int mostOpenRows = 0;  ///< of the chip at any time
};

/// One bank alone. Throws std::logic_error when a command breaks a timing rule (a bug of the
/// generator).
CommandRun runCommands(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                       const BankTiming& timing, const IssueRate& issue,
                       dram::CommandTrace* trace = nullptr);

/// `banks` banks of one chip with equal work, each commanded by its own DPU: activations share the
/// window of four (mac.tFAW) and the cap on open rows (mac.activeRowsPerChip). Counts are sums.
/// The trace hears bank after bank, row after row: WR are activations written to the units, RD sums
/// read from them.
CommandRun runChip(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                   const BankTiming& timing, const IssueRate& issue, std::int64_t banks,
                   dram::CommandTrace* trace = nullptr);

}  // namespace wattlas::pim
