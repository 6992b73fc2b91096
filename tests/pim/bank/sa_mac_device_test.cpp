// MACs in the banks as a device: equality with the DPU alone, monotony, fidelities.
#include "tests/pim/support.h"

namespace wattlas::pim_test {
namespace {

TEST(SaMacDevice, WithoutLanesItIsTheDpuAlone) {
  const auto plain = deviceOf("upmem-dimm");
  const auto without = deviceOf("upmem-samac-col256", {{"saMac.lanes", "0"}});
  for (const char* format : {"int8", "int4", "fp16"}) {
    const Operator op = gemm(2, 4096, 4096, format);
    EXPECT_EQ(lower(*plain, op)->hash(), lower(*without, op)->hash());
    EXPECT_EQ(plain->estimate(*lower(*plain, op)).alone(),
              without->estimate(*lower(*without, op)).alone());
  }
}

TEST(SaMacDevice, FloatsFallBackToTheDpuAndSaySo) {
  const auto device = deviceOf("upmem-samac-col256");
  const Operator op = gemm(1, 4096, 4096, "fp16");
  EXPECT_EQ(device->support(op).level, Support::Level::emulated);
  const Profile profile = device->estimate(*lower(*device, op));
  bool named = false;
  for (const Assumption& a : profile.assumptions) named = named || a.key == "saMac.fallback";
  EXPECT_TRUE(named);
  EXPECT_GT(analyticSeconds(*device, op),
            10 * analyticSeconds(*device, gemm(1, 4096, 4096, "int8")));
}

TEST(SaMacDevice, MonotoneInLanesWidthAndIssue) {
  const Operator op = gemm(4, 8192, 4096, "int8");
  const auto time = [&](const Sets& sets) {
    return analyticSeconds(*deviceOf("upmem-samac-col256", sets), op);
  };
  EXPECT_LE(time({}), time({{"saMac.lanes", "16"}}));
  EXPECT_LT(time({{"saMac.lanes", "16"}}), time({{"saMac.lanes", "8"}}));
  EXPECT_LT(time({{"saMac.macIssue", "3.33 ns"}}), time({{"saMac.macIssue", "5 ns"}}));
  EXPECT_LT(time({}), time({{"saMac.lanes", "8"}, {"saMac.widthPerAccess", "64 bit"}}));
}

TEST(SaMacDevice, FewerBitsNeverMoreTime) {
  for (const char* id : {"upmem-samac-col64", "upmem-samac-col256", "upmem-samac-row"}) {
    const auto device = deviceOf(id);
    const double eight = analyticSeconds(*device, gemm(1, 4096, 4096, "int8"));
    const double four = analyticSeconds(*device, gemm(1, 4096, 4096, "w4a8"));
    EXPECT_LE(four, eight) << id;
  }
}

TEST(SaMacDevice, DetailedAgreesWithEvent) {
  const auto device = deviceOf("upmem-samac-col64");
  const auto program = lower(*device, gemm(8, 4096, 4096, "int8"));
  const Profile a = device->simulate(*program, Fidelity::event),
                b = device->simulate(*program, Fidelity::detailed);
  EXPECT_NEAR(toSeconds(a.alone()).value / toSeconds(b.alone()).value, 1.0, 0.01);
  EXPECT_GT(b.events, a.events);
  EXPECT_DOUBLE_EQ(dynamicJoules(*device, a), dynamicJoules(*device, b));
}

TEST(SaMacDevice, AGemvStaysWithinItsEventBudget) {
  const auto all = devicesOf({"upmem-samac-col64", "upmem-samac-col256", "upmem-samac-row"});
  for (const auto& device : all)
    EXPECT_LE(
        device->simulate(*lower(*device, gemm(1, 4096, 4096, "int8")), Fidelity::event).events,
        10000)
        << device->info().title;
}

TEST(SaMacDevice, ImpossibleUnitsAreRefused) {
  EXPECT_THROW(deviceOf("upmem-samac-col256", {{"saMac.lanes", "64"}}), InputError);
  EXPECT_THROW(deviceOf("upmem-samac-col256", {{"saMac.widthPerAccess", "3000 bit"}}), InputError);
  EXPECT_THROW(deviceOf("upmem-samac-row", {{"saMac.lanes", "512"}}), InputError);
}

}  // namespace
}  // namespace wattlas::pim_test
