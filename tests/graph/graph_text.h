// What tests ask a graph beside what the product does.
#pragma once

#include "workloads/graph/kind.h"
#include "workloads/graph/workload.h"

namespace wattlas::testing {

/// True when the operators form one chain (each feeds only the next).
inline bool isChain(const Graph& graph) {
  std::size_t starts = 0;
  for (OpId v = 0; v < static_cast<OpId>(graph.size()); ++v) {
    if (graph.producers(v).size() > 1 || graph.consumers(v).size() > 1) return false;
    starts += graph.producers(v).empty() ? 1 : 0;
  }
  return starts <= 1;
}

/// Graphviz text.
inline std::string dotOf(const Graph& graph) {
  std::string out = "digraph workload {\n  node [shape=box];\n", edges;
  for (OpId v = 0; v < static_cast<OpId>(graph.size()); ++v) {
    const Operator& op = graph.at(v);
    const std::string id = "  " + std::to_string(v);
    out += id + " [label=\"" + op.name + "\\n" + nameOf(op.kind);
    if (op.variant != OpVariant::none) out += std::string(" ") + nameOf(op.variant);
    if (op.count > 1) out += " x " + std::to_string(op.count);
    out += "\"];\n";
    for (const OpId to : graph.consumers(v)) edges += id + " -> " + std::to_string(to) + ";\n";
  }
  return out + edges + "}\n";
}

}  // namespace wattlas::testing
