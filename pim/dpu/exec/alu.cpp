#include "pim/dpu/exec/alu.h"

#include <array>
#include <utility>

namespace wattlas::dpu {

namespace {

constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::xor_) + 1;
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

}  // namespace wattlas::dpu
