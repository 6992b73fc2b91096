// Rates, times per element and energies of a logic die or accelerator: what PIM-AI chips and the
// roofline peer share, so that both read the same configuration.
#pragma once

#include "models/base/parameter.h"
#include "workloads/graph/operator.h"

namespace wattlas::pim {

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

}  // namespace wattlas::pim
