#include "explorer/expression_types.h"

namespace wattlas {
namespace {

using Kind = ExpressionKind;

const char* kindName(ValueType::Kind kind) {
  switch (kind) {
    case ValueType::Kind::boolean:
      return "yes/no value";
    case ValueType::Kind::number:
      return "number";
    case ValueType::Kind::text:
      return "text";
    case ValueType::Kind::any:
      break;
  }
  return "value";
}

void requireEqualKinds(const NodePtr& a, const NodePtr& b, std::size_t column) {
  const auto ka = a->type.kind, kb = b->type.kind;
  if (ka != ValueType::Kind::any && kb != ValueType::Kind::any && ka != kb)
    throw ExpressionError(std::string("compares a ") + kindName(ka) + " with a " + kindName(kb),
                          "two values of one kind", column);
  requireSameUnit(a, b, column);
}

}  // namespace

void requireKind(const NodePtr& node, ValueType::Kind wanted, std::size_t column,
                 const char* expected) {
  const ValueType::Kind kind = node->type.kind;
  if (kind != ValueType::Kind::any && kind != wanted)
    throw ExpressionError(std::string("a ") + kindName(kind) + " stands where it cannot", expected,
                          column);
}

void requireSameUnit(const NodePtr& a, const NodePtr& b, std::size_t column) {
  if (a->type.kind != ValueType::Kind::number || b->type.kind != ValueType::Kind::number) return;
  const auto &da = a->type.dimension, &db = b->type.dimension;
  if (da == db) return;
  if (da && db)
    throw ExpressionError("compares or adds different units",
                          describe(*a->type.dimension) + " on both sides", column);
  const NodePtr& bare = da ? b : a;
  const NodePtr& measured = da ? a : b;
  const bool zero = bare->kind == Kind::literal && bare->value.number == 0.0;
  if (!measured->type.unitInName && !zero)
    throw ExpressionError("a quantity meets a number without unit",
                          describe(*measured->type.dimension), column);
}

void requireComparable(Kind kind, const NodePtr& left, const NodePtr& right, std::size_t column) {
  if (kind == Kind::in || kind == Kind::notIn) {
    for (const NodePtr& item : right->children) requireEqualKinds(left, item, column);
  } else if (kind == Kind::equal || kind == Kind::notEqual) {
    requireEqualKinds(left, right, column);
  } else {
    requireKind(left, ValueType::Kind::number, column, "numbers on both sides");
    requireKind(right, ValueType::Kind::number, column, "numbers on both sides");
    requireSameUnit(left, right, column);
  }
}

}  // namespace wattlas
