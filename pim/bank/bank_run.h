// A bank and its DPU working through a BankWork on the state of models/dram: rows open and close,
// columns issue when their activations have arrived, the DPU writes slices, reads sums and moves
// data by DMA through the same bank. Plain C++, owned by a rank module.
#pragma once

#include "models/dram/command.h"
#include "pim/bank/bank_work.h"

namespace wattlas::pim {

struct BankRun {
  Ticks time;               ///< refresh included
  std::int64_t steps = 0;   ///< evaluated slices and rows, or commands
  std::int64_t folded = 0;  ///< groups or passes that were skipped
  std::int64_t rows = 0, columns = 0, refreshes = 0;
  int mostOpenRows = 0;  ///< of the chip at any time
};

/// One bank by slices and rows. It has its share of what the banks of a chip have in common, and
/// refresh takes its mean share: their phases are unknown. With `fold`, groups and passes are
/// skipped when the complete relative state recurs.
BankRun runBank(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, bool fold);

/// `banks` banks of one chip with equal work, each commanded by its own DPU, command by command:
/// refreshes stand where they fall due, activations share tRRD, the window of four (mac.tFAW) and
/// the cap on open rows (mac.activeRowsPerChip). Counts are sums. The trace hears bank after bank,
/// row after row: WR are activations written to the units, RD sums read from them. Throws
/// std::logic_error when a command breaks a rule (a bug of the generator).
BankRun runChip(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, std::int64_t banks = 1,
                dram::CommandTrace* trace = nullptr);

}  // namespace wattlas::pim
