#include "gpu/fusion.h"

#include <algorithm>

namespace wattlas::gpu {
namespace {

bool isWeighted(const Operator& op) {
  switch (op.kind) {
    case OpKind::gemm:
    case OpKind::conv1d:
    case OpKind::conv2d:
    case OpKind::conv3d:
    case OpKind::convTranspose:
      return op.hasWeights;
    default:
      return false;
  }
}

/// Works on each result by itself, so that the kernel that makes it can go on with it.
bool isEpilogue(const Operator& op) {
  if (op.kind == OpKind::activation) return !isGated(op.variant);
  return op.kind == OpKind::add || op.kind == OpKind::multiply ||
         (op.kind == OpKind::norm && op.variant == OpVariant::batch);
}

class Regions {
 public:
  Regions(const StackRules& rules, const Graph& graph, const std::vector<OpId>& mine)
      : rules_(rules), graph_(graph), place_(graph.size(), absent), taken_(graph.size(), 0) {
    for (std::size_t i = 0; i < mine.size(); ++i)
      place_[index(mine[i])] = static_cast<std::int64_t>(i);
  }

  std::vector<std::vector<OpId>> of(const std::vector<OpId>& mine) {
    std::vector<std::vector<OpId>> out;
    for (const OpId id : mine) {
      if (taken_[index(id)] != 0) continue;
      taken_[index(id)] = 1;
      out.push_back({id});
      const OpKind kind = graph_.at(id).kind;
      if (isWeighted(graph_.at(id)))
        addEpilogues(out.back());
      else if (kind == OpKind::add && rules_.normWithAdd)
        addNorm(out.back());
    }
    return out;
  }

 private:
  static constexpr std::int64_t absent = -1;
  static std::size_t index(OpId id) { return static_cast<std::size_t>(id); }

  /// `next` runs as often as `head` and all its other inputs are there when `head` starts: they
  /// come before it, or are not among these operators and so came earlier.
  bool fits(OpId head, OpId previous, OpId next) const {
    if (place_[index(next)] == absent || taken_[index(next)] != 0) return false;
    const Operator &a = graph_.at(head), &b = graph_.at(next);
    if (a.count != b.count || a.block != b.block ||
        a.formats.activation.name != b.formats.activation.name)
      return false;
    for (const OpId other : graph_.producers(next))
      if (other != previous && place_[index(other)] >= place_[index(head)]) return false;
    return true;
  }

  void take(std::vector<OpId>& region, OpId next) {
    taken_[index(next)] = 1;
    region.push_back(next);
  }

  void addEpilogues(std::vector<OpId>& region) {
    for (std::int64_t i = 0; i < rules_.epilogues; ++i) {
      const std::vector<OpId> consumers = graph_.consumers(region.back());
      if (consumers.size() != 1) return;
      const Operator& next = graph_.at(consumers.front());
      if (!isEpilogue(next) || !fits(region.front(), region.back(), consumers.front()) ||
          costOf(next).output.value != costOf(graph_.at(region.front())).output.value)
        return;
      take(region, consumers.front());
    }
  }

  void addNorm(std::vector<OpId>& region) {
    for (const OpId next : graph_.consumers(region.front())) {
      const Operator& op = graph_.at(next);
      if (op.kind != OpKind::norm || op.variant == OpVariant::batch ||
          !fits(region.front(), region.front(), next))
        continue;
      take(region, next);
      return;
    }
  }

  const StackRules& rules_;
  const Graph& graph_;
  std::vector<std::int64_t> place_;  ///< in `mine`, by id
  std::vector<char> taken_;
};

}  // namespace

std::vector<std::vector<OpId>> fusedRegions(const StackRules& rules, const Graph& graph,
                                            const std::vector<OpId>& mine) {
  return Regions(rules, graph, mine).of(mine);
}

std::vector<std::vector<OpId>> streamRegions(const StackRules& rules, const Graph& graph,
                                             std::vector<std::vector<OpId>> fused) {
  if (rules.streams <= 1) return fused;
  const auto reads = [&](const std::vector<OpId>& from, const std::vector<OpId>& ops) {
    for (const OpId id : ops)
      for (const OpId producer : graph.producers(id))
        if (std::find(from.begin(), from.end(), producer) != from.end()) return true;
    return false;
  };
  std::vector<std::vector<OpId>> out;
  std::int64_t members = 0;
  for (std::vector<OpId>& region : fused) {
    const bool beside = members > 0 && members < rules.streams && !reads(out.back(), region) &&
                        graph.at(out.back().front()).count == graph.at(region.front()).count &&
                        graph.at(out.back().front()).block == graph.at(region.front()).block;
    if (beside) {
      out.back().insert(out.back().end(), region.begin(), region.end());
      ++members;
    } else {
      out.push_back(std::move(region));
      members = 1;
    }
  }
  return out;
}

void rideAlong(const Parameters& p, const Operator& op, std::vector<Kernel>& kernels) {
  const PlanInput in{p, op, costOf(op), {}, cacheState(p, 0)};
  Kernel& k = kernels.back();
  if (op.kind == OpKind::norm && op.variant != OpVariant::batch) {
    // The kernel of the norm reads both summands and keeps the sum beside the normed values.
    Kernel norm = planStream(in);
    const double more = std::max(0.0, k.l2Bits - in.cost.input.value);
    norm.l2Bits += more;
    norm.dramBits += more * in.activationMiss();
    norm.outputBits += in.cost.input.value;
    norm.vectorOps += k.vectorOps;
    norm.name += " of a sum";
    k = std::move(norm);
    return;
  }
  // What comes from the kernel itself is in registers; a second operand is read.
  const double second = std::max(0.0, in.cost.input.value - in.cost.output.value);
  const double more = second + in.cost.weightRead.value;
  k.l2Bits += more;
  k.dramBits += more * in.activationMiss();
  k.vectorOps += static_cast<double>(in.cost.elementOps);
  k.name += std::string(", ") + nameOf(op.kind) + " fused";
}

}  // namespace wattlas::gpu
