// State of the banks and buses of one channel, and the rules between its commands: which command is
// legal when. Every model of a DRAM in this project asks it, whatever its commands and time units.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "models/dram/command_log.h"
#include "models/dram/spec.h"

namespace wattlas::dram {

inline constexpr Clock never = 1LL << 60;

/// A command on a channel. `bank` counts over all ranks; `unit` is the bank-wise refresh. Without a
/// bank a command counts for its rank alone: one of several activates that open a common row.
struct Command {
  CommandKind kind = CommandKind::ACT;
  int rank = 0;
  int bank = -1;
  int unit = -1;
  std::int64_t row = -1;
  bool otherGroup = false;  ///< bank groups alternate: rules within a group do not bind
};

/// What a rule looks at: commands of the same bank, group or rank, or of the other ranks.
enum class RuleScope : std::uint8_t { bank, group, rank, otherRanks };

/// `to` comes at least `distance` after `from`.
struct Rule {
  CommandKind from, to;
  RuleScope scope;
  Clock distance;
  const char* name;
};
/// The rules of a plain DRAM. RDA and WRA obey those of RD and WR.
std::vector<Rule> rulesOf(const Timing& timing);

class ChannelState {
 public:
  /// A plain DRAM.
  explicit ChannelState(const Timing& timing) : ChannelState(timing, rulesOf(timing)) {}
  /// One with rules of its own. Of `timing` it takes counts of banks, tFAW and lengths of commands.
  ChannelState(const Timing& timing, const std::vector<Rule>& rules);

  /// A command bus that several (pseudo) channels share. Lives as long as the state.
  void shareBuses(std::array<Clock, 2>* buses) { buses_ = buses; }

  bool open(int bank) const { return openRow_[at(bank)] >= 0; }
  std::int64_t openRow(int bank) const { return openRow_[at(bank)]; }
  /// Why the banks' state forbids the command at any time; null when it allows it.
  const char* forbidden(const Command& command) const;
  /// First time at which rules and command bus allow it (the state must allow it).
  Clock earliest(const Command& command) const {
    return std::max(ruled(command), bus()[at(busOf(command.kind))]);
  }
  /// First time for the rules alone.
  Clock ruled(const Command& command) const {
    if (command.kind == CommandKind::PREA || command.kind == CommandKind::REFb)
      return bound(command).time;
    const std::size_t kind = slot(command.kind);
    Clock time = rank_[kind].empty() ? -never : rank_[kind][at(command.rank)].time;
    if (command.bank >= 0) {
      if (!bank_[kind].empty()) time = std::max(time, bank_[kind][at(command.bank)].time);
      if (!group_[kind].empty() && !command.otherGroup)
        time = std::max(time, group_[kind][at(c_.groupOf(command.bank))].time);
    }
    const CommandKind activate = c_.splitActivate ? CommandKind::ACT1 : CommandKind::ACT;
    if (command.kind == activate)
      time = std::max(time, activates_[at(command.rank)][activateAt_[at(command.rank)]] + c_.faw);
    return time;
  }
  /// Records it; throws std::logic_error naming the rule when it is early or in the wrong state.
  void issue(const Command& command, Clock at);
  /// What decides about the future, as times relative to `now` not older than `window`: equal
  /// pictures behave equally.
  void picture(Clock now, Clock window, std::vector<std::int64_t>& out) const;
  /// Moves everything that happened `by` later.
  void shift(Clock by);
  /// Renames the row that is open in a bank.
  void renameRow(int bank, std::int64_t row) { openRow_[at(bank)] = row; }

 private:
  /// When a command is allowed, and why not earlier.
  struct Bound {
    Clock time = -never;
    const char* name = "";
    void raise(Clock to, const char* why) {
      if (to > time) time = to, name = why;
    }
  };
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  /// Automatic precharges share the rules of their access.
  static std::size_t slot(CommandKind k) {
    return at(static_cast<int>(k == CommandKind::RDA   ? CommandKind::RD
                               : k == CommandKind::WRA ? CommandKind::WR
                                                       : k));
  }
  Bound bound(const Command& command) const;
  const std::array<Clock, 2>& bus() const { return buses_ != nullptr ? *buses_ : ownBuses_; }
  int busOf(CommandKind kind) const {
    return c_.separateRowBus && (isRead(kind) || isWrite(kind)) ? 1 : 0;
  }
  Clock length(CommandKind kind) const;
  void push(const Command& command, Clock time);

  Timing c_;
  std::array<std::vector<Rule>, commandKinds> from_;
  /// By kind of the command to come: what each bank, group and rank allows.
  std::array<std::vector<Bound>, commandKinds> bank_, group_, rank_;
  std::vector<std::array<Clock, 4>> activates_;  ///< of each rank, a ring
  std::vector<std::size_t> activateAt_;
  std::vector<std::int64_t> openRow_;
  std::vector<char> half_;  ///< of a split activate only the first command was issued
  std::array<Clock, 2> ownBuses_{0, 0};
  std::array<Clock, 2>* buses_ = nullptr;
};

}  // namespace wattlas::dram
