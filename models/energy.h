// Energy is counts times coefficients. Models count events; joules are derived once at the end, so
// every joule sits in exactly one cell and uncertainty is one matrix product.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/base/parameter.h"

namespace wattlas {

/// Columns of `energy_breakdown_j`.
enum class Category {
  compute,     ///< arithmetic
  array,       ///< memory cells, column accesses
  activation,  ///< DRAM row activation and precharge
  refresh,
  scratchpad,  ///< SRAM, caches, registers
  link,        ///< chip to chip, chip to host
  host,
  control,  ///< instruction fetch, sequencing, launch
  leakage,  ///< static and idle power; printed as `static`
};
inline constexpr int categoryCount = 9;
const char* nameOf(Category category);

/// What a number is about: a wider scope holds everything of the narrower ones.
enum class Scope { chip, device, node, wall };
const char* nameOf(Scope scope);
/// Throws InputError with the nearest name.
Scope parseScope(const std::string& text);

using CoefficientId = std::int32_t;

/// Joules of one counted event.
struct Coefficient {
  std::string id;  ///< such as "mram.read"
  Category category = Category::compute;
  Scope scope = Scope::chip;  ///< narrowest scope that includes it (memory outside: device)
  std::string unit;           ///< what one count is: "bit", "MAC", "activation", "ps"
  Sourced<Joules> perCount;
};

/// Coefficients of one component. Built once by a device, constant afterwards.
class EnergyTable {
 public:
  /// Returns the id of the new coefficient; throws std::logic_error on a duplicate name.
  CoefficientId add(Coefficient coefficient);
  /// Power that flows all the time: one count a picosecond (charged by the platform).
  CoefficientId addPower(std::string id, Category category, Scope scope,
                         const Sourced<Watts>& power);
  const Coefficient& at(CoefficientId id) const { return all_[static_cast<std::size_t>(id)]; }
  std::span<const Coefficient> all() const { return all_; }
  /// Ids made by addPower, in order.
  std::span<const CoefficientId> powers() const { return powers_; }

 private:
  std::vector<Coefficient> all_;
  std::vector<CoefficientId> powers_;
};

/// Event counts by coefficient: small, sorted by id, mergeable.
class EnergyCounts {
 public:
  struct Entry {
    CoefficientId id;
    std::int64_t count;
    bool operator==(const Entry&) const = default;
  };
  void add(CoefficientId id, std::int64_t count);
  void add(const EnergyCounts& other, std::int64_t times = 1);
  std::span<const Entry> entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  std::int64_t of(CoefficientId id) const;
  /// Joules at nominal coefficients, up to `scope`.
  Joules energy(const EnergyTable& table, Scope scope = Scope::wall) const;
  bool operator==(const EnergyCounts&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace wattlas
