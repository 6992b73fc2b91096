#include <algorithm>
#include <bit>
#include <cstring>

#include "pim/dpu/isa/semantics.h"

namespace wattlas::dpu {

using Node = Semantics::Node;
using Op = SemanticsOp;

namespace {

std::int64_t extended(std::uint64_t value, unsigned bits, bool isSigned) {
  if (bits >= 64) return static_cast<std::int64_t>(value);
  value &= (std::uint64_t{1} << bits) - 1;
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
  return static_cast<std::int64_t>(isSigned ? (value ^ sign) - sign : value);
}

/// Arithmetic modulo 2^64, so that no value is undefined.
std::int64_t combined(Op op, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);
  switch (op) {
    case Op::add:
      return static_cast<std::int64_t>(x + y);
    case Op::sub:
      return static_cast<std::int64_t>(x - y);
    case Op::mul:
      return static_cast<std::int64_t>(x * y);
    case Op::shl:
      return static_cast<std::int64_t>(x << (y & 63U));
    case Op::shr:
      return a >> (y & 63U);
    case Op::and_:
      return a & b;
    case Op::or_:
      return a | b;
    case Op::xor_:
      return a ^ b;
    case Op::equal:
      return a == b ? 1 : 0;
    case Op::unequal:
      return a != b ? 1 : 0;
    case Op::less:
      return a < b ? 1 : 0;
    case Op::lessEqual:
      return a <= b ? 1 : 0;
    case Op::min:
      return std::min(a, b);
    case Op::max:
      return std::max(a, b);
    default:
      return 0;
  }
}

}  // namespace

/// Evaluates the nodes in the order in which they were made: arguments come before their users.
class SemanticsRun {
 public:
  SemanticsRun(const std::vector<Node>& nodes, const Instruction& in, SemanticsState& state)
      : nodes_(nodes), in_(in), s_(state) {
    static thread_local std::vector<std::array<std::int64_t, kMostLanes>> scratch;
    if (scratch.size() < nodes.size()) scratch.resize(nodes.size());
    values_ = scratch.data();
  }

  bool evaluate() {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (!node(i)) return false;
    return true;
  }
  std::int64_t value(int node) const { return values_[node][0]; }
  bool legal(std::uint32_t address, unsigned bytes) const {
    return address <= s_.wramBytes - bytes && address % bytes == 0;
  }

 private:
  std::int64_t operand(const Node& n) const {
    const std::uint32_t* r = s_.registers;
    switch (static_cast<OperandKind>(n.value)) {
      case OperandKind::rc:
        return r[in_.rc];
      case OperandKind::ra:
        return r[in_.ra];
      case OperandKind::rb:
        return r[in_.rb];
      case OperandKind::dc:
        return static_cast<std::int64_t>(std::uint64_t{r[in_.rc]} << 32 | r[in_.rc + 1]);
      case OperandKind::db:
        return static_cast<std::int64_t>(std::uint64_t{r[in_.rb]} << 32 | r[in_.rb + 1]);
      case OperandKind::pc:
        return in_.target;
      default:
        return in_.imm;
    }
  }

  bool load(std::uint32_t address, unsigned bytes, bool isSigned, std::int64_t& value) const {
    if (!legal(address, bytes)) return false;
    std::uint64_t raw = 0;
    std::memcpy(&raw, s_.wram + address, bytes);
    value = extended(raw, 8 * bytes, isSigned);
    return true;
  }

  bool node(std::size_t i) {
    const Node& n = nodes_[i];
    auto& out = values_[i];
    const auto at = [&](int argument, unsigned lane) {
      const int j = n.arguments[static_cast<std::size_t>(argument)];
      return values_[j][nodes_[static_cast<std::size_t>(j)].lanes == 1 ? 0 : lane];
    };
    switch (n.op) {
      case Op::number:
        out[0] = n.value;
        return true;
      case Op::operand:
        out[0] = operand(n);
        return true;
      case Op::lanes: {
        const auto raw = static_cast<std::uint64_t>(at(0, 0));
        const auto bits = static_cast<unsigned>(n.value);
        for (unsigned k = 0; k < n.lanes; ++k) out[k] = extended(raw >> k * bits, bits, n.isSigned);
        return true;
      }
      case Op::sum: {
        std::int64_t total = 0;
        const int j = n.arguments[0];
        for (unsigned k = 0; k < nodes_[static_cast<std::size_t>(j)].lanes; ++k)
          total = combined(Op::add, total, values_[j][k]);
        out[0] = total;
        return true;
      }
      case Op::slice: {
        const auto lanes = nodes_[static_cast<std::size_t>(n.arguments[0])].lanes;
        const auto first = static_cast<std::uint64_t>(at(1, 0));
        for (unsigned k = 0; k < n.lanes; ++k)
          out[k] = values_[n.arguments[0]][(first + k) % lanes];
        return true;
      }
      case Op::pack: {
        std::uint64_t raw = 0;
        const auto bits = static_cast<unsigned>(n.value);
        const int j = n.arguments[0];
        for (unsigned k = 0; k < nodes_[static_cast<std::size_t>(j)].lanes; ++k)
          raw |= static_cast<std::uint64_t>(
                     extended(static_cast<std::uint64_t>(values_[j][k]), bits, false))
                 << k * bits;
        out[0] = static_cast<std::int64_t>(raw);
        return true;
      }
      case Op::load:
        return load(static_cast<std::uint32_t>(at(0, 0)), static_cast<unsigned>(n.value),
                    n.isSigned, out[0]);
      case Op::table:
        for (unsigned k = 0; k < n.lanes; ++k)
          if (!load(static_cast<std::uint32_t>(at(0, 0) + at(1, k)), 1, false, out[k]))
            return false;
        return true;
      default:
        break;
    }
    for (unsigned k = 0; k < n.lanes; ++k) {
      const std::int64_t a = at(0, k);
      switch (n.op) {
        case Op::not_:
          out[k] = ~a;
          break;
        case Op::negate:
          out[k] = combined(Op::sub, 0, a);
          break;
        case Op::abs:
          out[k] = a < 0 ? combined(Op::sub, 0, a) : a;
          break;
        case Op::popcount:
          out[k] =
              std::popcount(static_cast<std::uint64_t>(a) &
                            (n.bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n.bits) - 1));
          break;
        case Op::select:
          out[k] = a != 0 ? at(1, k) : at(2, k);
          break;
        case Op::sat: {
          const std::int64_t most = (std::int64_t{1} << (n.value - 1)) - 1;
          out[k] = std::clamp(a, -most - 1, most);
          break;
        }
        case Op::usat:
          out[k] = std::clamp<std::int64_t>(a, 0, (std::int64_t{1} << n.value) - 1);
          break;
        case Op::round: {
          const auto shift = static_cast<std::uint64_t>(at(1, 0)) & 63U;
          out[k] = shift == 0 ? a : combined(Op::add, a, std::int64_t{1} << (shift - 1)) >> shift;
          break;
        }
        default:
          out[k] = combined(n.op, a, at(1, k));
      }
    }
    return true;
  }

  const std::vector<Node>& nodes_;
  const Instruction& in_;
  SemanticsState& s_;
  std::array<std::int64_t, kMostLanes>* values_;
};

bool Semantics::execute(const Instruction& in, SemanticsState& state) const {
  // Every right-hand side is computed from the state before the instruction.
  SemanticsRun run(*nodes_, in, state);
  if (!run.evaluate()) return false;
  for (const Statement& s : statements_)
    if (s.target == Target::store &&
        !run.legal(static_cast<std::uint32_t>(run.value(s.first)), s.bytes))
      return false;
  std::uint32_t* r = state.registers;
  for (const Statement& s : statements_) {
    const auto value = static_cast<std::uint64_t>(run.value(s.first));
    const auto low = static_cast<std::uint32_t>(value),
               high = static_cast<std::uint32_t>(value >> 32);
    switch (s.target) {
      case Target::rc:
        state.result = r[in.rc] = low;
        break;
      case Target::dc:
        r[in.rc] = high;
        state.result = r[in.rc + 1] = low;
        break;
      case Target::ra:
        if (in.ra < kRegisters) r[in.ra] = low;
        break;
      case Target::rb:
        r[in.rb] = low;
        break;
      case Target::db:
        r[in.rb] = high;
        r[in.rb + 1] = low;
        break;
      case Target::store: {
        const auto stored = static_cast<std::uint64_t>(run.value(s.second));
        std::memcpy(state.wram + low, &stored, s.bytes);
        break;
      }
      case Target::loop:
        state.loopCount = low;
        state.loopEnd = in.target;
        break;
    }
  }
  return true;
}

}  // namespace wattlas::dpu
