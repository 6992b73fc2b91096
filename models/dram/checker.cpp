#include "models/dram/checker.h"

#include <algorithm>
#include <stdexcept>

namespace wattlas::pim {

const char* nameOf(BankCommand command) {
  static constexpr const char* names[] = {"ACT", "MAC", "PRE", "REF"};
  return names[static_cast<std::size_t>(command)];
}

BankChecker::BankChecker(const BankTiming& t, Ticks columnTime, Ticks recover)
    : rcd_(nearestTicks(t.tRCD)),
      rp_(nearestTicks(t.tRP)),
      ras_(nearestTicks(t.tRAS)),
      recover_(recover),
      rfc_(nearestTicks(t.tRFC)),
      column_(columnTime) {}

bool BankChecker::allowed(BankCommand command) const {
  return command == BankCommand::column || command == BankCommand::precharge ? open_ : !open_;
}

Ticks BankChecker::earliest(BankCommand command) const {
  switch (command) {
    case BankCommand::activate:
    case BankCommand::refresh:
      return anyClose_ ? closed_ : Ticks(0);
    case BankCommand::column:
      return anyColumn_ ? std::max(activated_ + rcd_, lastColumn_ + column_) : activated_ + rcd_;
    case BankCommand::precharge:
      break;
  }
  const Ticks row = activated_ + ras_;
  return anyColumn_ ? std::max(row, lastColumn_ + column_ + recover_) : row;
}

void BankChecker::issue(BankCommand command, Ticks at) {
  if (!allowed(command))
    throw std::logic_error(std::string(nameOf(command)) + " while the bank is " +
                           (open_ ? "open" : "closed"));
  if (at < earliest(command))
    throw std::logic_error(std::string(nameOf(command)) + " at " + std::to_string(at.ps) +
                           " ps, legal from " + std::to_string(earliest(command).ps) + " ps");
  ++counts_[static_cast<std::size_t>(command)];
  switch (command) {
    case BankCommand::activate:
      open_ = true;
      anyColumn_ = false;
      activated_ = at;
      break;
    case BankCommand::column:
      anyColumn_ = true;
      lastColumn_ = at;
      break;
    case BankCommand::precharge:
      open_ = false;
      anyClose_ = true;
      closed_ = at + rp_;
      break;
    case BankCommand::refresh:
      anyClose_ = true;
      closed_ = at + rfc_;
      break;
  }
}

}  // namespace wattlas::pim
