// A value in a study's expressions: what a design parameter is set to, what a metric came out as.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/config.h"
#include "models/base/units.h"

namespace wattlas {

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

}  // namespace wattlas
