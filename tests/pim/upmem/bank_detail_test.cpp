// Rows of the bank in the time of DMA transfers: `dpu.dma.bankDetail`.
#include "pim/upmem/device.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using namespace pim;

UpmemParams deviceParams(const Sets& sets) {
  const auto device = deviceOf("upmem-dimm", sets);
  return dynamic_cast<const UpmemDevice&>(*device).params();
}
DpuParams paramsOf(const Sets& sets) {
  return deviceParams(sets).dpu;
}
const Sets detailed = {{"dpu.dma.bankDetail", "true"}};

/// Rows of 4,096 one-bit weights: with `dpu.block` 64 B eight transfers that follow each other.
Operator product() {
  return gemm(1, 4096, 4096, "binary");
}

TEST(DeviceBankDetail, IsOffByDefault) {
  EXPECT_FALSE(paramsOf({}).dma.bankDetail);
  EXPECT_EQ(paramsOf({}).dma.occupancy(false, 64, 16), 1192);  // 16 x (40 + 0.54 x 64)
}

TEST(DeviceBankDetail, LoneTransfersKeepTheMeasuredTime) {
  const DmaParams law = paramsOf({}).dma, rows = paramsOf(detailed).dma;
  for (const bool write : {false, true}) {
    for (const std::int64_t bytes : {8, 64, 256, 1024}) {
      const auto near = [&](std::int64_t a, std::int64_t b) {
        EXPECT_NEAR(static_cast<double>(a), static_cast<double>(b), 10) << bytes << write;
      };
      // Transfers from the start of a row cross fewer rows than the average of the model.
      near(rows.occupancy(write, bytes), law.occupancy(write, bytes));
      near(rows.latency(write, bytes), law.latency(write, bytes));
    }
  }
}

TEST(DeviceBankDetail, TransfersThatFollowInARowOpenItOnce) {
  const DmaParams law = paramsOf({}).dma, rows = paramsOf(detailed).dma;
  const double miss = (13.328 + 13.328) * 0.35;
  EXPECT_NEAR(static_cast<double>(law.occupancy(false, 8, 128) - rows.occupancy(false, 8, 128)),
              127 * miss, 70);  // the model is rounded to whole cycles
  // Beyond the run that is simulated, the same per transfer.
  const auto many = rows.occupancy(false, 8, 128 * 100);
  EXPECT_NEAR(static_cast<double>(many) / static_cast<double>(rows.occupancy(false, 8, 128)), 100,
              0.5);
}

TEST(DeviceBankDetail, MovesTheTimeOfAKernelOfSmallTransfers) {
  TileLoop loop;
  loop.tiles = 640;
  loop.tile.reads = 64;
  loop.tile.readBytes = 8;
  loop.tile.instructions = 100;
  // Of one tasklet: others would open their own rows in between.
  Sets one = {{"dpu.tasklets", "1"}};
  const auto law = measure(loop, settingOf(deviceParams(one)));
  one.insert(one.end(), detailed.begin(), detailed.end());
  const auto rows = measure(loop, settingOf(deviceParams(one)));
  EXPECT_LT(static_cast<double>(rows.cycles), 0.93 * static_cast<double>(law.cycles));
  // And that of an operator, by the closed form.
  Sets small = {{"dpu.block", "64 B"}, {"dpu.tasklets", "1"}};
  const double before = analyticSeconds(*deviceOf("upmem-dimm", small), product());
  small.insert(small.end(), detailed.begin(), detailed.end());
  const auto device = deviceOf("upmem-dimm", small);
  const double after = analyticSeconds(*device, product());
  EXPECT_LT(after, before);
  EXPECT_GE(after, toSeconds(lower(*device, product())->lowerBound()).value);
}

TEST(DeviceBankDetail, TakesTheTimesOfTheBank) {
  const auto cycles = [](const char* key, const char* value) {
    Sets sets = detailed;
    sets.emplace_back(key, value);
    return paramsOf(sets).dma.occupancy(false, 8, 64);
  };
  const auto base = paramsOf(detailed).dma.occupancy(false, 8, 64);
  EXPECT_LT(cycles("bank.tRCD", "20 ns"), base);  // more of the model is row misses
  EXPECT_LT(cycles("bank.tRP", "20 ns"), base);
  EXPECT_GT(cycles("bank.row", "256 B"), base);
  EXPECT_NE(cycles("dpu.clock", "200 MHz"), base);
}

TEST(DeviceBankDetail, IsPartOfTheKeyOfMeasuredKernels) {
  KernelSetting law, rows;
  rows.timing.bankDetail = true;
  rows.timing.bank.rcdRead = 100000;  // far from the model, so that it shows
  EXPECT_NE(measure(ElementKernel::copy, law).cyclesPerElement,
            measure(ElementKernel::copy, rows).cyclesPerElement);
}

}  // namespace
}  // namespace wattlas::pim_test
