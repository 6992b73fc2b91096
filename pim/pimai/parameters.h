// Parameters of PIM-AI chips: a DRAM stack on a logic die, chips joined by the host link.
#pragma once

#include "pim/dram/bank_timing.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

struct PimAiParams {
  std::int64_t chips = 4;
  // Memory of one chip.
  Sourced<Bits> capacity;
  std::int64_t channels = 8, banks = 16;  ///< channels of a chip, banks of a channel
  Sourced<BitRate> channelRate;
  BankTiming bank;
  std::string refreshMode = "perBank";  ///< or allBank
  Sourced<Seconds> tRFCpb;              ///< refresh of a single bank
  // Logic die.
  Sourced<OpRate> fp32, fp16, int8, int4;       ///< per chip
  Sourced<Ratio> efficiency;                    ///< share of the peak that matrix products reach
  Sourced<Bits> tileBuffer;                     ///< weights in flight, two halves
  Sourced<Bits> sram;                           ///< activations kept on the die
  Sourced<Seconds> softmax, silu, norm, other;  ///< per element and chip
  Sourced<Ratio> vectorFlops;  ///< FLOPs of energy per softmax, SiLU or norm element
  // Links.
  Sourced<BitRate> chipLink;         ///< host link of one chip, each direction
  Sourced<BitRate> broadcastLink;    ///< one payload to all chips
  Sourced<Seconds> exchangeLatency;  ///< one exchange among the chips
  Sourced<Seconds> launchTime;
  // Energy.
  BankEnergy energy;
  Sourced<Joules> flop, int8Op, int4Op;
  Sourced<Watts> chipStatic;
  Sourced<SquareMm> chipArea;
  std::string fold = "auto";  ///< `off`: every chip and channel is simulated

  void bind(Binder& binder);
  BitRate streamRate() const {
    return BitRate(channelRate.value.value * static_cast<double>(channels));
  }
  bool allBank() const { return refreshMode == "allBank"; }
};

/// How the logic die multiplies a pair of formats.
struct Datapath {
  OpRate rate;          ///< per chip, efficiency included
  int energyClass = 0;  ///< 0 floating point, 1 int8, 2 int4
  bool native = true;
  std::string how;
};
Datapath datapathOf(const NumberFormat& weight, const NumberFormat& activation,
                    const PimAiParams& params);

}  // namespace wattlas::pim
