// Figures of merit and timelines of banks; properties over random products.
#include "pim/upmem/figures.h"

#include <random>

#include "models/memory_device.h"
#include "pim/bank/bank_run.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using namespace pim;

const NumberFormat byte = parseNumberFormat("int8");

const UpmemDevice& upmem(const Device& device) {
  return dynamic_cast<const UpmemDevice&>(device);
}

TEST(Figures, WithoutLanesAChipIsItsDpus) {
  for (const Sets& sets : {Sets{{"saMac.lanes", "0"}}, Sets{{"saMac.placement", "dpu"}}}) {
    const auto device = deviceOf("upmem-samac-col256", sets);
    const ChipFigures x = figuresOf(upmem(*device), byte, byte),
                      dpu = figuresOfDpus(upmem(*device), byte, byte);
    EXPECT_FALSE(x.onBank);
    EXPECT_EQ(x.opsPerSecond, dpu.opsPerSecond);
    EXPECT_EQ(x.area.value, upmem(*deviceOf("upmem-dimm")).params().chipArea.value.value);
  }
}

TEST(Figures, SustainedStaysBelowPeakAndMoreUnitsTakeMoreArea) {
  double area = 0;
  for (const char* id : {"upmem-samac-col64", "upmem-samac-col256", "upmem-samac-col512"}) {
    const auto device = deviceOf(id);
    for (const char* format : {"int8", "int4", "int2", "binary"}) {
      const NumberFormat f = parseNumberFormat(format);
      const ChipFigures x = figuresOf(upmem(*device), f, f);
      EXPECT_TRUE(x.onBank);
      EXPECT_LT(x.opsPerSecond, x.peakOpsPerSecond) << id << " " << format;
      EXPECT_GT(x.power.value, 0);
    }
    const double now = figuresOf(upmem(*device), byte, byte).area.value;
    EXPECT_GT(now, area);
    area = now;
  }
}

TEST(Figures, AreaIsAnInterval) {
  const auto device = deviceOf("upmem-samac-col256");
  const OverheadRange o = overheadOf(upmem(*device).params());
  EXPECT_LT(o.low, o.nominal);
  EXPECT_LT(o.nominal, o.high);
  EXPECT_GT(o.low, 0.001);
  EXPECT_LT(o.high, 0.5);
}

dram::CommandLog commandsOf(const Device& device, const Program& program, Fidelity fidelity,
                            std::size_t most) {
  dram::CommandLog log(most);
  (void)dynamic_cast<const BankDevice&>(device).simulateInto(log, program, fidelity);
  return log;
}

TEST(Timeline, ShowsEveryCommandOfTheProgram) {
  const auto device = deviceOf("upmem-samac-col256");
  const auto program = lower(*device, gemm(1, 4096, 4096, "int8"));
  dram::CommandLog trace = commandsOf(*device, *program, Fidelity::detailed, 100000);
  std::map<dram::CommandKind, std::int64_t> counts;
  Ticks last;
  for (const dram::CommandRecord& c : trace.sorted()) {
    ++counts[c.kind];
    EXPECT_GE(c.time, last);
    last = c.time;
  }
  // 128 DPUs hold 32 outputs of 4,096 inputs: 128 rows of 32 accesses.
  EXPECT_EQ(counts[dram::CommandKind::ACT], 128);
  EXPECT_EQ(counts[dram::CommandKind::PRE], 128);
  EXPECT_EQ(counts[dram::CommandKind::MAC], 4096);
  EXPECT_EQ(counts[dram::CommandKind::RD], 4);
  EXPECT_EQ(counts[dram::CommandKind::WR], 512);
  EXPECT_GT(counts[dram::CommandKind::DMA], 0);
  EXPECT_GT(counts[dram::CommandKind::REF], 0);
  const std::string csv = trace.csv();
  EXPECT_TRUE(csv.starts_with("time_ps,channel,rank,bank_group,bank,command,row,column\n"));
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')),
            trace.records().size() + 1);
}

TEST(Timeline, KeepsAsManyAsAskedForAndCountsTheRest) {
  const auto device = deviceOf("upmem-samac-col256");
  const auto program = lower(*device, gemm(1, 4096, 4096, "int8"));
  const dram::CommandLog all = commandsOf(*device, *program, Fidelity::detailed, 100000),
                         few = commandsOf(*device, *program, Fidelity::detailed, 100);
  EXPECT_EQ(few.records().size(), 100u);
  EXPECT_EQ(few.dropped() + 100, all.records().size());
}

TEST(Timeline, DpusAloneShowTheirTransfers) {
  const auto device = deviceOf("upmem-dimm");
  const dram::CommandLog trace =
      commandsOf(*device, *lower(*device, gemm(1, 4096, 4096, "int8")), Fidelity::event, 1000);
  ASSERT_FALSE(trace.records().empty());
  for (const dram::CommandRecord& c : trace.records()) EXPECT_EQ(c.kind, dram::CommandKind::DMA);
}

TEST(SaMacProperties, NeverAboveTheBoundOrThePeak) {
  std::mt19937 random(11);
  const auto in = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (const char* id : {"upmem-samac-col64", "upmem-samac-col512", "upmem-samac-row"}) {
    const auto device = deviceOf(id, {{"saMac.overlap", "subarray"}});
    const UpmemParams& p = upmem(*device).params();
    for (int i = 0; i < 40; ++i) {
      const Operator op = gemm(in(1, 20), in(1, 9000), in(1, 9000), i % 2 == 0 ? "int8" : "int4");
      const auto program = lower(*device, op);
      const double seconds = toSeconds(device->estimate(*program).alone()).value;
      EXPECT_GE(seconds, toSeconds(program->lowerBound()).value);
      const int bits = op.formats.weight.bits;
      const double macs = static_cast<double>(op.dims[Dim::M] * op.dims[Dim::N] * op.dims[Dim::K]);
      EXPECT_LE(macs / seconds,
                p.peakRates(bits, bits).macsPerSecond * static_cast<double>(p.dpus()));
    }
  }
}

TEST(SaMacProperties, MonotoneAtEventLevelToo) {
  const auto time = [](const Sets& sets) {
    const auto device = deviceOf("upmem-samac-col256", sets);
    const UpmemParams& p = upmem(*device).params();
    const BankWork w = layOut({100, 5000, 3, 0, 8, 8}, p.saMac, p.bank, 8);
    return runBank(w, p.rowPass(8, 8), p.saMac, p.bank, p.issue(), true).time;
  };
  EXPECT_LE(time({}), time({{"saMac.lanes", "16"}}));
  EXPECT_LT(time({{"saMac.lanes", "16"}}), time({{"saMac.lanes", "4"}}));
  EXPECT_LT(time({{"saMac.macIssue", "3.33 ns"}}), time({{"saMac.macIssue", "6 ns"}}));
  EXPECT_LE(time({{"saMac.macIssue", "6 ns"}}), time({{"saMac.macIssue", "9 ns"}}));
  EXPECT_LT(time({}), time({{"saMac.widthPerAccess", "64 bit"}, {"saMac.lanes", "8"}}));
  EXPECT_LE(time({{"saMac.overlap", "subarray"}}), time({}));
  EXPECT_LE(time({}), time({{"saMac.ecc.placement", "before_mac"}}));
}

TEST(SaMacProperties, FoldedEqualsUnfoldedOnASmallSystem) {
  const Sets small = {
      {"ranks", "1"}, {"chipsPerRank", "1"}, {"dpusPerChip", "4"}, {"ranksPerDimm", "1"}};
  Sets off = small;
  off.push_back({"fold", "off"});
  const auto a = deviceOf("upmem-samac-col256", small), b = deviceOf("upmem-samac-col256", off);
  for (const Operator& op : {gemm(3, 130, 700, "int8"), gemm(1, 4096, 512, "int4")}) {
    const Profile x = a->simulate(*lower(*a, op), Fidelity::event),
                  y = b->simulate(*lower(*b, op), Fidelity::event);
    EXPECT_EQ(x.alone(), y.alone());
    EXPECT_EQ(dynamicJoules(*a, x), dynamicJoules(*b, y));
  }
}

TEST(SaMacMapping, DepthwiseConvolutionsWriteASliceForEveryOutput) {
  const auto device = deviceOf("upmem-samac-col64");
  Operator op;
  op.name = "conv";
  op.kind = OpKind::conv2d;
  op.formats = parseTensorFormats("int8");
  op.dims[Dim::cin] = op.dims[Dim::cout] = 512;
  op.dims[Dim::width] = op.dims[Dim::height] = 16;
  op.dims[Dim::kernelWidth] = op.dims[Dim::kernelHeight] = 3;
  const double dense = analyticSeconds(*device, op);
  op.dims[Dim::groups] = 512;
  const double depthwise = analyticSeconds(*device, op);
  EXPECT_LT(depthwise, dense);
  EXPECT_GT(depthwise, dense / 512);  // no output shares the activations of another one
}

TEST(SaMacMapping, NewKeysAndValuesArePacked) {
  const auto device = deviceOf("upmem-samac-col256");
  Operator op = attention(32, 1024, "int8");
  op.cached = true;
  op.hasWeights = false;
  const auto program = lower(*device, op);
  std::int64_t reads = 0, writes = 0;
  for (const OpPlan& plan : dynamic_cast<const UpmemProgram&>(*program).operators())
    for (const Stage& stage : plan.stages)
      if (const auto* kernel = std::get_if<Kernel>(&stage.what))
        for (const TileLoop& loop : kernel->classes.front().work.loops) {
          writes += loop.tiles * loop.tile.writes;
          reads += loop.tiles * loop.tile.reads2;
        }
  EXPECT_GE(writes, 128);  // one word of each output of the values
  EXPECT_EQ(reads, 128);   // read before it is changed
}

}  // namespace
}  // namespace wattlas::pim_test
