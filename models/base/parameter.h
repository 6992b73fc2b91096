// Model parameters with uncertainty and origin, and `Binder`, which visits the fields of a
// parameter struct: one declaration reads them from a configuration, prints their schema, and
// lists them for sensitivity studies.
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "models/base/config.h"
#include "models/base/units.h"

namespace wattlas {

/// Where a number comes from.
enum class Basis { measured, published, derived, assumption };
const char* nameOf(Basis basis);

/// A number with the range that holds it with about 90 % (low == high == value when exact).
template <class Q>
struct Sourced {
  Q value, low, high;
  Basis basis = Basis::assumption;
  std::string source;

  Sourced() = default;
  Sourced(Q v) : value(v), low(v), high(v) {}
  operator Q() const { return value; }
};

/// One parameter as it was read: what `assumptions[]` and the tornado list.
struct ParameterRecord {
  std::string path;  ///< dotted path below the device, such as `dma.readLatency`
  Dimension dimension = Dimension::ratio;
  double value = 0, low = 0, high = 0;
  Basis basis = Basis::assumption;
  std::string source;
  std::string doc;
};

/// Limits and default of one field. `fallback` is configuration text ("350 MHz"); empty = required.
struct FieldRule {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::string fallback = {};
};

/// What reading a tree gave: the parameters read, in order, and the tree with defaults filled in.
struct ResolvedConfig {
  std::vector<ParameterRecord> parameters;
  ConfigNode complete;
};

/// Items of lists that were read before without a problem. Its owner keeps the values that were
/// read as well. `key` stands for everything that decides what reading the item at `index` gives.
class ItemMemory {
 public:
  virtual ~ItemMemory() = default;
  /// Fills in the owner's values and returns what reading gave then, or null when not known.
  virtual const ResolvedConfig* recall(const Hash128& key, std::size_t index) = 0;
  virtual void keep(const Hash128& key, std::size_t index, ResolvedConfig bound) = 0;
};

class Binder {
 public:
  virtual ~Binder() = default;

  /// A physical parameter with unit, limits (base units, inclusive) and meaning.
  template <Dimension dimension>
  void quantity(const std::string& key, Sourced<Quantity<dimension>>& target, const FieldRule& rule,
                const std::string& doc) {
    ParameterRecord record = number(key, dimension, rule, doc);
    target.value = Quantity<dimension>(record.value);
    target.low = Quantity<dimension>(record.low);
    target.high = Quantity<dimension>(record.high);
    target.basis = record.basis;
    target.source = record.source;
  }
  /// A structural integer (no uncertainty).
  void integer(const std::string& key, std::int64_t& target, const FieldRule& rule,
               const std::string& doc) {
    target = static_cast<std::int64_t>(number(key, Dimension::count, rule, doc).value);
  }
  virtual void text(const std::string& key, std::string& target, const FieldRule& rule,
                    const std::string& doc) = 0;
  virtual void choice(const std::string& key, std::string& target,
                      const std::vector<std::string>& options, const FieldRule& rule,
                      const std::string& doc) = 0;
  virtual void flag(const std::string& key, bool& target, const FieldRule& rule,
                    const std::string& doc) = 0;
  virtual void texts(const std::string& key, std::vector<std::string>& target,
                     const std::string& doc) = 0;
  /// A nested section; `fields` binds its content.
  virtual void section(const std::string& key, const std::string& doc,
                       const std::function<void(Binder&)>& fields) = 0;
  /// A list of sections, each bound by `element(binder, index)`.
  virtual void list(const std::string& key, const std::string& doc,
                    const std::function<void(Binder&, std::size_t)>& element) = 0;
  /// A list whose items many trees have in common: what `memory` knows is not read again.
  virtual void sharedList(const std::string& key, const std::string& doc,
                          const std::function<void(Binder&, std::size_t)>& element,
                          ItemMemory& memory) {
    (void)memory;
    list(key, doc, element);
  }
  /// A map of named sections (free keys), each bound by `element(binder, name)`.
  virtual void named(const std::string& key, const std::string& doc,
                     const std::function<void(Binder&, const std::string&)>& element) = 0;
  /// A part that another reader owns: accepted here as it is.
  virtual void any(const std::string& key, ConfigNode& target, const std::string& doc) = 0;
  /// Reports an impossible combination at `key` (relative to the current section).
  virtual void problem(const std::string& key, std::string what, std::string expected) = 0;
  /// Whether values are present: false while printing a schema, where checks make no sense.
  virtual bool reading() const = 0;

 protected:
  virtual ParameterRecord number(const std::string& key, Dimension dimension, const FieldRule& rule,
                                 const std::string& doc) = 0;
};

/// Reads `tree` through `fields`. Unknown keys, wrong units, out-of-range values are collected in
/// `problems` with `prefix` before each key. A section may carry `source:` and `basis:` as the
/// default origin of its numbers, and `notes:` for people; `x-...` keys are ignored.
ResolvedConfig bindConfig(const ConfigNode& tree, const std::string& prefix, Problems& problems,
                          const std::function<void(Binder&)>& fields);
/// JSON Schema (draft 2020-12) of the same fields, as text.
std::string schemaOf(const std::string& title, const std::function<void(Binder&)>& fields);

}  // namespace wattlas
