// A throw-away device that uses everything the contract offers: two memory tiers, fusion of two
// operators into one region, traffic over a shared link, an event model with its own mechanism, and
// live coupling. It keeps the contract honest; nothing is learnt from its numbers.
#pragma once

#include "models/registry.h"

namespace wattlas {

/// Parameters: lanes (MAC per cycle), clock (Hz), buffer (bytes of the small tier), tile (MACs a
/// step), linkPeak (bit/s), energyPerMac (J), leakage (W).
void registerToy(Registry& registry);

}  // namespace wattlas
