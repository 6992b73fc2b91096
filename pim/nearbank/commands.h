// Command sequences of one channel. All channels run the same one, all banks in lock-step, so that
// a sequence for one channel is a program for the device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pim/nearbank/parameters.h"

namespace wattlas::pim::nearbank {

enum class Verb {
  read,         ///< column reads, data to the pins
  write,        ///< column writes
  mac,          ///< column reads into the units of all banks
  lookup,       ///< activation functions of the result registers of all banks, from a row of tables
  touch,        ///< one column access in each of `count` banks (parking before a mode change)
  bufferWrite,  ///< pins to registers or global buffer, no row involved
  registerRead,  ///< result registers to the pins, no row involved
  stream,        ///< reads at the rate of the pins over interleaved banks
  rowCommand,    ///< activate-activate-precharge on all banks
};

/// Commands without a fence inside; the next group starts when the last of these was issued.
struct Group {
  Verb verb = Verb::read;
  std::int64_t count = 1;
  std::int32_t bank = 0;  ///< that the command addresses; in all-bank mode it stands for its half
  std::int64_t row = -1;  ///< row of that bank; below `firstDataRow` rows of registers and modes
  std::int32_t phase = 0;
  bool lookahead = false;  ///< the row may be opened while the previous group runs
  bool toBank = false;     ///< of a stream: data goes to the banks
};
inline constexpr std::int64_t firstDataRow = 16;
/// Row of every bank that holds the tables of an activation function.
inline constexpr std::int64_t tableRow = 5;

/// Groups repeated with rows moved by `rowStep` each time.
struct Block {
  std::vector<Group> groups;
  std::int64_t repeat = 1, rowStep = 0;
};
struct Section {
  std::vector<Block> blocks;
  std::int64_t repeat = 1, rowStep = 0;
};

/// A whole program of one channel.
struct Sequence {
  std::vector<std::string> phases;  ///< names, index = Group::phase
  std::vector<Section> sections;
  std::int64_t tail = 0;  ///< ps from the last command to the end of its data

  std::int32_t phase(const std::string& name);
  void once(std::vector<Group> groups);
  Section& section(std::int64_t repeat, std::int64_t rowStep = 0);
};

/// Work of a matrix product as the channels see it.
struct MatrixWork {
  std::int64_t outputs = 0;  ///< rows of the matrix that one channel holds
  std::int64_t inputs = 0;   ///< length of a row
  std::int64_t vectors = 1;  ///< input vectors, one after the other
  std::int64_t rounds = 1;   ///< matrices that a channel works on, one after the other
  int bits = 16;             ///< of an element
  double channelsUsed = 1;   ///< for energy
};

/// Appends a product. `registerFile` programs must stand between `enterMode` and `leaveMode`.
void appendProduct(Sequence& s, const MatrixWork& work, const NearBankParams& p);
/// registerFile: element-wise operation over `columns` columns of each bank, `operands` read.
void appendElementWise(Sequence& s, std::int64_t columns, int operands, const NearBankParams& p);
/// globalBuffer: `values` of a channel through the tables of its banks, one a unit at a time.
void appendLookups(Sequence& s, std::int64_t values, const NearBankParams& p);
void enterMode(Sequence& s, const NearBankParams& p);
void leaveMode(Sequence& s, const NearBankParams& p);
/// `bits` through the pins of the channel; writes take as long as reads.
void appendStream(Sequence& s, double bits, const std::string& phase, const NearBankParams& p,
                  bool toBank = false);
/// `commands` row commands on all banks.
void appendRowCommands(Sequence& s, std::int64_t commands, const std::string& phase,
                       const NearBankParams& p);
/// Distances of the channel; multiply-accumulates of `bitSerial` are row commands.
ChannelClock clockOf(const NearBankParams& p);
/// Distance of two row commands: the command itself, or what the activation window leaves.
std::int64_t rowCommandDistance(const NearBankParams& p);

/// Columns of one pass over a matrix row and how a matrix splits into passes.
struct ProductShape {
  std::int64_t outputTiles = 0, inputTiles = 0, accumulators = 0;  ///< registerFile; those in use
  std::int64_t passes = 0, chunks = 0;  ///< globalBuffer: rows of a unit, buffer loads
  std::int64_t columnsPerPass = 0, lastColumns = 0;
  std::int64_t macColumns = 0;  ///< per vector and round
};
ProductShape shapeOf(const MatrixWork& work, const NearBankParams& p);

/// Counts of one channel.
struct Tally {
  std::int64_t macColumns = 0, macRows = 0, reads = 0, writes = 0, bufferWrites = 0,
               registerReads = 0, streamed = 0, rowCommands = 0, singleRows = 0, lookups = 0,
               commands = 0;
};
Tally tallyOf(const Sequence& s, const NearBankParams& p);

}  // namespace wattlas::pim::nearbank
