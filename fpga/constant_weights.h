// What multiplying by constants costs when every weight is part of the logic: a weight is a sum of
// few signed powers of two, each an addition of the shifted input. The values of a network are not
// known before training, so their distribution is assumed.
#pragma once

namespace wattlas::fpga {

/// Averages over the weights of a layer, zeros included.
struct ConstantWeights {
  double nonZero = 1;  ///< share of weights that are not zero
  double terms = 1;    ///< signed powers of two of a weight that logic multiplies by
  double wide = 0;     ///< share of weights with so many powers of two that a DSP block pays
};

/// Signed powers of two of the weights from which synthesis takes a DSP block (Vivado HLS).
inline constexpr int termsForDsp = 4;

/// Integers of `bits` bits that use their whole range evenly (quantisation-aware training).
const ConstantWeights& evenWeights(int bits);
/// Fixed point with `fractionBits`: normal around zero with the standard deviation of Glorot's
/// initialisation, sqrt(2 / (inputs + outputs)), cut off downwards as ap_fixed does.
ConstantWeights normalWeights(int fractionBits, double deviation);

}  // namespace wattlas::fpga
