// The operator DAG of one phase of a workload. Boost.Graph stays inside graph.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "workloads/graph/operator.h"

namespace wattlas {

using OpId = std::int32_t;

/// Directed acyclic graph of operators; an edge carries the producer's output to a consumer.
class Graph {
 public:
  Graph();
  ~Graph();
  Graph(const Graph&);
  Graph(Graph&&) noexcept;
  Graph& operator=(const Graph&);
  Graph& operator=(Graph&&) noexcept;

  OpId add(Operator op);
  /// Adds `op` and an edge from `after` (no edge when `after` is negative). Returns its id.
  OpId addAfter(OpId after, Operator op);
  /// Throws InputError when the edge would close a cycle or an id is unknown.
  void connect(OpId from, OpId to);

  std::size_t size() const;
  const std::vector<Operator>& operators() const;  ///< by id
  const Operator& at(OpId id) const;
  Operator& at(OpId id);
  std::vector<OpId> producers(OpId id) const;
  std::vector<OpId> consumers(OpId id) const;
  /// Deterministic topological order: by dependence, then by id.
  std::vector<OpId> order() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wattlas
