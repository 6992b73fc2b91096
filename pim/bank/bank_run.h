// A bank and its DPU working through a BankWork on the state of models/dram: rows open and close,
// columns issue when their activations have arrived, the DPU writes slices, reads sums and moves
// data by DMA through the same bank. Plain C++, owned by a rank module.
#pragma once

#include <algorithm>

#include "models/dram/command_log.h"
#include "pim/bank/sa_mac.h"

namespace wattlas::pim {

// The work of a bank for a matrix-vector product: how weights lie in rows, what the DPU adds, and
// what bounds it.

// One row pass of a bank's MACs, and the peak rates that follow from it.

/// How a bank handles one row.
struct RowPass {
  std::int64_t columns = 1;  ///< column accesses (row_sa: 1)
  Ticks column;              ///< one column access with its MACs (row_sa: all bits)
  Ticks open;                ///< activate to the first column command, ECC included
  Ticks recover;             ///< end of the last column to precharge (tRTP; row_sa: 0)
  Ticks close;               ///< precharge to the next activate of the subarray
  Ticks minimumOpen;         ///< least time a row is open (tRAS)
  bool overlap = false;      ///< two subarrays alternate behind one column path
  Ticks pitch;               ///< least time from row to row because banks share a chip
  Ticks powerPitch;          ///< the part of it that the power cap asks for
  /// Banks that take turns because fewer rows may be open at once in the chip; equal = no cap.
  std::int64_t sharers = 1, slots = 1;
  /// How long a row is open when its last column ends `busy` after its activate.
  Ticks openFor(Ticks busy) const { return std::max(busy + recover, minimumOpen); }
  /// Activate to the next activate of the bank when a row was open so long: window, power and its
  /// turn among the banks of the chip.
  Ticks spacing(Ticks wasOpen) const;
  /// Banks of the chip wait for each other.
  bool shared() const { return pitch > powerPitch || sharers > slots; }
  /// Activate to the next activate when the columns took `busy` in all, for a bank alone.
  Ticks own(Ticks busy) const;
  /// The same among the banks of the chip.
  Ticks cycle(Ticks busy) const { return std::max(own(busy), spacing(openFor(open + busy))); }
  /// The same when activations arrive in time.
  Ticks duration() const;
  /// No program with `rows` rows is faster, whatever its columns do.
  Ticks leastFor(std::int64_t rows) const;
};

/// `rowEnergy`: joules of one full row pass of one bank, for the power cap.
RowPass rowPass(const SaMacParams& mac, const BankTiming& timing, int activationBits,
                std::int64_t banksPerChip, Joules rowEnergy = Joules(0));

/// Weight bits of a row (check bits inside the row left out), in whole accesses.
Bits usefulRow(const SaMacParams& mac, const BankTiming& timing);
/// Joules of one full row pass: activation, bits to the units, MACs, decoders.
Joules energyOfRow(const SaMacParams& mac, const BankTiming& timing, const BankEnergy& energy,
                   int weightBits);

/// Peak rates of one bank without refresh.
struct PeakRates {
  Seconds row;
  BitRate stream;  ///< zero for row_sa
  double macsPerSecond = 0;
};
PeakRates peakRates(const SaMacParams& mac, const BankTiming& timing, int weightBits,
                    int activationBits, std::int64_t banksPerChip, Joules rowEnergy = Joules(0));

/// Timing of the bank at a die temperature in degrees Celsius: refresh comes twice as often above
/// 85, four times above 95 (JEDEC extended temperature ranges).
BankTiming atTemperature(BankTiming timing, double celsius);

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
