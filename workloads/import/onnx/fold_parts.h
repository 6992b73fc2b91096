// What the evaluation of constants shares. Inside the module.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "workloads/import/onnx/model_graph.h"

namespace wattlas::onnx_import::folding {

using In = std::vector<const Constant*>;
using Out = std::optional<std::vector<Constant>>;

/// An empty constant of the type of `from`.
Constant like(const Constant& from, Sizes dims);
void copy(Constant& to, const Constant& from, std::size_t at);
/// Whether a tensor of these extents is kept.
bool small(const Sizes& dims);
/// Calls `visit` with the index along each axis, last axis fastest.
void each(const Sizes& dims, const std::function<void(const Sizes&)>& visit);
/// Offset of `index` in a tensor of `dims`; axes of extent 1 are broadcast, missing ones left out.
std::size_t offset(const Sizes& index, const Sizes& dims);
Out one(Constant c);

/// Operators that move values; nothing when `node` is none of them.
std::optional<Out> foldMove(const Node& node, const In& in);

}  // namespace wattlas::onnx_import::folding
