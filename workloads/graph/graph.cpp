#include "workloads/graph/graph.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <queue>

#include "models/base/error.h"

namespace wattlas {
namespace {

using Adjacency = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;

bool reaches(const Adjacency& graph, OpId from, OpId to) {
  std::vector<OpId> open{from};
  std::vector<char> seen(boost::num_vertices(graph), 0);
  while (!open.empty()) {
    const OpId at = open.back();
    open.pop_back();
    if (at == to) return true;
    if (seen[static_cast<std::size_t>(at)]++ != 0) continue;
    for (auto [it, end] = boost::adjacent_vertices(static_cast<std::size_t>(at), graph); it != end;
         ++it)
      open.push_back(static_cast<OpId>(*it));
  }
  return false;
}

}  // namespace

struct Graph::Impl {
  Adjacency graph;
  std::vector<Operator> ops;  ///< by vertex; beside the graph, whose vertices move when it grows

  std::size_t checked(OpId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= boost::num_vertices(graph))
      throw InputError("operator id " + std::to_string(id) + " is not part of the graph",
                       "an id from 0 to " + std::to_string(boost::num_vertices(graph)));
    return static_cast<std::size_t>(id);
  }
};

Graph::Graph() : impl_(std::make_unique<Impl>()) {}
Graph::~Graph() = default;
Graph::Graph(const Graph& o) : impl_(std::make_unique<Impl>(*o.impl_)) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(const Graph& o) {
  if (this != &o) impl_ = std::make_unique<Impl>(*o.impl_);
  return *this;
}
Graph& Graph::operator=(Graph&&) noexcept = default;

OpId Graph::add(Operator op) {
  if (impl_->ops.empty()) impl_->ops.reserve(32);
  impl_->ops.push_back(std::move(op));
  return static_cast<OpId>(boost::add_vertex(impl_->graph));
}

OpId Graph::addAfter(OpId after, Operator op) {
  if (after >= 0) impl_->checked(after);
  const OpId id = add(std::move(op));
  if (after >= 0) boost::add_edge(impl_->checked(after), impl_->checked(id), impl_->graph);
  return id;
}

void Graph::connect(OpId from, OpId to) {
  const std::size_t source = impl_->checked(from), target = impl_->checked(to);
  // An edge to an operator that feeds nothing yet, as most have none, cannot close a cycle.
  const bool leads = from == to || boost::out_degree(target, impl_->graph) > 0;
  if (leads && reaches(impl_->graph, to, from))
    throw InputError(
        "an edge from operator '" + at(from).name + "' to '" + at(to).name + "' closes a cycle",
        "operators that feed later ones only");
  boost::add_edge(source, target, impl_->graph);
}

const std::vector<Operator>& Graph::operators() const {
  return impl_->ops;
}

std::size_t Graph::size() const {
  return impl_->ops.size();
}
const Operator& Graph::at(OpId id) const {
  return impl_->ops[impl_->checked(id)];
}
Operator& Graph::at(OpId id) {
  return impl_->ops[impl_->checked(id)];
}

std::vector<OpId> Graph::producers(OpId id) const {
  std::vector<OpId> out;
  for (auto [it, end] = boost::inv_adjacent_vertices(impl_->checked(id), impl_->graph); it != end;
       ++it)
    out.push_back(static_cast<OpId>(*it));
  return out;
}

std::vector<OpId> Graph::consumers(OpId id) const {
  std::vector<OpId> out;
  for (auto [it, end] = boost::adjacent_vertices(impl_->checked(id), impl_->graph); it != end; ++it)
    out.push_back(static_cast<OpId>(*it));
  return out;
}

std::vector<OpId> Graph::order() const {
  std::vector<std::size_t> waiting(size());
  std::priority_queue<OpId, std::vector<OpId>, std::greater<>> ready;
  for (std::size_t v = 0; v < size(); ++v) {
    waiting[v] = boost::in_degree(v, impl_->graph);
    if (waiting[v] == 0) ready.push(static_cast<OpId>(v));
  }
  std::vector<OpId> out;
  out.reserve(size());
  while (!ready.empty()) {
    out.push_back(ready.top());
    ready.pop();
    for (const OpId next : consumers(out.back()))
      if (--waiting[static_cast<std::size_t>(next)] == 0) ready.push(next);
  }
  return out;
}

}  // namespace wattlas
