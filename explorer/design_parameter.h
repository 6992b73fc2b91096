// One dimension of a design space.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explorer/expression.h"
#include "explorer/value.h"
#include "models/base/config.h"

namespace wattlas {

/// A design parameter's setting in a point: the position in `values` for listed design parameters,
/// the number itself (in the design parameter's own unit) for continuous ones, NaN while the design
/// parameter is inactive.
using Coordinate = double;

struct DesignParameter {
  enum class Kind { categorical, ordinal, integer, real, log };
  std::string key;  ///< `platform`, `format`, or any `--set` key
  Kind kind = Kind::categorical;
  Place place;
  std::vector<ConfigNode> values;                ///< choices in order; empty when continuous
  std::vector<std::string> texts;                ///< their canonical texts
  std::vector<std::optional<Measure>> measures;  ///< their size, where they have one
  double low = 0, high = 0;                      ///< continuous range, inclusive, in `unit`
  std::string unit;                              ///< unit of the range ("MHz"), may be empty
  double unitFactor = 1;                         ///< base units of one `unit`
  std::optional<Dimension> dimension;
  std::optional<Expression> when;  ///< inactive unless true

  bool continuous() const { return values.empty(); }
  std::size_t choices() const { return values.size(); }
  /// Setting for a sample in [0, 1).
  Coordinate at(double unitSample) const;
  std::string text(Coordinate c) const;  ///< empty when inactive
  ConfigNode node(Coordinate c) const;
  Value value(Coordinate c) const;
  ValueType type() const;
};
const char* nameOf(DesignParameter::Kind kind);

/// Reads one entry of `design parameters`. Problems go to `problems`; `symbols` are the names
/// `when` may use.
DesignParameter readParameter(const std::string& key, const ConfigNode& node,
                              const Symbols& symbols, Problems& problems);

}  // namespace wattlas
