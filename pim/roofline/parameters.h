// Parameters of the kind `roofline`: units (chips, GPUs) with a memory, arithmetic, and links, and
// beside them one profile of upmem_llm_framework exactly as that tool has it.
#pragma once

#include <string>
#include <vector>

#include "pim/pimai/arithmetic.h"

namespace wattlas::pim {

/// A profile of the published tool, units added up as there. Read by `compat` only.
struct ToolProfile {
  Sourced<BitRate> hostToDevice, deviceToHost, memory;
  Sourced<JoulesPerBit> hostToDeviceEnergy, deviceToHostEnergy, memoryEnergy;
  Sourced<OpRate> flops, int4Flops;  ///< int4Flops zero: the profile has none
  Sourced<Joules> flopEnergy;
  Sourced<Seconds> softmax, silu, norm;     ///< per element; the tool's own when a profile has none
  std::int64_t kvHeads = 0;                 ///< its option num_key_value_heads; 0 = not given
  std::int64_t slidingWindow = 0;           ///< its option sliding_window; 0 = not given
  std::vector<std::string> transferPoints;  ///< layers mapped with its flag `t`

  void bind(Binder& binder);
};

struct RooflineParams : Arithmetic {
  std::string compat = "none";  ///< or upmem-llm-framework
  std::int64_t units = 1;
  // Of one unit.
  Sourced<Bits> capacity;
  Sourced<BitRate> memoryRate;
  Sourced<Ratio> memoryEfficiency;  ///< share of the rate that long streams reach
  Sourced<Seconds> memoryLatency;   ///< first bit of a stream
  Sourced<JoulesPerBit> memoryEnergy;
  Sourced<Bits> tileBuffer;  ///< operands in flight, two halves
  Sourced<Bits> sram;        ///< activations kept beside the arithmetic
  Sourced<Watts> idle;
  Sourced<SquareMm> area;
  // Host link of all units.
  Sourced<BitRate> toDevice;  ///< one payload to all units
  Sourced<BitRate> toHost;    ///< parts from all units together
  Sourced<Watts> hostPower;   ///< standing power of the host that feeds the units
  // Exchange of activations among units.
  std::int64_t keyBlock = 256;   ///< keys of a head on a unit before a spare unit takes the next
  std::string pattern = "host";  ///< through the host, or `peer`: a ring of own links
  Sourced<BitRate> peerRate;     ///< of one unit's link, each direction
  Sourced<Seconds> exchangeLatency;
  Sourced<JoulesPerBit> exchangeEnergy;
  ToolProfile tool;

  void bind(Binder& binder);
  bool isCompat() const { return compat != "none"; }
  bool isPeer() const { return pattern == "peer"; }
  BitRate streamRate() const {
    return BitRate(memoryRate.value.value * memoryEfficiency.value.value);
  }
};

}  // namespace wattlas::pim
