// Do the FPGA platforms load with their hosts and links?
#include <gtest/gtest.h>

#include "fpga/register.h"
#include "models/experiment.h"
#include "models/host/host.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

TEST(FpgaPlatforms, EveryOneOfTheContractLoads) {
  Registry registry;
  registerFpga(registry);
  registerHost(registry);
  const SearchPath path({wattlas::test::sourceRoot()});
  for (const char* id : {"pynq-z2", "zcu104", "zcu102", "ultra96", "kv260", "arty-a7", "u250",
                         "vu9p", "vu13p", "basys3"}) {
    const Platform platform = makePlatform(std::string("fpga-") + id, {}, registry, path);
    ASSERT_NE(platform.device.device, nullptr) << id;
    ASSERT_NE(platform.host.device, nullptr) << id;
    EXPECT_EQ(platform.device.device->info().kind, "fpga-dataflow") << id;
  }
}

// The processing system of a Zynq board is in the board's power: its host must not be charged too.
TEST(FpgaPlatforms, ProcessingSystemsAreChargedOnce) {
  Registry registry;
  registerFpga(registry);
  registerHost(registry);
  const SearchPath path({wattlas::test::sourceRoot()});
  const Platform platform = makePlatform("fpga-zcu104", {}, registry, path);
  double idle = 0;
  for (const CoefficientId p : platform.host.device->energy().powers())
    idle += platform.host.device->energy().at(p).perCount.value.value;
  EXPECT_EQ(idle, 0);
}

}  // namespace
}  // namespace wattlas
