#include "pim/roofline/sim/simulate.h"

#include <algorithm>
#include <string>

#include "pim/roofline/sim/tiles.h"

namespace wattlas::pim {

Profile simulateTiles(const RooflineDevice& device, const RooflineProgram& program) {
  const RooflineParams& p = device.params();
  const Ticks exchange = exchangeTime(program.op(), p);
  // What the memory fetched during the exchange counts from the start of the program.
  const TileRun run = runTiles(program.op(), p, exchange);
  const Ticks slowest = std::max({run.memory, run.compute, run.vector});
  const Bottleneck bottleneck = exchange > slowest      ? Bottleneck::link
                                : slowest == run.memory ? Bottleneck::memory
                                                        : Bottleneck::compute;
  Profile profile = device.profileOf(program, std::max(run.time, exchange), bottleneck);
  profile.events = 2 + run.steps;
  profile.statistics = {{"memory.busyS", toSeconds(run.memory).value},
                        {"compute.busyS", toSeconds(run.compute).value},
                        {"vector.busyS", toSeconds(run.vector).value},
                        {"exchange.busyS", toSeconds(exchange).value}};
  if (p.units > 1)
    profile.replications.push_back(
        {ReplicationKind::symmetry, p.units, std::to_string(p.units) + " units",
         "equal shares of every tensor, in step; exchanges take all of them"});
  return profile;
}

}  // namespace wattlas::pim
