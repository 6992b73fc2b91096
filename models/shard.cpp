#include "models/shard.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/error.h"
#include "models/base/multiples.h"

namespace wattlas {
namespace {

Operator exchangeOf(const Operator& of, OpVariant variant, std::int64_t members,
                    std::int64_t elements) {
  Operator op;
  op.name = of.name + (variant == OpVariant::allReduce ? ".all_reduce" : ".all_gather");
  op.kind = OpKind::collective;
  op.variant = variant;
  op.hasWeights = false;
  op.formats = of.formats;
  op.count = of.count;
  op.block = of.block;
  op.dims[Dim::groups] = members;
  op.dims[Dim::N] = elements;
  return op;
}

class Sharder {
 public:
  Sharder(const Graph& graph, std::int64_t members) : from_(graph), members_(members) {}

  Graph run() {
    state_.assign(from_.size(), State::whole);
    now_.assign(from_.size(), -1);
    for (const OpId id : from_.order()) shard(id);
    return std::move(to_);
  }

 private:
  /// What a member has of an output.
  enum class State { whole, slice };

  State input(OpId id) const {
    for (const OpId p : from_.producers(id))
      if (state_[at(p)] == State::slice) return State::slice;
    return State::whole;
  }
  static std::size_t at(OpId id) { return static_cast<std::size_t>(id); }

  /// The attention that an operator feeds, directly or through its rotation.
  const Operator* attentionBehind(OpId id) const {
    for (const OpId c : from_.consumers(id)) {
      const Operator& op = from_.at(c);
      if (op.kind == OpKind::attention) return &op;
      if (op.kind == OpKind::rope) return attentionBehind(c);
    }
    return nullptr;
  }
  bool feedsSoftmax(OpId id) const {
    const auto consumers = from_.consumers(id);
    return std::any_of(consumers.begin(), consumers.end(),
                       [this](OpId c) { return from_.at(c).kind == OpKind::softmax; });
  }

  std::int64_t headsOf(const Operator& op) const {
    const std::int64_t heads = op.dims[Dim::heads];
    if (heads % members_ == 0) return heads / members_;
    std::int64_t nearest = std::min(members_, heads);
    while (heads % nearest != 0) --nearest;
    throw InputError(fmt::format("{}: {} query heads are not shared evenly by {} members", op.name,
                                 heads, members_),
                     fmt::format("mapping.shard.tensor of {}", nearest));
  }
  std::int64_t kvHeadsOf(const Operator& op) const {
    return ceilDiv(op.dims[Dim::kvHeads], members_);
  }

  void put(OpId id, Operator op, State state) {
    const OpId mine = to_.add(std::move(op));
    for (const OpId p : from_.producers(id)) to_.connect(now_[at(p)], mine);
    now_[at(id)] = mine;
    state_[at(id)] = state;
  }

  /// All members get the sum, or all parts, of what operator `id` gave.
  void exchange(OpId id, OpVariant variant, std::int64_t elements) {
    Operator op = exchangeOf(from_.at(id), variant, members_, elements);
    now_[at(id)] = to_.addAfter(now_[at(id)], std::move(op));
    state_[at(id)] = State::whole;
  }

  void shard(OpId id) {
    Operator op = from_.at(id);
    const State in = input(id);
    const std::int64_t outputs = op.dims[Dim::M] * op.dims[Dim::N];
    switch (op.kind) {
      case OpKind::gemm:
        if (in == State::slice) {
          op.dims[Dim::K] = ceilDiv(op.dims[Dim::K], members_);
          put(id, std::move(op), State::slice);
          exchange(id, OpVariant::allReduce, outputs);
        } else if (feedsSoftmax(id) || op.dims[Dim::N] < members_) {
          put(id, std::move(op), State::whole);
        } else {
          const Operator* attention = attentionBehind(id);
          op.dims[Dim::N] = attention != nullptr
                                ? (headsOf(*attention) + 2 * kvHeadsOf(*attention)) *
                                      attention->dims[Dim::headDim]
                                : ceilDiv(op.dims[Dim::N], members_);
          put(id, std::move(op), State::slice);
          if (from_.consumers(id).empty()) exchange(id, OpVariant::allGather, outputs);
        }
        return;
      case OpKind::rope:
        if (const Operator* attention = attentionBehind(id); attention != nullptr)
          op.dims[Dim::N] =
              (headsOf(*attention) + kvHeadsOf(*attention)) * attention->dims[Dim::headDim];
        put(id, std::move(op), State::slice);
        return;
      case OpKind::attention: {
        const std::int64_t heads = headsOf(op), kv = kvHeadsOf(op);
        op.dims[Dim::heads] = heads;
        op.dims[Dim::kvHeads] = kv;
        put(id, std::move(op), State::slice);
        return;
      }
      case OpKind::activation:
      case OpKind::norm:
        if (in == State::slice) op.dims[Dim::N] = ceilDiv(op.dims[Dim::N], members_);
        {
          const bool statistics = in == State::slice && op.kind == OpKind::norm;
          const std::int64_t rows = op.dims[Dim::M];
          put(id, std::move(op), in);
          if (statistics) {
            exchange(id, OpVariant::allReduce, rows);
            state_[at(id)] = State::slice;
          }
        }
        return;
      case OpKind::embedding:
        if (op.dims[Dim::K] >= 8192) {
          op.dims[Dim::K] = ceilDiv(op.dims[Dim::K], members_);
          put(id, std::move(op), State::slice);
          exchange(id, OpVariant::allReduce, outputs);
        } else {
          put(id, std::move(op), State::whole);
        }
        return;
      case OpKind::add:
      case OpKind::softmax:
        if (in == State::slice) op.dims[Dim::N] = ceilDiv(op.dims[Dim::N], members_);
        put(id, std::move(op), in);
        return;
      default:
        throw InputError(
            fmt::format("{}: tensor slices of {} are not known", op.name, nameOf(op.kind)),
            "mapping.shard.tensor of 1");
    }
  }

  const Graph& from_;
  const std::int64_t members_;
  Graph to_;
  std::vector<State> state_;
  std::vector<OpId> now_;  ///< by old id: who has its output now
};

class ExpertSharder {
 public:
  ExpertSharder(const Graph& graph, std::int64_t members) : from_(graph), members_(members) {}

  /// False when the graph has no experts.
  bool run(Graph& to) {
    expert_.assign(from_.size(), 0);
    std::vector<OpId> now(from_.size(), -1);
    bool any = false;
    for (const OpId id : from_.order()) {
      Operator op = from_.at(id);
      const bool mine = isExpert(id);
      expert_[at(id)] = mine ? 1 : 0;
      any = any || mine;
      if (mine) {
        op.count = (op.count + members_ - 1) / members_;
        if (op.storedCount > 0) op.storedCount = (op.storedCount + members_ - 1) / members_;
      }
      const bool sum = !mine && readsExperts(id);
      if (sum) checkLoad(id);
      const OpId put = to.add(std::move(op));
      for (const OpId p : from_.producers(id)) to.connect(now[at(p)], put);
      now[at(id)] = put;
      if (!sum) continue;
      const Operator& of = from_.at(id);
      now[at(id)] = to.addAfter(
          put, exchangeOf(of, OpVariant::allReduce, members_, of.dims[Dim::M] * of.dims[Dim::N]));
    }
    return any;
  }

 private:
  static std::size_t at(OpId id) { return static_cast<std::size_t>(id); }
  bool readsExperts(OpId id) const {
    const auto producers = from_.producers(id);
    return std::any_of(producers.begin(), producers.end(),
                       [this](OpId p) { return expert_[at(p)] != 0; });
  }
  /// Weights of which more are stored than run, and what lies between two such operators.
  bool isExpert(OpId id) const {
    const Operator& op = from_.at(id);
    if (op.storedCount > 0) return true;
    const auto consumers = from_.consumers(id);
    return readsExperts(id) && std::any_of(consumers.begin(), consumers.end(), [&](OpId c) {
             return from_.at(c).storedCount > 0 && from_.at(c).count == op.count;
           });
  }
  void checkLoad(OpId sum) const {
    std::int64_t runs = 0;
    for (const OpId p : from_.producers(sum))
      if (expert_[at(p)] != 0) runs += from_.at(p).count;
    const std::int64_t layers = from_.at(sum).count;
    if (runs >= layers * members_) return;
    throw InputError(
        fmt::format("{}: {:.3g} distinct experts a layer are read, and {} members hold "
                    "them",
                    from_.at(sum).name, static_cast<double>(runs) / static_cast<double>(layers),
                    members_),
        fmt::format("mapping.shard.expert of {} or less, or a larger batch",
                    std::max<std::int64_t>(1, runs / layers)));
  }

  const Graph& from_;
  const std::int64_t members_;
  std::vector<char> expert_;
};

}  // namespace

Workload tensorShard(const Workload& workload, std::int64_t members) {
  Workload sharded = workload;
  if (members < 2) return sharded;
  for (Phase& phase : sharded.phases) phase.graph = Sharder(phase.graph, members).run();
  // Costs of a slice are those of no other description.
  sharded.config.put("slice", ConfigNode::ofScalar("1/" + std::to_string(members)));
  return sharded;
}

Workload expertShard(const Workload& workload, std::int64_t members) {
  Workload sharded = workload;
  bool any = false;
  for (Phase& phase : sharded.phases) {
    Graph graph;
    any = ExpertSharder(phase.graph, members).run(graph) || any;
    phase.graph = std::move(graph);
  }
  if (!any) throw InputError(workload.id + " has no experts", "mapping.shard.expert of 1");
  sharded.notes.push_back("experts are dealt out evenly to " + std::to_string(members) +
                          " members");
  sharded.config.put("experts", ConfigNode::ofScalar("1/" + std::to_string(members)));
  return sharded;
}

}  // namespace wattlas
