// The small language of studies: `when`, `constraints`, `derived` and objectives.
//
//   expression := comparisons joined by `and`, `or`, `not`
//   comparison := sum (< <= > >= == !=) sum | sum [not] in [a, b, ...]
//   sum        := + - * / of numbers, names, parentheses and functions
//   functions    min max abs floor ceil round sqrt log2, fits(device), noise(format, ...)
//   literals     42, 1e-3, 350 MHz, 64 MiB, 12 %, 'text', "text", true, false, none
//
// There are no loops, assignments or calls outwards; length and depth are limited. Comparing
// quantities of different units, or a design parameter with a unit to a bare number, is an error at
// compile time. Information counts in bytes, everything else in SI base units.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/config.h"
#include "models/base/error.h"
#include "models/base/units.h"

namespace wattlas {

// A value in a study's expressions: what a design parameter is set to, what a metric came out as.

/// `none` stands for "not there": an inactive design parameter, a metric that a point does not
/// have. It runs through arithmetic and comparisons, so that a rule about something absent does not
/// apply. `undefined` stands for arithmetic without an answer (0/0, sqrt(-1), beyond the largest
/// double): a rule about it is not met.
struct Value {
  enum class Kind { none, undefined, boolean, number, text };
  Kind kind = Kind::none;
  double number = 0;        ///< booleans are 0 or 1; of a text that is a quantity, its base units
  bool isQuantity = false;  ///< a text such as "350 MHz" that can be compared by size
  std::string_view text;    ///< storage belongs to the expression or the study

  static Value ofNumber(double v) { return {Kind::number, v, false, {}}; }
  static Value ofBoolean(bool b) { return {Kind::boolean, b ? 1.0 : 0.0, false, {}}; }
  bool hasNumber() const { return kind == Kind::number || isQuantity; }
};

/// A number with its unit, as expressions see it: base units, information in bytes.
struct Measure {
  double value = 0;
  std::optional<Dimension> dimension;  ///< nothing for a plain number
};

/// Reads "350 MHz", "12 %", "42"; nothing when the text is no number with a known unit.
std::optional<Measure> parseMeasure(std::string_view text);

/// One-line form of a configuration value ("[8, 4, 4]", "350 MHz"): what CSV cells and ids hold.
std::string canonicalText(const ConfigNode& node);

/// Shortest decimal form that reads back to the same double.
std::string numberText(double value);

/// What is known about an operand before any value is.
struct ValueType {
  enum class Kind { any, boolean, number, text };
  Kind kind = Kind::any;
  std::optional<Dimension> dimension;
  /// The unit is part of the name ("time_s"), so a bare number beside it is no mistake.
  bool unitInName = false;
};

/// A name that an expression may use.
struct Symbol {
  std::string name;
  int slot = 0;  ///< index into the values given to evaluate()
  ValueType type;
};

/// Names of a scope. `fits(device)` is looked up as the name "fits(device)".
class Symbols {
 public:
  void add(Symbol symbol) { list_.push_back(std::move(symbol)); }
  const Symbol* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<Symbol> list_;
};

/// Thrown by Expression::compile; `column` counts from 1.
class ExpressionError : public std::runtime_error {
 public:
  ExpressionError(std::string what, std::string expected, std::size_t column,
                  std::string hint = {});
  /// As a problem of a study, with the column and the text around it.
  Problem problem(const Place& place, const std::string& key, const std::string& source) const;

 private:
  std::string what_, expected_, hint_;
  std::size_t column_;
};

struct ExpressionNode;

class Expression {
 public:
  Expression() = default;
  /// Throws ExpressionError.
  static Expression compile(const std::string& source, const Symbols& symbols);

  using Lookup = std::function<Value(int slot)>;
  /// Evaluates with `lookup` giving the value of each slot; never throws. Arithmetic on something
  /// absent gives none; division by zero, the root of a negative number and overflow give
  /// undefined.
  Value evaluate(const Lookup& lookup) const;

  const std::string& source() const { return source_; }
  /// Slots that are read, without duplicates, ascending.
  const std::vector<int>& slots() const { return slots_; }
  ValueType type() const;

 private:
  std::string source_;
  std::shared_ptr<const ExpressionNode> root_;
  std::vector<int> slots_;
};

}  // namespace wattlas
