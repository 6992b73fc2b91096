// Generated DPU kernels: outputs against C++, costs, and the planner's tile model against
// execution.
#include <bit>
#include <cstring>
#include <random>

#include "pim/dpu/exec/extension.h"
#include "pim/dpu/program/program_files.h"
#include "pim/upmem/kernels/executed_kernels.h"
#include "pim/upmem/kernels/library.h"
#include "pim/upmem/kernels/product.h"
#include "pim/upmem/kernels/run.h"
#include "tests/paths.h"
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

using namespace pim;

constexpr int elementKernels = elementKernelCount;

dpu::DpuRunOptions tasklets(unsigned n) {
  dpu::DpuRunOptions options;
  options.tasklets = n;
  return options;
}

TEST(Kernels, InnerProductsGiveTheBitsOfCpp) {
  for (int k = 0; k < macKernelCount; ++k)
    for (const int unroll : {1, 2, 8}) {
      const auto kernel = static_cast<MacKernel>(k);
      for (const unsigned n : {1U, 16U}) {
        dpu::DpuMachine machine(programOf(kernel, KernelBuild{unroll, n, nullptr}));
        const int grain = productGrain(kernel, unroll);
        Product two = randomProduct(kernel, 37, 2 * grain, 2);
        two.chunks = 2;
        EXPECT_NO_THROW(runChecked(two, machine, unroll, tasklets(n)))
            << nameOf(kernel) << " unrolled " << unroll << ", " << n << " tasklets";
        EXPECT_NO_THROW(runChecked(randomProduct(kernel, 35, std::max(3, 2 * grain - 5), 3),
                                   machine, unroll, tasklets(n)))
            << nameOf(kernel);
      }
    }
}

TEST(Kernels, ElementWiseKernelsGiveTheBitsOfCpp) {
  for (int k = 0; k < elementKernels; ++k)
    for (const int unroll : {1, 8}) {
      const auto kernel = static_cast<ElementKernel>(k);
      if (byRows(kernel)) continue;  // of the library
      dpu::DpuMachine machine(programOf(kernel, KernelBuild{unroll, 16, nullptr}));
      for (const int elements : {32, 128})
        EXPECT_NO_THROW(runElement(kernel, machine, {4, elements}, tasklets(16)))
            << nameOf(kernel) << " unrolled " << unroll;
    }
}

std::shared_ptr<const dpu::IsaExtension> isaOf(const std::string& yaml) {
  return dpu::IsaExtension::read(parseYaml(yaml, "isa.yaml"));
}

TEST(Kernels, AWrongKernelIsNoticed) {
  KernelSetting setting;
  setting.isa = isaOf(
      "kernels: |\n  .macro bytes4 w, x\n  mul_sl_sl r5, \\w, \\x\n  add r4, r4, r5\n  .endm\n");
  EXPECT_THROW(measure(MacKernel::byte, setting), std::logic_error);
}

TEST(Kernels, ShippedInstructionsShortenTheLoopsTheyAreFor) {
  struct Case {
    const char* isa;
    MacKernel kernel;
    double most;  ///< instructions per product of the stock loop that may remain
  };
  for (const Case& c :
       {Case{"dot4x8", MacKernel::byte, 0.25}, Case{"dot4x8", MacKernel::fourBit, 0.35},
        Case{"dot8x4", MacKernel::fourBit, 0.2}, Case{"ternary-add", MacKernel::twoBit, 0.2},
        Case{"xnor32", MacKernel::binary, 0.6}, Case{"fast-mul", MacKernel::word, 0.25},
        Case{"fast-mul", MacKernel::halfWord, 0.75}, Case{"vload-inc", MacKernel::byte, 0.999},
        Case{"zero-loop", MacKernel::byte, 0.999}}) {
    KernelSetting stock, extended;
    extended.isa = dpu::loadIsa({c.isa});
    const double before = measure(c.kernel, stock).mac, after = measure(c.kernel, extended).mac;
    EXPECT_LT(after, c.most * before) << c.isa << " " << nameOf(c.kernel);
    EXPECT_GT(measure(c.kernel, extended).joulesPerMac, 0) << c.isa;
  }
}

TEST(Kernels, AnInstructionThatNobodyShippedIsUsed) {
  KernelSetting stock, extended;
  extended.isa = isaOf(
      "forms:\n"
      "  - {mnemonic: macs16, operands: [rc, ra, rb, imm], slot: 64,\n"
      "     semantics: \"rc = sat(rc + (sum(s16(ra) * s16(rb)) >> imm), 48)\"}\n"
      "kernels: |\n  .macro mac_int16 w, x\n  word_w r8, \\w\n  word_x r10, \\x\n"
      "  macs16 r4, r8, r10, 0\n  .endm\n");
  EXPECT_LT(measure(MacKernel::halfWord, extended).mac,
            0.3 * measure(MacKernel::halfWord, stock).mac);
}

TEST(Kernels, AnInstructionReachesTheDevice) {
  const Operator op = gemm(1, 4096, 4096, "int8");
  const auto stock = deviceOf("upmem-server"), fast = deviceOf("upmem-server", {});
  ConfigNode config = configOf("upmem-server");
  config.set("dpu.isa", ConfigNode::ofList({ConfigNode::ofScalar("dot4x8")}));
  Registry registry;
  registerPim(registry);
  const auto dot = registry.make(config, "device");
  EXPECT_LT(analyticSeconds(*dot, op), analyticSeconds(*stock, op));
  EXPECT_GT(dot->info().area.value, stock->info().area.value);
  EXPECT_EQ(analyticSeconds(*fast, op), analyticSeconds(*stock, op));
}

/// r4 = the result of soft-float code for r4 and r8 (r10).
class SoftFloat {
 public:
  SoftFloat() : machine_(program()) {}

  void run(std::uint32_t a, std::uint32_t b) {
    put("a", a);
    put("b", b);
    ASSERT_FALSE(machine_.run(tasklets(1)).error);
  }
  std::uint32_t product() const { return get("p"); }
  std::uint32_t sum() const { return get("s"); }

 private:
  static dpu::Program program() {
    dpu::AssembleOptions options;
    options.folder = std::string(wattlas::test::sourceRoot()) + "/configs/kernels/dpu/lib";
    return dpu::assemble(
        "        .include \"float32-inline.s\"\n        lw r4, zero, a\n        lw r8, zero, b\n"
        "        lw r10, zero, a\n        move r14, r8\n        float_multiply\n"
        "        sw zero, p, r8\n        move r8, r14\n        float_add\n        sw zero, s, r4\n"
        "end: stop true, end\n        .data\na: .word 0\nb: .word 0\np: .word 0\ns: .word 0\n",
        "floats", options);
  }
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
  EXPECT_EQ(measure(MacKernel::byte, setting).readBytesPerTile, 128 + 16);  // with its header
  EXPECT_NE(measure(MacKernel::byte, setting).assembly, measure(MacKernel::byte, plain).assembly);
}

TEST(Kernels, TheTileModelPredictsTheExecutedKernel) {
  // Rows of 512 int8 weights: cycles of a whole launch against tiles of measured instructions.
  const KernelSetting setting;
  const MacMeasurement m = measure(MacKernel::byte, setting);
  dpu::DpuMachine machine(programOf(MacKernel::byte, KernelBuild{}));
  const auto few =
      runChecked(randomProduct(MacKernel::byte, 8 * 16, 512, 1), machine, 8, tasklets(16));
  const auto many =
      runChecked(randomProduct(MacKernel::byte, 24 * 16, 512, 1), machine, 8, tasklets(16));
  TileLoop loop;
  loop.tiles = 16 * 16;
  loop.tile.reads = 1;
  loop.tile.readBytes = 512 + 16;
  loop.tile.instructions =
      static_cast<std::int64_t>(512 * m.mac + m.perTile + m.perPass + m.perOutput + m.perRow + 0.5);
  const double predicted = static_cast<double>(measure(loop, setting).cycles);
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
