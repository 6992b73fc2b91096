// Closed form of a command sequence: every phase as a count of commands and the distances that they
// cost in the steady state of one channel, refreshes by their number and what each of them takes.
#pragma once

#include <string>

#include "pim/nearbank/channel.h"

namespace wattlas::pim::nearbank {

struct PhaseTable {
  PhaseCosts phases;
  std::int64_t refreshes = 0, refresh = 0;  ///< number, ps of all of them
  Ticks tail;
  Ticks time() const;
};

PhaseTable phaseTable(const Sequence& sequence, const NearBankParams& params, bool alone);
/// One line for people: "2,048 x 4 ns + 64 starts, 1,984 ns".
std::string describe(const PhaseCost& phase);

}  // namespace wattlas::pim::nearbank
