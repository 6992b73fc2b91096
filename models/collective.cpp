#include "models/collective.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace wattlas {
namespace {

/// Adds transfers and remembers, for each member, what it has to wait for next.
class Steps {
 public:
  Steps(const CollectiveSpec& spec, const Network& network, const MemberTasks& after,
        std::int32_t owner, TaskGraph& graph)
      : spec_(spec), network_(network), owner_(owner), graph_(graph), ready_(after.size()) {
    for (std::size_t i = 0; i < after.size(); ++i) ready_[i] = {after[i]};
  }

  /// What members `from` and `to` do in this step. Folded: the first send stands for all.
  void send(std::size_t from, std::size_t to, Bits amount) {
    if (spec_.folded && !sends_.empty()) return;
    const TaskId id =
        addMove(network_, spec_.members[from], spec_.members[to], amount, owner_, graph_);
    if (spec_.folded) from = to = 0;
    for (const TaskId before : ready_[from]) graph_.edges.emplace_back(before, id);
    sends_.push_back({from, to, id});
  }
  /// All transfers of a step are there; the next one builds on them.
  void step() {
    std::vector<bool> sent(ready_.size(), false);
    for (const Send& s : sends_) sent[s.from] = true;
    for (std::size_t m = 0; m < ready_.size(); ++m)
      if (sent[m]) ready_[m].clear();
    for (const Send& s : sends_) {
      ready_[s.from].push_back(s.id);
      if (s.to != s.from) ready_[s.to].push_back(s.id);
    }
    sends_.clear();
  }
  MemberTasks ends() {
    MemberTasks ends;
    for (const auto& before : ready_) {
      const TaskId id = addSync(owner_, graph_);
      for (const TaskId task : before) graph_.edges.emplace_back(task, id);
      ends.push_back(id);
    }
    return ends;
  }

 private:
  struct Send {
    std::size_t from, to;
    TaskId id;
  };
  const CollectiveSpec& spec_;
  const Network& network_;
  const std::int32_t owner_;
  TaskGraph& graph_;
  std::vector<std::vector<TaskId>> ready_;
  std::vector<Send> sends_;
};

}  // namespace

const char* nameOf(CollectiveAlgorithm algorithm) {
  static constexpr const char* names[] = {"ring", "tree", "halving-doubling"};
  return names[static_cast<std::size_t>(algorithm)];
}

TaskId addMove(const Network& network, SeatId from, SeatId to, Bits amount, std::int32_t owner,
               TaskGraph& graph) {
  const Network::Route* route = network.route(from, to);
  const auto& seats = network.resources().seats;
  if (route == nullptr)
    throw InputError(
        fmt::format("no link leads from {} to {}", seats[static_cast<std::size_t>(from)].name,
                    seats[static_cast<std::size_t>(to)].name),
        "a link that joins both (`links: {NAME: {joins: [...]}}`)");
  Task task;
  task.kind = Task::Kind::move;
  task.lead = route->latency;
  task.wire = amount;
  task.peak = route->rate;
  task.alone = task.lead + toTicks(amount / task.peak);
  task.owner = owner;
  const auto known = std::find(graph.routes.begin(), graph.routes.end(), route->channels);
  task.route = static_cast<std::int32_t>(known - graph.routes.begin());
  if (known == graph.routes.end()) graph.routes.push_back(route->channels);
  graph.tasks.push_back(std::move(task));
  return static_cast<TaskId>(graph.tasks.size() - 1);
}

CollectiveAlgorithm algorithmOf(const CollectiveSpec& spec, const Network& network) {
  const auto n = static_cast<double>(spec.members.size());
  const bool power = std::has_single_bit(spec.members.size());
  if (spec.algorithm == "halvingDoubling" && (!power || spec.operation == "allToAll"))
    throw InputError(fmt::format("{} of {} members by halving and doubling", spec.operation,
                                 spec.members.size()),
                     "2, 4, 8, 16, ... members, or ring");
  if (spec.algorithm == "tree" && spec.operation != "allReduce")
    throw InputError(spec.operation + " over a tree", "allReduce over a tree, or ring");
  if (spec.algorithm == "ring") return CollectiveAlgorithm::ring;
  if (spec.algorithm == "tree") return CollectiveAlgorithm::tree;
  if (spec.algorithm == "halvingDoubling") return CollectiveAlgorithm::halvingDoubling;
  if (spec.members.size() < 3 || spec.operation != "allReduce") return CollectiveAlgorithm::ring;
  const Network::Route* near = network.route(spec.members[0], spec.members[1]);
  const Network::Route* far = network.route(spec.members[0], spec.members[spec.members.size() / 2]);
  // Where distance costs, only neighbours talk.
  if (near == nullptr || far == nullptr || far->channels.size() > near->channels.size())
    return CollectiveAlgorithm::ring;
  const double latency = toSeconds(near->latency).value, rate = near->rate.value;
  const double depth = static_cast<double>(std::bit_width(spec.members.size() - 1));
  const double bits = spec.amount.value;
  const double ring = 2 * (n - 1) * (latency + bits / n / rate);
  const double tree = 2 * depth * (latency + bits / rate);
  const double halving = power ? 2 * depth * latency + 2 * (n - 1) / n * bits / rate : 1e300;
  if (halving < std::min(ring, tree)) return CollectiveAlgorithm::halvingDoubling;
  return tree < ring ? CollectiveAlgorithm::tree : CollectiveAlgorithm::ring;
}

TaskId addSync(std::int32_t owner, TaskGraph& graph) {
  Task task;
  task.kind = Task::Kind::sync;
  task.owner = owner;
  graph.tasks.push_back(std::move(task));
  return static_cast<TaskId>(graph.tasks.size() - 1);
}

bool foldable(const CollectiveSpec& spec, const Network& network) {
  return network.equalMembers(
      spec.members,
      algorithmOf(spec, network) == CollectiveAlgorithm::ring && spec.operation != "allToAll");
}

MemberTasks addCollective(const CollectiveSpec& spec, const Network& network,
                          const MemberTasks& after, std::int32_t owner, TaskGraph& graph) {
  const std::size_t n = spec.members.size();
  if (n < 2) return after;
  const CollectiveAlgorithm algorithm = algorithmOf(spec, network);
  Steps steps(spec, network, after, owner, graph);
  const Bits part = spec.amount / static_cast<double>(n);
  if (spec.operation == "allToAll") {
    for (std::size_t d = 1; d < n; ++d) {
      for (std::size_t i = 0; i < n; ++i) steps.send(i, (i + d) % n, part);
      steps.step();
    }
  } else if (algorithm == CollectiveAlgorithm::ring) {
    const std::size_t rounds = spec.operation == "allReduce" ? 2 * (n - 1) : n - 1;
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < n; ++i) steps.send(i, (i + 1) % n, part);
      steps.step();
    }
  } else if (algorithm == CollectiveAlgorithm::tree) {
    // Up a binomial tree to member 0, and down again.
    std::vector<std::size_t> distances;
    for (std::size_t d = 1; d < n; d *= 2) distances.push_back(d);
    for (const std::size_t d : distances) {
      for (std::size_t i = d; i < n; i += 2 * d) steps.send(i, i - d, spec.amount);
      steps.step();
    }
    for (auto d = distances.rbegin(); d != distances.rend(); ++d) {
      for (std::size_t i = *d; i < n; i += 2 * *d) steps.send(i - *d, i, spec.amount);
      steps.step();
    }
  } else {
    std::vector<std::pair<std::size_t, Bits>> exchanges;
    Bits half = spec.amount;
    for (std::size_t d = n / 2; d >= 1; d /= 2) {
      half = half / 2.0;
      exchanges.emplace_back(d, half);
    }
    const auto round = [&](const std::pair<std::size_t, Bits>& exchange) {
      for (std::size_t i = 0; i < n; ++i) steps.send(i, i ^ exchange.first, exchange.second);
      steps.step();
    };
    if (spec.operation != "allGather")
      for (const auto& exchange : exchanges) round(exchange);
    if (spec.operation != "reduceScatter")
      for (auto e = exchanges.rbegin(); e != exchanges.rend(); ++e) round(*e);
  }
  return steps.ends();
}

}  // namespace wattlas
