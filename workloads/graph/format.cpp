#include "workloads/graph/format.h"

#include <charconv>

#include "models/base/error.h"

namespace wattlas {
namespace {

NumberFormat floating(std::string name, int exponent, int mantissa) {
  const int bits = 1 + exponent + mantissa;
  return {std::move(name), NumberKind::floating, bits, static_cast<double>(bits), exponent,
          mantissa};
}

NumberFormat integer(int bits) {
  return {"int" + std::to_string(bits), NumberKind::integer, bits, static_cast<double>(bits), 0, 0};
}

/// Fixed point of `bits` bits with `whole` bits before the point, the sign included: written
/// fixed<W,I> or fixed-W-I. Nothing when the text is none.
std::optional<NumberFormat> fixedPoint(std::string_view text) {
  if (!text.starts_with("fixed")) return std::nullopt;
  text.remove_prefix(5);
  const bool angled = text.starts_with('<') && text.ends_with('>');
  if (!angled && !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  if (angled) text.remove_suffix(1);
  const std::size_t middle = text.find(angled ? ',' : '-');
  if (middle == std::string_view::npos) return std::nullopt;
  const auto read = [](std::string_view part, int& value) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size();
  };
  int bits = 0, whole = 0;
  if (!read(text.substr(0, middle), bits) || !read(text.substr(middle + 1), whole))
    return std::nullopt;
  if (bits < 1 || bits > 32 || whole < 0 || whole > bits) return std::nullopt;
  return NumberFormat{"fixed<" + std::to_string(bits) + "," + std::to_string(whole) + ">",
                      NumberKind::integer,
                      bits,
                      static_cast<double>(bits),
                      0,
                      0,
                      bits - whole};
}

const NumberFormat& named(std::string_view name) {
  for (const NumberFormat& format : namedFormats())
    if (format.name == name) return format;
  return namedFormats().front();
}

std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const NumberFormat& format : namedFormats()) names.push_back(format.name);
  return names;
}

std::string nameList() {
  std::string list;
  for (const std::string& name : formatNames()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// Fills what follows from weight, activation and KV format.
void completeTraining(TensorFormats& formats) {
  formats.gradient = formats.activation.isFloat() ? formats.activation : named("fp32");
  formats.optimizer = named("fp32");
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw InputError("number format '" + std::string(text.substr(0, 60)) + "'" + why,
                   "one of " + nameList() +
                       ", w<bits>a<bits>[kv<bits>][acc<bits>] such as w4a8kv8, or "
                       "fixed<W,I> with up to 32 bits",
                   didYouMean(std::string(text), formatNames()));
}

/// Reads `<tag><bits>` from the front of `rest`; an absent optional part gives an empty text.
std::string_view takeBits(std::string_view& rest, std::string_view tag) {
  if (!rest.starts_with(tag)) return {};
  rest.remove_prefix(tag.size());
  const std::size_t end = rest.find_first_not_of("0123456789.");
  const std::string_view bits = rest.substr(0, end);
  rest.remove_prefix(bits.size());
  return bits.empty() ? std::string_view("?") : bits;
}

}  // namespace

const std::vector<NumberFormat>& namedFormats() {
  static const std::vector<NumberFormat> formats = {
      floating("fp32", 8, 23),
      floating("fp16", 5, 10),
      floating("bf16", 8, 7),
      integer(16),
      floating("fp8-e4m3", 4, 3),
      floating("fp8-e5m2", 5, 2),
      integer(8),
      floating("fp4-e2m1", 2, 1),
      integer(4),
      integer(2),
      // Three values need log2(3) bits of information and are stored in two.
      {"ternary", NumberKind::ternary, 2, 1.58, 0, 0},
      {"binary", NumberKind::binary, 1, 1, 0, 0},
  };
  return formats;
}

NumberFormat parseNumberFormat(std::string_view name) {
  for (const NumberFormat& format : namedFormats())
    if (format.name == name) return format;
  if (auto fixed = fixedPoint(name)) return *std::move(fixed);
  throw InputError("number format '" + std::string(name.substr(0, 60)) + "' is not known",
                   "one of " + nameList(), didYouMean(std::string(name), formatNames()));
}

std::optional<NumberFormat> formatOfBits(std::string_view bits, bool floatAt16) {
  if (bits == "1.58") return named("ternary");
  int value = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), value);
  if (error != std::errc() || end != bits.data() + bits.size() || value < 1 || value > 32)
    return std::nullopt;
  if (value == 1) return named("binary");
  if (floatAt16 && value == 16) return named("fp16");
  if (floatAt16 && value == 32) return named("fp32");
  return integer(value);
}

TensorFormats parseTensorFormats(std::string_view text) {
  TensorFormats formats;
  formats.name = std::string(text);
  for (const NumberFormat& format : namedFormats()) {
    if (format.name != text) continue;
    formats.weight = formats.activation = formats.kv = format;
    if (format.kind == NumberKind::ternary) formats.activation = formats.kv = integer(8);
    formats.accumulator = format.isFloat() ? named("fp32") : integer(32);
    completeTraining(formats);
    return formats;
  }
  if (const auto fixed = fixedPoint(text)) {
    // One precision for the whole network, sums included, as hls4ml's default.
    formats.weight = formats.activation = formats.kv = formats.accumulator = *fixed;
    completeTraining(formats);
    return formats;
  }
  std::string_view rest = text;
  const std::string_view weight = takeBits(rest, "w");
  const std::string_view activation = takeBits(rest, "a");
  const std::string_view kv = takeBits(rest, "kv");
  // "acc" is read after "kv"; without "kv" it directly follows the activation bits.
  const std::string_view accumulator = takeBits(rest, "acc");
  if (weight.empty() || activation.empty() || !rest.empty()) refuse(text, " is not known");
  const auto read = [&](std::string_view bits, bool floatAt16) {
    const auto format = formatOfBits(bits, floatAt16);
    if (!format) refuse(text, ": '" + std::string(bits) + "' is no width (1, 1.58 or 2 to 32)");
    return *format;
  };
  formats.weight = read(weight, true);
  formats.activation = read(activation, true);
  formats.kv = kv.empty() ? formats.activation : read(kv, true);
  const bool isFloat = formats.weight.isFloat() || formats.activation.isFloat();
  formats.accumulator = read(accumulator.empty() ? "32" : accumulator, isFloat);
  completeTraining(formats);
  return formats;
}

std::string describe(const NumberFormat& format) {
  std::string text = std::to_string(format.bits) + (format.bits == 1 ? " bit" : " bits");
  switch (format.kind) {
    case NumberKind::floating:
      return text + ", sign, " + std::to_string(format.exponentBits) + " exponent and " +
             std::to_string(format.mantissaBits) + " mantissa bits";
    case NumberKind::integer:
      return text + ", two's complement";
    case NumberKind::ternary:
      return text + " stored for 1.58 of information: -1, 0, 1; as FMT it means w1.58a8kv8";
    case NumberKind::binary:
      break;
  }
  return text + ": -1, 1; products are XNOR and population count";
}

}  // namespace wattlas
