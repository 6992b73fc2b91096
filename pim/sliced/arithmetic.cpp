#include "pim/sliced/arithmetic.h"

#include <algorithm>

namespace wattlas::pim {

void Arithmetic::bindRates(Binder& b) {
  const FieldRule ops{1e6, 1e18, {}};
  b.quantity("fp32", fp32, ops, "single precision");
  b.quantity("fp16", fp16, ops, "half precision and bfloat16");
  b.quantity("int8", int8, ops, "8-bit integers");
  b.quantity("int4", int4, ops, "4-bit integers");
  b.quantity("efficiency", efficiency, {0.01, 1, "1"}, "share of the peak that is reached");
}

void Arithmetic::bindElements(Binder& b) {
  const FieldRule each{0, 1e-3, {}};
  b.quantity("softmax", softmax, each, "softmax, per element");
  b.quantity("silu", silu, each, "activation functions, per element");
  b.quantity("norm", norm, each, "normalisation, per element");
  b.quantity("other", other, each, "additions, rotations, copies, per element");
}

void Arithmetic::bindEnergy(Binder& b) {
  const FieldRule joules{0, 1e-6, {}};
  b.quantity("flop", flop, joules, "one floating-point operation");
  b.quantity("int8Op", int8Op, joules, "one 8-bit operation");
  b.quantity("int4Op", int4Op, joules, "one 4-bit operation");
  b.quantity("vectorFlops", vectorFlops, {0, 1e6, {}}, "FLOPs of energy per non-linear element");
}

Datapath datapathOf(const NumberFormat& weight, const NumberFormat& activation,
                    const Arithmetic& unit) {
  const auto at = [&](const Sourced<OpRate>& rate) {
    return OpRate(rate.value.value * unit.efficiency.value.value);
  };
  if (weight.isFloat() || activation.isFloat()) {
    const bool wide = std::max(weight.isFloat() ? weight.bits : 0,
                               activation.isFloat() ? activation.bits : 0) > 16;
    Datapath path{at(wide ? unit.fp32 : unit.fp16), 0, true, "floating-point units"};
    if (weight.bits < 16 || activation.bits < 16) {
      path.native = false;
      path.how = "expanded to fp16 beside the multiplier, at the fp16 rate";
    }
    return path;
  }
  const int bits = std::max(weight.bits, activation.bits);
  if (bits > 16) return {at(unit.fp32), 0, false, "32-bit integers on the fp32 units"};
  if (bits > 8) {
    Datapath path{at(unit.int8), 1, false, "four 8-bit products for each 16-bit product"};
    path.rate = OpRate(path.rate.value / 4);
    return path;
  }
  if (bits > 4) return {at(unit.int8), 1, weight.bits == activation.bits, "8-bit integer units"};
  if (bits == 4) return {at(unit.int4), 2, weight.bits == activation.bits, "4-bit integer units"};
  return {at(unit.int4), 2, false, "expanded to 4 bit, at the 4-bit rate"};
}

ElementWork elementWork(const Operator& op, const Arithmetic& unit) {
  ElementWork work;
  const auto add = [&](std::int64_t n, const Sourced<Seconds>& each, bool vector) {
    work.time += each.value * static_cast<double>(n);
    (vector ? work.vector : work.other) += n;
  };
  const std::int64_t values = op.dims[Dim::M] * op.dims[Dim::N];
  switch (op.kind) {
    case OpKind::attention:
      add(op.dims[Dim::batch] * op.dims[Dim::heads] * attentionPairs(op), unit.softmax, true);
      break;
    case OpKind::softmax:
      add(values, unit.softmax, true);
      break;
    case OpKind::norm:
      add(values, unit.norm, true);
      break;
    case OpKind::activation:
      if (op.variant == OpVariant::relu)
        add(values, unit.other, false);
      else
        add(values, unit.silu, true);
      break;
    case OpKind::pool:
      add(costOf(op).elementOps, unit.other, false);
      break;
    case OpKind::add:
      add(values * (op.dims[Dim::inputs] - 1), unit.other, false);
      break;
    case OpKind::rope:
    case OpKind::embedding:
      add(values, unit.other, false);
      break;
    default:  // products: slicedKinds() has nothing else
      break;
  }
  return work;
}

}  // namespace wattlas::pim
