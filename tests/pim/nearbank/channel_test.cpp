// One channel: closed form, groups of commands and single commands against each other, legality of
// every pair of commands, folding, refresh.
#include "pim/nearbank/channel.h"

#include <algorithm>
#include <map>

#include "pim/nearbank/device.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using namespace pim::nearbank;  // NOLINT: a test file

struct Shape {
  std::int64_t outputs, inputs, vectors = 1;
};
const Shape shapes[] = {{64, 128},      {1000, 1000},   {1024, 1024},   {4096, 4096},
                        {4097, 512},    {11008, 4096},  {512, 300, 7},  {8192, 1100, 3},
                        {1, 1},         {3, 14336},     {32000, 17, 8}, {5000, 64, 33},
                        {14336, 16, 3}, {2049, 8, 3},   {33, 5000, 8},  {4095, 129, 16},
                        {257, 8193, 2}, {513, 1023, 5}, {129, 2047, 16}};
const char* const designs[] = {"hbm-pim",   "gddr6-aim",     "attacc-bank",
                               "attacc-bg", "attacc-buffer", "neupims"};

NearBankParams paramsOf(const std::string& id, const Sets& sets = {}) {
  const auto device = deviceOf(id, sets);
  return dynamic_cast<const NearBankDevice&>(*device).params();
}

Sequence product(const Shape& shape, const NearBankParams& p) {
  Sequence s;
  MatrixWork work;
  work.outputs = (shape.outputs + p.channels - 1) / p.channels;
  work.inputs = shape.inputs;
  work.vectors = shape.vectors;
  if (p.registerFile()) enterMode(s, p);
  appendProduct(s, work, p);
  if (p.registerFile()) leaveMode(s, p);
  return s;
}

TEST(NearBankChannel, FoldedEqualsUnfolded) {
  for (const char* id : designs) {
    const NearBankParams p = paramsOf(id);
    for (const Shape& shape : shapes) {
      const Sequence s = product(shape, p);
      const ChannelResult a = Channel(p, Channel::Level::groups, true, true).run(s),
                          b = Channel(p, Channel::Level::groups, false, true).run(s);
      EXPECT_EQ(a.time.ps, b.time.ps) << id << " " << shape.outputs << "x" << shape.inputs;
      EXPECT_EQ(a.refreshes, b.refreshes) << id;
      EXPECT_LE(a.steps, b.steps) << id;
    }
  }
}

TEST(NearBankChannel, GroupsAgreeWithSingleCommands) {
  for (const char* id : designs) {
    const NearBankParams p = paramsOf(id);
    for (const Shape& shape : shapes) {
      const Sequence s = product(shape, p);
      EXPECT_EQ(Channel(p, Channel::Level::groups, true, true).run(s).time.ps,
                Channel(p, Channel::Level::commands, false, true).run(s).time.ps)
          << id << " " << shape.outputs << "x" << shape.inputs << "x" << shape.vectors;
    }
  }
}

TEST(NearBankChannel, PhaseTableAgreesWithSingleCommands) {
  for (const char* id : designs) {
    const NearBankParams p = paramsOf(id);
    for (const Shape& shape : shapes) {
      const Sequence s = product(shape, p);
      const double closed = toSeconds(phaseTable(s, p, true).time()).value;
      const double detail =
          toSeconds(Channel(p, Channel::Level::commands, false, true).run(s).time).value;
      EXPECT_NEAR(closed, detail, std::max(0.03 * detail, 20e-9))
          << id << " " << shape.outputs << "x" << shape.inputs << "x" << shape.vectors;
    }
  }
}

TEST(NearBankChannel, ElementWiseKernelsAgreeAtAllLevels) {
  const NearBankParams p = paramsOf("hbm-pim");
  for (const std::int64_t columns : {1, 8, 13, 64, 100, 128, 512, 1000})
    for (const int operands : {1, 2}) {
      Sequence s;
      enterMode(s, p);
      appendElementWise(s, columns, operands, p);
      leaveMode(s, p);
      const double detail =
          toSeconds(Channel(p, Channel::Level::commands, false, true).run(s).time).value;
      EXPECT_NEAR(toSeconds(Channel(p, Channel::Level::groups, true, true).run(s).time).value,
                  detail, std::max(0.015 * detail, 15e-9))
          << columns << " " << operands;
      EXPECT_NEAR(toSeconds(phaseTable(s, p, true).time()).value, detail,
                  std::max(0.02 * detail, 20e-9))
          << columns << " " << operands;
    }
}

TEST(NearBankChannel, MoreWorkIsNeverFaster) {
  for (const char* id : designs) {
    // Where a refresh falls decides some nanoseconds; without it every step counts.
    const NearBankParams p = paramsOf(id, {{"refresh.policy", "none"}});
    const auto time = [&](const Shape& shape) {
      return Channel(p, Channel::Level::groups, true, true).run(product(shape, p)).time;
    };
    for (const std::int64_t n : {1, 15, 511, 1000, 4095, 9000})
      for (const std::int64_t k : {1, 127, 1000, 4100}) {
        const Ticks base = time({n, k, 2});
        EXPECT_GE(time({n + 1, k, 2}), base) << id << " " << n << "x" << k;
        EXPECT_GE(time({n, k + 1, 2}), base) << id << " " << n << "x" << k;
        EXPECT_GE(time({n, k, 3}), base) << id << " " << n << "x" << k;
      }
  }
}

TEST(NearBankChannel, EveryCommandKeepsItsDistances) {
  for (const char* id : {"hbm-pim", "gddr6-aim", "neupims"}) {
    const NearBankParams p = paramsOf(id);
    const ChannelClock t(p.timing);
    dram::CommandLog log;
    Channel(p, Channel::Level::commands, false, true).run(product({4097, 1000, 2}, p), &log);
    const std::vector<dram::CommandRecord>& trace = log.sorted();
    ASSERT_GT(trace.size(), 100u);
    struct Bank {
      std::int64_t activated = -1, closed = -1, read = -1, written = -1;
      bool open = false;
    };
    std::map<std::int32_t, Bank> banks;
    std::int64_t last = -1, refreshed = -1, column = -1, mode = -1;
    for (const dram::CommandRecord& c : trace) {
      using Kind = dram::CommandKind;
      const std::int64_t at = c.time.ps;
      const std::string where = std::string(id) + " at " + std::to_string(at);
      // Rows that open ahead of their group find a slot of their own only in the group model.
      if (last >= 0 && c.kind != Kind::ACT) {
        EXPECT_GE(at, last + t.ck) << where;
      }  // one command bus
      last = at;
      if (refreshed >= 0) {
        EXPECT_GE(at, refreshed + t.rfc) << where;
      }
      if (mode >= 0) {
        EXPECT_GE(at, mode + t.mod) << where;
      }
      Bank& b = banks[c.bank];
      switch (c.kind) {
        case Kind::ACT:
          if (b.closed >= 0) {
            EXPECT_GE(at, b.closed + t.rp) << where;
          }
          b.activated = at;
          b.open = true;
          break;
        case Kind::PRE:
          EXPECT_TRUE(b.open) << where;
          EXPECT_GE(at, b.activated + t.ras) << where;
          if (b.read > b.activated) {
            EXPECT_GE(at, b.read + t.rtp) << where;
          }
          if (b.written > b.activated) {
            EXPECT_GE(at, b.written + t.wtp) << where;
          }
          b.open = false;
          b.closed = at;
          break;
        case Kind::RD:
        case Kind::WR:
        case Kind::MAC: {
          if (c.row < 0) break;  // registers
          EXPECT_TRUE(b.open) << where;
          const bool writes = c.kind == Kind::WR, mac = c.kind == Kind::MAC;
          EXPECT_GE(at, b.activated + (writes ? t.rcdWrite : mac ? t.rcdMac : t.rcd)) << where;
          if (column >= 0) {
            EXPECT_GE(at, column + std::min(t.ccds, t.mac)) << where;
          }
          column = at;
          (writes ? b.written : b.read) = at;
          break;
        }
        case Kind::REF:
          for (const auto& [bank, state] : banks) {
            EXPECT_FALSE(state.open) << where << " " << bank;
            if (state.closed >= 0) {
              EXPECT_GE(at, state.closed + t.rp) << where << " " << bank;
            }
          }
          refreshed = at;
          break;
        case Kind::MODE:
          mode = at;
          break;
        default:
          break;
      }
    }
  }
}

std::map<dram::CommandKind, std::int64_t> countsOf(const dram::CommandLog& log) {
  std::map<dram::CommandKind, std::int64_t> count;
  for (const dram::CommandRecord& c : log.records()) ++count[c.kind];
  return count;
}

TEST(NearBankChannel, OneProductIsTheSequenceCountedByHand) {
  using Kind = dram::CommandKind;
  using Counts = std::map<Kind, std::int64_t>;
  const Sets noRefresh = {{"refresh.policy", "none"}};
  // GDDR6-AiM, 128 rows a channel: 4 loads of 64 columns, 32 passes of 64 columns over 16 banks.
  // A pass: bias, mode, one activate for all banks, columns, mode, result.
  const NearBankParams aim = paramsOf("gddr6-aim", noRefresh);
  dram::CommandLog log;
  const Ticks time = Channel(aim, Channel::Level::commands, false, true)
                         .run(product({4096, 4096}, aim), &log)
                         .time;
  EXPECT_EQ(countsOf(log), (Counts{{Kind::WR, 4 * 64 + 32},
                                   {Kind::MODE, 1 + 2 * 32},
                                   {Kind::ACT, 32},
                                   {Kind::MAC, 32 * 64},
                                   {Kind::PRE, 31},
                                   {Kind::RD, 32}}));
  EXPECT_EQ(time.ps, 9662 * 500);
  // HBM-PIM, 64 rows a channel, one tile: 32 blocks of 128 inputs in two rows of 32 columns each,
  // from even and odd banks by turns.
  const NearBankParams hbm = paramsOf("hbm-pim", noRefresh);
  const Sequence s = product({4096, 4096}, hbm);
  dram::CommandLog all;
  Channel(hbm, Channel::Level::commands, false, true).run(s, &all);
  Counts counts = countsOf(all);
  EXPECT_EQ(counts[Kind::MAC], 32 * 64);
  EXPECT_EQ(counts[Kind::RD], 2 * 16);                      // parked before and behind
  EXPECT_EQ(counts[Kind::WR], 4 + 2 + 1 + 2 + 32 * 8 + 8);  // modes, program, inputs, sums
  const PhaseTable table = phaseTable(s, hbm, true);
  for (std::size_t i = 0; i < s.phases.size(); ++i)
    if (s.phases[i] == "multiply-accumulate") {
      // A row is 31 columns of 4 ns behind its first, which comes 19 ns after the registers of even
      // banks, 54 ns after those of odd ones, and 31 ns after the row before. The first bank still
      // holds the row that started the program, 32 ns before the last register: 54 ns, so 22.
      EXPECT_EQ(table.phases[i].total(),
                1000 * (16 * (19 + 31) + 3 + 16 * (54 + 31) + 64 * 31 * 4));
    }
}

TEST(NearBankChannel, OutputsFormAStaircase) {
  // 64 channels x 8 units x 8 accumulators: 4,096 outputs take one tile, one more takes another.
  const NearBankParams p = paramsOf("hbm-pim", {{"refresh.policy", "none"}});
  const auto time = [&](std::int64_t n) {
    return Channel(p, Channel::Level::commands, false, true).run(product({n, 2048}, p)).time;
  };
  EXPECT_EQ(time(64), time(4096));
  EXPECT_GT(time(4097).ps, time(4096).ps * 18 / 10);
  EXPECT_EQ(time(4097), time(8192));
}

TEST(NearBankChannel, RefreshTakesItsShareOfALongProgram) {
  const Shape longOne{65536, 4096, 1};
  for (const char* id : {"hbm-pim", "neupims"}) {
    const NearBankParams with = paramsOf(id), without = paramsOf(id, {{"refresh.policy", "none"}});
    const Sequence s = product(longOne, with);
    const ChannelResult a = Channel(with, Channel::Level::groups, true, true).run(s),
                        b = Channel(without, Channel::Level::groups, true, true).run(s);
    const double lost = 1 - toSeconds(b.time).value / toSeconds(a.time).value;
    const double share = with.timing.tRFC.value / with.timing.tREFI.value;
    EXPECT_GE(lost, 0.98 * share) << id;
    EXPECT_LE(lost, 1.12 * share) << id;  // rows that it closed open again
  }
}

TEST(NearBankChannel, PostponedRefreshesAreOwedOrPaid) {
  const NearBankParams p = paramsOf("gddr6-aim");
  const ChannelResult brief =
      Channel(p, Channel::Level::groups, true, true).run(product({4096, 4096}, p));
  EXPECT_EQ(brief.refreshes, 0);
  EXPECT_GT(brief.refreshDebt.ps, 0);
  const ChannelResult inNetwork =
      Channel(p, Channel::Level::groups, true, false).run(product({4096, 4096}, p));
  EXPECT_GT(inNetwork.refreshes, 0);
  EXPECT_GT(inNetwork.time, brief.time);
  EXPECT_GT(Channel(p, Channel::Level::groups, true, true).run(product({65536, 4096}, p)).refreshes,
            0);
}

}  // namespace
}  // namespace wattlas::pim_test
