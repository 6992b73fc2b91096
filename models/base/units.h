// Physical quantities as types. Values are doubles in the base unit named beside each type; counts
// are std::int64_t. No raw double for a physical quantity crosses a room's border.
// Parsing and printing ("350 MHz", "0.95 pJ/bit") live in quantity_text.cpp.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wattlas {

/// What a number in a configuration file measures; decides which units are accepted.
enum class Dimension {
  ratio,         ///< plain number or percentage
  time,          ///< s
  frequency,     ///< Hz
  energy,        ///< J
  power,         ///< W
  information,   ///< bit
  bandwidth,     ///< bit/s
  area,          ///< mm2
  energyPerBit,  ///< J/bit
  throughput,    ///< operations/s
  count,         ///< integer
};

/// Number with the type of its physical quantity.
template <Dimension dimension>
struct Quantity {
  double value = 0.0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(double v) : value(v) {}

  constexpr Quantity operator+(Quantity o) const { return Quantity(value + o.value); }
  constexpr Quantity operator-(Quantity o) const { return Quantity(value - o.value); }
  constexpr Quantity operator*(double f) const { return Quantity(value * f); }
  constexpr Quantity operator/(double f) const { return Quantity(value / f); }
  constexpr double operator/(Quantity o) const { return value / o.value; }
  constexpr Quantity& operator+=(Quantity o) {
    value += o.value;
    return *this;
  }
  constexpr Quantity& operator*=(double f) {
    value *= f;
    return *this;
  }
  constexpr auto operator<=>(const Quantity&) const = default;
};

template <Dimension dimension>
constexpr Quantity<dimension> operator*(double f, Quantity<dimension> q) {
  return q * f;
}

using Ratio = Quantity<Dimension::ratio>;
using Seconds = Quantity<Dimension::time>;       ///< s
using Hertz = Quantity<Dimension::frequency>;    ///< Hz
using Joules = Quantity<Dimension::energy>;      ///< J
using Watts = Quantity<Dimension::power>;        ///< W
using Bits = Quantity<Dimension::information>;   ///< bit; fractional only for averaged formats
using BitRate = Quantity<Dimension::bandwidth>;  ///< bit/s
using SquareMm = Quantity<Dimension::area>;      ///< mm2
using JoulesPerBit = Quantity<Dimension::energyPerBit>;  ///< J/bit
using OpRate = Quantity<Dimension::throughput>;          ///< operations/s (1 MAC = 2 operations)
using Count = Quantity<Dimension::count>;                ///< an integer parameter

constexpr Joules operator*(Watts p, Seconds t) {
  return Joules(p.value * t.value);
}
constexpr Joules operator*(JoulesPerBit e, Bits b) {
  return Joules(e.value * b.value);
}
constexpr Watts operator/(Joules e, Seconds t) {
  return Watts(e.value / t.value);
}
constexpr Seconds operator/(Bits b, BitRate r) {
  return Seconds(b.value / r.value);
}
constexpr Bits operator*(BitRate r, Seconds t) {
  return Bits(r.value * t.value);
}
constexpr Bits bytes(double n) {
  return Bits(8.0 * n);
}
constexpr double toBytes(Bits b) {
  return b.value / 8.0;
}

/// Simulated time: integer picoseconds (docs/contract.md, 6).
struct Ticks {
  std::int64_t ps = 0;

  constexpr Ticks() = default;
  constexpr explicit Ticks(std::int64_t picoseconds) : ps(picoseconds) {}
  constexpr Ticks operator+(Ticks o) const { return Ticks(ps + o.ps); }
  constexpr Ticks operator-(Ticks o) const { return Ticks(ps - o.ps); }
  constexpr Ticks operator*(std::int64_t n) const { return Ticks(ps * n); }
  constexpr Ticks& operator+=(Ticks o) {
    ps += o.ps;
    return *this;
  }
  constexpr auto operator<=>(const Ticks&) const = default;
};

constexpr Seconds toSeconds(Ticks t) {
  return Seconds(static_cast<double>(t.ps) * 1e-12);
}
/// Rounds up to whole picoseconds, so that a duration never becomes shorter than its bound.
/// Throws std::overflow_error beyond 100 days of simulated time.
Ticks toTicks(Seconds t);
/// Time of `cycles` at `clock`, exact for clocks that are whole hertz. Throws as toTicks.
Ticks cyclesToTicks(std::int64_t cycles, Hertz clock);
/// `a * n` for a repeat count; throws std::overflow_error beyond 100 days of simulated time.
Ticks times(Ticks a, std::int64_t n);

/// Rounds to 12 significant digits: every number that enters a record goes through here, so that
/// last-bit differences between processors do not show.
double rounded(double value);

/// Parses "350 MHz", "0.95 pJ/bit", "64 MiB", "12 %", "1e6". Throws InputError without a place.
double parseQuantity(std::string_view text, Dimension dimension);
/// Human form with an SI prefix and 4 significant digits: "1.234 ms", "56.2 GB/s".
std::string formatQuantity(double value, Dimension dimension);
/// Exact form that parseQuantity reads back to the same double: "350000000 Hz".
std::string exactQuantity(double value, Dimension dimension);
/// "a time such as '10 ns'": what a message says was expected.
std::string describe(Dimension dimension);
/// Nothing when any part of a computer can have `value` (in base units), otherwise what is
/// expected: a number outside is a slip of the pen, and arithmetic on it ends in infinities.
std::optional<std::string> impossibleMagnitude(double value, Dimension dimension);

template <Dimension dimension>
std::string format(Quantity<dimension> q) {
  return formatQuantity(q.value, dimension);
}

}  // namespace wattlas
