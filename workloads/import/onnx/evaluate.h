// Operators on values that are known: what shapes are computed with, and the reference execution of
// whole graphs. Inside the module.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import {

/// Thrown by rules where an operator or a form of it is not evaluated.
struct NotEvaluated {};
inline void need(bool condition) {
  if (!condition) throw NotEvaluated{};
}

/// A node with the values of its inputs.
struct Call {
  const Node& node;
  const std::vector<const Constant*>& in;

  bool has(std::size_t i) const { return i < in.size() && in[i] != nullptr; }
  const Constant& at(std::size_t i) const {
    need(has(i) && in[i]->type != text);
    return *in[i];
  }
  /// Whole numbers of an input, or of an attribute where older operators have them.
  Sizes list(std::size_t i, const char* key) const {
    return has(i) ? Sizes(at(i).ints) : node.list(key);
  }
  double scalar(std::size_t i, double fallback) const {
    return has(i) && at(i).size() > 0 ? at(i).at(0) : fallback;
  }
  std::size_t axis(std::int64_t standard, std::size_t rank) const {
    const auto at = axisOf(node.integer("axis", standard), rank);
    need(at.has_value());
    return *at;
  }
};

using Results = std::vector<Constant>;
using Evaluation = Results (*)(const Call&);
using Evaluations = std::map<std::string, Evaluation>;
void addElementEvaluations(Evaluations& all);
void addMoveEvaluations(Evaluations& all);
void addProductEvaluations(Evaluations& all);

/// An empty constant of these extents, which have to be few enough to be kept.
Constant empty(Sizes dims, int type);
/// f(index along each axis), last axis fastest.
void each(const Sizes& dims, const std::function<void(const Sizes&)>& f);
/// Offset of `index` in a tensor of `dims`; axes of extent 1 are broadcast, missing ones left out.
std::size_t offset(const Sizes& index, const Sizes& dims);
Sizes broadcastOf(const Sizes& a, const Sizes& b);
/// The value at `from` of `data`, appended.
void copy(Constant& to, const Constant& data, std::size_t from);

}  // namespace wattlas::onnx_import
