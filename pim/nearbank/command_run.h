// Detailed model of one channel: every activate, column access, precharge, mode switch and refresh
// on its own, one command bus slot each, chosen by what is legal first. Folds nothing. Plain C++.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pim/nearbank/channel.h"

namespace wattlas::pim::nearbank {

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

class CommandRun {
 public:
  /// `alone` as for Channel.
  CommandRun(const NearBankParams& params, bool alone);
  ChannelResult run(const Sequence& sequence);
  /// The commands in the order in which they were chosen. Stops when there are `most`.
  std::vector<IssuedCommand> trace(const Sequence& sequence, std::size_t most = SIZE_MAX);

 private:
  struct Bank {
    bool open = false;
    std::int64_t row = -1, activated, preReady, idle;
  };
  struct Pending {
    std::int32_t bank = 0;
    std::int64_t row = -1, count = 1;
  };

  void runGroup(const Group& g, std::int64_t row);
  void column(const Group& g, Pending& p, std::int64_t at);
  std::int64_t columnTime(const Group& g, const Pending& p) const;
  std::int64_t activateTime(const Group& g, const Pending& p) const;
  void activate(std::int32_t bank, std::int64_t row, std::int64_t at);
  void precharge(std::int32_t bank, std::int64_t at);
  bool refreshBefore(std::int64_t at);
  void issue(std::int64_t at, CommandKind kind, Verb verb, std::int32_t bank, std::int64_t row,
             bool toBank = false);
  bool needed(const std::vector<Pending>& pending, std::size_t bank) const;

  const NearBankParams& p_;
  ChannelClock t_;
  bool early_, refresh_, postpone_;
  std::int64_t slot_ = 0;  ///< next free slot of the command bus
  std::int64_t lastRead_ = 0, lastWrite_ = 0, lastColumn_ = 0, lastRegisterRead_ = 0,
               lastRegisterWrite_ = 0, lookFrom_ = 0, blocked_ = 0;
  std::array<std::int64_t, 4> activates_{};
  bool registers_ = false, touching_ = false;
  std::vector<Bank> banks_;
  std::int64_t nextRefresh_ = 0, owed_ = 0, last_ = 0;
  std::vector<IssuedCommand> issued_;
  std::size_t keep_ = 0;  ///< commands to record
  ChannelResult result_;
};

}  // namespace wattlas::pim::nearbank
