// Collective operations of the members of a group as transfers over the links of a platform.
#pragma once

#include <string>
#include <vector>

#include "models/network.h"
#include "models/task_graph.h"

namespace wattlas {

enum class CollectiveAlgorithm { ring, tree, halvingDoubling };
const char* nameOf(CollectiveAlgorithm algorithm);

struct CollectiveSpec {
  std::string operation = "allReduce";  ///< allGather, reduceScatter, allToAll
  std::string algorithm = "auto";
  std::vector<SeatId> members;
  Bits amount;          ///< of each member
  bool folded = false;  ///< the first member stands for all (see `foldable`)
};

/// A task for each member, or one for all where they are folded.
using MemberTasks = std::vector<TaskId>;

/// The algorithm of a collective: asked for, or by members and size from latency and rate between
/// neighbours. Throws InputError when it cannot be had.
CollectiveAlgorithm algorithmOf(const CollectiveSpec& spec, const Network& network);

/// Whether all members do the same at the same time on links of their own: one can stand for all.
bool foldable(const CollectiveSpec& spec, const Network& network);

/// Adds its transfers to `graph`; each member begins after its task in `after`. Returns when each
/// is done. Tasks get `owner`. Throws InputError when no link joins two members.
MemberTasks addCollective(const CollectiveSpec& spec, const Network& network,
                          const MemberTasks& after, std::int32_t owner, TaskGraph& graph);

/// A point that others can wait for.
TaskId addSync(std::int32_t owner, TaskGraph& graph);

/// One transfer of `amount` from seat to seat, without edges.
TaskId addMove(const Network& network, SeatId from, SeatId to, Bits amount, std::int32_t owner,
               TaskGraph& graph);

}  // namespace wattlas
