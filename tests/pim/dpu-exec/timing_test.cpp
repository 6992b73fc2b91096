// The DMA models, energy, the performance counter.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "models/base/error.h"
#include "pim/dpu/exec/machine.h"
#include "programs.h"

namespace wattlas::dpu::test {
namespace {

std::uint64_t cyclesOf(const Program& program, const DpuRunOptions& options = {}) {
  const auto result = runDpu(program, options);
  EXPECT_FALSE(result.error) << result.error->text();
  return result.cycles;
}

class DmaLatency : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(DmaLatency, IsTheLawPlusTheLoop) {
  const std::uint32_t bytes = GetParam();
  for (const bool write : {false, true}) {
    const auto many = cyclesOf(dmaLoop(1, 150, bytes, write));
    const auto few = cyclesOf(dmaLoop(1, 50, bytes, write));
    const double perTransfer = static_cast<double>(many - few) / 100.0 - 22;  // two more issues
    const double law =
        std::max((write ? 61.0 : 77.0) + 0.5 * bytes, (write ? 32 : 40) + 0.54 * bytes);
    EXPECT_NEAR(perTransfer, law, 1.0) << write;
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, DmaLatency, ::testing::Values(8, 64, 256, 1024, 2048));

TEST(DmaOccupancy, BoundsManyTasklets) {
  // 8-byte reads of 16 tasklets: 40 + 0.54 * 8 = 44.32 engine cycles each.
  const auto many = cyclesOf(dmaLoop(16, 300, 8)), few = cyclesOf(dmaLoop(16, 100, 8));
  EXPECT_NEAR(static_cast<double>(many - few) / (200.0 * 16), 44.32, 0.05);
}

TEST(DmaParameters, ChangeTheResult) {
  const Program program = dmaLoop(4, 50, 256);
  const auto base = cyclesOf(program);
  const auto changed = [&](auto set) {
    DpuRunOptions options;
    set(options.timing);
    return cyclesOf(program, options);
  };
  EXPECT_GT(changed([](DpuTiming& t) { t.dmaReadOccupancy = 400; }), base);
  EXPECT_GT(changed([](DpuTiming& t) { t.dmaOccupancyPerByte = 2; }), base);
  EXPECT_GT(changed([](DpuTiming& t) { t.dmaReadLatency = 2000; }), base);
  EXPECT_GT(changed([](DpuTiming& t) { t.dmaLatencyPerByte = 20; }), base);
  DpuRunOptions late;
  late.timing.wakeLatency = 60;
  // Two boots on the way to the last tasklet; who contends for a slot shifts by a few cycles.
  EXPECT_NEAR(static_cast<double>(cyclesOf(aluLoop(3, 10), late)),
              static_cast<double>(cyclesOf(aluLoop(3, 10)) + 2 * (60 - 11)), 3);
  EXPECT_LT(cyclesOf(aluLoop(1, 10),
                     [] {
                       DpuRunOptions o;
                       o.timing.revolver = 6;
                       return o;
                     }()),
            cyclesOf(aluLoop(1, 10)));
}

TEST(Dma, MovesTheBytesBothWays) {
  Builder b;
  move(b, 1, 512);
  move(b, 2, 0x08000000 + 4096);
  b.add("LDMArri", {.ra = 1, .rb = 2, .imm = 255});  // 2,048 bytes
  move(b, 2, 1 << 20);
  b.add("SDMArri", {.ra = 1, .rb = 2, .imm = 0});  // 8 bytes
  finish(b);
  DpuMachine machine(b.build());
  std::vector<std::uint8_t> data(2048), back(8);
  std::iota(data.begin(), data.end(), std::uint8_t{1});
  machine.writeMram(4096, data);
  DpuRunOptions options;
  options.tasklets = 1;
  const auto result = machine.run(options);
  ASSERT_FALSE(result.error) << result.error->text();
  std::vector<std::uint8_t> wram(2048);
  machine.readWram(512, wram);
  EXPECT_EQ(wram, data);
  machine.readMram(1 << 20, back);
  EXPECT_TRUE(std::equal(back.begin(), back.end(), data.begin()));
  EXPECT_EQ(result.dma.rowActivations, 3U);
  EXPECT_LE(machine.mramResident(), 3U * 65536);
}

TEST(Dma, SizeFieldAddsTheUpperByteOfTheWramRegister) {
  Builder b;
  move(b, 1, (3 << 24) | 512);
  b.add("LDMArri", {.ra = 1, .rb = 2, .imm = 2});
  finish(b);
  DpuRunOptions options;
  options.tasklets = 1;
  EXPECT_EQ(runDpu(b.build(), options).dma.bytes(), 8U * (1 + 2 + 3));
}

TEST(Energy, BusyDpuDrawsAboutTheMeasuredPower) {
  const auto result = runDpu(gemvInt8(16, 8), {});
  const double watts = result.energyJ.value / result.timeS;
  EXPECT_NEAR(watts, 0.15, 0.02);  // 1.2 W per chip of 8 DPUs
  EXPECT_LT(result.energyJ.low, result.energyJ.value);
  EXPECT_GT(result.energyJ.high, result.energyJ.value);
  double sum = 0;
  for (const auto& [name, cell] : result.energyBreakdownJ) sum += cell.value;
  EXPECT_NEAR(sum, result.energyJ.value, 1e-12 * result.energyJ.value);
}

TEST(Energy, FollowsTheActivity) {
  const auto alu = runDpu(aluLoop(16, 1000), {}), dma = runDpu(dmaLoop(16, 100, 1024), {});
  EXPECT_EQ(alu.energyBreakdownJ.at("array").value, 0);
  EXPECT_GT(dma.energyBreakdownJ.at("array").value, 0);
  EXPECT_GT(dma.energyBreakdownJ.at("activation").value, 0);
  DpuRunOptions slow;
  slow.timing.clockHz = 267e6;
  EXPECT_GT(runDpu(aluLoop(16, 1000), slow).energyBreakdownJ.at("static").value,
            alu.energyBreakdownJ.at("static").value);
}

TEST(PerfCounter, CountsCyclesOrInstructionsInSixteens) {
  for (const int mode : {1, 2}) {
    Builder b;
    move(b, 0, 2 * mode + 1);  // mode, reset
    b.add("TIME_CFGzr", {.rb = 0});
    move(b, 1, 100);
    b.label("loop");
    b.add("SUBrrici", {.rc = 1, .ra = 1, .imm = 1, .cc = nz, .to = "loop"});
    b.add("TIMEr", {.rc = 2});
    finish(b);
    for (const auto engine : {EngineMode::decoupled, EngineMode::lockstep}) {
      DpuMachine machine(b.build());
      DpuRunOptions options;
      options.tasklets = 1;
      options.mode = engine;
      machine.run(options);
      // 102 instructions from the configuration to the read.
      const std::uint32_t expected = (mode == 1 ? 11 * 102 : 102) / 16;
      EXPECT_EQ(machine.registerValue(0, 2), expected) << mode;
    }
  }
}

TEST(Options, ImpossibleOnesAreRefused) {
  const Program program = aluLoop(1, 1);
  DpuRunOptions options;
  options.tasklets = 25;
  EXPECT_THROW(runDpu(program, options), InputError);
  options.tasklets = 1;
  options.timing.revolver = 0;
  EXPECT_THROW(runDpu(program, options), InputError);
}

TEST(Json, HoldsTheContractsKeys) {
  const std::string json = toJson(runDpu(gemvInt8(2, 1), {}));
  for (const char* key :
       {"cycles", "instructions", "ipc", "time_s", "energy_j", "energy_breakdown_j", "tasklets",
        "dma", "reads", "writes", "bytes", "wait_cycles", "busy_cycles", "stalls",
        "instruction_mix", "mips", "host"}) {
    EXPECT_NE(json.find('"' + std::string(key) + '"'), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace wattlas::dpu::test
