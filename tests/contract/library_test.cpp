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

}  // namespace
}  // namespace wattlas
