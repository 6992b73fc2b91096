// Bits per layer: formats of single operators as design parameters, and the classical allocation
// from costs of single layers as a baseline for searches.
//
// A study with
//   bits: {formats: [w8a8, w4a8, w2a8], layers: [conv1, fc]}      # layers: every one with weights
// gets a design parameter `workload.formats.<operator>` for each layer and a derived value
// `sqnr_db`: the signal-to-noise ratio that quantisation leaves, a proxy until accuracy is
// measured. Accuracy itself stays empty, of kind `none`.
#pragma once

#include "explorer/accuracy.h"
#include "explorer/explore.h"

namespace wattlas {

/// Replaces `bits` of a study file by design parameters and the derived value (and keeps the key).
/// Throws InputError: several workloads, unknown layers or formats.
ConfigNode expandBits(ConfigNode tree, const SearchPath& path);

/// One way to choose the format of every layer, from the costs of single layers.
struct BitAllocation {
  DesignPoint design;
  double predicted = 0;  ///< metric by adding up layers
};
struct BitsBaseline {
  std::string workload, platform, metric;
  std::vector<BitAllocation> allocations;
  std::size_t costRuns = 0;  ///< simulations that gave the costs: one a format
  double hypervolume = 0;    ///< of the allocations, simulated, in the box of the study's front
  double searched = 0;       ///< of the exploration
  std::size_t searchedPoints = 0;  ///< designs that it looked at
  double worstPrediction = 0;      ///< largest |simulated / predicted - 1|
};

/// The Lagrangian path: from the cheapest format of every layer, always the upgrade that removes
/// most noise for its cost (upper hull of each layer, so every step is optimal for some price of
/// noise; Shoham, Gersho, "Efficient Bit Allocation for an Arbitrary Set of Quantizers", 1988).
/// `cost` and `noise` by layer and format. Returns one choice of formats per step, cheapest first.
std::vector<std::vector<std::size_t>> lagrangianPath(const std::vector<std::vector<double>>& cost,
                                                     const std::vector<std::vector<double>>& noise);

/// Simulates the study's uniform formats for layer costs of `time_s` and `energy_j`, allocates bits
/// by them, simulates the allocations and compares. Design parameters other than formats stand at
/// the choices of the front's first member on each platform.
std::vector<BitsBaseline> bitsBaseline(const ExploreOutcome& outcome, Evaluator& evaluator);
std::string printBits(const std::vector<BitsBaseline>& baselines);

}  // namespace wattlas
