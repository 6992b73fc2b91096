// Evaluation of compiled expressions: three-valued logic, nothing throws.
#include <cmath>

#include "explorer/accuracy.h"
#include "explorer/expression_parser.h"

namespace wattlas {
namespace {

using Node = ExpressionNode;
using Kind = ExpressionKind;

struct ExpressionEvaluation {
  const Expression::Lookup& lookup;

  static Value undefined() { return {Value::Kind::undefined, 0, false, {}}; }
  static bool isUndefined(const Value& v) { return v.kind == Value::Kind::undefined; }
  Value number(double v) const { return std::isfinite(v) ? Value::ofNumber(v) : undefined(); }

  /// none when one side is absent, so that rules about absent things do not apply.
  Value equal(const Value& a, const Value& b) const {
    if (isUndefined(a) || isUndefined(b)) return undefined();
    if (a.kind == Value::Kind::none || b.kind == Value::Kind::none) return {};
    if (a.hasNumber() && b.hasNumber())
      return Value::ofBoolean(rounded(a.number) == rounded(b.number));
    if (a.kind != b.kind) return Value::ofBoolean(false);
    if (a.kind == Value::Kind::text) return Value::ofBoolean(a.text == b.text);
    return Value::ofBoolean(a.number == b.number);
  }

  Value ordered(Kind kind, const Value& a, const Value& b) const {
    if (isUndefined(a) || isUndefined(b)) return undefined();
    if (!a.hasNumber() || !b.hasNumber()) return {};
    const double x = rounded(a.number), y = rounded(b.number);
    switch (kind) {
      case Kind::less:
        return Value::ofBoolean(x < y);
      case Kind::lessEqual:
        return Value::ofBoolean(x <= y);
      case Kind::greater:
        return Value::ofBoolean(x > y);
      default:
        return Value::ofBoolean(x >= y);
    }
  }

  Value negated(const Value& v) const {
    if (isUndefined(v)) return v;
    return v.kind == Value::Kind::boolean ? Value::ofBoolean(v.number == 0.0) : Value{};
  }

  Value logical(const Node& node, bool isAnd) const {
    const Value a = run(*node.children[0]);
    const double decides = isAnd ? 0.0 : 1.0;
    if (a.kind == Value::Kind::boolean && a.number == decides) return a;
    const Value b = run(*node.children[1]);
    if (b.kind == Value::Kind::boolean && b.number == decides) return b;
    if (isUndefined(a) || isUndefined(b)) return undefined();
    return a.kind == Value::Kind::boolean ? b : Value{};
  }

  /// `x == none` asks whether x is there; everything else about none is none.
  Value equality(const Node& node) const {
    const Node &l = *node.children[0], &r = *node.children[1];
    const auto isNone = [](const Node& n) {
      return n.kind == Kind::literal && n.value.kind == Value::Kind::none;
    };
    if (isNone(l) || isNone(r)) {
      const Value v = run(isNone(l) ? r : l);
      return Value::ofBoolean(v.kind == Value::Kind::none);
    }
    return equal(run(l), run(r));
  }

  Value membership(const Node& node) const {
    const Value needle = run(*node.children[0]);
    if (needle.kind == Value::Kind::none || isUndefined(needle)) return needle;
    for (const auto& item : node.children[1]->children) {
      const Value hit = equal(needle, run(*item));
      if (hit.kind == Value::Kind::boolean && hit.number != 0.0) return hit;
    }
    return Value::ofBoolean(false);
  }

  Value arithmetic(const Node& node) const {
    double result = 0;
    bool absent = false;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Value v = run(*node.children[i]);
      if (isUndefined(v)) return v;
      absent = absent || !v.hasNumber();
      result = i == 0 ? first(node.kind, v.number) : combine(node.kind, result, v.number);
    }
    return absent ? Value{} : number(result);
  }
  static double first(Kind kind, double x) {
    switch (kind) {
      case Kind::negate:
        return -x;
      case Kind::absolute:
        return std::abs(x);
      case Kind::floorOf:
        return std::floor(x);
      case Kind::ceilOf:
        return std::ceil(x);
      case Kind::roundOf:
        return std::round(x);
      case Kind::squareRoot:
        return std::sqrt(x);
      case Kind::log2Of:
        return std::log2(x);
      default:
        return x;
    }
  }
  static double combine(Kind kind, double a, double b) {
    switch (kind) {
      case Kind::add:
        return a + b;
      case Kind::subtract:
        return a - b;
      case Kind::multiply:
        return a * b;
      case Kind::divide:
        return a / b;
      case Kind::minimum:
        return std::min(a, b);
      default:
        return std::max(a, b);
    }
  }

  Value noise(const Node& node) const {
    double sum = 0;
    for (const auto& child : node.children) {
      const Value v = run(*child);
      if (v.kind != Value::Kind::text) return {};
      try {
        sum += quantisationNoise(std::string(v.text));
      } catch (const InputError&) {
        return {};  // no format: nothing can be said
      }
    }
    return number(sum);
  }

  Value run(const Node& node) const {
    switch (node.kind) {
      case Kind::literal:
        return node.value;
      case Kind::name:
        return lookup(node.slot);
      case Kind::list:
        return {};
      case Kind::logicalNot:
        return negated(run(*node.children[0]));
      case Kind::logicalAnd:
        return logical(node, true);
      case Kind::logicalOr:
        return logical(node, false);
      case Kind::equal:
        return equality(node);
      case Kind::notEqual:
        return negated(equality(node));
      case Kind::in:
        return membership(node);
      case Kind::notIn:
        return negated(membership(node));
      case Kind::less:
      case Kind::lessEqual:
      case Kind::greater:
      case Kind::greaterEqual:
        return ordered(node.kind, run(*node.children[0]), run(*node.children[1]));
      case Kind::noiseOf:
        return noise(node);
      default:
        return arithmetic(node);
    }
  }
};

}  // namespace

Value Expression::evaluate(const Lookup& lookup) const {
  return root_ ? ExpressionEvaluation{lookup}.run(*root_) : Value{};
}

}  // namespace wattlas
