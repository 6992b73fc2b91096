#include "workloads/graph/format.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "models/base/error.h"
#include "models/base/plain_text.h"

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

NumberFormat coded(NumberFormat format, std::string name, Coding coding, int terms = 1) {
  format.name = std::move(name);
  format.coding = coding;
  format.terms = terms;
  return format;
}

/// Groups of `group` elements with `groupBits` in common.
NumberFormat grouped(NumberFormat format, std::string name, Coding coding, std::int64_t group,
                     double groupBits, std::string fallback = {}) {
  format = coded(std::move(format), std::move(name), coding);
  format.group = group;
  format.groupBits = groupBits;
  format.nominalBits = format.bits + groupBits / static_cast<double>(group);
  format.fallback = std::move(fallback);
  return format;
}

/// A block of GGUF files: `bytes` for `group` elements of `bits`.
NumberFormat gguf(const char* name, int bits, std::int64_t group, int bytes, const char* fallback) {
  return grouped(integer(bits), name, Coding::block, group,
                 8 * bytes - bits * static_cast<double>(group), fallback);
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
  const auto read = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    const std::int64_t value = wholeNumber(part).value_or(-1);
    return value <= 32 ? static_cast<int>(value) : -1;
  };
  const int bits = read(text.substr(0, middle)), whole = read(text.substr(middle + 1));
  if (bits < 1 || whole < 0 || whole > bits) return std::nullopt;
  return NumberFormat{"fixed<" + std::to_string(bits) + "," + std::to_string(whole) + ">",
                      NumberKind::integer,
                      bits,
                      static_cast<double>(bits),
                      0,
                      0,
                      bits - whole};
}

std::string lowerCase(std::string_view text) {
  std::string out(text.substr(0, 60));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

const NumberFormat* known(std::string_view name) {
  for (const NumberFormat& format : namedFormats())
    if (format.name == name) return &format;
  return nullptr;
}

const NumberFormat& named(std::string_view name) {
  return *known(name);
}

constexpr std::int64_t mostGroup = 1 << 20;

/// `element` in groups of `text` values, each with a 16-bit scale.
std::optional<NumberFormat> inGroups(const NumberFormat& element, std::string_view text,
                                     bool zeros) {
  const std::int64_t group = wholeNumber(text).value_or(0);
  if (group < 2 || group > mostGroup) return std::nullopt;
  NumberFormat format =
      grouped(element, element.name + "g" + std::to_string(group) + (zeros ? "z" : ""),
              Coding::plain, group, 16 + (zeros ? element.bits : 0));
  format.affine = zeros;
  return format;
}

std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const NumberFormat& format : namedFormats()) names.push_back(format.name);
  return names;
}

/// Families of widths by their ends.
std::string nameList() {
  std::string list = "int2 to int16";
  for (const std::string& name : formatNames())
    if (!name.starts_with("int") && !name.starts_with("pow2-") && !name.starts_with("khot"))
      list += ", " + name;
  return list + ", pow2-2 to pow2-5, khot1-2 to khot4-8";
}

/// Fills what follows from weight, activation and KV format.
void completeTraining(TensorFormats& formats) {
  formats.gradient = formats.activation.isFloat() ? formats.activation : named("fp32");
  formats.optimizer = named("fp32");
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw InputError("number format '" + std::string(text.substr(0, 60)) + "'" + why,
                   "one of " + nameList() +
                       ", w<bits>[g<group>]a<bits>[kv<bits>][acc<bits>] such as w4a8kv8 or "
                       "w4g128a16, or fixed<W,I> with up to 32 bits",
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
  static const std::vector<NumberFormat> formats = [] {
    using enum Coding;
    std::vector<NumberFormat> list = {floating("fp32", 8, 23), floating("tf32", 8, 10),
                                      floating("fp16", 5, 10), floating("bf16", 8, 7)};
    list[1].bits = 32;  // as stored
    for (int bits = 16; bits >= 9; --bits) list.push_back(integer(bits));
    const NumberFormat e4m3 = floating("fp8-e4m3", 4, 3), e5m2 = floating("fp8-e5m2", 5, 2),
                       e3m2 = floating("fp6-e3m2", 3, 2), e2m3 = floating("fp6-e2m3", 2, 3),
                       e2m1 = floating("fp4-e2m1", 2, 1);
    list.insert(list.end(),
                {e4m3,
                 e5m2,
                 grouped(e4m3, "mxfp8", microscaled, 32, 8),
                 grouped(e5m2, "mxfp8-e5m2", microscaled, 32, 8),
                 integer(8),
                 gguf("q8_0", 8, 32, 34, "fp16"),
                 integer(7),
                 e3m2,
                 e2m3,
                 grouped(e3m2, "mxfp6", microscaled, 32, 8),
                 grouped(e2m3, "mxfp6-e2m3", microscaled, 32, 8),
                 integer(6),
                 gguf("q6_k", 6, 256, 210, "q8_0"),
                 gguf("q5_1", 5, 32, 24, "fp16"),
                 integer(5),
                 gguf("q5_0", 5, 32, 22, "fp16"),
                 gguf("q5_k", 5, 256, 176, "q5_1"),
                 e2m1,
                 grouped(e2m1, "mxfp4", microscaled, 32, 8),
                 grouped(e2m1, "nvfp4", twoLevel, 16, 8),
                 integer(4),
                 grouped(integer(4), "nf4", block, 64, 32),
                 // Scales as bytes, whose own scales serve 256 of them.
                 grouped(integer(4), "nf4-dq", block, 64, 8 + 32.0 / 256),
                 gguf("q4_1", 4, 32, 20, "fp16"),
                 gguf("q4_0", 4, 32, 18, "fp16"),
                 gguf("q4_k", 4, 256, 144, "q5_0"),
                 gguf("iq4_nl", 4, 32, 18, "fp16"),
                 gguf("iq4_xs", 4, 256, 136, "iq4_nl"),
                 gguf("q3_k", 3, 256, 110, "q4_0"),
                 gguf("iq3_s", 3, 256, 110, "iq4_nl"),
                 gguf("iq3_xxs", 3, 256, 98, "iq4_nl"),
                 integer(3),
                 gguf("q2_k", 2, 256, 84, "q4_0"),
                 gguf("iq2_s", 2, 256, 82, "iq4_nl"),
                 gguf("iq2_xs", 2, 256, 74, "iq4_nl"),
                 gguf("iq2_xxs", 2, 256, 66, "iq4_nl"),
                 integer(2),
                 gguf("tq2_0", 2, 256, 66, "q4_0"),
                 gguf("iq1_m", 1, 256, 56, "iq4_nl"),
                 gguf("tq1_0", 1, 256, 54, "q4_0"),
                 gguf("iq1_s", 1, 256, 50, "iq4_nl"),
                 // Three values need log2(3) bits of information and are stored in two, or five of
                 // them in a byte.
                 {"ternary", NumberKind::ternary, 2, 1.58, 0, 0},
                 grouped({"", NumberKind::ternary, 1, 1.6, 0, 0}, "ternary5", block, 5, 3),
                 {"binary", NumberKind::binary, 1, 1, 0, 0}});
    for (NumberFormat& format : list) {
      if (format.coding == twoLevel) format.tensorBits = 32;
      format.flat = format.name.starts_with("nf4");
    }
    for (int bits = 2; bits <= 5; ++bits)
      list.push_back(coded(integer(bits), "pow2-" + std::to_string(bits), powerOfTwo));
    for (int terms = 1; terms <= 4; ++terms)
      for (int bits = 3; bits <= 8; ++bits)
        list.push_back(coded(integer(bits),
                             "khot" + std::to_string(terms) + "-" + std::to_string(bits), kHot,
                             terms));
    std::stable_sort(list.begin(), list.end(),
                     [](const NumberFormat& a, const NumberFormat& b) { return a.bits > b.bits; });
    return list;
  }();
  return formats;
}

const NumberFormat& storedAs(const NumberFormat& format, std::int64_t columns) {
  const NumberFormat* at = &format;
  while (!at->fallback.empty() && columns % at->group != 0) at = &named(at->fallback);
  return *at;
}

double denseBits(const NumberFormat& format, double rows, double columns) {
  double groups = 0;
  if (format.group > 0) {
    const auto each = static_cast<double>(format.group);
    groups = format.flat ? std::ceil(rows * columns / each) : rows * std::ceil(columns / each);
  }
  return rows * columns * format.bits + std::ceil(groups * format.groupBits) + format.tensorBits;
}

NumberFormat parseNumberFormat(std::string_view text) {
  static const std::vector<std::pair<std::string, std::string>> spellings = {
      {"half", "fp16"},  {"float16", "fp16"}, {"bfloat16", "bf16"}, {"float32", "fp32"},
      {"float", "fp32"}, {"fp8", "fp8-e4m3"}, {"fp4", "fp4-e2m1"},  {"fp6", "fp6-e3m2"}};
  std::string name = lowerCase(text);
  for (const auto& [spelling, format] : spellings)
    if (name == spelling) name = format;
  if (const NumberFormat* format = known(name)) return *format;
  if (auto fixed = fixedPoint(name)) return *std::move(fixed);
  if (const std::size_t at = name.find('g'); name.starts_with("int") && at != std::string::npos) {
    const bool zeros = name.ends_with('z');
    const NumberFormat* element = known(name.substr(0, at));
    const std::string group = name.substr(at + 1, name.size() - at - 1 - (zeros ? 1 : 0));
    if (element != nullptr)
      if (auto format = inGroups(*element, group, zeros)) return *std::move(format);
  }
  throw InputError("number format '" + std::string(text.substr(0, 60)) + "' is not known",
                   "one of " + nameList(), didYouMean(name, formatNames()));
}

std::optional<NumberFormat> formatOfBits(std::string_view bits, bool floatAt16) {
  if (bits == "1.58") return named("ternary");
  const std::int64_t value = wholeNumber(bits).value_or(0);
  if (value < 1 || value > 32) return std::nullopt;
  if (value == 1) return named("binary");
  if (floatAt16 && value == 16) return named("fp16");
  if (floatAt16 && value == 32) return named("fp32");
  return integer(static_cast<int>(value));
}

TensorFormats parseTensorFormats(std::string_view given) {
  const std::string text = lowerCase(given);
  TensorFormats formats;
  formats.name = given.size() > 60 ? text : std::string(given);
  std::string_view rest = text;
  const std::string_view weight = takeBits(rest, "w");
  const std::string_view group = weight.empty() ? std::string_view() : takeBits(rest, "g");
  const std::string_view activation = weight.empty() ? std::string_view() : takeBits(rest, "a");
  if (activation.empty()) {
    if (!weight.empty()) refuse(given, " is not known");
    try {
      formats.weight = parseNumberFormat(text);
    } catch (const InputError&) {
      refuse(given, " is not known");
    }
    const NumberFormat& w = formats.weight;
    if (w.group > 0 && w.coding == Coding::plain)
      refuse(given, ": groups without activations (w" + std::to_string(w.bits) + "g" +
                        std::to_string(w.group) + "a16)");
    const bool sums =
        w.coding == Coding::powerOfTwo || w.coding == Coding::kHot || w.kind == NumberKind::ternary;
    formats.name = w.name;
    formats.activation = sums ? integer(8) : w.coding == Coding::block ? named("fp16") : w;
    formats.kv = formats.activation;
    formats.accumulator = formats.activation.isFloat() ? named("fp32") : integer(32);
    // One precision for the whole network, sums included, as hls4ml's default.
    if (w.isFixed()) formats.accumulator = w;
    completeTraining(formats);
    return formats;
  }
  const std::string_view kv = takeBits(rest, "kv");
  // "acc" is read after "kv"; without "kv" it directly follows the activation bits.
  const std::string_view accumulator = takeBits(rest, "acc");
  if (!rest.empty()) refuse(given, " is not known");
  const auto read = [&](std::string_view bits, bool floatAt16) {
    const auto format = formatOfBits(bits, floatAt16);
    if (!format) refuse(given, ": '" + std::string(bits) + "' is no width (1, 1.58 or 2 to 32)");
    return *format;
  };
  formats.weight = read(weight, true);
  formats.activation = read(activation, true);
  if (!group.empty()) {
    const NumberFormat& element = formats.weight;
    const auto format = element.kind == NumberKind::integer
                            ? inGroups(element, group, formats.activation.isFloat())
                            : std::nullopt;
    if (!format)
      refuse(given, ": '" + std::string(group) + "' is no size of groups of integers (2 to 2^20)");
    formats.weight = *format;
  }
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
      text += ", sign, " + std::to_string(format.exponentBits) + " exponent and " +
              std::to_string(format.mantissaBits) + " mantissa bits";
      break;
    case NumberKind::integer:
      text += format.coding == Coding::powerOfTwo ? ", sign and a power of two"
              : format.coding == Coding::kHot
                  ? ", at most " + std::to_string(format.terms) + " signed powers of two"
              : format.coding == Coding::block ? ", codes"
                                               : ", two's complement";
      break;
    case NumberKind::ternary:
      text += format.group > 0 ? ": -1, 0, 1" : " stored for 1.58 of information: -1, 0, 1";
      break;
    case NumberKind::binary:
      text += ": -1, 1; products are XNOR and population count";
      break;
  }
  if (format.group > 0)
    text += ", and " + std::to_string(format.groupBits).substr(0, 5) + " for each " +
            std::to_string(format.group);
  return text;
}

}  // namespace wattlas
