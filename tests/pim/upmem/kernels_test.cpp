// Generated DPU kernels: outputs against C++, costs, and the planner's tile model against
// execution.
#include <bit>
#include <cstring>
#include <random>

#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/kernels/run.h"
#include "pim/upmem/sim/tasklets.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using namespace pim;

constexpr int macKernels = 8, elementKernels = elementKernelCount;

dpu::DpuRunOptions tasklets(unsigned n) {
  dpu::DpuRunOptions options;
  options.tasklets = n;
  return options;
}

TEST(Kernels, InnerProductsGiveTheBitsOfCpp) {
  for (int k = 0; k < macKernels; ++k)
    for (const int unroll : {1, 3, 8}) {
      const auto kernel = static_cast<MacKernel>(k);
      const int vectors = kernel == MacKernel::binaryByte ? 1 : 2;
      for (const unsigned n : {1U, 16U}) {
        dpu::DpuMachine machine(assembled(gemvSource(kernel, unroll), n));
        const int grain = macGrain(kernel, unroll);
        EXPECT_NO_THROW(runMac(kernel, machine, {8, 2, grain, vectors}, tasklets(n)))
            << nameOf(kernel) << " unrolled " << unroll << ", " << n << " tasklets";
        EXPECT_NO_THROW(runMac(kernel, machine, {8, 1, 2 * grain, vectors}, tasklets(n)));
      }
    }
}

TEST(Kernels, ElementWiseKernelsGiveTheBitsOfCpp) {
  for (int k = 0; k < elementKernels; ++k)
    for (const int unroll : {1, 8}) {
      const auto kernel = static_cast<ElementKernel>(k);
      dpu::DpuMachine machine(assembled(elementSource(kernel, unroll), 16));
      for (const int elements : {32, 128})
        EXPECT_NO_THROW(runElement(kernel, machine, {4, elements}, tasklets(16)))
            << nameOf(kernel) << " unrolled " << unroll;
    }
}

TEST(Kernels, AWrongKernelIsNoticed) {
  std::string source = gemvSource(MacKernel::byte, 8);
  const std::size_t at = source.find("mul_sh_sh");
  source.replace(at, 9, "mul_sh_sl");
  dpu::DpuMachine machine(assembled(source, 16));
  EXPECT_THROW(runMac(MacKernel::byte, machine, {8, 1, 64, 1}, tasklets(16)), std::logic_error);
}

/// r4 = the result of soft-float code for r4 and r8 (r10).
class SoftFloat {
 public:
  SoftFloat()
      : machine_(
            assembled("        lw r4, zero, a\n        lw r8, zero, b\n        lw r10, zero, a\n"
                      "        move r14, r8\n" +
                          floatMultiplyCode("_m") +
                          "        sw zero, p, r8\n        move r8, r14\n" + floatAddCode("_a") +
                          "        sw zero, s, r4\nend: stop true, end\n        .data\n"
                          "a: .word 0\nb: .word 0\np: .word 0\ns: .word 0\n",
                      1)) {}

  void run(std::uint32_t a, std::uint32_t b) {
    put("a", a);
    put("b", b);
    ASSERT_FALSE(machine_.run(tasklets(1)).error);
  }
  std::uint32_t product() const { return get("p"); }
  std::uint32_t sum() const { return get("s"); }

 private:
  void put(const char* symbol, std::uint32_t v) {
    std::vector<std::uint8_t> bytes(4);
    std::memcpy(bytes.data(), &v, 4);
    machine_.writeSymbol(symbol, bytes);
  }
  std::uint32_t get(const char* symbol) const {
    std::uint32_t v;
    std::memcpy(&v, machine_.readSymbol(symbol, 4).data(), 4);
    return v;
  }
  dpu::DpuMachine machine_;
};

/// Subnormal results are zero with their sign on the DPU.
std::uint32_t flushed(float f) {
  const auto bits = std::bit_cast<std::uint32_t>(f);
  return (bits & 0x7f800000U) == 0 ? bits & 0x80000000U : bits;
}

void compare(SoftFloat& dpu, std::uint32_t a, std::uint32_t b) {
  const float x = std::bit_cast<float>(a), y = std::bit_cast<float>(b);
  dpu.run(a, b);
  const float product = x * y, sum = x + y;
  // The host rounds products just under the smallest normal up to it; the DPU has flushed them.
  if (flushed(product) != 0x00800000U && flushed(product) != 0x80800000U) {
    EXPECT_EQ(dpu.product(), flushed(product)) << std::hex << a << " x " << b;
  }
  EXPECT_EQ(dpu.sum() << 1 == 0 ? 0U : dpu.sum(), flushed(sum) << 1 == 0 ? 0U : flushed(sum))
      << std::hex << a << " + " << b;
}

TEST(SoftFloats, AllNormalNumbersGiveTheBitsOfTheHost) {
  SoftFloat dpu;
  std::mt19937 random(3);
  for (int i = 0; i < 4000; ++i) {
    std::uint32_t a = static_cast<std::uint32_t>(random()),
                  b = static_cast<std::uint32_t>(random());
    const std::uint32_t exponent = 1 + static_cast<std::uint32_t>(random()) % 254;
    a = (a & 0x807fffffU) | exponent << 23;
    // Half of the pairs lie close together, where sums cancel.
    const std::uint32_t other =
        i % 2 == 0 ? 1 + (b >> 23) % 254
                   : std::clamp<std::uint32_t>(exponent + (b >> 24) % 5, 3, 256) - 2;
    b = (b & 0x807fffffU) | other << 23;
    compare(dpu, a, b);
    if (HasFailure()) return;
  }
}

TEST(SoftFloats, EdgesRoundAndOverflowAsOnTheHost) {
  SoftFloat dpu;
  const std::vector<std::uint32_t> edges = {0x00000000, 0x80000000, 0x3f800000, 0xbf800000,
                                            0x3f7fffff, 0x3f800001, 0x33800000, 0x33800001,
                                            0x34000000, 0xb3000000, 0x7f7fffff, 0xff7fffff,
                                            0x00800000, 0x80800000, 0x4b000000, 0x4b7fffff};
  for (const std::uint32_t a : edges)
    for (const std::uint32_t b : edges) compare(dpu, a, b);
}

TEST(Kernels, CostsAreThoseOfTheLoop) {
  const KernelSetting setting;
  // By hand: eight bodies of 2 loads and 20 others, then 3 of the loop, for 64 products.
  EXPECT_NEAR(measure(MacKernel::byte, setting).mac, (8 * 22 + 3) / 64.0, 0.01);
  KernelSetting plain = setting;
  plain.unroll = 1;
  EXPECT_NEAR(measure(MacKernel::byte, plain).mac, 25 / 8.0, 0.01);
  EXPECT_EQ(measure(MacKernel::byte, setting).readsPerTile, 1);
  EXPECT_EQ(measure(MacKernel::byte, setting).readBytesPerTile, 64);
  EXPECT_NE(measure(MacKernel::byte, setting).assembly, measure(MacKernel::byte, plain).assembly);
}

TEST(Kernels, TheTileModelPredictsTheExecutedKernel) {
  // Rows of 512 int8 weights: cycles of a whole launch against tiles of measured instructions.
  const KernelSetting setting;
  const MacMeasurement m = measure(MacKernel::byte, setting);
  dpu::DpuMachine machine(assembled(gemvSource(MacKernel::byte, 8), 16));
  const auto few = runMac(MacKernel::byte, machine, {8, 1, 512, 1}, tasklets(16));
  const auto many = runMac(MacKernel::byte, machine, {24, 1, 512, 1}, tasklets(16));
  DpuParams dpu;
  dpu.tasklets = 16;
  dpu.dma.readLatency = Ratio(77);
  dpu.dma.writeLatency = Ratio(61);
  dpu.dma.perByte = Ratio(0.5);
  dpu.dma.readOccupancy = Ratio(40);
  dpu.dma.writeOccupancy = Ratio(32);
  dpu.dma.occupancyPerByte = Ratio(0.54);
  TileLoop loop;
  loop.tiles = 16 * 16;
  loop.tile.reads = 1;
  loop.tile.readBytes = 512;
  loop.tile.instructions =
      static_cast<std::int64_t>(512 * m.mac + m.perTile + m.perPass + m.perOutput + m.perRow + 0.5);
  const double predicted = static_cast<double>(runLoop(loop, dpu, true).cycles);
  EXPECT_NEAR(static_cast<double>(many.cycles - few.cycles) / predicted, 1.0, 0.02);
}

TEST(Kernels, StatedCostsAreNamed) {
  const auto device = deviceOf("upmem-dimm");
  const auto named = [&](Operator op) {
    const Profile p = device->estimate(*lower(*device, op));
    for (const Assumption& a : p.assumptions)
      if (a.key == "dpu.kernel") return true;
    return false;
  };
  EXPECT_FALSE(named(gemm(1, 256, 256, "int8")));
  Operator norm = gemm(4, 512, 1, "int8");
  norm.kind = OpKind::norm;
  norm.variant = OpVariant::rms;
  EXPECT_FALSE(named(norm));
  norm.variant = OpVariant::layer;
  EXPECT_FALSE(named(norm));
  norm.formats = parseTensorFormats("int16");
  EXPECT_TRUE(named(norm));
}

TEST(Kernels, EverySettingOfADeviceCanBeMeasured) {
  const Operator op = gemm(2, 256, 256, "int8");
  for (const Sets& sets :
       {Sets{{"dpu.tasklets", "1"}}, Sets{{"dpu.tasklets", "24"}}, Sets{{"dpu.revolver", "1"}},
        Sets{{"dpu.revolver", "24"}}, Sets{{"dpu.dma.readLatency", "0"}},
        Sets{{"dpu.dma.perByte", "0"}, {"dpu.dma.occupancyPerByte", "0"}},
        Sets{{"kernels.unroll", "2"}}}) {
    const auto device = deviceOf("upmem-dimm", sets);
    Operator soft = op;
    soft.kind = OpKind::softmax;
    EXPECT_GT(analyticSeconds(*device, op), 0) << sets[0].first;
    EXPECT_GT(analyticSeconds(*device, soft), 0) << sets[0].first;
  }
  EXPECT_THROW(deviceOf("upmem-dimm", {{"kernels.unroll", "3"}}), InputError);
}

}  // namespace
}  // namespace wattlas::pim_test
