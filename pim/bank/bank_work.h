// The work of a bank for a matrix-vector product: how weights lie in rows, what the DPU adds, and
// what bounds it.
#pragma once

#include "pim/bank/row_pass.h"

namespace wattlas::pim {

/// What one bank does in one program: `passes` (tokens) times all output groups.
struct BankWork {
  std::int64_t passes = 1;        ///< matrix-vector products with the same weights
  std::int64_t chunks = 1;        ///< parts of the inputs that fill the input buffer in turn
  std::int64_t groups = 1;        ///< groups of outputs that share the accumulators, per chunk
  std::int64_t rowsPerGroup = 1;  ///< DRAM rows that hold a group
  std::int64_t slices = 1;        ///< activation slices used by one full row
  std::int64_t lastSlices = 1;    ///< slices used by the last row of a group
  std::int64_t columnsPerSlice = 1;
  std::int64_t refillInstructions = 0;  ///< DPU instructions per slice (0 with an input buffer)
  std::int64_t chunkInstructions = 0;   ///< DPU instructions that fill the input buffer
  std::int64_t rowInstructions = 0;     ///< DPU instructions per row
  std::int64_t readInstructions = 0;    ///< DPU instructions per group, before the next may start
  std::int64_t postInstructions = 0;    ///< DPU instructions per pass, beside the MACs
  std::int64_t inputTransfers = 0;      ///< DMA reads per pass
  std::int64_t inputCycles = 0;         ///< bank time of one of them, DPU cycles
  std::int64_t outputTransfers = 0;     ///< DMA writes per pass
  std::int64_t outputCycles = 0;
  std::int64_t macs = 0;       ///< useful MACs of all passes
  std::int64_t checkMacs = 0;  ///< MACs of checksums, all passes

  std::int64_t rows() const { return chunks * groups * rowsPerGroup; }
  /// Column accesses of one pass.
  std::int64_t columns() const {
    return chunks * groups * ((rowsPerGroup - 1) * slices + lastSlices) * columnsPerSlice;
  }
  /// DPU instructions of one pass.
  std::int64_t instructions() const;
  bool operator==(const BankWork&) const = default;
};

/// A product as one bank sees it.
struct BankProduct {
  std::int64_t outputs = 1, inputs = 1, passes = 1;
  /// Outputs that multiply the same inputs; 0 = all of them. Groups of a convolution and batches of
  /// a product of activations have inputs of their own and cannot share a slice.
  std::int64_t sharing = 0;
  int weightBits = 8, activationBits = 8;
};
/// Lays the weights out in one bank: outputs that share inputs interleaved over the accumulators,
/// every group padded to whole rows. Needs `mac.runs(weightBits, activationBits)`. `banksPerChip`
/// matters in lock-step: the DPUs of a chip share writing of activations and row commands.
BankWork layOut(const BankProduct& product, const SaMacParams& mac, const BankTiming& timing,
                std::int64_t banksPerChip = 1);
/// The same for one product with common inputs.
BankWork layOut(std::int64_t outputs, std::int64_t inputs, std::int64_t passes, int weightBits,
                int activationBits, const SaMacParams& mac, const BankTiming& timing);
/// Bits of the rows that the layout fills, padding included.
Bits storedIn(const BankWork& work, const BankTiming& timing);

/// Instructions per second that the DPU behind the bank issues.
struct IssueRate {
  Hertz clock;
  std::int64_t tasklets = 16, revolver = 11;
  /// Time of `instructions` when all tasklets share them.
  Ticks time(std::int64_t instructions) const;
};

/// Columns of a row of `slices` in a bank that had to wait for its turn: its registers are full
/// when the row opens, the DPU writes the other slices meanwhile (`refill` each).
Ticks columnsAfterWait(std::int64_t slices, const BankWork& work, const RowPass& row,
                       const SaMacParams& mac, Ticks refill);
/// What it cannot be faster than: columns, rows and instructions alone, without refresh.
Ticks lowerBound(const BankWork& work, const RowPass& row, const IssueRate& issue);
/// `work` stretched by the share of time that refresh takes. While the bank refreshes, a DPU that
/// holds it up goes on as far as its registers reach: that much of each refresh does not show.
Ticks withRefresh(Ticks work, const BankWork& w, const RowPass& row, const SaMacParams& mac,
                  const BankTiming& timing, const IssueRate& issue);

}  // namespace wattlas::pim
