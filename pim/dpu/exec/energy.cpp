#include "pim/dpu/exec/energy.h"

#include "models/base/parameter.h"

namespace wattlas::dpu {

namespace {

template <class Q>
void parameter(Binder& b, const char* key, EnergyParameter& target, double max,
               const char* fallback, const char* doc) {
  Sourced<Q> value{Q(target.value)};
  b.quantity(key, value, {.min = 0, .max = max, .fallback = fallback}, doc);
  // A value equal to the default keeps the default's interval and source.
  if (!b.reading() || value.value.value == target.value) return;
  target.value = value.value.value;
  target.low = value.low.value;
  target.high = value.high.value;
  target.basis = nameOf(value.basis);
  target.source = "configuration";
}

}  // namespace

void bind(Binder& b, DpuEnergy& e) {
  parameter<Joules>(b, "issue", e.issueJ, 1e-8, "150 pJ",
                    "Issue of one instruction, pipeline and register file");
  parameter<Joules>(b, "iramFetch", e.iramFetchJ, 1e-8, "25 pJ",
                    "Fetch of one 48-bit instruction from IRAM");
  parameter<Joules>(b, "multiply", e.multiplyJ, 1e-8, "15 pJ",
                    "Extra energy of a multiplication or a multiply/divide step");
  parameter<Joules>(b, "wramAccess", e.wramAccessJ, 1e-8, "60 pJ",
                    "One WRAM access of up to 8 bytes");
  parameter<Joules>(b, "dmaByte", e.dmaByteJ, 1e-8, "35 pJ",
                    "One byte between row buffer and WRAM");
  parameter<Joules>(b, "activation", e.activationJ, 1e-6, "1 nJ",
                    "Activation and precharge of one MRAM row");
  parameter<Watts>(b, "static", e.staticW, 10, "75 mW",
                   "Leakage, clock and refresh of one DPU with its bank");
}

}  // namespace wattlas::dpu
