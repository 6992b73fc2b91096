// Is the simulator still fast? Guarded by counts of simulated events, which no machine changes.
// Seconds are measured by wattlas_bench.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

struct Counted {
  double events = 0, operators = 0;
};

Counted counted(const std::string& platform, std::vector<std::string> more) {
  std::vector<std::string> words = {"run", "-p", platform, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Output o = wattlas(words);
  EXPECT_EQ(o.exitCode, 0) << o.err;
  const auto r = nlohmann::json::parse(o.out, nullptr, false);
  EXPECT_FALSE(r.is_discarded());
  EXPECT_TRUE(r["feasible"].get<bool>());
  EXPECT_EQ(r["fidelity_used"]["device"], "event");
  return {r["host"]["events"].get<double>(), static_cast<double>(r["operators"].size())};
}

TEST(Events, InBankGemvStaysBelowTenThousand) {
  for (const char* platform : {"upmem-samac-col64", "upmem-samac-col256", "upmem-samac-row",
                               "pim-ai-1chip", "pim-ai-4chip"})
    EXPECT_LE(counted(platform, {"-w", "gemv:4096x4096", "--format", "int8"}).events, 10000)
        << platform;
}

TEST(Events, GpuOperatorStaysBelowFiveHundred) {
  const Counted c = counted("gpu-h100-sxm", {"-w", "llama2-7b", "--format", "fp16", "--prompt",
                                             "512", "--generate", "1"});
  EXPECT_LE(c.events / c.operators, 500);
}

TEST(Events, EcgPointStaysBelowItsBudget) {
  // Two milliseconds at the slowest rate seen, about 15 million events a second on one core.
  for (const char* platform :
       {"upmem-dimm", "upmem-samac-col256", "pim-ai-1chip", "gpu-h100-sxm", "fpga-zcu104"})
    EXPECT_LE(counted(platform, {"-w", "ecg-dscnn1d", "--format", "int8"}).events, 30000)
        << platform;
}

TEST(Events, DecodeStepsAreFolded) {
  const auto events = [](const char* steps) {
    return counted("pim-ai-4chip",
                   {"-w", "llama2-7b", "--format", "int8", "--prompt", "128", "--generate", steps})
        .events;
  };
  const double few = events("32"), many = events("128");
  EXPECT_LE(many, 30000);
  EXPECT_LE(many, 4 * few) << "steps cost more than in proportion";
}

}  // namespace
}  // namespace wattlas::system
