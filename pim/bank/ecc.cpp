#include "pim/bank/ecc.h"

#include <algorithm>
#include <cmath>

namespace wattlas::pim {

void EccParams::bind(Binder& b) {
  b.choice("placement", placement, {"none", "before_mac", "after_mac"}, {.fallback = "none"},
           "no correction, correction on the way to the MACs, or a checksum of their sums");
  b.integer("word", word, {8, 8192, "128"}, "data bits of a code word");
  b.integer("check", check, {1, 1024, "8"}, "check bits of a code word");
  b.choice("storage", storage, {"side", "inline"}, {.fallback = "side"},
           "check bits in cells beside the row, or inside it");
  b.flag("pipelined", pipelined, {.fallback = "true"}, "a word may enter while another one leaves");
  b.quantity("latency", latency, {0, 1e-6, "2 ns"}, "one word through the decoder");
  b.quantity("decode", decode, {0, 1e-9, "0.5 pJ"}, "energy of one word in the decoder");
  b.quantity("area", area, {0, 1, "6 um2"}, "decoder in a logic process, per data bit");
}

double EccParams::useful() const {
  if (!before() || storage != "inline") return 1.0;
  return static_cast<double>(word) / static_cast<double>(word + check);
}

double EccParams::readFactor() const {
  return before() ? static_cast<double>(word + check) / static_cast<double>(word) : 1.0;
}

double EccParams::extraCells() const {
  if (!before() || storage != "side") return 0.0;
  return static_cast<double>(check) / static_cast<double>(word);
}

Seconds EccParams::atOpen(double width, Seconds issue) const {
  if (!before()) return Seconds(0);
  const double fetches = std::max(1.0, std::ceil(static_cast<double>(word) / width));
  return latency.value + issue * (fetches - 1);
}

Seconds EccParams::perAccess(double width) const {
  if (!before() || pipelined) return Seconds(0);
  // Words of one access go through as many decoders; narrower accesses share a word.
  return latency.value * std::min(1.0, width / static_cast<double>(word));
}

double EccParams::coverage(int weightBits) const {
  if (before()) return 1.0;
  if (!after()) return 0.0;
  double hidden = 0;
  for (int k = 0; k < weightBits; ++k) hidden += std::ldexp(1.0, k - weightBits);
  return 1.0 - hidden / weightBits;
}

}  // namespace wattlas::pim
