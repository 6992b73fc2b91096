#include "pim/upmem/kernel_cost.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas::pim {

namespace {
constexpr double most = 1e6;
const FieldRule steps{0, most, {}};
}  // namespace

bool usesSoftFloat(const NumberFormat& weight, const NumberFormat& activation) {
  return weight.isFloat() || activation.isFloat();
}

void ElementSteps::bind(Binder& b) {
  b.quantity("add", add, steps, "instructions of an addition");
  b.quantity("multiply", multiply, steps, "instructions of a multiplication");
  b.quantity("divide", divide, steps, "instructions of a division");
  b.quantity("exponential", exponential, steps, "instructions of an exponential");
  b.quantity("compare", compare, steps, "instructions of a comparison with select");
}

void KernelTable::bind(Binder& b) {
  b.section("mac", "instructions per multiply-accumulate, loop included", [this](Binder& s) {
    s.quantity("binary", mac_.binary, steps, "1-bit weights and activations, 32 to a word");
    s.quantity("ternary", mac_.ternary, steps, "ternary weights: add, subtract or skip");
    s.quantity("int2", mac_.int2, steps, "2-bit weights unpacked from bytes");
    s.quantity("int4", mac_.int4, steps, "4-bit weights unpacked from bytes");
    s.quantity("int8", mac_.int8, steps, "8-bit weights and activations");
    s.quantity("int16", mac_.int16, steps, "16-bit product out of 8-bit multiplies");
    s.quantity("int32", mac_.int32, steps, "32-bit product by mul_step");
    s.quantity("fp32", mac_.fp32, steps, "single precision in software");
  });
  b.section("decode", "instructions to expand one stored value to fp32", [this](Binder& s) {
    s.quantity("integer", decode_.integer, steps, "integer to fp32 with a scale");
    s.quantity("fp16", decode_.fp16, steps, "fp16 to fp32");
    s.quantity("bf16", decode_.bf16, steps, "bf16 to fp32");
    s.quantity("fp8", decode_.fp8, steps, "fp8 to fp32, by table");
    s.quantity("fp4", decode_.fp4, steps, "fp4 to fp32, by table");
  });
  b.section("integer", "integer steps of element-wise operators",
            [this](Binder& s) { integer_.bind(s); });
  b.section("floating", "software floating-point steps of element-wise operators",
            [this](Binder& s) { floating_.bind(s); });
  b.quantity("loop", loop_, steps, "instructions around the steps of one element");
  b.quantity("tile", tile_, steps, "instructions per tile: set-up and DMA calls");
  b.quantity("output", output_, steps, "instructions per output: reduce, scale, store");
}

MatrixCost KernelTable::matrix(const NumberFormat& weight, const NumberFormat& activation) const {
  const KernelCost c = mac(weight, activation);
  return {c.instructions, tile_.value.value, 0, output_.value.value, 0, 1, false, c.basis};
}

void KernelTable::replaceFloat(double add, double multiply, double expand) {
  floating_.add.value = Ratio(std::max(0.0, add - loop_.value.value));
  floating_.multiply.value = Ratio(std::max(0.0, multiply - loop_.value.value));
  decode_.fp16.value = decode_.bf16.value = decode_.fp8.value = decode_.fp4.value = Ratio(expand);
}

KernelCost KernelTable::mac(const NumberFormat& weight, const NumberFormat& activation) const {
  if (usesSoftFloat(weight, activation)) {
    // Activations are expanded once when they are loaded; weights on every use.
    const double unpack = decode(weight).instructions;
    return {mac_.fp32.value.value + unpack, 0, false,
            "software fp32 multiply-accumulate, weights expanded"};
  }
  const int bits = std::max(weight.bits, activation.bits);
  if (bits > 16) return {mac_.int32.value.value, 0, false, mac_.int32.source};
  if (bits > 8) return {mac_.int16.value.value, 0, false, mac_.int16.source};
  if (weight.bits == 1 && activation.bits == 1)
    return {mac_.binary.value.value, 0, false, mac_.binary.source};
  if (weight.kind == NumberKind::ternary || weight.kind == NumberKind::binary)
    return {mac_.ternary.value.value, 0, false, mac_.ternary.source};
  if (weight.bits <= 2) return {mac_.int2.value.value, 0, false, mac_.int2.source};
  if (weight.bits <= 4) return {mac_.int4.value.value, 0, false, mac_.int4.source};
  return {mac_.int8.value.value, 0, false, mac_.int8.source};
}

KernelCosts::KernelCosts(const KernelCostSource& source) : source_(source) {}

const MatrixCost& KernelCosts::matrix(const NumberFormat& weight,
                                      const NumberFormat& activation) const {
  const std::lock_guard lock(mutex_);
  for (const auto& e : matrices_)
    if (e.first == weight && e.second == activation) return e.cost;
  matrices_.push_back({weight, activation, {}, {}, source_.matrix(weight, activation)});
  return matrices_.back().cost;
}

const KernelCost& KernelCosts::decode(const NumberFormat& stored) const {
  const std::lock_guard lock(mutex_);
  for (const auto& e : decodes_)
    if (e.first == stored) return e.cost;
  decodes_.push_back({stored, {}, {}, {}, source_.decode(stored)});
  return decodes_.back().cost;
}

const KernelCost& KernelCosts::element(OpKind kind, OpVariant variant,
                                       const NumberFormat& format) const {
  const std::lock_guard lock(mutex_);
  for (const auto& e : elements_)
    if (e.kind == kind && e.variant == variant && e.first == format) return e.cost;
  elements_.push_back({format, {}, kind, variant, source_.element(kind, variant, format)});
  return elements_.back().cost;
}

const KernelCost& KernelCosts::pack() const {
  const std::lock_guard lock(mutex_);
  if (!pack_) pack_ = source_.pack();
  return *pack_;
}

double KernelCosts::perTile() const {
  const std::lock_guard lock(mutex_);
  if (!perTile_) perTile_ = source_.perTile();
  return *perTile_;
}

double KernelCosts::perOutput() const {
  const std::lock_guard lock(mutex_);
  if (!perOutput_) perOutput_ = source_.perOutput();
  return *perOutput_;
}

KernelCost KernelTable::pack() const {
  return {loop_.value.value + integer_.add.value.value, tile_.value.value, false, loop_.source};
}

KernelCost KernelTable::decode(const NumberFormat& stored) const {
  if (!stored.isFloat()) return {decode_.integer.value.value, 0, false, decode_.integer.source};
  if (stored.bits >= 32) return {0, 0, false, "stored as fp32"};
  if (stored.bits >= 16) {
    const auto& d = stored.exponentBits >= 8 ? decode_.bf16 : decode_.fp16;
    return {d.value.value, 0, false, d.source};
  }
  const auto& d = stored.bits >= 8 ? decode_.fp8 : decode_.fp4;
  return {d.value.value, 0, false, d.source};
}

KernelCost KernelTable::element(OpKind kind, OpVariant variant, const NumberFormat& format) const {
  const ElementSteps& s = format.isFloat() ? floating_ : integer_;
  const double add = s.add.value.value, mul = s.multiply.value.value, div = s.divide.value.value,
               exponential = s.exponential.value.value, compare = s.compare.value.value;
  double cost = loop_.value.value;
  if (format.isFloat() && format.bits < 32) cost += 2 * decode(format).instructions;
  switch (kind) {
    case OpKind::attention:
    case OpKind::softmax:  // running maximum, subtract, exponential, sum, scale
      cost += compare + add + exponential + add + mul;
      break;
    case OpKind::norm:
      cost += variant == OpVariant::batch   ? mul + add
              : variant == OpVariant::layer ? 2 * add + 2 * mul + mul + 2 * add
                                            : mul + add + 2 * mul;
      break;
    case OpKind::activation:
      switch (variant) {
        case OpVariant::relu:
          cost += compare;
          break;
        case OpVariant::silu:
        case OpVariant::sigmoid:
          cost += exponential + add + div + (variant == OpVariant::silu ? mul : 0);
          break;
        case OpVariant::siluMul:
          cost += exponential + add + div + 2 * mul;
          break;
        case OpVariant::gelu:
        case OpVariant::tanh:  // polynomial argument, exponential, division
          cost += exponential + 2 * add + div + 4 * mul;
          break;
        default:
          throw std::logic_error(std::string("no steps for ") + nameOf(variant));
      }
      break;
    case OpKind::add:
      cost += add;
      break;
    case OpKind::rope:
      cost += 2 * mul + add;
      break;
    case OpKind::pool:
      cost += variant == OpVariant::average || variant == OpVariant::global ? add : compare;
      break;
    case OpKind::embedding:  // copies rows
      break;
    default:
      throw std::logic_error(std::string("no steps for ") + nameOf(kind));
  }
  return {cost, tile_.value.value, false,
          format.isFloat() ? floating_.add.source : integer_.add.source};
}

}  // namespace wattlas::pim
