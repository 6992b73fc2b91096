// The DRAM behind a streaming product: PIM-AI and designs in the banks read as `wattlas dram run`
// does on the same requests, and every distance that binds moves the result.
#include "models/dram/memory.h"

#include "models/dram/command_log.h"
#include "pim/bank/bank_run.h"
#include "pim/dpu/exec/timing.h"
#include "pim/nearbank/channel.h"
#include "pim/nearbank/device.h"
#include "tests/dram/specs.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using dram::specOf;

double seconds(const std::string& id, const Sets& sets, const Operator& op) {
  const auto device = deviceOf(id, sets);
  return toSeconds(device->simulate(*lower(*device, op), Fidelity::event).alone()).value;
}

ConfigNode scalar(const std::string& text) {
  return ConfigNode::ofScalar(text);
}

/// One change of the memory as a PIM-AI device and as a DRAM specification say it.
struct Change {
  const char* what;
  Sets device;
  std::vector<std::pair<std::string, ConfigNode>> spec;
  bool binds;
  double equal = 0.015;  ///< rounding to clocks moves how refreshes meet the rows that are read
};

/// Seconds that the engine takes for `bits` of a channel in order of addresses.
double engineSeconds(const Change& change, double bits) {
  // A channel of a PIM-AI chip, whose command bus is taken to be wide enough.
  std::vector<std::pair<std::string, ConfigNode>> sets = {

      {"timing.splitActivate", scalar("false")}, {"timing.activateClocks", scalar("1")},
      {"timing.tRCD", scalar("18.75 ns")},       {"timing.tRP", scalar("18.75 ns")},
      {"timing.tRPab", scalar("18.75 ns")},      {"timing.tRAS", scalar("42.5 ns")},
      {"timing.tCCD_L", scalar("2.5 ns")},       {"timing.tRTP", scalar("7.5 ns")},
      {"refresh.tRFC", scalar("280 ns")},        {"refresh.tREFI", scalar("3906.25 ns")},
      {"refresh.tRREFD", scalar("1.25 ns")},     {"refresh.tPBR2PBR", scalar("1.25 ns")}};
  for (const auto& over : change.spec) sets.push_back(over);
  const dram::DramSpec spec = specOf("lpddr5-6400", sets);
  dram::ControllerParams controller;
  controller.refresh = "bank";
  dram::DramMemory memory(spec, controller, dram::Level::event);
  std::vector<dram::Access> list(static_cast<std::size_t>(bits / 256));
  for (std::size_t i = 0; i < list.size(); ++i) list[i].address = 32 * i;
  return toSeconds(memory.run(list).time).value;
}

TEST(StreamingMemory, PimAiReadsAsTheDramEngineDoes) {
  const Operator op = gemm(1, 1024, 4096, "int8");
  const double channel = 1024.0 * 4096 * 8 / 8;  // bits of one of eight channels
  const Change base = {"as it is", {}, {}, true};
  const double before = seconds("pim-ai-1chip", {}, op);
  const Change changes[] = {
      base,
      {"tRP",
       {{"memory.bank.tRP", "150 ns"}},
       {{"timing.tRP", scalar("150 ns")}, {"timing.tRPab", scalar("150 ns")}},
       true},
      {"tRAS and 4 banks",
       {{"memory.bank.tRAS", "900 ns"}, {"memory.banks", "4"}},
       {{"timing.tRAS", scalar("900 ns")}, {"organisation.banksPerGroup", scalar("1")}},
       true},
      {"tRFCpb", {{"memory.tRFCpb", "280 ns"}}, {{"refresh.tRFCpb", scalar("280 ns")}}, true},
      {"tREFI",
       {{"memory.bank.tREFI", "1950 ns"}},
       {{"refresh.tREFI", scalar("1950 ns")}},
       true,
       0.03},
      {"tFAW", {{"memory.bank.tFAW", "1000 ns"}}, {{"timing.tFAW", scalar("1000 ns")}}, true, 0.05},
      {"8 banks", {{"memory.banks", "8"}}, {{"organisation.banksPerGroup", scalar("2")}}, false}};
  for (const Change& change : changes) {
    const double device = seconds("pim-ai-1chip", change.device, op);
    EXPECT_NEAR(device / engineSeconds(change, channel), 1, change.equal) << change.what;
    if (change.binds && !change.device.empty()) {
      EXPECT_GT(device, 1.01 * before) << change.what;
    }
  }
}

TEST(StreamingMemory, EveryDistanceThatBindsMovesDesignsInTheBanks) {
  // Doubled, or halved for tREFI and the banks. What does not bind says why.
  const struct {
    const char *device, *path, *value;
    bool moves;
  } cases[] = {
      {"hbm-pim", "timing.tRP", "28 ns", true},
      {"hbm-pim", "timing.tRAS", "66 ns", true},  // rows of registers: eight writes, 4 ns apart
      {"hbm-pim", "timing.tRFC", "700 ns", true},
      {"hbm-pim", "timing.tFAW", "32 ns", true},  // parking of 16 banks
      {"hbm-pim", "timing.tREFI", "1950 ns", true},
      {"hbm-pim", "bank.banks", "8", true},
      {"upmem-samac-col256", "bank.tRP", "26.656 ns", true},
      {"upmem-samac-col256", "bank.tRAS", "64.974 ns", false},  // 32 columns take 160 ns
      {"upmem-samac-col256", "bank.tRAS", "400 ns", true},
      {"upmem-samac-col256", "bank.tRFC", "520 ns", false},  // its DPU writes activations meanwhile
      {"upmem-samac-col64", "bank.tRFC", "520 ns", true},
      {"upmem-samac-col256", "saMac.tFAW", "43.3 ns", false},  // eight rows in 87 ns, one takes 200
      {"upmem-samac-col256", "saMac.tFAW", "200 ns", true},
      {"upmem-samac-col64", "bank.tREFI", "3900 ns", true},
      {"upmem-samac-col256", "dpusPerChip", "4", true},
      {"upmem-dimm", "bank.tRP", "26.656 ns", true},
      {"upmem-dimm", "bank.tRAS", "64.974 ns", false},  // data of a row last longer
      {"upmem-dimm", "bank.tRFC", "520 ns", false},     // the measured average holds refresh
      {"upmem-dimm", "dpusPerChip", "4", true}};
  for (const auto& c : cases) {
    const bool upmem = std::string(c.device) == "upmem-dimm";
    const Operator op = gemm(1, 4096, 4096, std::string(c.device) == "hbm-pim" ? "fp16" : "int8");
    Sets sets;
    if (upmem) sets = {{"dpu.dma.bankDetail", "true"}, {"dpu.block", "64 B"}};
    const double before = seconds(c.device, sets, op);
    sets.emplace_back(c.path, c.value);
    const double after = seconds(c.device, sets, op);
    EXPECT_EQ(after != before, c.moves) << c.device << ' ' << c.path << ' ' << after / before;
  }
}

/// Columns of one bank, row after row: from the first activate to the last column command.
struct Rows {
  std::int64_t rows = 200, columns = 4;
};

double lengthOf(dram::CommandLog& log, dram::CommandKind column) {
  Ticks first(dram::never), last;
  for (const dram::CommandRecord& c : log.records()) {
    if (c.kind == dram::CommandKind::ACT) first = std::min(first, c.time);
    if (c.kind == column) last = std::max(last, c.time);
  }
  return static_cast<double>((last - first).ps);
}

double byController(const dram::Timing& t, const Rows& r) {
  dram::ControllerParams controller;
  controller.refresh = t.refi > 0 ? "all" : "none";
  dram::Timing timing = t;
  timing.clock = Hertz(1e12);
  if (t.refi == 0) timing.refi = dram::never;
  dram::ChannelEngine engine(timing, controller, dram::Level::detailed);
  dram::CommandLog log;
  engine.traceTo(&log, 0);
  for (std::int64_t i = 0; i < r.rows * r.columns; ++i)
    engine.submit({i, 0, 0, i / r.columns, i % r.columns, false});
  engine.drain();
  return lengthOf(log, dram::CommandKind::RD);
}

Sourced<Seconds> ps(dram::Clock time) {
  return Seconds(static_cast<double>(time) * 1e-12);
}

/// A bank of MACs at the sense amplifiers whose DPU never holds it up.
double bySaMac(const dram::Timing& t, const Rows& r) {
  pim::BankTiming timing;
  timing.tRFC = ps(t.rfc);
  timing.tREFI = ps(t.refi > 0 ? t.refi : 1'000'000'000'000);
  timing.tRP = ps(t.rp);
  pim::RowPass row;
  row.columns = r.columns;
  row.column = Ticks(t.ccdL);
  row.open = Ticks(t.rcdRead);
  row.recover = Ticks(t.rtp - t.ccdL);
  row.close = Ticks(t.rp);
  row.minimumOpen = Ticks(t.ras);
  pim::BankWork work;
  work.groups = r.rows;
  work.slices = work.lastSlices = r.columns;
  dram::CommandLog log;
  pim::runChip(work, row, {}, timing, {Hertz(1e9)}, 1, &log);
  return lengthOf(log, dram::CommandKind::MAC);
}

/// All-bank columns of an HBM-PIM channel.
double byHbmPim(const dram::Timing& t, const Rows& r) {
  using namespace pim::nearbank;  // NOLINT
  const auto device = deviceOf("hbm-pim");
  NearBankParams p = dynamic_cast<const NearBankDevice&>(*device).params();
  p.timing.tRCDMAC = ps(t.rcdRead);
  p.timing.tRP = ps(t.rp);
  p.timing.tRAS = ps(t.ras);
  p.timing.tRTP = ps(t.rtp);
  p.timing.tMAC = ps(t.ccdL);
  p.timing.tRFC = ps(t.rfc);
  p.timing.tREFI = ps(t.refi);
  if (t.refi == 0) p.refreshPolicy = "none";
  Sequence s;
  const std::int32_t phase = s.phase("columns");
  s.section(r.rows, 1).blocks = {{{{Verb::mac, r.columns, 0, firstDataRow, phase, false}}, 1, 0}};
  dram::CommandLog log;
  pim::nearbank::Channel(p, pim::nearbank::Channel::Level::commands, false, false).run(s, &log);
  return lengthOf(log, dram::CommandKind::MAC);
}

/// Transfers of a DPU, one a row, that take as long as the columns of a row.
double byMram(const dram::Timing& t, const Rows& r) {
  dpu::DpuTiming timing;
  timing.clockHz = 1e9;  // 1/1000 cycles are picoseconds
  timing.bank = t;
  timing.bank.commandBus = false;
  timing.bank.rtp = 0;  // part of the data's time
  dpu::MramBank bank(timing);
  const dram::Clock data = (r.columns - 1) * t.ccdL + t.rtp;
  dram::Clock begin = 0, last = 0;
  for (std::int64_t i = 0; i < r.rows; ++i) {
    const auto access = bank.access(begin, static_cast<std::uint32_t>(i * 1024), 8, false, data);
    begin = access.begin + access.extra + data;
    last = begin - t.rtp;
  }
  return static_cast<double>(last);
}

TEST(StreamingMemory, RowsOfABankTakeWhatTheControllerTakes) {
  dram::Timing base;
  base.rcdRead = base.rp = 14000;
  base.ras = 33000;
  base.rtp = 5000;
  base.burst = base.ccdS = base.ccdL = 4000;
  const auto with = [&](dram::Clock dram::Timing::*time, dram::Clock value) {
    dram::Timing t = base;
    t.*time = value;
    t.rc = t.ras + t.rp;
    t.rpAll = t.rp;
    return t;
  };
  const struct {
    const char* what;
    dram::Timing timing;
  } cases[] = {{"as it is", with(&dram::Timing::ras, 33000)},
               {"tRP", with(&dram::Timing::rp, 28000)},
               {"tRAS", with(&dram::Timing::ras, 66000)},
               {"tRCD", with(&dram::Timing::rcdRead, 28000)},
               {"tCCD", with(&dram::Timing::ccdL, 8000)}};
  double before = 0;
  for (const auto& c : cases)
    for (const Rows& rows : {Rows{200, 4}, Rows{50, 32}}) {
      const double controller = byController(c.timing, rows);
      EXPECT_EQ(bySaMac(c.timing, rows), controller) << c.what << ' ' << rows.columns;
      EXPECT_EQ(byHbmPim(c.timing, rows), controller) << c.what << ' ' << rows.columns;
      EXPECT_EQ(byMram(c.timing, rows), controller) << c.what << ' ' << rows.columns;
      if (rows.columns == 4) {
        EXPECT_GE(controller, before) << c.what;
        if (before == 0) before = controller;
      }
    }
  // The controller's refresh interrupts a row that then opens again; others wait for its end.
  dram::Timing refreshed = with(&dram::Timing::ras, 33000);
  refreshed.rfc = 350000;
  refreshed.refi = 3900000;
  for (const dram::Clock refi : {3900000, 1950000}) {
    refreshed.refi = refi;
    const Rows rows{2000, 4};
    const double controller = byController(refreshed, rows);
    for (const auto& design : {bySaMac, byHbmPim, byMram})
      EXPECT_NEAR(design(refreshed, rows) / controller, 1, 0.02);
  }
}

}  // namespace
}  // namespace wattlas::pim_test
