// Event model of one channel: one step for each group of commands (row activation and its column
// accesses), with the state of banks, buses, registers and refresh carried on. Plain C++.
#pragma once

#include <array>
#include <vector>

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

/// Runs a sequence group by group. With `fold`, iterations whose complete relative state recurs
/// are taken at once, as many as fit before the next refresh: the result is the same.
class Channel {
 public:
  /// `alone`: nothing follows at once, so that refreshes may be postponed behind the program.
  Channel(const NearBankParams& params, bool fold, bool alone);
  ChannelResult run(const Sequence& sequence);

 private:
  struct Bank {
    bool open = false;
    std::int64_t row = -1;
    std::int64_t activated, preReady;  ///< earliest precharge
    std::int64_t released;             ///< since when no group needs the row; `never` if needed
    std::int64_t idle;                 ///< closed and ready for an activate
  };
  using State = std::vector<std::int64_t>;

  void reset();
  void group(const Group& g, std::int64_t row);
  /// Earliest activate of another row of a bank.
  std::int64_t readyTime(const Bank& bank, std::int64_t from) const;
  std::int64_t open(Bank& bank, std::int64_t row, std::int64_t from, std::int64_t rcd);
  std::int64_t activate(Bank& bank, std::int64_t row, std::int64_t from);
  void close(Bank& bank, std::int64_t from);
  void release(std::int32_t bank, std::int64_t row, std::int64_t start);
  std::int64_t enterRegisters(bool registers, std::int64_t from);
  /// When the row of a group opens; a refresh that is due by then goes first.
  std::int64_t opensAt(const Group& g, std::int64_t row, std::int64_t start) const;
  /// Refreshes that are due `until` a time; moves `start` behind them.
  void refreshDue(std::int64_t& start, std::int64_t until);
  std::int64_t beforeRefresh(std::int64_t first, std::int64_t count, std::int64_t spacing) const;
  State relative(std::int64_t base) const;
  template <class Body>
  void repeated(std::int64_t times, const Body& body, std::int64_t rowStep);
  std::int64_t undisturbed(std::int64_t times, std::int64_t period);
  void skip(std::int64_t times, std::int64_t period, const std::vector<std::int64_t>& phases);
  std::int64_t bankOf(const Group& g, std::int64_t row) const;

  const NearBankParams& p_;
  ChannelClock t_;
  bool fold_, early_, refresh_, postpone_;
  std::int64_t now_ = 0;  ///< slot of the last command
  std::int64_t lastRead_ = 0, lastWrite_ = 0, lastColumn_ = 0, lastRegisterRead_ = 0,
               lastRegisterWrite_ = 0, lookFrom_ = 0;
  std::array<std::int64_t, 4> activates_{};
  bool registers_ = false, touching_ = false;
  std::vector<Bank> banks_;
  std::int64_t nextRefresh_ = 0, owed_ = 0, dead_ = 0;
  std::vector<std::int64_t> phases_;
  ChannelResult result_;
};

}  // namespace wattlas::pim::nearbank
