// Error correction of the weights that a bank's MACs read: where it sits, and what it costs in
// time, bandwidth, cells and energy.
#pragma once

#include "models/base/parameter.h"

namespace wattlas::pim {

struct EccParams {
  /// `none`; `before_mac`: every word is corrected on its way to the units; `after_mac`: the units
  /// read raw cells, a checksum output per group is held against the sum of the group.
  std::string placement = "none";
  std::int64_t word = 128;  ///< data bits of a code word
  std::int64_t check = 8;   ///< check bits of a code word
  std::string storage =
      "side";                ///< `side`: cells beside the row (area); `inline`: cells of the row
  bool pipelined = true;     ///< a word enters the decoder while another one leaves it
  Sourced<Seconds> latency;  ///< one word through the decoder
  Sourced<Joules> decode;    ///< one word through the decoder
  Sourced<SquareMm> area;    ///< decoder, in a logic process, per data bit

  void bind(Binder& binder);
  bool before() const { return placement == "before_mac"; }
  bool after() const { return placement == "after_mac"; }
  /// Share of a row's bits that hold weights (check bits may live in the row).
  double useful() const;
  /// Bits read from cells per bit of weights.
  double readFactor() const;
  /// Share of cells beside those for weights.
  double extraCells() const;
  /// Added between activation and the first MAC of a row: the first word is fetched by accesses of
  /// `width` bits, one each `issue`, and corrected.
  Seconds atOpen(double width, Seconds issue) const;
  /// Added to each access of `width` bits when the decoder takes one word after the other.
  Seconds perAccess(double width) const;
  /// Share of single-bit errors in weights of `weightBits` that are noticed before a wrong sum
  /// leaves the DPU. Before the MACs: all, and they are corrected. After them: the checksum is kept
  /// modulo 2^weightBits, so an error of 2^k times an activation that is a multiple of
  /// 2^(weightBits - k) hides; uniform activations give 1 - mean over k of 2^-(weightBits - k).
  double coverage(int weightBits) const;
};

}  // namespace wattlas::pim
