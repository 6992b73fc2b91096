// Physical quantities as types. Values are doubles in the base unit named beside each type; counts
// are std::int64_t. No raw double for a physical quantity crosses a room's border.
// Parsing and printing ("350 MHz", "0.95 pJ/bit") live in quantity_text.cpp.
#pragma once

#include <compare>
#include <cstdint>
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

/// Number with the type of its physical quantity; `Tag` names it.
template <class Tag>
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

template <class Tag>
constexpr Quantity<Tag> operator*(double f, Quantity<Tag> q) {
  return q * f;
}

struct RatioTag {
  static constexpr Dimension dimension = Dimension::ratio;
};
struct SecondsTag {
  static constexpr Dimension dimension = Dimension::time;
};
struct HertzTag {
  static constexpr Dimension dimension = Dimension::frequency;
};
struct JoulesTag {
  static constexpr Dimension dimension = Dimension::energy;
};
struct WattsTag {
  static constexpr Dimension dimension = Dimension::power;
};
struct BitsTag {
  static constexpr Dimension dimension = Dimension::information;
};
struct BitRateTag {
  static constexpr Dimension dimension = Dimension::bandwidth;
};
struct SquareMmTag {
  static constexpr Dimension dimension = Dimension::area;
};
struct JoulesPerBitTag {
  static constexpr Dimension dimension = Dimension::energyPerBit;
};
struct OpRateTag {
  static constexpr Dimension dimension = Dimension::throughput;
};
struct CountTag {
  static constexpr Dimension dimension = Dimension::count;
};

using Ratio = Quantity<RatioTag>;
using Seconds = Quantity<SecondsTag>;            ///< s
using Hertz = Quantity<HertzTag>;                ///< Hz
using Joules = Quantity<JoulesTag>;              ///< J
using Watts = Quantity<WattsTag>;                ///< W
using Bits = Quantity<BitsTag>;                  ///< bit; fractional only for averaged formats
using BitRate = Quantity<BitRateTag>;            ///< bit/s
using SquareMm = Quantity<SquareMmTag>;          ///< mm2
using JoulesPerBit = Quantity<JoulesPerBitTag>;  ///< J/bit
using OpRate = Quantity<OpRateTag>;              ///< operations/s (1 MAC = 2 operations)
using Count = Quantity<CountTag>;                ///< an integer parameter

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

inline std::string format(Seconds q) {
  return formatQuantity(q.value, Dimension::time);
}
inline std::string format(Joules q) {
  return formatQuantity(q.value, Dimension::energy);
}
inline std::string format(Watts q) {
  return formatQuantity(q.value, Dimension::power);
}
inline std::string format(Bits q) {
  return formatQuantity(q.value, Dimension::information);
}
inline std::string format(BitRate q) {
  return formatQuantity(q.value, Dimension::bandwidth);
}

}  // namespace wattlas
