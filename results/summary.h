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

/// Platform of a result, with what its host ran in its place.
std::string platformText(const RunResult& result);

/// The deepest level used, with a `*` when any component ran below what was asked for.
std::string markedFidelity(const RunResult& result);
/// Components that ran below the requested fidelity and took part, as "device, link".
std::string belowRequested(const RunResult& result);

/// Whether a component ("device", "host", "link") ran below the requested fidelity; other ones than
/// the device count only when some time is theirs.
bool belowRequested(const RunResult& result, const std::string& component);

/// Text of a parameter in a form for people: "350000000 Hz" becomes "350 MHz"; words stay.
std::string readableQuantity(const std::string& value);

/// Something that a result rests on and nobody measured or published.
struct WeakSpot {
  std::string key, value, range, source;
  double energyShare = 0;  ///< of the result's energy, 0..1; 0 = not a part of the energy
};
/// Ledger cells with basis `assumption` by their energy, then the other assumptions, those with a
/// range first. Parameters that are already there as a cell are not repeated.
std::vector<WeakSpot> weakSpots(const RunResult& result);

}  // namespace wattlas
