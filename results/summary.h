// What a result comes down to: what its time and energy go into, and how honest its level is.
#pragma once

#include <string>
#include <vector>

#include "models/result.h"

namespace wattlas {

/// A name and its share of a total, 0..1.
struct Share {
  std::string name;
  double value = 0, share = 0;
};

/// Time by what limits it (compute, memory, ..., and `idle`, `transfer` rows under their own
/// names), greatest first. Empty when infeasible.
std::vector<Share> timeByBound(const RunResult& result);
/// Energy by category, greatest first, zero categories left out. Empty when infeasible.
std::vector<Share> energyByCategory(const RunResult& result);

/// The level a result may claim: the lowest level used by any component besides the host (the
/// host's when it is alone), so that a formula is never called `event`.
std::string claimedFidelity(const RunResult& result);
/// Components that ran below the requested fidelity, as "device, link".
std::string belowRequested(const RunResult& result);

/// A ledger cell or assumption that nobody measured or published.
struct WeakSpot {
  std::string key, value, range, source;
  double energyShare = 0;  ///< of the result's energy, 0..1; 0 = not an energy coefficient
};
/// Everything with basis `assumption`, by energy share, then in order of appearance.
std::vector<WeakSpot> weakSpots(const RunResult& result);

}  // namespace wattlas
