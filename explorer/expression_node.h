// Tree behind Expression: shared by parser and evaluator, private to this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "explorer/expression.h"

namespace wattlas {

enum class ExpressionKind {
  literal,
  name,
  list,
  negate,
  logicalNot,
  logicalAnd,
  logicalOr,
  add,
  subtract,
  multiply,
  divide,
  less,
  lessEqual,
  greater,
  greaterEqual,
  equal,
  notEqual,
  in,
  notIn,
  minimum,
  maximum,
  absolute,
  floorOf,
  ceilOf,
  roundOf,
  squareRoot,
  log2Of,
  noiseOf,  ///< of format names, not of numbers
};

struct ExpressionNode {
  ExpressionKind kind = ExpressionKind::literal;
  std::vector<std::shared_ptr<const ExpressionNode>> children;
  Value value;  ///< of a literal; a text points into `storage`
  std::string storage;
  int slot = -1;  ///< of a name
  ValueType type;
};

using NodePtr = std::shared_ptr<const ExpressionNode>;
NodePtr makeNode(ExpressionKind kind, std::vector<NodePtr> children, ValueType type);
/// A text keeps its letters in `storage`.
NodePtr literalNode(Value value, std::string storage, ValueType type);
/// 'int8' is a text; '350 MHz' in quotes is the quantity, as design parameters write it.
NodePtr textNode(const std::string& text);

}  // namespace wattlas
