// Names of the formats that can be executed.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "execution/weight_format.h"
#include "models/base/error.h"

namespace wattlas {
namespace {

std::string lowerCase(std::string_view text) {
  std::string out(text.substr(0, 60));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

WeightFormat named(const std::string& name, WeightCode code, int bits, FloatFormat element = {}) {
  WeightFormat format;
  format.name = name;
  format.code = code;
  format.bits = bits;
  format.element = element;
  return format;
}

const std::vector<WeightFormat>& knownFormats() {
  static const std::vector<WeightFormat> formats = [] {
    using C = WeightCode;
    std::vector<WeightFormat> list = {named("fp32", C::floating, 32, ieeeFormat(8, 23)),
                                      named("tf32", C::floating, 32, ieeeFormat(8, 10)),
                                      named("bf16", C::floating, 16, ieeeFormat(8, 7)),
                                      named("fp16", C::floating, 16, ieeeFormat(5, 10)),
                                      named("fp8-e4m3", C::scaledFloat, 8, fp8e4m3),
                                      named("fp8-e5m2", C::scaledFloat, 8, fp8e5m2),
                                      named("fp6-e3m2", C::scaledFloat, 6, fp6e3m2),
                                      named("fp6-e2m3", C::scaledFloat, 6, fp6e2m3),
                                      named("fp4-e2m1", C::scaledFloat, 4, fp4e2m1),
                                      named("mxfp8", C::microscaled, 8, fp8e4m3),
                                      named("mxfp8-e5m2", C::microscaled, 8, fp8e5m2),
                                      named("mxfp6", C::microscaled, 6, fp6e3m2),
                                      named("mxfp6-e2m3", C::microscaled, 6, fp6e2m3),
                                      named("mxfp4", C::microscaled, 4, fp4e2m1),
                                      named("nvfp4", C::nvfp4, 4),
                                      named("nf4", C::nf4, 4),
                                      named("q8_0", C::q8_0, 8),
                                      named("q6_k", C::q6_K, 6),
                                      named("q5_k", C::q5_K, 5),
                                      named("q5_1", C::q5_1, 5),
                                      named("q5_0", C::q5_0, 5),
                                      named("q4_k", C::q4_K, 4),
                                      named("q4_0", C::q4_0, 4),
                                      named("ternary", C::ternary, 2),
                                      named("binary", C::binary, 1)};
    for (int bits = 2; bits <= 16; ++bits)
      list.push_back(named("int" + std::to_string(bits), C::integer, bits));
    for (int bits = 2; bits <= 5; ++bits)
      list.push_back(named("pow2-" + std::to_string(bits), C::powerOfTwo, bits));
    for (int terms = 1; terms <= 4; ++terms)
      for (int bits = 3; bits <= 8; ++bits) {
        list.push_back(
            named("khot" + std::to_string(terms) + "-" + std::to_string(bits), C::kHot, bits));
        list.back().terms = terms;
      }
    return list;
  }();
  return formats;
}

std::vector<std::string> allNames() {
  std::vector<std::string> names;
  for (const WeightFormat& format : knownFormats()) names.push_back(format.name);
  return names;
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  const std::string name(text.substr(0, 60));
  throw InputError("format '" + name + "'" + why,
                   "int2..int16, w<bits>[g<group>]a<bits>[acc<bits>] such as w4g128a8, fixed<W,I>, "
                   "ternary, binary, pow2-2..5, khot2-8, fp16, bf16, tf32, fp8-e4m3, fp6-e3m2, "
                   "mxfp4, mxfp8, nvfp4, nf4, q4_k, q5_k, q6_k",
                   didYouMean(name, allNames()));
}

/// Reads `tag` and a number from the front of `rest`; empty when the tag is not there.
std::string takeNumber(std::string_view& rest, std::string_view tag) {
  if (!rest.starts_with(tag)) return {};
  const std::size_t end = std::min(rest.find_first_not_of("0123456789.", tag.size()), rest.size());
  const std::string number(rest.substr(tag.size(), end - tag.size()));
  if (!number.empty()) rest.remove_prefix(end);
  return number;
}

int wholeNumber(const std::string& text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc() || end != text.data() + text.size() ? -1 : value;
}

ExecutionFormat fixedFormat(const NumberFormat& format, std::string_view text) {
  if (format.bits > 16) refuse(text, " is executed up to 16 bits only");
  ExecutionFormat out;
  out.name = format.name;
  out.weight = named(format.name, WeightCode::fixedPoint, format.bits);
  out.weight.fractionBits = format.fractionBits;
  out.activationBits = out.accumulatorBits = format.bits;
  return out;
}

/// w4g128a8: nothing when the text is of another form.
bool widths(std::string_view text, ExecutionFormat& out) {
  std::string_view rest = text;
  const std::string weight = takeNumber(rest, "w"), group = takeNumber(rest, "g");
  const std::string activation = takeNumber(rest, "a");
  takeNumber(rest, "kv");
  const std::string accumulator = takeNumber(rest, "acc");
  if (weight.empty() || activation.empty() || !rest.empty()) return false;
  const int bits = wholeNumber(weight);
  out.activationBits = wholeNumber(activation);
  if (weight == "1.58" || weight == "1" || (bits >= 2 && bits < 16))
    out.weight = parseWeightFormat(weight == "1.58" ? "ternary"
                                   : bits == 1      ? "binary"
                                                    : "int" + weight);
  else if (bits == 16 || bits == 32)
    out.weight = parseWeightFormat(bits == 16 ? "fp16" : "fp32");
  else
    refuse(text, ": '" + weight + "' is no width of weights (1, 1.58, 2 to 16, 32)");
  if (!group.empty()) {
    out.weight.granularity = Granularity::group;
    out.weight.group = wholeNumber(group);
    if (out.weight.group < 1) refuse(text, ": '" + group + "' is no group size");
  }
  // 16 and 32 bits are floats, as everywhere in FMT; int16 names the integer.
  if (out.activationBits == 16 || out.activationBits == 32) {
    out.floating = true;
    out.activation = parseWeightFormat(out.activationBits == 16 ? "fp16" : "fp32");
  } else if (out.activationBits < 1 || out.activationBits > 16) {
    refuse(text, ": '" + activation + "' is no width of activations (1 to 16, 32)");
  } else if (!out.weight.isInteger()) {
    refuse(text, ": float weights with integer activations are not executed");
  }
  if (!accumulator.empty()) {
    out.accumulatorBits = wholeNumber(accumulator);
    if (out.accumulatorBits < 8 || out.accumulatorBits > 63)
      refuse(text, ": '" + accumulator + "' is no width of accumulators (8 to 63)");
    if (out.accumulatorBits == 32) out.accumulatorBits = 0;
  }
  return true;
}

}  // namespace

WeightFormat parseWeightFormat(std::string_view text) {
  const std::string name = lowerCase(text);
  for (const WeightFormat& format : knownFormats())
    if (format.name == name) return format;
  refuse(text, " is not known");
}

ExecutionFormat parseExecutionFormat(std::string_view text) {
  const std::string name = lowerCase(text);
  ExecutionFormat out;
  out.name = name;
  if (name.starts_with("fixed")) return fixedFormat(parseNumberFormat(name), text);
  if (widths(name, out)) return out;
  static const std::vector<std::pair<std::string, std::string>> spellings = {
      {"half", "fp16"},  {"float16", "fp16"}, {"bfloat16", "bf16"}, {"float32", "fp32"},
      {"float", "fp32"}, {"fp8", "fp8-e4m3"}, {"fp4", "fp4-e2m1"},  {"fp6", "fp6-e3m2"}};
  std::string known = name;
  for (const auto& [spelling, format] : spellings)
    if (name == spelling) known = format;
  if (name.size() > 1 && name[0] == 'i' && std::isdigit(static_cast<unsigned char>(name[1])))
    known = "int" + name.substr(1);
  out.weight = parseWeightFormat(known);
  out.name = known;
  const WeightCode code = out.weight.code;
  if (!out.weight.isInteger()) {
    out.floating = true;
    const bool weightOnly = code >= WeightCode::nf4;
    out.activation = weightOnly ? parseWeightFormat("fp16") : out.weight;
  } else {
    out.activationBits = code == WeightCode::integer  ? out.weight.bits
                         : code == WeightCode::binary ? 1
                                                      : 8;
  }
  return out;
}

const std::vector<std::string>& executionFormatNames() {
  static const std::vector<std::string> names = {
      "fp32",     "tf32",     "bf16",    "fp16",    "fp8-e4m3", "fp8-e5m2",   "fp6-e3m2",
      "fp6-e2m3", "fp4-e2m1", "mxfp8",   "mxfp6",   "mxfp4",    "nvfp4",      "nf4",
      "q6_k",     "q5_k",     "q4_k",    "int16",   "int12",    "int8",       "int6",
      "int4",     "int3",     "int2",    "ternary", "binary",   "pow2-4",     "khot2-8",
      "w4g32a8",  "w1a8",     "w1.58a8", "w4a8",    "w2a8",     "fixed<16,6>"};
  return names;
}

}  // namespace wattlas
