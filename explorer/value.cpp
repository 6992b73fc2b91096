#include "explorer/value.h"

#include <fmt/format.h>

#include <charconv>

namespace wattlas {

std::optional<Measure> parseMeasure(std::string_view text) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  double number = 0;
  const auto [rest, status] = std::from_chars(begin, end, number);
  // Words such as "inf" and "nan" are names here, not numbers.
  if (status != std::errc() || !(number - number == 0.0)) return std::nullopt;
  if (rest == end) return Measure{number, std::nullopt};
  static constexpr Dimension dimensions[] = {
      Dimension::ratio,      Dimension::time,        Dimension::frequency,   Dimension::energy,
      Dimension::power,      Dimension::bandwidth,   Dimension::information, Dimension::area,
      Dimension::throughput, Dimension::energyPerBit};
  for (const Dimension dimension : dimensions) {
    try {
      Measure measure{parseQuantity(text, dimension), dimension};
      if (dimension == Dimension::ratio) measure.dimension.reset();
      if (dimension == Dimension::information) measure.value /= 8.0;
      return measure;
    } catch (const InputError&) {
      // Not a unit of this dimension: the next one may know it.
    }
  }
  return std::nullopt;
}

std::string canonicalText(const ConfigNode& node) {
  std::string out;
  const char* separator = "";
  switch (node.kind()) {
    case ConfigNode::Kind::null:
      return "~";
    case ConfigNode::Kind::scalar:
      return node.scalar();
    case ConfigNode::Kind::list:
      for (const ConfigNode& item : node.items()) {
        out += separator + canonicalText(item);
        separator = ", ";
      }
      return "[" + out + "]";
    case ConfigNode::Kind::map:
      for (const auto& [key, value] : node.entries()) {
        out += separator + key + ": " + canonicalText(value);
        separator = ", ";
      }
      return "{" + out + "}";
  }
  return out;
}

std::string numberText(double value) {
  return fmt::format("{}", value);
}

}  // namespace wattlas
