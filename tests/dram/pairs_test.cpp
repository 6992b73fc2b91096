// The checker pair by pair, for every specification: legal at t, illegal at t - 1. Expected times
// are computed here from the times in the configuration, not from the checker's table.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "models/dram/channel_state.h"
#include "tests/dram/specs.h"

namespace wattlas::dram {
namespace {

using enum CommandKind;

class Pairs : public testing::TestWithParam<std::string> {
 protected:
  Pairs()
      : spec_(specOf(GetParam(), {{"organisation.ranks", ConfigNode::ofScalar("2")}})),
        c_(timingOf(spec_)),
        bank1_(spec_.organisation.banksPerGroup == 1 ? 0 : 1),
        otherGroup_(static_cast<int>(spec_.organisation.banksPerGroup)),
        otherRank_(static_cast<int>(spec_.organisation.banksPerRank())),
        act_(spec_.timing.splitActivate ? ACT1 : ACT) {}

  Clock n(const Sourced<Seconds>& time) const {
    return static_cast<Clock>(std::ceil(time.value.value * spec_.timing.clock.value.value - 0.01));
  }
  Clock n(const Sourced<Count>& count) const { return static_cast<Clock>(count.value.value); }
  Clock burst() const { return spec_.organisation.burstLength / spec_.organisation.beatsPerClock; }
  Clock atLeast(Clock a, Clock b) const { return std::max(a, b); }

  Command bankCommand(CommandKind kind, int bank, std::int64_t row = 7) const {
    return {kind, c_.rankOf(bank), bank, -1, row};
  }
  Command rankCommand(CommandKind kind, int rank = 0) const { return {kind, rank, -1, -1, -1}; }
  Command bankRefresh(int unit) const { return {REFb, 0, -1, unit, -1}; }

  /// A checker with the banks open long ago, and a time at which nothing old matters.
  ChannelState open(std::initializer_list<int> banks) const {
    ChannelState checker(c_);
    Clock at = 0;
    for (const int b : banks) {
      if (act_ != ACT) checker.issue(bankCommand(act_, b), at + 999);
      checker.issue(bankCommand(ACT, b), at += 1000);
    }
    return checker;
  }
  static constexpr Clock start = 100000;

  /// `second` is legal `distance` after `first` and not one clock earlier.
  void expectPair(const ChannelState& before, const Command& first, const Command& second,
                  Clock distance, const char* name) {
    ChannelState early = before;
    early.issue(first, start);
    ChannelState late = early;
    EXPECT_EQ(late.earliest(second), start + distance) << name;
    EXPECT_THROW(early.issue(second, start + distance - 1), std::logic_error) << name;
    EXPECT_NO_THROW(late.issue(second, start + distance)) << name;
  }

  DramSpec spec_;
  Timing c_;
  int bank1_, otherGroup_, otherRank_;
  CommandKind act_;  ///< what waits and is waited for: the first half of a split activate
};

TEST_P(Pairs, ActivateToColumn) {
  ChannelState closed(c_);
  if (act_ != ACT) closed.issue(bankCommand(act_, 0), start - 1);
  expectPair(closed, bankCommand(ACT, 0), bankCommand(RD, 0), n(spec_.timing.tRCD), "tRCD");
  expectPair(closed, bankCommand(ACT, 0), bankCommand(RDA, 0), n(spec_.timing.tRCD), "tRCD");
  expectPair(closed, bankCommand(ACT, 0), bankCommand(WR, 0), n(spec_.timing.tRCDW), "tRCDW");
  expectPair(closed, bankCommand(ACT, 0), bankCommand(WRA, 0), n(spec_.timing.tRCDW), "tRCDW");
}

TEST_P(Pairs, ActivateToPrecharge) {
  ChannelState closed(c_);
  const Clock half = act_ == ACT ? 0 : 1;  // the row is open from the first half on
  if (half > 0) closed.issue(bankCommand(act_, 0), start - half);
  const Clock ras = n(spec_.timing.tRAS) - half;
  expectPair(closed, bankCommand(ACT, 0), bankCommand(PRE, 0), ras, "tRAS");
  expectPair(closed, bankCommand(ACT, 0), rankCommand(PREA), ras, "tRAS");
}

TEST_P(Pairs, ActivateToActivate) {
  const ChannelState closed(c_);
  const Clock s = atLeast(n(spec_.timing.tRRD), spec_.timing.activateClocks);
  expectPair(closed, bankCommand(act_, 0), bankCommand(act_, otherGroup_), s, "tRRD_S");
  if (bank1_ != 0)
    expectPair(closed, bankCommand(act_, 0), bankCommand(act_, bank1_),
               atLeast(n(spec_.timing.tRRDL), s), "tRRD_L");
  expectPair(closed, bankCommand(act_, 0), bankCommand(act_, otherRank_),
             act_ == ACT ? spec_.timing.activateClocks : 1, "command bus");
}

TEST_P(Pairs, FourActivateWindow) {
  const Clock faw = n(spec_.timing.tFAW),
              s = atLeast(n(spec_.timing.tRRD), spec_.timing.activateClocks);
  ChannelState checker(c_);
  // Four groups in turn, as dense as they may be; the fifth waits for the window.
  for (int i = 0; i < 4; ++i) checker.issue(bankCommand(act_, i * otherGroup_), start + i * s);
  const int fifth = spec_.organisation.bankGroups > 4 ? 4 * otherGroup_ : bank1_;
  const Clock distance = atLeast(atLeast(n(spec_.timing.tRRDL), s), 0) > 0 && fifth == bank1_
                             ? std::max({faw, 4 * s, atLeast(n(spec_.timing.tRRDL), s)})
                             : std::max(faw, 4 * s);
  ChannelState early = checker;
  EXPECT_THROW(early.issue(bankCommand(act_, fifth), start + distance - 1), std::logic_error);
  EXPECT_NO_THROW(checker.issue(bankCommand(act_, fifth), start + distance));
}

TEST_P(Pairs, ColumnToColumnOfOneDirection) {
  const ChannelState banks = open({0, otherGroup_, otherRank_});
  const Clock s = std::max({n(spec_.timing.ccdS), burst(), spec_.timing.columnClocks});
  const Clock l = atLeast(n(spec_.timing.tCCDL), s);
  const Clock rank = burst() + n(spec_.timing.rankSwitch);
  expectPair(banks, bankCommand(RD, 0), bankCommand(RD, 0), l, "tCCD_L");
  expectPair(banks, bankCommand(RD, 0), bankCommand(RD, otherGroup_), s, "tCCD_S");
  expectPair(banks, bankCommand(RD, 0), bankCommand(RD, otherRank_), rank, "rank");
  expectPair(banks, bankCommand(WR, 0), bankCommand(WR, 0), atLeast(n(spec_.timing.tCCDLW), l),
             "tCCD_L_WR");
  expectPair(banks, bankCommand(WR, 0), bankCommand(WR, otherGroup_), s, "tCCD_S");
  expectPair(banks, bankCommand(WR, 0), bankCommand(WR, otherRank_), rank, "rank");
}

TEST_P(Pairs, Turnarounds) {
  const ChannelState banks = open({0, otherGroup_, otherRank_});
  const TimingSpec& t = spec_.timing;
  const Clock cl = n(t.cl), cwl = n(t.cwl);
  const Clock toWrite = cl + burst() + n(t.readToWriteGap) - cwl;
  expectPair(banks, bankCommand(RD, 0), bankCommand(WR, 0), toWrite, "read to write");
  expectPair(banks, bankCommand(RD, 0), bankCommand(WR, otherGroup_), toWrite, "read to write");
  expectPair(banks, bankCommand(RD, 0), bankCommand(WR, otherRank_),
             cl + burst() + n(t.rankSwitch) - cwl, "read to write, ranks");
  expectPair(banks, bankCommand(WR, 0), bankCommand(RD, 0),
             cwl + burst() + atLeast(n(t.tWTRL), n(t.tWTR)), "tWTR_L");
  expectPair(banks, bankCommand(WR, 0), bankCommand(RD, otherGroup_), cwl + burst() + n(t.tWTR),
             "tWTR_S");
  expectPair(banks, bankCommand(WR, 0), bankCommand(RD, otherRank_),
             std::max(cwl + burst() + n(t.rankSwitch) - cl, t.columnClocks),
             "write to read, ranks");
}

TEST_P(Pairs, ColumnToPrecharge) {
  const ChannelState banks = open({0});
  const TimingSpec& t = spec_.timing;
  const Clock bus = t.separateRowBus ? 0 : t.columnClocks;
  const Clock written = n(t.cwl) + burst() + n(t.tWR);
  for (const Command& pre : {bankCommand(PRE, 0), rankCommand(PREA)}) {
    expectPair(banks, bankCommand(RD, 0), pre, atLeast(n(t.tRTP), bus), "tRTP");
    expectPair(banks, bankCommand(WR, 0), pre, written, "tWR");
  }
  expectPair(banks, bankCommand(RDA, 0), bankCommand(act_, 0), n(t.tRTP) + n(t.tRP), "tRTP + tRP");
  expectPair(banks, bankCommand(WRA, 0), bankCommand(act_, 0), written + n(t.tRP), "tWR + tRP");
}

/// An automatic precharge also waits for an earlier write of its row.
TEST_P(Pairs, WriteBeforeReadWithPrecharge) {
  ChannelState checker = open({0});
  const TimingSpec& t = spec_.timing;
  const Clock written = start + n(t.cwl) + burst() + n(t.tWR);
  const Clock read = start + n(t.cwl) + burst() + atLeast(n(t.tWTRL), n(t.tWTR));
  checker.issue(bankCommand(WR, 0), start);
  checker.issue(bankCommand(RDA, 0), read);
  const Clock legal = std::max(written, read + n(t.tRTP)) + n(t.tRP);
  ChannelState early = checker;
  EXPECT_THROW(early.issue(bankCommand(act_, 0), legal - 1), std::logic_error);
  EXPECT_NO_THROW(checker.issue(bankCommand(act_, 0), legal));
}

TEST_P(Pairs, PrechargeToActivateAndRefresh) {
  const TimingSpec& t = spec_.timing;
  const Clock all = atLeast(n(t.tRPab), n(t.tRP));
  const ChannelState banks = open({0});
  expectPair(banks, bankCommand(PRE, 0), bankCommand(act_, 0), n(t.tRP), "tRP");
  expectPair(banks, rankCommand(PREA), bankCommand(act_, 0), all, "tRPab");
  expectPair(banks, bankCommand(PRE, 0), rankCommand(REF), n(t.tRP), "tRP");
  expectPair(banks, rankCommand(PREA), rankCommand(REF), all, "tRPab");
  expectPair(banks, bankCommand(RDA, 0), rankCommand(REF), n(t.tRTP) + n(t.tRP), "tRTP + tRP");
  expectPair(banks, bankCommand(WRA, 0), rankCommand(REF), n(t.cwl) + burst() + n(t.tWR) + n(t.tRP),
             "tWR + tRP");
}

TEST_P(Pairs, Refresh) {
  const ChannelState closed(c_);
  const Clock rfc = n(spec_.timing.tRFC);
  expectPair(closed, rankCommand(REF), bankCommand(act_, 0), rfc, "tRFC");
  expectPair(closed, rankCommand(REF), rankCommand(REF), rfc, "tRFC");
  expectPair(closed, rankCommand(REF), bankCommand(act_, otherRank_), 1, "other ranks go on");
}

TEST_P(Pairs, BankWiseRefresh) {
  const TimingSpec& t = spec_.timing;
  if (spec_.refresh.banksPerCommand == 0) {
    EXPECT_NE(ChannelState(c_).forbidden(bankRefresh(0)), nullptr);
    return;
  }
  const ChannelState closed(c_);
  const int other = otherGroup_ + 1;  // neither bank 0 nor in its unit
  ASSERT_NE(c_.unitOf(other), c_.unitOf(0));
  const Clock away = atLeast(n(t.tRREFD), 1);
  expectPair(closed, bankRefresh(c_.unitOf(0)), bankCommand(act_, 0), n(t.tRFCpb), "tRFCpb");
  expectPair(closed, bankRefresh(c_.unitOf(0)), bankCommand(act_, other), away, "tRREFD");
  expectPair(closed, bankRefresh(0), bankRefresh(1), atLeast(n(t.tPBR2PBR), away), "tPBR2PBR");
  expectPair(closed, bankRefresh(0), bankRefresh(0), atLeast(n(t.tRFCpb), n(t.tPBR2PBR)), "tRFCpb");
  expectPair(closed, bankRefresh(0), rankCommand(REF), n(t.tRFCpb), "tRFCpb");
  expectPair(closed, rankCommand(REF), bankRefresh(0), n(t.tRFC), "tRFC");
  const Clock l =
      std::max({n(spec_.timing.tRRDL), n(spec_.timing.tRRD), spec_.timing.activateClocks});
  expectPair(closed, bankCommand(act_, other), bankRefresh(c_.unitOf(0)), l, "tRRD_L");
  expectPair(open({0}), bankCommand(PRE, 0), bankRefresh(c_.unitOf(0)), n(spec_.timing.tRP), "tRP");
}

TEST_P(Pairs, StatesForbidCommands) {
  const ChannelState closed(c_), banks = open({0});
  for (const CommandKind kind : {RD, WR, RDA, WRA, PRE})
    EXPECT_NE(closed.forbidden(bankCommand(kind, 0)), nullptr) << nameOf(kind);
  EXPECT_NE(closed.forbidden(rankCommand(PREA)), nullptr);
  EXPECT_EQ(closed.forbidden(rankCommand(REF)), nullptr);
  EXPECT_NE(banks.forbidden(bankCommand(act_, 0)), nullptr);
  EXPECT_NE(banks.forbidden(rankCommand(REF)), nullptr);
  EXPECT_EQ(banks.forbidden(rankCommand(REF, 1)), nullptr);
  EXPECT_NE(banks.forbidden(bankCommand(RD, 0, 8)), nullptr) << "another row";
  EXPECT_EQ(banks.forbidden(bankCommand(RD, 0)), nullptr);
  EXPECT_NE(banks.forbidden(bankCommand(MAC, 0)), nullptr);
  ChannelState broken = closed;
  EXPECT_THROW(broken.issue(bankCommand(RD, 0), start), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(Specs, Pairs, testing::ValuesIn(allSpecs()),
                         [](const auto& i) { return testName(i.param); });

}  // namespace
}  // namespace wattlas::dram
