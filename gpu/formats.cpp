#include <algorithm>

#include "gpu/lowering.h"
#include "models/programmable.h"

namespace wattlas::gpu {
namespace {

using Level = Support::Level;

DataPath make(Level level, std::string how, MacKind kind, double rate, bool matrix, double bits,
              double unpack = 0) {
  DataPath path;
  path.support = {level, std::move(how)};
  path.kind = kind;
  path.macsPerClock = rate;
  path.matrixUnit = matrix;
  path.operandBits = bits;
  path.unpackOps = unpack;
  return path;
}

double rate(const Sourced<Ratio>& r) {
  return r.value.value;
}

DataPath refused(std::string why) {
  return make(Level::refused, std::move(why), MacKind::none, 0, false, 0);
}

/// 16-bit float products: matrix unit, or lanes where there is none.
DataPath half(const Parameters& p, bool brain, Level level, const std::string& how, double unpack) {
  const double matrix = rate(brain ? p.matrix.bf16 : p.matrix.fp16);
  if (matrix > 0) return make(level, how, MacKind::fp16, matrix, true, 16, unpack);
  if (!brain)
    return make(level, how.empty() ? "fp16 lanes, no matrix units" : how + "; on fp16 lanes",
                MacKind::fp16, rate(p.vector.fp16), false, 16, unpack);
  return make(Level::emulated, "bf16 is widened to fp32 lanes: no bf16 units", MacKind::fp32,
              rate(p.vector.fp32), false, 32, unpack + 1);
}

bool isNarrowInteger(const NumberFormat& f) {
  return f.kind == NumberKind::ternary || f.kind == NumberKind::binary ||
         (f.kind == NumberKind::integer && f.bits <= (f.coding == Coding::powerOfTwo ? 4 : 8));
}

/// Operations to turn one stored value into an operand: convert and scale; packed formats are
/// shifted and masked before.
double unpackCost(const NumberFormat& f) {
  return f.bits >= 8 ? 2.0 : 4.0;
}

DataPath floats(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  const int widest = std::max(w.bits, a.bits);
  if (w.name == "tf32" && a.name == "tf32" && rate(p.matrix.tf32) > 0)
    return make(Level::native, "", MacKind::fp16, rate(p.matrix.tf32), true, 32);
  if (widest >= 32 && w.bits == a.bits && rate(p.matrix.fp32) > 0)
    return make(Level::native, "", MacKind::fp32, rate(p.matrix.fp32), true, 32);
  if (widest >= 32)
    return make(Level::native, "fp32 lanes", MacKind::fp32, rate(p.vector.fp32), false, 32,
                w.bits < 32 ? 1 : 0);
  const bool brain = w.name == "bf16" || a.name == "bf16";
  if (widest == 16) {
    if (w.name == a.name) return half(p, brain, Level::native, "", 0);
    return half(p, brain, Level::emulated,
                w.name + " weights are converted to " + (brain ? "bf16" : "fp16") +
                    " before each product: no compute is saved",
                unpackCost(w));
  }
  // Units that scale blocks came with those for fp4.
  if (!(w.isPlain() && a.isPlain()) && rate(p.matrix.fp4) <= 0)
    return half(p, false, Level::emulated,
                w.name + " is expanded to fp16 with the scales of its blocks: no units that scale",
                unpackCost(w));
  if (widest == 4 && rate(p.matrix.fp4) > 0)
    return make(Level::native, "", MacKind::fp4, rate(p.matrix.fp4), true, 4);
  if (rate(p.matrix.fp8) > 0) {
    const bool native = w.bits == 8 && a.bits == 8;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " values are widened to fp8 units", MacKind::fp8,
                rate(p.matrix.fp8), true, 8, native ? 0 : 2);
  }
  return half(p, false, Level::emulated,
              w.name + " is stored only; products run in fp16 after conversion", unpackCost(w));
}

DataPath integers(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  if (w.kind == NumberKind::binary && a.kind == NumberKind::binary) {
    if (rate(p.matrix.binary) > 0)
      return make(Level::native, "", MacKind::binary, rate(p.matrix.binary), true, 1);
    return make(Level::emulated, "32 bits per XOR and population count on the lanes",
                MacKind::binary, 32.0 * rate(p.vector.logic), false, 1);
  }
  const int widest = std::max(w.bits, a.bits);
  const bool plain = w.coding == Coding::plain;
  if (widest <= 4 && plain && rate(p.matrix.int4) > 0) {
    const bool native = w.bits == 4 && a.bits == 4;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " weights are unpacked to int4 units", MacKind::int4,
                rate(p.matrix.int4), true, 4, native ? 0 : unpackCost(w));
  }
  if (rate(p.matrix.int8) > 0) {
    const bool native = plain && w.bits == 8 && a.bits == 8;
    return make(native ? Level::native : Level::emulated,
                native ? "" : w.name + " weights are unpacked to int8 units", MacKind::int8,
                rate(p.matrix.int8), true, 8, native ? 0 : unpackCost(w));
  }
  return half(p, false, Level::emulated,
              "integers up to 8 bits are exact in fp16 and converted: no int8 units",
              unpackCost(w));
}

}  // namespace

DataPath productPath(const Parameters& p, const NumberFormat& w, const NumberFormat& a) {
  if (w.isFloat() && a.isFloat()) return floats(p, w, a);
  if (isNarrowInteger(w) && isNarrowInteger(a)) return integers(p, w, a);
  if (w.bits > 32 || a.bits > 32) return refused("a GPU has no units for operands above 32 bits");
  if (a.isFloat() && isNarrowInteger(w)) {
    if (a.bits >= 32)
      return make(Level::emulated, w.name + " weights are converted to fp32 lanes", MacKind::fp32,
                  rate(p.vector.fp32), false, 32, unpackCost(w) + 1);
    return half(
        p, a.name == "bf16", Level::emulated,
        w.name + " weights are dequantised to 16-bit floats: bytes shrink, compute does not",
        unpackCost(w));
  }
  return make(
      Level::emulated,
      "32-bit integer multiply-adds on the lanes: no matrix units for " + w.name + " x " + a.name,
      MacKind::fp32, rate(p.vector.int32), false, 32, unpackCost(w));
}

DataPath pathOf(const Parameters& p, const Operator& op) {
  if (op.kind == OpKind::attention) return productPath(p, op.formats.kv, op.formats.activation);
  if (op.kind == OpKind::hamming) {
    const NumberFormat bit = parseNumberFormat("binary");
    return productPath(p, bit, bit);
  }
  if (isProduct(op.kind) && !op.hasWeights)
    return productPath(p, op.formats.activation, op.formats.activation);
  return productPath(p, op.formats.weight, op.formats.activation);
}

Support supportOf(const Parameters& p, const Operator& op) {
  if (std::string missing = programmableKinds().missing(op); !missing.empty())
    return {Level::refused, std::move(missing)};
  if (isProduct(op.kind) || specOf(op.kind).opClass == OpClass::recurrent)
    return pathOf(p, op).support;
  if (op.kind == OpKind::collective) {
    if (p.groupBandwidth() <= 0)
      return {Level::refused, "this device has no link to others (groupLink)"};
    return {Level::native, ""};
  }
  const int bits = op.formats.activation.bits;
  if (bits > 32) return {Level::refused, "elements above 32 bits"};
  if (bits < 8)
    return {Level::emulated,
            op.formats.activation.name + " elements are unpacked to bytes in registers"};
  return {Level::native, ""};
}

}  // namespace wattlas::gpu
