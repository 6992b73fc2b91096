// One channel running a command sequence on the state of models/dram: activates, column accesses,
// precharges, mode switches and refreshes, each in a slot of the command bus, whatever is legal
// first. `groups` takes columns that nothing comes between as one step and iterations that recur as
// one; `commands` evaluates every command. Both give the same times. Plain C++.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/dram/channel_state.h"
#include "pim/nearbank/commands.h"

namespace wattlas::pim::nearbank {

/// What running a sequence on a channel gave.
struct ChannelResult {
  Ticks time;
  Ticks refreshDebt;          ///< refreshes postponed behind the program
  std::vector<Ticks> phases;  ///< time by phase, refresh excluded
  std::int64_t steps = 0;     ///< groups or commands evaluated
  std::int64_t refreshes = 0;
  std::int64_t folded = 1;  ///< largest number of equal iterations taken as one
};

enum class CommandKind { activate, column, buffer, precharge, mode, refresh, row };
const char* nameOf(CommandKind kind);

/// One command as it went out.
struct IssuedCommand {
  std::int64_t at = 0;  ///< ps from the start of the program
  CommandKind kind = CommandKind::column;
  Verb verb = Verb::read;  ///< of columns and buffers
  std::int32_t bank = 0;
  std::int64_t row = -1;
  bool toBank = false;  ///< of a stream: data goes to the banks
};

class Channel {
 public:
  enum class Level { groups, commands };
  using Listener = std::function<bool(const IssuedCommand&)>;  ///< false: heard enough
  /// With `fold`, iterations whose complete relative state recurs are taken at once, as many as fit
  /// before the next refresh. `alone`: nothing follows at once, so that refreshes may be postponed
  /// behind the program.
  Channel(const NearBankParams& params, Level level, bool fold, bool alone);
  /// `hear` is told the commands in the order in which they were chosen, and nothing is folded
  /// until it has heard enough.
  ChannelResult run(const Sequence& sequence, Listener hear = {});

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
  void issue(const dram::Command& command, std::int64_t at, CommandKind kind, const Group& g,
             std::int64_t count = 1, std::int64_t spacing = 0);

  Picture picture(std::int64_t base) const;
  template <class Body>
  void repeated(std::int64_t times, const Body& body, std::int64_t rowStep);
  void skip(std::int64_t times, std::int64_t period, const std::vector<std::int64_t>& phases,
            std::int64_t rowStep);

  const NearBankParams& p_;
  ChannelClock t_;
  bool groups_, fold_, early_, refresh_, postpone_;
  int banks_;
  dram::ChannelState state_;
  std::vector<std::int64_t> wanted_;  ///< rows that the group still needs, by bank
  bool fresh_ = true;
  std::int64_t slot_ = 0;  ///< next free slot of the command bus
  std::int64_t lookFrom_ = 0, last_ = 0;
  bool registers_ = false, touching_ = false;
  std::int64_t nextRefresh_ = 0, owed_ = 0, dead_ = 0;
  std::vector<std::int64_t> phases_;
  Listener hear_;
  ChannelResult result_;
};

}  // namespace wattlas::pim::nearbank
