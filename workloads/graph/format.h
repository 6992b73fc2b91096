// Number formats: how a tensor's elements are stored and computed with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.h"

namespace wattlas {

enum class NumberKind { floating, integer, ternary, binary };

/// One number format. `bits` is the storage per element (information content in `nominalBits`).
struct NumberFormat {
  std::string name;  ///< canonical name: fp16, int8, ternary, ... or int<bits>
  NumberKind kind = NumberKind::integer;
  int bits = 8;                            ///< stored bits per element; ternary is stored in 2 bits
  double nominalBits = 8;                  ///< information content: 1.58 for ternary
  int exponentBits = 0, mantissaBits = 0;  ///< floating formats only
  int fractionBits = -1;                   ///< fixed point: bits behind the point; -1 = none such

  bool isFloat() const { return kind == NumberKind::floating; }
  bool operator==(const NumberFormat& o) const { return name == o.name; }
};

/// Formats of the tensors of one operator (or a workload's default for all of them).
struct TensorFormats {
  NumberFormat weight, activation, kv, accumulator, gradient, optimizer;
  std::string name;  ///< as given: "w4a8kv8", "int8", ...
  bool operator==(const TensorFormats& o) const {
    return weight == o.weight && activation == o.activation && kv == o.kv &&
           accumulator == o.accumulator;
  }
};

/// A named format (docs/contract.md, 1: NAME). Throws InputError with the nearest name.
NumberFormat parseNumberFormat(std::string_view name);
/// FMT of the contract: a NAME for all tensors or `w<bits>a<bits>[kv<bits>][acc<bits>]`. Bits 16
/// and 32 mean fp16 and fp32, 1.58 means ternary, 1 means binary, others are integers.
/// Accumulators are int32 for integer products and fp32 when weight or activation is a float; the
/// KV cache follows the activations. Gradients follow float activations (else fp32), optimizer
/// state is fp32. Throws InputError.
TensorFormats parseTensorFormats(std::string_view text);
/// The format of `bits` bits by the same rule; nothing when there is none.
std::optional<NumberFormat> formatOfBits(std::string_view bits, bool floatAt16 = true);
/// Names of the number formats and of the operators' tensors, one line each: `wattlas formats`.
std::string describe(const NumberFormat& format);
/// All named formats, in order of size.
const std::vector<NumberFormat>& namedFormats();

}  // namespace wattlas
