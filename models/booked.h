// What parts of a run add to its books, whenever they take place: made once for parts that many
// runs have in common. Internal to models/.
#pragma once

#include <optional>
#include <vector>

#include "models/base/units.h"
#include "models/program.h"
#include "models/tariff.h"

namespace wattlas {

/// A phase of constant average power.
struct PowerPiece {
  Ticks duration;
  Joules energy;
};

/// Highest average power over any window of length `window` within `pieces` (in order). A run
/// shorter than the window is averaged over its own duration.
Watts peakPower(const std::vector<PowerPiece>& pieces, Ticks window);

/// One operator of a region, all instances of a phase.
struct BookedShare {
  bool known = false;  ///< false: the program says nothing about it
  Bottleneck bottleneck = Bottleneck::compute;
  Ticks attributed;
  double dynamicJ = 0;
  double utilisation = 0;  ///< times the picoseconds it is about; to be divided by `attributed`
};

/// Equal programs, one after the other: what they play on the platform.
struct RunPart {
  const Profile* profile = nullptr;  ///< belongs to the cache of the run
  Ticks launch, alone;               ///< of each; `alone` includes the launch
  std::int64_t repeat = 1;
  double watts = 0;  ///< of all members, beyond what flows all the time
};

/// Equal copies between host and devices.
struct CopyPart {
  bool before = true;         ///< the region, whose input it is
  bool prefetch = false;      ///< needs nothing that the run makes: may come early
  bool awaited = true;        ///< by the regions that follow
  bool passesStages = false;  ///< of a pipeline: from each to the next
  std::int32_t route = -1;    ///< into CopyRoutes::routes
  Ticks lead;                 ///< before the first bit
  Bits wire;
  BitRate peak;  ///< the device takes no more
  Ticks alone;   ///< of each, `lead` included
  std::int64_t repeat = 1;
};

struct BookedRegion {
  ComponentIndex component = onDevice;
  std::vector<RunPart> runs;  ///< by group of equal steps
  std::vector<CopyPart> copies;
  std::int64_t count = 1;           ///< programs in one step
  std::vector<BookedShare> shares;  ///< by operator of the region
  std::vector<Charge> charges;
  Ticks bound;                        ///< no model may beat this
  Ticks duration;                     ///< of everything, copies included
  Ticks firstInstance, lastInstance;  ///< one program at the first and at the last step
  Ticks copiesPerStep;
  Joules copyEnergyPerStep;
  Ticks transfer;  ///< copies of all steps
  double transferJ = 0;
  std::vector<PowerPiece> pieces;  ///< one program at the step of highest power
  Ticks piecesLaunch;
  std::int64_t events = 0;
};

/// Parameters loaded once, before the first phase.
struct BookedLoad {
  CopyPart copy;
  double energyJ = 0;
  std::vector<Charge> charges;
};

/// An operator that runs as a region of its own: everything about it that does not depend on when
/// it runs and on operators beyond its neighbours.
struct BookedOperator {
  BookedRegion region;
  double workspaceBytes = 0;
  Bits resident;
  std::optional<BookedLoad> load;  ///< when loading its parameters is charged
};

}  // namespace wattlas
