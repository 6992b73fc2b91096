// Logic delay against the clock: how many cycles additions and products take when a tool places
// registers, and which clocks a device reaches.
#pragma once

#include <optional>
#include <string>

#include "fpga/layer.h"
#include "fpga/parameters.h"

namespace wattlas::fpga {

/// Share of the period that HLS plans with; the rest is its margin for routing.
inline constexpr double plannedShare = 0.875;

/// hls4ml resource strategy: latency of a dense layer is its reuse factor + 2 (830 of 871
/// syntheses; + 1 in the others).
inline constexpr std::int64_t hlsLatency = 2;

/// Whether tools put a product of such widths into DSP blocks.
bool multipliesInDsp(std::int64_t a, std::int64_t b, const Parameters& p);
/// Cycles of a product of two variables behind a register; 0 where LUTs compute it, which chain
/// with what follows.
std::int64_t productCycles(std::int64_t a, std::int64_t b, const Parameters& p);
/// Additions of `bits` bits that follow each other within one cycle.
double additionsPerCycle(std::int64_t bits, const Parameters& p);
/// Registered partial sums for each product of an unrolled layer; 0 when it needs no register.
double partialSums(const Layer& layer, const Parameters& p);
/// Cycles from the input to the output of an unrolled layer, beside the one that starts it.
std::int64_t unrolledLatency(const Layer& layer, const Parameters& p);

/// Highest clock of a design that fills `fill` of the device's LUTs.
Hertz reachableClock(double fill, const Parameters& p);

}  // namespace wattlas::fpga
