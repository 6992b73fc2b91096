// Do the device files of the GPU family and of the host processors load, all of them?
#include <gtest/gtest.h>

#include "gpu/sim/register.h"
#include "models/host/host.h"
#include "models/registry.h"
#include "tests/paths.h"

namespace wattlas {
namespace {

Registry registry() {
  Registry r;
  registerGpu(r);
  registerHost(r);
  return r;
}

const SearchPath path({wattlas::test::sourceRoot()});

TEST(DeviceFiles, EveryGpuAndProcessorLoads) {
  const Registry r = registry();
  int seen = 0;
  for (const auto& [id, file] : path.list("devices")) {
    if (!id.starts_with("gpu-") && !id.starts_with("cpu-")) continue;
    ++seen;
    const auto device = r.make(loadConfig(file, path), "device");
    EXPECT_GT(device->info().peakMacs.value, 0) << id;
    EXPECT_GT(device->info().tdp.value.value, 0) << id;
    EXPECT_FALSE(device->info().title.empty()) << id;
  }
  EXPECT_GE(seen, 30);
}

TEST(DeviceFiles, EveryNumberNamesItsSource) {
  const Registry r = registry();
  for (const auto& [id, file] : path.list("devices")) {
    if (!id.starts_with("gpu-") && !id.starts_with("cpu-")) continue;
    const auto device = r.make(loadConfig(file, path), "device");
    for (const ParameterRecord& record : device->config().parameters)
      EXPECT_FALSE(record.source.empty()) << id << " " << record.path;
  }
}

TEST(DeviceFiles, MatrixPeakIsTheVendorsFigure) {
  const Registry r = registry();
  const std::map<std::string, double> tflops = {
      {"gpu-a100-sxm", 312}, {"gpu-h100-sxm", 989}, {"gpu-a40", 149.7}, {"gpu-mi210", 181}};
  for (const auto& [id, peak] : tflops) {
    const auto device = r.make(loadConfig(*path.find("devices", id), path), "device");
    EXPECT_NEAR(device->info().peakMacs.value / 1e12, peak, 0.01 * peak) << id;
  }
}

TEST(DeviceFiles, UnknownKeysAreReportedWithTheirPlace) {
  ConfigNode tree = loadConfig(*path.find("devices", "gpu-a40"), path);
  tree.set("matrix.fp17", ConfigNode::ofScalar("12"));
  tree.set("power.idle", ConfigNode::ofScalar("900 W"));
  try {
    registry().make(tree, "device");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    ASSERT_EQ(error.problems().size(), 2u) << error.what();
    EXPECT_NE(std::string(error.what()).find("device.matrix.fp17"), std::string::npos);
  }
}

}  // namespace
}  // namespace wattlas
