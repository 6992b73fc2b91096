// Parameters of PIM-AI chips: a DRAM stack on a logic die, chips joined by the host link.
#pragma once

#include "models/dram/bank_timing.h"
#include "pim/pimai/arithmetic.h"

namespace wattlas::pim {

struct PimAiParams : Arithmetic {
  std::int64_t chips = 4;
  // Memory of one chip.
  Sourced<Bits> capacity;
  std::int64_t channels = 8, banks = 16;  ///< channels of a chip, banks of a channel
  Sourced<BitRate> channelRate;
  BankTiming bank;
  std::string refreshMode = "perBank";  ///< or allBank
  Sourced<Seconds> tRFCpb;              ///< refresh of a single bank
  // Logic die, besides its arithmetic.
  Sourced<Bits> tileBuffer;  ///< weights in flight, two halves
  Sourced<Bits> sram;        ///< activations kept on the die
  // Links.
  Sourced<BitRate> chipLink;         ///< host link of one chip, each direction
  Sourced<BitRate> broadcastLink;    ///< one payload to all chips
  Sourced<Seconds> exchangeLatency;  ///< one exchange among the chips
  Sourced<JoulesPerBit> linkEnergy;  ///< one bit over one link
  std::int64_t broadcastLinks = 0;   ///< links that a broadcast drives (a DIMM has one); 0 = chips
  Sourced<Seconds> launchTime;
  // Energy.
  BankEnergy energy;
  Sourced<Watts> chipStatic;
  Sourced<SquareMm> chipArea;
  std::int64_t keyBlock = 256;  ///< keys of a head on a chip before a spare chip takes the next
  std::string fold = "auto";    ///< `off`: every chip and channel is simulated

  void bind(Binder& binder);
  BitRate streamRate() const {
    return BitRate(channelRate.value.value * static_cast<double>(channels));
  }
  std::int64_t writtenLinks() const { return broadcastLinks > 0 ? broadcastLinks : chips; }
  bool allBank() const { return refreshMode == "allBank"; }
};

}  // namespace wattlas::pim
