// Every pair of commands: legal at t, illegal one picosecond earlier.
#include "models/dram/checker.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace wattlas::pim {
namespace {

BankTiming timing() {
  BankTiming t;
  t.tRCD = Seconds(13e-9);
  t.tRP = Seconds(14e-9);
  t.tRAS = Seconds(33e-9);
  t.tRTP = Seconds(7e-9);
  t.tRFC = Seconds(260e-9);
  t.tREFI = Seconds(7800e-9);
  t.rowBits = Bits(8192);
  return t;
}
BankChecker bank() {
  return BankChecker(timing(), Ticks(5000), Ticks(7000));
}

void expectFirstAt(BankChecker checker, BankCommand command, std::int64_t at) {
  BankChecker early = checker;
  EXPECT_THROW(early.issue(command, Ticks(at - 1)), std::logic_error) << nameOf(command);
  EXPECT_NO_THROW(checker.issue(command, Ticks(at))) << nameOf(command);
}

TEST(BankChecker, ColumnWaitsForTheRow) {
  BankChecker c = bank();
  c.issue(BankCommand::activate, Ticks(1000));
  expectFirstAt(c, BankCommand::column, 14000);
}

TEST(BankChecker, ColumnsKeepTheirDistance) {
  BankChecker c = bank();
  c.issue(BankCommand::activate, Ticks(0));
  c.issue(BankCommand::column, Ticks(13000));
  expectFirstAt(c, BankCommand::column, 18000);
}

TEST(BankChecker, RowStaysOpenLongEnough) {
  BankChecker c = bank();
  c.issue(BankCommand::activate, Ticks(0));
  expectFirstAt(c, BankCommand::precharge, 33000);
}

TEST(BankChecker, PrechargeWaitsForTheLastColumn) {
  BankChecker c = bank();
  c.issue(BankCommand::activate, Ticks(0));
  c.issue(BankCommand::column, Ticks(40000));
  expectFirstAt(c, BankCommand::precharge, 52000);
}

TEST(BankChecker, ActivateAndRefreshWaitForThePrecharge) {
  BankChecker c = bank();
  c.issue(BankCommand::activate, Ticks(0));
  c.issue(BankCommand::precharge, Ticks(33000));
  expectFirstAt(c, BankCommand::activate, 47000);
  expectFirstAt(c, BankCommand::refresh, 47000);
}

TEST(BankChecker, RefreshKeepsTheBankClosed) {
  BankChecker c = bank();
  c.issue(BankCommand::refresh, Ticks(0));
  expectFirstAt(c, BankCommand::activate, 260000);
}

TEST(BankChecker, CommandsNeedTheRightState) {
  BankChecker c = bank();
  EXPECT_THROW(c.issue(BankCommand::column, Ticks(1000000)), std::logic_error);
  EXPECT_THROW(c.issue(BankCommand::precharge, Ticks(1000000)), std::logic_error);
  c.issue(BankCommand::activate, Ticks(1000000));
  EXPECT_THROW(c.issue(BankCommand::activate, Ticks(2000000)), std::logic_error);
  EXPECT_THROW(c.issue(BankCommand::refresh, Ticks(2000000)), std::logic_error);
}

}  // namespace
}  // namespace wattlas::pim
