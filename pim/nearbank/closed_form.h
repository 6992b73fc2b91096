// Closed form of a command sequence: every phase as a count of commands and the distances that they
// cost, without any state of banks or buses.
#pragma once

#include <string>
#include <vector>

#include "pim/nearbank/commands.h"

namespace wattlas::pim::nearbank {

struct PhaseCost {
  std::string name;
  std::int64_t commands = 0;  ///< of one channel
  std::int64_t groups = 0;
  std::int64_t lead = 0;     ///< ps before first commands: rows, turnarounds, modes
  std::int64_t columns = 0;  ///< ps between commands of a group
  std::int64_t total() const { return lead + columns; }
};

struct PhaseTable {
  std::vector<PhaseCost> phases;
  std::int64_t refreshes = 0, refresh = 0;  ///< number, ps of all of them
  std::int64_t tail = 0;
  Ticks time() const;
};

PhaseTable phaseTable(const Sequence& sequence, const NearBankParams& params, bool alone);
/// One line for people: "2,048 x 4 ns + 64 starts, 1,984 ns".
std::string describe(const PhaseCost& phase);

}  // namespace wattlas::pim::nearbank
