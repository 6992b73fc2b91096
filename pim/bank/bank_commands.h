// The same work command by command: every ACT, column MAC, PRE and REF goes through the checker,
// refreshes stand where they fall due, nothing is folded. Proves bank_run.h.
#pragma once

#include "pim/bank/bank_run.h"

namespace wattlas::pim {

struct CommandRun {
  Ticks time;
  std::int64_t commands = 0, activates = 0, columns = 0, precharges = 0, refreshes = 0;
};

/// Throws std::logic_error when a command breaks a timing rule (a bug of the generator). Needs
/// `overlap: none`: a second subarray would be a second checker.
CommandRun runCommands(const BankWork& work, const SaMacParams& mac, const BankTiming& timing,
                       const IssueRate& issue, int activationBits, std::int64_t banksPerChip);

}  // namespace wattlas::pim
