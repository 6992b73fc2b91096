// Type check of the study language: kinds and units of operands. All throw ExpressionError at
// `column`.
#pragma once

#include "explorer/expression_node.h"

namespace wattlas {

void requireKind(const NodePtr& node, ValueType::Kind wanted, std::size_t column,
                 const char* expected);
/// Sizes are compared in one unit: "dpu.clock < 400" would silently be wrong by 1e6.
void requireSameUnit(const NodePtr& a, const NodePtr& b, std::size_t column);
/// Operands of < <= > >= == != in, not in.
void requireComparable(ExpressionKind kind, const NodePtr& left, const NodePtr& right,
                       std::size_t column);

}  // namespace wattlas
