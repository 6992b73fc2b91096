// Number formats: how a tensor's elements are stored and computed with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.h"

namespace wattlas {

enum class NumberKind { floating, integer, ternary, binary };

/// What an element says beside its width.
enum class Coding : std::uint8_t {
  plain,        ///< a number of its kind
  powerOfTwo,   ///< a sign and an exponent
  kHot,         ///< a sum of at most `terms` signed powers of two
  microscaled,  ///< floats of few bits, a power of two as the scale of each group
  twoLevel,     ///< floats of few bits, fp8 scales of groups, one more scale for the tensor
  block,        ///< decoded a group at a time: code tables, scales inside of scales, packed digits
};

/// One number format. `bits` is the storage per element (information content in `nominalBits`);
/// what groups of elements have in common comes on top.
struct NumberFormat {
  std::string name;  ///< canonical name: fp16, int8, ternary, ... or int<bits>
  NumberKind kind = NumberKind::integer;
  int bits = 8;                            ///< stored bits per element; ternary is stored in 2 bits
  double nominalBits = 8;                  ///< information content: 1.58 for ternary
  int exponentBits = 0, mantissaBits = 0;  ///< floating formats only
  int fractionBits = -1;                   ///< fixed point: bits behind the point; -1 = none such
  Coding coding = Coding::plain;
  int terms = 1;           ///< K-hot
  std::int64_t group = 0;  ///< neighbouring inputs of an output that share a scale; 0 = none stored
  double groupBits = 0;    ///< scale, zero point and minimum of a group
  int tensorBits = 0;      ///< of a scale of the whole tensor
  bool affine = false;     ///< integers with a zero point
  bool flat = false;       ///< groups go on through the rows
  std::string fallback = {};  ///< what rows that no group divides are stored in

  bool isFloat() const { return kind == NumberKind::floating; }
  bool isFixed() const { return fractionBits >= 0; }
  /// Elements are numbers by themselves: nothing is shared or looked up.
  bool isPlain() const { return coding == Coding::plain && group == 0; }
  /// Values of one scale along a row of `columns`.
  std::int64_t groupSize(std::int64_t columns) const {
    return group > 0 && group < columns ? group : columns;
  }
  bool operator==(const NumberFormat& o) const { return name == o.name; }
};

/// The format that rows of `columns` weights are stored in: `format`, or what files fall back to
/// where no whole blocks fill a row.
const NumberFormat& storedAs(const NumberFormat& format, std::int64_t columns);
/// Bits of a dense rows x columns tensor, scales included.
double denseBits(const NumberFormat& format, double rows, double columns);

/// Formats of the tensors of one operator (or a workload's default for all of them).
struct TensorFormats {
  NumberFormat weight, activation, kv, accumulator, gradient, optimizer;
  std::string name;  ///< as given: "w4a8kv8", "int8", ...
  bool operator==(const TensorFormats& o) const {
    return weight == o.weight && activation == o.activation && kv == o.kv &&
           accumulator == o.accumulator;
  }
};

/// A named format (docs/contract.md, 1: NAME), fixed point, or integers in groups: int4g128 with a
/// 16-bit scale for each group, int4g128z with a zero point as well. Case does not matter. Throws
/// InputError with the nearest name.
NumberFormat parseNumberFormat(std::string_view name);
/// FMT of the contract: a NAME for all tensors or `w<bits>[g<group>]a<bits>[kv<bits>][acc<bits>]`.
/// Bits 16 and 32 mean fp16 and fp32, 1.58 means ternary, 1 means binary, others are integers.
/// Groups of weights beside float activations have zero points, as files of GPTQ and AWQ do.
/// Names of formats for weights alone take 16-bit floats (nf4, q4_k ...) or int8 (pow2-4, khot2-8)
/// as activations. Accumulators are int32 for integer products and fp32 when weight or activation
/// is a float; the KV cache follows the activations. Gradients follow float activations (else
/// fp32), optimizer state is fp32. Throws InputError.
TensorFormats parseTensorFormats(std::string_view text);
/// The format of `bits` bits by the same rule; nothing when there is none.
std::optional<NumberFormat> formatOfBits(std::string_view bits, bool floatAt16 = true);
/// Names of the number formats and of the operators' tensors, one line each: `wattlas formats`.
std::string describe(const NumberFormat& format);
/// All named formats, in order of size.
const std::vector<NumberFormat>& namedFormats();

}  // namespace wattlas
