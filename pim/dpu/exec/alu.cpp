#include "pim/dpu/exec/alu.h"

#include <array>
#include <utility>

namespace wattlas::dpu {

namespace {

constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::custom);
constexpr std::size_t kConditions = static_cast<std::size_t>(Condition::nc14) + 1;

using Compute = AluResult (*)(std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t);
using Holds = bool (*)(const ConditionInput&);

template <std::size_t... i>
constexpr std::array<Compute, sizeof...(i)> computeTable(std::index_sequence<i...>) {
  return {&compute<static_cast<Operation>(i)>...};
}
template <std::size_t... i>
constexpr std::array<Holds, sizeof...(i)> holdsTable(std::index_sequence<i...>) {
  return {&holds<static_cast<Condition>(i)>...};
}

}  // namespace

AluResult compute(Operation op, std::uint32_t a, std::uint32_t b, std::uint32_t third,
                  std::uint32_t carry) {
  static constexpr auto table = computeTable(std::make_index_sequence<kOperations>());
  return table[static_cast<std::size_t>(op)](a, b, third, carry);
}

bool holds(Condition condition, const ConditionInput& in) {
  static constexpr auto table = holdsTable(std::make_index_sequence<kConditions>());
  return table[static_cast<std::size_t>(condition)](in);
}

bool isAlu(Operation op) {
  using enum Operation;
  switch (op) {
    case add:
    case addc:
    case sub:
    case subc:
    case rsub:
    case rsubc:
    case and_:
    case andn:
    case nand:
    case or_:
    case orn:
    case nor:
    case xor_:
    case nxor:
    case hash:
    case asr:
    case lsl:
    case lsl1:
    case lslx:
    case lsl1x:
    case lsr:
    case lsr1:
    case lsrx:
    case lsr1x:
    case rol:
    case ror:
    case lslAdd:
    case lsrAdd:
    case rolAdd:
    case lslSub:
    case cao:
    case clo:
    case clz:
    case cls:
    case extsb:
    case extsh:
    case extub:
    case extuh:
    case sats:
    case cmpb4:
    case mulUlUl:
    case mulUlUh:
    case mulUhUl:
    case mulUhUh:
    case mulSlUl:
    case mulSlUh:
    case mulShUl:
    case mulShUh:
    case mulSlSl:
    case mulSlSh:
    case mulShSl:
    case mulShSh:
      return true;
    default:
      return false;
  }
}

}  // namespace wattlas::dpu
