// Parameters of units (chips, GPUs) that hold a slice of every tensor: memory, arithmetic, links.
// The kinds `pim-ai` and `roofline` are two ways to write them down.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/base/parameter.h"
#include "models/dram/spec.h"
#include "models/dram/stream.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

// Rates, times per element and energies of a logic die or accelerator: what PIM-AI chips and the
// roofline peer share, so that both read the same configuration.

/// Of one unit (a chip, a GPU).
struct Arithmetic {
  Sourced<OpRate> fp32, fp16, int8, int4;
  Sourced<Ratio> efficiency;                    ///< share of the peak that matrix products reach
  Sourced<Seconds> softmax, silu, norm, other;  ///< per element
  Sourced<Joules> flop, int8Op, int4Op;
  Sourced<Ratio> vectorFlops;  ///< FLOPs of energy per softmax, SiLU or norm element

  void bindRates(Binder& binder);
  void bindElements(Binder& binder);
  void bindEnergy(Binder& binder);
};

/// How a unit multiplies a pair of formats.
struct Datapath {
  OpRate rate;          ///< of a unit, efficiency included
  int energyClass = 0;  ///< 0 floating point, 1 int8, 2 int4
  bool native = true;
  std::string how;
};
Datapath datapathOf(const NumberFormat& weight, const NumberFormat& activation,
                    const Arithmetic& unit);

/// Non-linear and element-wise work of one operator, of all units together.
struct ElementWork {
  std::int64_t vector = 0;  ///< softmax, activation functions, norms: `vectorFlops` of energy each
  std::int64_t other = 0;   ///< one FLOP of energy each
  Seconds time;             ///< if one unit did all of it
};
ElementWork elementWork(const Operator& op, const Arithmetic& unit);

using dram::BankEnergy;
using dram::BankTiming;
using dram::nearestTicks;

/// The memory of a unit as channels of DRAM that are read side by side.
struct DramChannels {
  std::int64_t channels = 8, banks = 16;  ///< channels of a unit, banks of a channel
  std::int64_t bankGroups = 1, banksPerRefresh = 1;
  Sourced<BitRate> rate;  ///< pins of a channel
  Sourced<Bits> access;   ///< one column access of a channel
  BankTiming bank;
  std::string refreshMode = "perBank";  ///< or allBank
  Sourced<Seconds> tRTW, tWTR, tWR;     ///< turnarounds and write recovery; 0 = unknown
  BankEnergy energy;                    ///< activation and refresh

  void bind(Binder& memory);
  /// A channel that is read from its first row to its last.
  dram::StreamSetup stream() const;
  bool writes() const {
    return tRTW.value.value > 0 && tWTR.value.value > 0 && tWR.value.value > 0;
  }
};

/// What results call the parts of a unit.
struct PartNames {
  std::string kind, memory, bit, flop, int8, int4, link, idle, datapath;
};

struct SlicedParams : Arithmetic {
  PartNames names;
  std::string title;
  std::int64_t units = 1;
  // Of one unit.
  Sourced<Bits> capacity;
  Sourced<BitRate> memoryRate;       ///< peak
  Sourced<Ratio> memoryEfficiency;   ///< share of the peak that long streams reach
  Sourced<Seconds> memoryLatency;    ///< first bit of a stream
  std::optional<DramChannels> dram;  ///< decides instead of efficiency and latency
  Sourced<JoulesPerBit> memoryEnergy;
  Sourced<Bits> tileBuffer;  ///< operands in flight, two halves
  Sourced<Bits> sram;        ///< activations kept beside the arithmetic
  Sourced<Watts> idle;
  Sourced<SquareMm> area;
  // Host link.
  Sourced<BitRate> toDevice;        ///< one payload to all units
  Sourced<BitRate> toHost;          ///< parts from all units together
  std::int64_t broadcastLinks = 0;  ///< links that a broadcast drives (a DIMM has one); 0 = units
  Sourced<Watts> hostPower;         ///< standing power of the host that feeds the units
  Sourced<Seconds> launchTime;
  // Exchange of activations among units.
  std::int64_t keyBlock = 256;   ///< keys of a head on a unit before a spare unit takes the next
  std::string pattern = "host";  ///< through the host, or `peer`: a ring of own links
  Sourced<BitRate> peerRate;     ///< of one unit's link, each direction
  Sourced<Seconds> exchangeLatency;
  Sourced<JoulesPerBit> exchangeEnergy;
  std::string fold = "auto";  ///< `off`: every unit is simulated

  /// Keys of the kind `pim-ai`.
  void bindChips(Binder& binder);
  /// Keys of the kind `roofline`.
  void bindProfile(Binder& binder);
  bool isPeer() const { return pattern == "peer"; }
  std::int64_t writtenLinks() const { return broadcastLinks > 0 ? broadcastLinks : units; }
};

/// How fast a unit's memory delivers.
class MemoryPort {
 public:
  explicit MemoryPort(const SlicedParams& params);
  /// Before the first bit of a stream.
  Seconds latency() const { return latency_; }
  /// Time of the first `amount` bits of a stream, once it has begun.
  Seconds read(Bits amount) const;
  Seconds write(Bits amount) const { return amount / rate_; }

 private:
  BitRate rate_;  ///< of long streams
  Seconds latency_;
  std::shared_ptr<const dram::StreamTime> channel_;
  double accesses_ = 0;  ///< of one channel, for each bit of the unit
};

}  // namespace wattlas::pim
