// A bank and its DPU working through a BankWork: rows open and close, columns issue when their
// activations have arrived, the DPU writes slices, reads sums and moves data by DMA through the
// same bank. Evaluated slice by slice; plain C++, owned by a rank module.
#pragma once

#include "pim/bank/bank_work.h"

namespace wattlas::pim {

struct BankRun {
  Ticks time;               ///< refresh included
  Ticks bankBusy;           ///< rows open or turning, without refresh
  Ticks dmaWait;            ///< time rows waited for the DPU's transfers
  Ticks dpuWait;            ///< time the DPU's transfers waited for rows to close, summed
  std::int64_t steps = 0;   ///< evaluated slices, rows and transfers
  std::int64_t folded = 0;  ///< groups or passes that were skipped
  std::int64_t rows = 0, columns = 0;
};

/// `fold` allows skipping of groups and passes when the relative state recurs.
BankRun runBank(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                const BankTiming& timing, const IssueRate& issue, bool fold);

}  // namespace wattlas::pim
