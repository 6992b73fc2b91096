// The tile-by-tile model: resources overlap, nothing is lost, never below the bound.
#include "pim/sliced/device.h"
#include "pim/sliced/program.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using pim::demandOf;
using pim::runTiles;
using pim::SlicedDevice;
using pim::SlicedProgram;
using pim::TileRun;

const SlicedProgram& programOf(const std::shared_ptr<const Program>& program) {
  return dynamic_cast<const SlicedProgram&>(*program);
}
const pim::SlicedParams& paramsOf(const std::unique_ptr<Device>& device) {
  return dynamic_cast<const SlicedDevice&>(*device).params();
}
const pim::MemoryPort& portOf(const std::unique_ptr<Device>& device) {
  return dynamic_cast<const SlicedDevice&>(*device).memory();
}

TEST(Tiles, BusyTimesAreTheDemands) {
  const auto device = deviceOf("roofline-pim-ai-4chip");
  for (const Operator& op :
       {gemm(1, 4096, 4096, "fp16"), gemm(333, 1000, 777, "int8"), attention(32, 500, "fp16")}) {
    const auto program = lower(*device, op);
    const auto demand =
        demandOf(programOf(program).operators()[0], paramsOf(device), portOf(device));
    const TileRun run =
        runTiles(programOf(program).operators()[0], paramsOf(device), portOf(device), Ticks(0));
    // Tiles are rounded up to whole picoseconds.
    EXPECT_NEAR(toSeconds(run.memory).value, demand.memory.value, 1e-6 * demand.memory.value);
    EXPECT_NEAR(toSeconds(run.compute).value, demand.compute.value, 2e-12);
    EXPECT_NEAR(toSeconds(run.vector).value, demand.elements.value, 2e-12);
  }
}

TEST(Tiles, ResourcesWorkAtTheSameTime) {
  // Attention of a prefill keeps memory, arithmetic and vector units busy.
  const auto device = deviceOf("roofline-pim-ai-1chip", {{"compute.tileBuffer", "32 KiB"}});
  Operator op = attention(32, 600, "fp16");
  op.dims[Dim::queries] = 8;
  const auto program = lower(*device, op);
  const TileRun run =
      runTiles(programOf(program).operators()[0], paramsOf(device), portOf(device), Ticks(0));
  const std::int64_t longest = std::max({run.memory.ps, run.compute.ps, run.vector.ps});
  const std::int64_t sum = run.memory.ps + run.compute.ps + run.vector.ps;
  EXPECT_GE(run.time.ps, longest);
  EXPECT_LT(run.time.ps, longest + (sum - longest) / 4);
}

TEST(Tiles, OneTileCannotOverlap) {
  const auto device = deviceOf("roofline-pim-ai-1chip", {{"compute.tileBuffer", "1 GB"}});
  const auto program = lower(*device, gemm(16, 512, 512, "fp16"));
  const TileRun run =
      runTiles(programOf(program).operators()[0], paramsOf(device), portOf(device), Ticks(0));
  const std::int64_t latency = toTicks(paramsOf(device).memoryLatency.value).ps;
  EXPECT_EQ(run.time.ps, latency + run.memory.ps + run.compute.ps + run.vector.ps);
}

TEST(Tiles, OwnLinksLeaveTheMemoryToRunAhead) {
  const Operator op = gemm(64, 8192, 8192, "fp16");
  for (const bool peer : {false, true}) {
    const auto device =
        deviceOf("roofline-h100-x4", {{"exchange.pattern", peer ? "peer" : "host"}});
    const auto program = lower(*device, op);
    const Ticks exchange = exchangeTime(programOf(program).operators()[0], paramsOf(device));
    ASSERT_GT(exchange.ps, 0);
    const TileRun apart =
        runTiles(programOf(program).operators()[0], paramsOf(device), portOf(device), Ticks(0));
    const TileRun after =
        runTiles(programOf(program).operators()[0], paramsOf(device), portOf(device), exchange);
    if (peer) {
      EXPECT_LT(after.time, exchange + apart.time);
    } else {
      EXPECT_EQ(after.time, exchange + apart.time);
    }
  }
}

TEST(Tiles, ARingTakesOneStepLessThanUnits) {
  const Operator op = gemm(64, 8192, 8192, "fp16");
  const auto device = deviceOf("roofline-h100-x8");
  const auto program = lower(*device, op);
  const double bits = 64 * 8192 * 16 * 7.0 / 8;
  EXPECT_NEAR(toSeconds(exchangeTime(programOf(program).operators()[0], paramsOf(device))).value,
              7 * 3e-6 + bits / (450 * 8e9), 1e-12);
  const auto single = deviceOf("roofline-h100");
  EXPECT_EQ(exchangeTime(programOf(lower(*single, op)).operators()[0], paramsOf(single)).ps, 0);
}

}  // namespace
}  // namespace wattlas::pim_test
