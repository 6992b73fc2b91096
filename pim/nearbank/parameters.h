// Parameters of memories with arithmetic beside the banks: HBM-PIM, GDDR6-AiM (Newton lineage),
// AttAcc, NeuPIMs, and bit-serial computing with row commands (SIMDRAM style).
#pragma once

#include <string>
#include <vector>

#include "models/dram/spec.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim::nearbank {

// Timing of one (pseudo-)channel whose banks compute: distances between its commands.

struct ChannelTiming : dram::Distances {
  void bind(Binder& binder);
};

/// The same in whole picoseconds, for the schedulers.
struct ChannelClock {
  explicit ChannelClock(const ChannelTiming& t);
  std::int64_t ck, rcd, rcdWrite, rcdMac, rcdLookup, rp, ras, rtp, wtp, ccds, ccdl, mac, buffer,
      rrd, faw, rtw, wtr, read, mod, rfc, refi;
};

/// Where products are formed; decides which stages of the read path a weight bit passes.
enum class MacPlacement { bank, bankGroup, bufferDie };

/// Joules of the counted events.
struct NearBankEnergy {
  Sourced<Joules> activation;       ///< activate and precharge one row of one bank
  Sourced<JoulesPerBit> cell;       ///< cells to the column multiplexer of the bank
  Sourced<JoulesPerBit> bankGroup;  ///< column multiplexer to the bank group's multiplexer
  Sourced<JoulesPerBit> io;         ///< bank group to the global I/O of the die
  Sourced<JoulesPerBit> tsv;        ///< die to buffer die (stacks); 0 where there is none
  Sourced<JoulesPerBit> offChip;    ///< pins or interposer
  /// Energy of an all-bank multiply-accumulate command in multiples of a read burst; 0 = the bits
  /// that all banks deliver are counted one by one.
  Sourced<Ratio> commandFactor;
  Sourced<Joules> readBurst;     ///< one read burst of a channel (used with `commandFactor`)
  Sourced<Joules> mac;           ///< one multiply-accumulate beside the bank
  Sourced<JoulesPerBit> buffer;  ///< write of a register or of the global buffer
  Sourced<Joules> element;       ///< one operation of the element unit
  Sourced<Joules> matrixMac;     ///< one multiply-accumulate of the matrix unit
  Sourced<Joules> refresh;       ///< one refresh of one bank
  Sourced<Watts> channelStatic;  ///< standing power of a channel

  void bind(Binder& binder);
};

struct NearBankParams {
  std::string title;
  /// registerFile: instruction program and register files, modes of all-bank operation (HBM-PIM);
  /// globalBuffer: input buffer of the channel, MAC over all banks, result registers (Newton);
  /// bitSerial: row copies and majorities of three rows.
  std::string commandSet = "globalBuffer";
  std::int64_t channels = 1, banks = 16, units = 16;
  Sourced<Bits> capacity;    ///< of all channels
  Sourced<Bits> columnBits;  ///< of one unit and column command
  Sourced<Bits> rowBits;     ///< row of one bank
  Sourced<Bits> globalBuffer;
  std::int64_t accumulators = 1, inputRegisters = 8;  ///< registerFile: of one unit
  bool adderTree = true;
  bool lookupTables = false;          ///< activation functions from rows of tables (globalBuffer)
  std::int64_t banksPerActivate = 1;  ///< opened by one activate command
  std::string placement = "bank";
  std::vector<std::string> formats;  ///< that the multipliers take
  ChannelTiming timing;
  std::string refreshPolicy = "inProgram";  ///< postponed, none
  Sourced<Ratio> refreshPhase;
  std::int64_t postponable = 8;
  Sourced<BitRate> channelRate;  ///< pins of one channel
  Sourced<OpRate> elementRate;   ///< vector unit beside the channels; 0 = none
  Sourced<Seconds> softmax;      ///< per element, by the element unit or the processor
  Sourced<OpRate> matrixRate;    ///< matrix unit behind the pins; 0 = none
  bool dualRowBuffer = false;    ///< reads of the matrix unit run beside MAC commands
  /// Decode: attention of one half of the batch beside the matrix unit's work for the other half.
  bool interleave = false;
  Sourced<Seconds> launchTime;
  // bitSerial
  Sourced<Seconds> rowCommand;  ///< activate-activate-precharge
  bool activationWindow = true;
  NearBankEnergy energy;
  Sourced<SquareMm> area;
  std::string fold = "auto";

  void bind(Binder& binder);
  MacPlacement place() const;
  bool bitSerial() const { return commandSet == "bitSerial"; }
  bool registerFile() const { return commandSet == "registerFile"; }
  /// Bits that one column command delivers to the units of a channel.
  double commandBits() const { return columnBits.value.value * static_cast<double>(units); }
};

/// How the units hold and multiply a format.
struct UnitFormat {
  enum class Level { native, widened, refused };
  Level level = Level::refused;
  int bits = 16;  ///< stored and multiplied
  std::string how;
};
UnitFormat unitFormat(const NumberFormat& weight, const NumberFormat& activation,
                      const NearBankParams& params);

}  // namespace wattlas::pim::nearbank
