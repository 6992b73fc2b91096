// Multiply-accumulate units at the sense amplifiers of a bank (SA-MAC): parameters, the closed form
// of a row pass, and the work that one bank does for a matrix-vector product.
#pragma once

#include <string>

#include "pim/dram/bank_timing.h"

namespace wattlas::pim {

enum class Placement {
  columnAmps,  ///< `col_sa`: behind the column multiplexer, one column access at a time
  rowAmps,     ///< `row_sa`: at the row of sense amplifiers, activations bit by bit
};

struct SaMacParams {
  std::string placement = "col_sa";
  std::int64_t lanes = 0;           ///< 8-bit lanes per access; 0 = the bank has no MACs (DPU only)
  Sourced<Bits> width;              ///< bits per column access
  Sourced<Seconds> macIssue;        ///< column access to column access
  Sourced<Seconds> bitTime;         ///< row_sa: one bit of the activations
  std::int64_t inputRegisters = 2;  ///< slices of activations, ping-pong at 2
  Sourced<Bits> inputBuffer;        ///< activations kept per bank besides the registers (0 = none)
  std::int64_t accumulators = 8;    ///< 32-bit sums, one per interleaved output row
  std::int64_t maxActivationBits = 8;
  std::string overlap = "none";  ///< `subarray` hides precharge and activation of the next row
  std::int64_t activeRowsPerChip = 8;  ///< cap on MAC rows open at once in a chip
  Sourced<Seconds> tFAW;           ///< window of four activations in a chip; 0 = no common pumps
  Sourced<Ratio> areaOverhead;     ///< of the bank's area
  Sourced<Joules> mac;             ///< one 8 x 8 bit MAC
  Sourced<Ratio> inputWrite;       ///< DPU instructions to write 8 bytes of activations (WR_IN)
  Sourced<Ratio> accumulatorRead;  ///< DPU instructions to read and clear one sum (RD_ACC)
  Sourced<Ratio> rowCommand;       ///< DPU instructions that start one row pass

  void bind(Binder& binder);
  bool enabled() const { return lanes > 0; }
  Placement where() const {
    return placement == "row_sa" ? Placement::rowAmps : Placement::columnAmps;
  }
  /// Whether weights of `weightBits` and activations of `activationBits` run on the units.
  bool runs(int weightBits, int activationBits) const;
};

/// How a bank of `banksPerChip` handles one row, in picoseconds.
struct RowPass {
  std::int64_t columns = 1;  ///< column accesses (row_sa: 1)
  Ticks column;              ///< one column access with its MACs (row_sa: all bits)
  Ticks open;                ///< activate to the first column command
  Ticks recover;             ///< end of the last column to precharge (tRTP; row_sa: 0)
  Ticks close;               ///< precharge to the next activate of the bank
  Ticks minimumOpen;         ///< least time a row is open (tRAS)
  Ticks pitch;               ///< least time from row to row because banks share a chip
  /// Activate to the next activate when the columns took `busy` in all.
  Ticks cycle(Ticks busy) const;
  /// The same when activations arrive in time.
  Ticks duration() const;
};
RowPass rowPass(const SaMacParams& mac, const BankTiming& timing, int activationBits,
                std::int64_t banksPerChip);

/// Peak rates of one bank without refresh (reference table of the validation rows).
struct PeakRates {
  Seconds row;
  BitRate stream;  ///< zero for row_sa
  double macsPerSecond = 0;
};
PeakRates peakRates(const SaMacParams& mac, const BankTiming& timing, int weightBits,
                    int activationBits, std::int64_t banksPerChip);

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
  std::int64_t macs = 0;  ///< useful MACs of all passes

  std::int64_t rows() const { return chunks * groups * rowsPerGroup; }
  /// Column accesses of one pass.
  std::int64_t columns() const {
    return chunks * groups * ((rowsPerGroup - 1) * slices + lastSlices) * columnsPerSlice;
  }
  /// DPU instructions of one pass.
  std::int64_t instructions() const;
  bool operator==(const BankWork&) const = default;
};

/// Lays `outputs` rows of `inputs` weights out in one bank: outputs interleaved over the
/// accumulators, every group padded to whole rows. Needs `mac.runs(weightBits, activationBits)`.
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

/// Closed form of a bank's work with refresh.
Ticks closedForm(const BankWork& work, const RowPass& row, const SaMacParams& mac,
                 const BankTiming& timing, const IssueRate& issue);
/// What it cannot be faster than: columns, rows and instructions alone, without refresh.
Ticks lowerBound(const BankWork& work, const RowPass& row, const IssueRate& issue);
/// `work` stretched by the share of time that refresh takes.
Ticks withRefresh(Ticks work, const BankTiming& timing);

}  // namespace wattlas::pim
