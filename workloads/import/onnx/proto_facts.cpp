#include "workloads/import/onnx/proto_facts.h"

#include <algorithm>
#include <set>

namespace wattlas::onnx_import {

std::vector<int> sortedNodes(const onnx::GraphProto& graph,
                             const std::function<bool(const std::string&)>& known) {
  std::set<std::string> made, there;
  for (const auto& node : graph.node())
    for (const auto& out : node.output()) made.insert(out);
  std::vector<int> order, waiting;
  for (int i = 0; i < graph.node_size(); ++i) waiting.push_back(i);
  for (bool moved = true; moved && !waiting.empty();) {
    moved = false;
    std::vector<int> left;
    for (const int i : waiting) {
      const auto& node = graph.node(i);
      const bool ready =
          std::all_of(node.input().begin(), node.input().end(), [&](const std::string& in) {
            return in.empty() || made.count(in) == 0 || there.count(in) > 0 || known(in);
          });
      if (!ready) {
        left.push_back(i);
        continue;
      }
      moved = true;
      for (const auto& out : node.output()) there.insert(out);
      order.push_back(i);
    }
    if (left.size() > 2000 && left.size() * 10 > waiting.size() * 9) break;  // hopeless
    waiting = std::move(left);
  }
  order.insert(order.end(), waiting.begin(), waiting.end());
  return order;
}

std::int64_t sizeOf(const onnx::GraphProto& graph, int depth) {
  std::int64_t size = graph.node_size();
  for (const auto& tensor : graph.initializer())
    size += static_cast<std::int64_t>(tensor.ByteSizeLong() / 64);
  for (const auto& node : graph.node())
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g() && depth < deepest) size += sizeOf(attribute.g(), depth + 1);
      if (attribute.has_t()) size += static_cast<std::int64_t>(attribute.t().ByteSizeLong() / 64);
    }
  return size;
}

const onnx::GraphProto* graphOf(const onnx::NodeProto& node, const char* name) {
  for (const auto& attribute : node.attribute())
    if (attribute.name() == name && attribute.has_g()) return &attribute.g();
  return nullptr;
}

std::vector<Constant> shapeConstant(const Node& node, const Sizes& dims) {
  Constant c;
  c.type = int64;
  if (node.op == "Size") {
    c.ints = {product(dims)};
    return {c};
  }
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto clamped = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = clamped(node.integer("start", 0)),
                     end = clamped(node.integer("end", rank));
  for (std::int64_t i = start; i < end; ++i) c.ints.push_back(dims[i]);
  c.dims = {static_cast<std::int64_t>(c.ints.size())};
  return {c};
}

}  // namespace wattlas::onnx_import
