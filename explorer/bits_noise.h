// The noise that quantisation adds: a proxy for accuracy while none is measured.
#pragma once

#include <string>

#include "workloads/graph/format.h"

namespace wattlas {

/// Noise over signal of a value in `format`, for a Gaussian signal and the best uniform quantiser
/// of that many levels (J. Max, "Quantizing for Minimum Distortion", 1960); floats by their
/// mantissa. An int8 weight has 8.7e-5 or so, a ternary one 0.19.
double quantisationNoise(const NumberFormat& format);
/// Of one operator: weights and activations, which are independent. Throws InputError for a text
/// that is no format.
double quantisationNoise(const std::string& formats);

}  // namespace wattlas
