// Sets of DPUs: data of their own, kept memory, comparison of outputs, timeline.
#include "pim/upmem/dpu_set.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "models/base/data_path.h"

namespace wattlas::pim {
namespace {

class DpuSets : public testing::Test {
 protected:
  DpuSets() {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    // MRAM word 1 = word 0 + step; the step comes from WRAM.
    put("add.s",
        "        move r1, buffer\n        move r2, 0\n        ldma r1, r2, 0\n"
        "        lw r3, r1, 0\n        lw r4, zero, step\n        add r3, r3, r4\n"
        "        sw r1, 0, r3\n        sw r1, 4, r3\n        sdma r1, r2, 0\n"
        "done:   stop true, done\n        .data\n        .balign 8\nbuffer: .space 8\n"
        "step:   .word 0\n");
  }
  void put(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void word(const std::string& name, std::uint32_t value) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &value, 4);
    put(name, bytes);
  }
  std::uint32_t wordOf(const std::string& name, std::size_t at) {
    std::ifstream in(folder_ / name, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::uint32_t value = 0;
    EXPECT_GE(bytes.size(), 4 * at + 4) << name;
    if (bytes.size() >= 4 * at + 4) std::memcpy(&value, bytes.data() + 4 * at, 4);
    return value;
  }
  DpuSetResult run(const std::string& steps, const std::string& more = "") {
    put("set.yaml", "program: add.s\ndpus: 3\ntasklets: 1\n" + more + "steps:\n" + steps);
    spec_ = DpuSetSpec::read((folder_ / "set.yaml").string());
    return runDpuSet(spec_, loadUpmem(dataPath(), spec_.device));
  }
  std::filesystem::path folder_;
  DpuSetSpec spec_;
};

constexpr const char* inputs =
    "  - {do: to, symbol: step, words: [5]}\n  - {do: to, file: \"in-{dpu}\"}\n";

TEST_F(DpuSets, EveryDpuWorksOnItsOwnDataAndMemoryIsKept) {
  for (std::uint32_t d = 0; d < 3; ++d) word("in-" + std::to_string(d), 100 * d);
  for (const char* threads : {"threads: 1\n", "threads: 2\n"}) {
    const DpuSetResult r = run(std::string(inputs) +
                                   "  - {do: launch, times: 2}\n"
                                   "  - {do: from, bytes: 8, file: \"out-{dpu}\"}\n"
                                   "  - {do: from, bytes: 8, file: all}\n",
                               threads);
    EXPECT_EQ(r.failed, 0);
    for (std::uint32_t d = 0; d < 3; ++d) {
      EXPECT_EQ(wordOf("out-" + std::to_string(d), 0), 100 * d + 10);
      EXPECT_EQ(wordOf("all", 2 * d + 1), 100 * d + 10);
    }
  }
}

TEST_F(DpuSets, OutputsAreCompared) {
  for (std::uint32_t d = 0; d < 3; ++d) word("in-" + std::to_string(d), d);
  word("want", 5);
  const DpuSetResult r =
      run(std::string(inputs) + "  - {do: launch}\n  - {do: from, bytes: 4, expect: absent4}\n");
  EXPECT_EQ(r.failed, 3);  // no such file
  put("want4", std::string("\5\0\0\0", 4));
  EXPECT_EQ(run(std::string(inputs) + "  - {do: launch}\n  - {do: from, bytes: 4, expect: want4}\n")
                .failed,
            2);  // 5 is what DPU 0 gives, the others 6 and 7
}

TEST_F(DpuSets, ALaunchStraightAfterAnotherIsCheaper) {
  for (std::uint32_t d = 0; d < 3; ++d) word("in-" + std::to_string(d), d);
  const DpuSetResult r =
      run(std::string(inputs) +
          "  - {do: launch}\n  - {do: launch}\n  - {do: to, symbol: step, words: [1]}\n"
          "  - {do: launch}\n  - {do: to, file: \"in-{dpu}\"}\n  - {do: launch}\n");
  std::vector<double> times;
  for (const DpuSetEvent& e : r.events)
    if (e.kind == "launch") times.push_back(e.endS - e.startS);
  ASSERT_EQ(times.size(), 4U);
  EXPECT_LT(times[1], 0.5 * times[0]);
  EXPECT_NEAR(times[2], times[1], 1e-12);  // WRAM: the banks stay
  EXPECT_NEAR(times[3], times[0], 1e-12);
  EXPECT_NEAR(r.timeS, r.kernelS + r.transferS, 1e-12);
}

TEST_F(DpuSets, BadSpecificationsNameTheKey) {
  EXPECT_THROW(run("  - {do: from, file: x}\n"), InputError);
  EXPECT_THROW(run("  - {do: to, symbol: step}\n"), InputError);
  EXPECT_THROW(run("  - {do: launch}\n", "colour: red\n"), InputError);
}

}  // namespace
}  // namespace wattlas::pim
