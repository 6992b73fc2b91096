// Which command is legal when, on one channel: every rule between two commands as a row of a table.
// The `detailed` engine asks it before each command and tests hold it pair by pair.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "models/dram/clocks.h"
#include "models/dram/command.h"

namespace wattlas::dram {

/// A command on a channel. `bank` counts over all ranks; `unit` is the bank-wise refresh.
struct Command {
  CommandKind kind = CommandKind::ACT;
  int rank = 0;
  int bank = -1;
  int unit = -1;
  std::int64_t row = -1;
};

class ChannelChecker {
 public:
  explicit ChannelChecker(const Clocks& clocks);

  bool open(int bank) const { return openRow_[at(bank)] >= 0; }
  std::int64_t openRow(int bank) const { return openRow_[at(bank)]; }
  /// Why the banks' state forbids the command at any time; null when it allows it.
  const char* forbidden(const Command& command) const;
  /// First clock at which rules and command bus allow it (the state must allow it).
  Clock earliest(const Command& command) const;
  /// Records it; throws std::logic_error naming the rule when it is early or in the wrong state.
  void issue(const Command& command, Clock at);
  std::int64_t rules() const;

 private:
  enum class Scope : std::uint8_t { bank, openBanks, group, rank, otherRanks };
  struct Rule {
    CommandKind from;
    Scope scope;
    Clock clocks;
    const char* name;
  };
  static constexpr Clock never = -(1LL << 60);
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  static std::size_t at(CommandKind k) { return static_cast<std::size_t>(k); }

  void add(CommandKind from, CommandKind to, Scope scope, Clock clocks, const char* name);
  void columnRules();
  void rowRules();
  void refreshRules();
  Clock last(const Rule& rule, const Command& command) const;
  Clock bound(const Command& command, const Rule** binding) const;
  void note(CommandKind kind, int rank, int bank, Clock time);
  int bus(CommandKind kind) const;
  Clock length(CommandKind kind) const;

  Clocks c_;
  std::array<std::vector<Rule>, commandKinds> rulesTo_;
  /// Time of the last command by kind, for each bank, group and rank.
  std::array<std::vector<Clock>, commandKinds> bankLast_, groupLast_, rankLast_;
  std::vector<std::array<Clock, 4>> activates_;  ///< of each rank, a ring
  std::vector<std::size_t> activateAt_;
  std::vector<std::int64_t> openRow_;
  std::array<Clock, 2> busFree_{0, 0};
};

}  // namespace wattlas::dram
