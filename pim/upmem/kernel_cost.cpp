#include "pim/upmem/kernel_cost.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas::pim {

namespace {
constexpr double mostCycles = 1e6;
const FieldRule steps{0, mostCycles, {}};
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
}

void KernelTable::replaceFloat(double add, double multiply, double expand) {
  floating_.add.value = Ratio(std::max(0.0, add - loop_.value.value));
  floating_.multiply.value = Ratio(std::max(0.0, multiply - loop_.value.value));
  decode_.fp16.value = decode_.bf16.value = decode_.fp8.value = decode_.fp4.value = Ratio(expand);
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
