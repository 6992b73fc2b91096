// One channel running a command sequence on the state of models/dram: activates, column accesses,
// precharges, mode switches and refreshes, each in a slot of the command bus, whatever is legal
// first. Plain C++.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/dram/channel_state.h"
#include "models/dram/command_log.h"
#include "pim/nearbank/commands.h"

namespace wattlas::pim::nearbank {

/// What a phase of a sequence took on one channel, refresh left out.
struct PhaseCost {
  std::int64_t commands = 0, groups = 0;
  std::int64_t lead = 0;     ///< ps before first commands: rows, turnarounds, modes
  std::int64_t columns = 0;  ///< ps between commands of a group
  std::int64_t total() const { return lead + columns; }
};
using PhaseCosts = std::vector<PhaseCost>;  ///< by Group::phase

/// What running a sequence on a channel gave.
struct ChannelResult {
  Ticks time;
  Ticks refreshDebt;  ///< refreshes postponed behind the program
  Ticks held;         ///< at the end: no refresh finds a gap while bank after bank is touched
  PhaseCosts phases;
  std::int64_t steps = 0;  ///< groups or commands evaluated
  std::int64_t refreshes = 0;
  std::int64_t folded = 1;  ///< largest number of equal iterations taken as one
};

class Channel {
 public:
  enum class Level {
    steady,    ///< as groups, without refresh: what the closed form stands on
    groups,    ///< columns that nothing comes between are one step
    commands,  ///< every command is evaluated; the same times
  };
  /// With `fold`, iterations whose complete relative state recurs are taken at once: as many as fit
  /// before the next refresh, or with their refreshes when those recur, too. `alone`: nothing
  /// follows at once, so that refreshes may be postponed behind the program.
  Channel(const NearBankParams& params, Level level, bool fold, bool alone);
  /// `log` hears the commands in the order in which they were chosen, and nothing is folded until
  /// it is full.
  ChannelResult run(const Sequence& sequence, dram::CommandLog* log = nullptr);

 private:
  struct Pending {
    std::int32_t bank = 0;
    std::int64_t row = -1, count = 1;
  };
  /// The next command of a group: what may go first.
  struct Choice {
    std::int64_t at = dram::never, precharge = dram::never;
    std::size_t which = 0;
    int kind = 0;  ///< column, activate, precharge for a row, precharge of a row no longer needed
  };
  using Picture = std::vector<std::int64_t>;
  /// Between two iterations of a loop.
  struct Boundary {
    Picture picture;
    std::int64_t index = 0, last = 0, untilRefresh = 0, owed = 0, refreshes = 0;
    PhaseCosts phases;
  };
  /// Iterations without a refresh that lead from a picture back to it.
  struct Round {
    Picture picture;
    std::int64_t iterations = 0, period = 0, refreshes = 0;
    PhaseCosts share;
  };

  void runGroup(const Group& g, std::int64_t row);
  void registers(const Group& g);
  void streamed(const Group& g);
  void banks(const Group& g, std::int64_t row);
  Choice choose(const Group& g, const std::vector<Pending>& pending) const;
  /// How many of `count` commands from `at` on, `spacing` apart, come before the next refresh.
  std::int64_t undisturbed(std::int64_t count, std::int64_t at, std::int64_t spacing) const;
  void activate(std::int32_t bank, std::int64_t row, std::int64_t at);
  void precharge(std::int32_t bank, std::int64_t at);
  void changeMode(const Group& g, std::int64_t at);
  bool refreshBefore(std::int64_t at);
  /// `count` equal commands, `spacing` apart.
  void issue(const dram::Command& command, std::int64_t at, const Group& g = {},
             std::int64_t count = 1, std::int64_t spacing = 0);
  dram::CommandRecord recordOf(const dram::Command& command, std::int64_t at, const Group& g) const;

  Boundary boundary(std::int64_t index, std::int64_t base) const;
  /// Runs `body` for each row offset; `loop` names the loop wherever it is entered again.
  template <class Body>
  void repeated(const void* loop, std::int64_t times, std::int64_t rowStep, std::int64_t base,
                const Body& body);
  /// Iterations of the `left` that were skipped.
  std::int64_t skipped(const Boundary& now, const std::vector<Boundary>& seen,
                       std::vector<Round>& rounds, std::int64_t left, std::int64_t rowStep);
  void skip(const Round& round, std::int64_t times, std::int64_t rowStep);

  const NearBankParams& p_;
  ChannelClock t_;
  bool groups_, fold_, early_, refresh_, postpone_;
  int banks_;
  dram::ChannelState state_;
  std::vector<std::int64_t> wanted_;  ///< rows that the group still needs, by bank
  bool fresh_ = true;
  std::int64_t slot_ = 0;  ///< next free slot of the command bus
  std::int64_t lookFrom_ = 0, last_ = 0;
  std::int64_t first_ = 0;  ///< of the group's own commands
  bool registers_ = false, touching_ = false;
  std::int64_t nextRefresh_ = 0, owed_ = 0, dead_ = 0, held_ = 0;
  PhaseCosts phases_;
  std::map<const void*, std::vector<Round>> rounds_;
  dram::CommandLog* log_ = nullptr;
  ChannelResult result_;
};

/// Closed form of a command sequence: every phase as a count of commands and the distances that
/// they cost in the steady state of one channel, refreshes by their number and what each of them
/// takes.
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
