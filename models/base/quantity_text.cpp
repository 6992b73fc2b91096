#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "models/base/error.h"
#include "models/base/units.h"

namespace wattlas {
namespace {

struct UnitName {
  std::string_view name;
  double factor;
};

// The first entry of each list is the base unit in which values are stored.
constexpr UnitName ratioUnits[] = {{"", 1}, {"%", 1e-2}, {"x", 1}};
constexpr UnitName timeUnits[] = {{"s", 1},      {"ms", 1e-3},  {"us", 1e-6},  {"ns", 1e-9},
                                  {"ps", 1e-12}, {"min", 60.0}, {"h", 3600.0}, {"d", 86400.0}};
constexpr UnitName frequencyUnits[] = {{"Hz", 1}, {"kHz", 1e3}, {"MHz", 1e6}, {"GHz", 1e9}};
constexpr UnitName energyUnits[] = {{"J", 1},      {"kJ", 1e3},    {"MJ", 1e6},   {"mJ", 1e-3},
                                    {"uJ", 1e-6},  {"nJ", 1e-9},   {"pJ", 1e-12}, {"fJ", 1e-15},
                                    {"aJ", 1e-18}, {"Wh", 3600.0}, {"kWh", 3.6e6}};
constexpr UnitName powerUnits[] = {{"W", 1},     {"kW", 1e3},  {"MW", 1e6},
                                   {"mW", 1e-3}, {"uW", 1e-6}, {"nW", 1e-9}};
constexpr UnitName informationUnits[] = {{"bit", 1},
                                         {"b", 1},
                                         {"kbit", 1e3},
                                         {"Mbit", 1e6},
                                         {"Gbit", 1e9},
                                         {"B", 8},
                                         {"kB", 8e3},
                                         {"MB", 8e6},
                                         {"GB", 8e9},
                                         {"TB", 8e12},
                                         {"KiB", 8192.0},
                                         {"MiB", 8388608.0},
                                         {"GiB", 8589934592.0},
                                         {"TiB", 8796093022208.0}};
constexpr UnitName bandwidthUnits[] = {
    {"bit/s", 1},  {"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9},      {"Tbit/s", 1e12},
    {"Mb/s", 1e6}, {"Gb/s", 1e9},   {"Tb/s", 1e12},  {"B/s", 8},           {"kB/s", 8e3},
    {"MB/s", 8e6}, {"GB/s", 8e9},   {"TB/s", 8e12},  {"MiB/s", 8388608.0}, {"GiB/s", 8589934592.0}};
constexpr UnitName areaUnits[] = {{"mm2", 1}, {"um2", 1e-6}, {"cm2", 100.0}};
constexpr UnitName energyPerBitUnits[] = {
    {"J/bit", 1},    {"nJ/bit", 1e-9}, {"pJ/bit", 1e-12},     {"fJ/bit", 1e-15},
    {"pJ/b", 1e-12}, {"fJ/b", 1e-15},  {"pJ/B", 1e-12 / 8.0}, {"nJ/B", 1e-9 / 8.0}};
constexpr UnitName throughputUnits[] = {
    {"op/s", 1},     {"kop/s", 1e3},   {"Mop/s", 1e6},   {"Gop/s", 1e9},  {"Top/s", 1e12},
    {"OPS", 1},      {"MOPS", 1e6},    {"GOPS", 1e9},    {"TOPS", 1e12},  {"FLOPS", 1},
    {"GFLOPS", 1e9}, {"TFLOPS", 1e12}, {"PFLOPS", 1e15}, {"GMAC/s", 2e9}, {"TMAC/s", 2e12}};
constexpr UnitName countUnits[] = {{"", 1}};

struct DimensionText {
  Dimension dimension;
  std::span<const UnitName> units;
  std::string_view example;
  /// What parts of computers can have: the smallest magnitude that is not zero, and the largest.
  double smallest = 1e-30, largest = 1e18;
};

constexpr std::array<DimensionText, 11> dimensionTexts = {{
    {Dimension::ratio, ratioUnits, "a number such as '0.5' or '50 %'"},
    {Dimension::time, timeUnits, "a time such as '10 ns'", 1e-18, 1e11},
    {Dimension::frequency, frequencyUnits, "a frequency such as '350 MHz'", 1e-6, 1e15},
    {Dimension::energy, energyUnits, "an energy such as '12 pJ'", 1e-27, 1e15},
    {Dimension::power, powerUnits, "a power such as '300 W'", 1e-18, 1e12},
    {Dimension::information, informationUnits, "an amount such as '64 MiB' or '256 bit'", 1e-9,
     1e24},
    {Dimension::bandwidth, bandwidthUnits, "a bandwidth such as '19.2 GB/s'", 1e-6, 1e21},
    {Dimension::area, areaUnits, "an area such as '2.5 mm2'", 1e-15, 1e12},
    {Dimension::energyPerBit, energyPerBitUnits, "an energy per bit such as '0.95 pJ/bit'", 1e-27,
     1},
    {Dimension::throughput, throughputUnits, "a rate such as '5 TFLOPS'", 1e-6, 1e24},
    {Dimension::count, countUnits, "a whole number"},
}};

const DimensionText& textOf(Dimension dimension) {
  return dimensionTexts[static_cast<std::size_t>(dimension)];
}

std::string_view trimmed(std::string_view s) {
  const auto first = s.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string describe(Dimension dimension) {
  return std::string(textOf(dimension).example);
}

std::optional<std::string> impossibleMagnitude(double value, Dimension dimension) {
  const DimensionText& possible = textOf(dimension);
  const auto show = [&](double v) { return exactQuantity(v, dimension); };
  const double magnitude = std::abs(value);
  if (!(magnitude <= possible.largest)) return "a magnitude of at most " + show(possible.largest);
  if (magnitude != 0.0 && magnitude < possible.smallest)
    return "0, or a magnitude of at least " + show(possible.smallest);
  return std::nullopt;
}

double parseQuantity(std::string_view text, Dimension dimension) {
  const DimensionText& names = textOf(dimension);
  const std::string_view body = trimmed(text);
  double number = 0.0;
  const char* begin = body.data();
  const char* end = begin + body.size();
  if (begin != end && *begin == '+') ++begin;
  const auto [rest, status] = std::from_chars(begin, end, number);
  if (status != std::errc() || !std::isfinite(number))
    throw InputError("'" + std::string(text.substr(0, 60)) + "' is not a number",
                     describe(dimension));
  const std::string_view unit = trimmed({rest, static_cast<std::size_t>(end - rest)});
  if (unit.empty() && number == 0.0) return 0.0;
  for (const UnitName& candidate : names.units) {
    if (candidate.name == unit) {
      const double value = number * candidate.factor;
      if (dimension == Dimension::count && (value != std::floor(value) || std::abs(value) > 9.0e15))
        throw InputError("'" + std::string(body.substr(0, 60)) + "' is not a whole number",
                         describe(dimension));
      return value;
    }
  }
  if (unit.empty())
    throw InputError("'" + std::string(body.substr(0, 60)) + "' has no unit", describe(dimension));
  const std::string word(unit.substr(0, 40));
  std::vector<std::string> known;
  for (const UnitName& candidate : names.units) known.emplace_back(candidate.name);
  throw InputError("unknown unit '" + word + "'", describe(dimension), didYouMean(word, known));
}

std::string formatQuantity(double value, Dimension dimension) {
  if (!std::isfinite(value)) return "-";
  struct Scale {
    double factor;
    const char* prefix;
  };
  static constexpr Scale scales[] = {{1e15, "P"}, {1e12, "T"},  {1e9, "G"},  {1e6, "M"},
                                     {1e3, "k"},  {1.0, ""},    {1e-3, "m"}, {1e-6, "u"},
                                     {1e-9, "n"}, {1e-12, "p"}, {1e-15, "f"}};
  double shown = value;
  std::string unit(textOf(dimension).units.front().name);
  // People read bytes, records hold bits.
  if (dimension == Dimension::information || dimension == Dimension::bandwidth) {
    shown = value / 8.0;
    unit = dimension == Dimension::information ? "B" : "B/s";
  }
  if (dimension == Dimension::ratio || dimension == Dimension::count)
    return fmt::format("{:.4g}", shown);
  if (dimension == Dimension::area) return fmt::format("{:.4g} mm2", shown);
  if (shown == 0.0) return "0 " + unit;
  const double magnitude = std::abs(shown);
  const bool wholeOnly = dimension == Dimension::information || dimension == Dimension::bandwidth;
  for (const Scale& scale : scales) {
    if (wholeOnly && scale.factor < 1.0) break;
    if (dimension == Dimension::time && scale.factor > 1.0) continue;
    if (magnitude >= scale.factor * 0.99995)
      return fmt::format("{:.4g} {}{}", shown / scale.factor, scale.prefix, unit);
  }
  return fmt::format("{:.3g} {}", shown, unit);
}

std::string exactQuantity(double value, Dimension dimension) {
  const std::string_view unit = textOf(dimension).units.front().name;
  return unit.empty() ? fmt::format("{}", value) : fmt::format("{} {}", value, unit);
}

namespace {

/// Through decimal text: exact, and the same on every machine.
double roundedByText(double value) {
  std::array<char, 40> buffer{};
  const auto end = fmt::format_to_n(buffer.data(), buffer.size(), "{:.11e}", value);
  double result = 0.0;
  std::from_chars(buffer.data(), buffer.data() + end.size, result);
  return result;
}

constexpr std::array powersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

double rounded(double value) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  // A sweep rounds tens of numbers a point. Digits (below 2^53) and powers of ten up to 1e22 are
  // exact, so their quotient is the double nearest to the decimal number: what the text gives.
  const double size = std::abs(value);
  if (size < 1e12 && size == std::floor(size)) return value;  // has no more than 12 digits
  if (size >= 1e-10 && size < 1e30) {
    // The exponent of ten from that of two (times log10(2), as 1233/4096), at most one too low.
    int digits = 11 - ((std::ilogb(size) * 1233) >> 12);  // decimals that are kept
    const auto scaled = [&] {
      return digits >= 0 ? size * powersOfTen[static_cast<std::size_t>(digits)]
                         : size / powersOfTen[static_cast<std::size_t>(-digits)];
    };
    double number = scaled();
    if (number >= 1e12) --digits, number = scaled();
    const double whole = std::nearbyint(number);
    // `number` may be off by 1e-4: near the middle of two decimals only the text decides.
    if (number >= 1e11 && whole < 1e12 && std::abs(std::abs(number - whole) - 0.5) > 1e-3) {
      const double result = digits >= 0 ? whole / powersOfTen[static_cast<std::size_t>(digits)]
                                        : whole * powersOfTen[static_cast<std::size_t>(-digits)];
      return std::copysign(result, value);
    }
  }
  return roundedByText(value);
}

namespace {
__extension__ typedef __int128 Int128;  // products of picoseconds and counts need 128 bits
constexpr std::int64_t longestTicks = 100LL * 86400 * 1000 * 1000 * 1000 * 1000;
}  // namespace

Ticks toTicks(Seconds t) {
  const double ps = std::ceil(rounded(t.value * 1e12));
  if (!(ps <= static_cast<double>(longestTicks)))
    throw std::overflow_error("more than 100 days of simulated time");
  return Ticks(static_cast<std::int64_t>(ps));
}

Ticks cyclesToTicks(std::int64_t cycles, Hertz clock) {
  const Int128 hertz = static_cast<Int128>(std::llround(clock.value));
  if (hertz <= 0) throw std::overflow_error("a clock below 1 Hz");
  const Int128 ps = (static_cast<Int128>(cycles) * 1000000000000 + hertz - 1) / hertz;
  if (ps > longestTicks) throw std::overflow_error("more than 100 days of simulated time");
  return Ticks(static_cast<std::int64_t>(ps));
}

Ticks times(Ticks a, std::int64_t n) {
  const Int128 ps = static_cast<Int128>(a.ps) * n;
  if (ps > longestTicks) throw std::overflow_error("more than 100 days of simulated time");
  return Ticks(static_cast<std::int64_t>(ps));
}

}  // namespace wattlas
