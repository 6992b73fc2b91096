// Parameters of a host processor that runs operators by a measured model.
#pragma once

#include <string>

#include "models/base/parameter.h"

namespace wattlas::host {

struct Parameters {
  std::string title;
  std::int64_t sockets = 1, cores = 1;  ///< cores per socket
  Sourced<Hertz> clock;                 ///< all cores busy with wide SIMD
  // MACs per core and clock, SIMD units together.
  Sourced<Ratio> fp32, fp16, int16, int8, logic;
  Sourced<Ratio> elementOps;  ///< other arithmetic, operations per core and clock
  Sourced<Ratio> unpackOps;   ///< operations to make one operand of a packed value
  Sourced<Bits> capacity;
  Sourced<BitRate> bandwidth;  ///< DRAM peak, all sockets
  Sourced<Bits> cacheSize;     ///< last-level cache, all sockets
  Sourced<BitRate> cacheBandwidth;
  Sourced<Seconds> call;  ///< fork and join of the threads of one operator
  // Shares of the peaks that kernels reach.
  Sourced<Ratio> gemmEfficiency, gemvEfficiency, convEfficiency, attentionEfficiency;
  Sourced<Ratio> elementEfficiency, memoryEfficiency;
  Sourced<Joules> macEnergy, opEnergy;  ///< an fp32 MAC; narrower ones in proportion to their width
  Sourced<JoulesPerBit> dramEnergy, cacheEnergy;
  Sourced<Watts> tdp, idle, active;  ///< all sockets; active: all cores busy, arithmetic apart
  Sourced<SquareMm> area;

  void bind(Binder& b);
};

}  // namespace wattlas::host
