// Does every network of the library run on host and GPU, or is it refused by name?
#include <gtest/gtest.h>

#include "tests/contract/suite.h"
#include "workloads/graph/workload.h"

namespace wattlas {
namespace {

class LibraryRuns : public ::testing::TestWithParam<std::string> {};

TEST_P(LibraryRuns, OnHostAndGpuOrIsRefusedByName) {
  suite::Runner run;
  for (const char* platform : {"cpu-xeon", "gpu-h100-sxm"}) {
    const RunResult r =
        run(suite::experiment(platform, {GetParam(), "own"}, {{"run.fidelity", "analytic"}}));
    if (r.feasible) {
      EXPECT_GT(r.timeS, 0) << platform;
      continue;
    }
    ASSERT_FALSE(r.reasons.empty()) << platform;
    // Too large for the memory, or an operator and format by name: never a crash, never silence.
    EXPECT_GT(r.reasons.front().size(), 10u) << platform;
  }
}

INSTANTIATE_TEST_SUITE_P(Library, LibraryRuns, ::testing::ValuesIn(libraryWorkloads(suite::path())),
                         [](const auto& param) {
                           std::string name = param.param;
                           for (char& c : name)
                             if (c == '-' || c == '.') c = '_';
                           return name;
                         });

/// A step of training on host and GPU has all of its phases; no other device runs one, and each
/// says which operator it lacks.
TEST(Training, RunsOnHostAndGpuAndIsRefusedByNameElsewhere) {
  suite::Runner run;
  const suite::Sets sets = {{"run.fidelity", "analytic"}, {"workload.train.step", "true"}};
  for (const char* network : {"resnet18", "gpt2"}) {
    for (const char* platform : {"cpu-xeon", "gpu-h100-sxm"}) {
      const RunResult r = run(suite::experiment(platform, {network, "fp16"}, sets));
      ASSERT_TRUE(r.feasible) << platform << ": " << r.reasons.front();
      double others = 0;
      for (const char* phase : {"backward_data", "backward_weight", "update"}) {
        ASSERT_NE(r.phase(phase), nullptr) << platform << " " << phase;
        others += r.phase(phase)->timeS;
      }
      EXPECT_GT(others, r.phase("forward")->timeS) << platform;
      EXPECT_GE(r.peakBytes, 16 * 11e6) << platform;  // of the smaller network's parameters
    }
    for (const char* platform : {"upmem-dimm", "hbm-pim", "fpga-zcu104"}) {
      const RunResult r = run(suite::experiment(platform, {network, "fp16"}, sets));
      ASSERT_FALSE(r.feasible) << platform;
      EXPECT_NE(r.reasons.front().find(": "), std::string::npos) << r.reasons.front();
    }
  }
}

}  // namespace
}  // namespace wattlas
