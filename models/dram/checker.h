// Checks the commands of one bank: each is legal from a certain time on. Tested pair by pair.
#pragma once

#include <array>
#include <string>

#include "models/dram/bank_timing.h"

namespace wattlas::pim {

enum class BankCommand { activate, column, precharge, refresh };
const char* nameOf(BankCommand command);

/// State of one bank. `columnTime` is the distance of two column commands.
class BankChecker {
 public:
  /// `recover`: end of a column access to precharge (tRTP; 0 for MACs at the row amplifiers).
  BankChecker(const BankTiming& timing, Ticks columnTime, Ticks recover);

  bool open() const { return open_; }
  /// Whether the bank's state allows the command at any time.
  bool allowed(BankCommand command) const;
  /// First time at which the command is legal (its state must allow it).
  Ticks earliest(BankCommand command) const;
  /// Records the command; throws std::logic_error when it comes too early or in the wrong state.
  void issue(BankCommand command, Ticks at);
  std::int64_t count(BankCommand command) const {
    return counts_[static_cast<std::size_t>(command)];
  }

 private:
  Ticks rcd_, rp_, ras_, recover_, rfc_, column_;
  bool open_ = false;
  Ticks activated_, lastColumn_, closed_;
  bool anyColumn_ = false, anyClose_ = false;
  std::array<std::int64_t, 4> counts_{};
};

}  // namespace wattlas::pim
