// Microbenchmarks: what the timing parameters promise comes out of programs, and moves with them.
#include <gtest/gtest.h>

#include <cstring>

#include "library.h"
#include "models/base/error.h"
#include "models/base/random.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/kernels/microbenchmarks.h"

namespace wattlas::dpu::test {
namespace {

TEST(Issue, OneTaskletTakesElevenCyclesPerInstruction) {
  EXPECT_DOUBLE_EQ(cyclesPerInstruction(library()), 11);
}

TEST(Transfers, FollowTheLatencyLineUntilTheEngineBinds) {
  EXPECT_DOUBLE_EQ(transferCycles(8, false, library()), 81);
  EXPECT_DOUBLE_EQ(transferCycles(512, false, library()), 333);
  EXPECT_DOUBLE_EQ(transferCycles(512, true, library()), 317);
  EXPECT_NEAR(transferCycles(2048, false, library()), 1145.92, 0.1);
}

TEST(Transfers, MoveWithTheirParameters) {
  DpuTiming slow;
  slow.dmaReadLatency *= 1.2;
  // 77 * 0.2 = 15.4, rounded up to whole cycles.
  EXPECT_NEAR(transferCycles(8, false, library(), slow) - transferCycles(8, false, library()), 15.4,
              1);
  DpuTiming busy;
  busy.dmaReadOccupancy *= 1.2;
  busy.dmaWriteOccupancy *= 1.2;
  EXPECT_LT(figureOf("mram-strided-fine", library(), busy),
            0.88 * figureOf("mram-strided-fine", library()));
}

TEST(Figures, UnknownOnesAreRefused) {
  EXPECT_THROW(figureOf("mram-cpy", library()), InputError);
}

class Arithmetic : public ::testing::TestWithParam<int> {};

TEST_P(Arithmetic, GivesTheRightResults) {
  const int operation = GetParam();
  const bool wide = operation == 2 || operation == 3 || operation == 6;
  DpuMachine machine(library().program("arithmetic", 2, {{"OP", operation}, {"REPEAT", 1}}));
  Random random(operation + 1U);
  std::vector<std::uint32_t> words(512);
  for (auto& w : words) w = static_cast<std::uint32_t>(random.next() >> random.below(32));
  const std::uint64_t scalar = wide ? random.next() : (random.next() >> 44) + 1;
  const auto bytes = [](const auto* data, std::size_t size) {
    return std::span(reinterpret_cast<const std::uint8_t*>(data), size);
  };
  machine.writeSymbol("buffers", bytes(words.data(), 2048));
  machine.writeSymbol("scalar", bytes(&scalar, 8));
  DpuRunOptions options;
  options.tasklets = 2;
  ASSERT_FALSE(machine.run(options).error);
  const auto raw = machine.readSymbol("buffers", 2048);
  const auto read = [](const std::uint8_t* at, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    return value;
  };
  const std::size_t size = wide ? 8 : 4;
  for (std::size_t i = 0; i < 2048; i += size) {
    const std::uint64_t a = read(reinterpret_cast<const std::uint8_t*>(words.data()) + i, size);
    const std::uint64_t values[] = {a + scalar, a - scalar, a + scalar, a - scalar,
                                    a * scalar, a / scalar, a * scalar};
    const std::uint64_t mask = wide ? ~std::uint64_t{0} : 0xFFFFFFFFU;
    ASSERT_EQ(read(raw.data() + i, size), values[operation] & mask) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, Arithmetic, ::testing::Range(0, 7));

TEST(WramStream, ComputesItsVectors) {
  for (const int operation : {0, 1, 2, 3}) {
    DpuMachine machine(library().program("wram-stream", 1, {{"OP", operation}, {"REPEAT", 1}}));
    Random random(5);
    std::vector<std::uint64_t> v(256);
    for (auto& x : v) x = random.next();
    const std::uint64_t scalar = random.next() >> 20;
    machine.writeSymbol("vectors", {reinterpret_cast<const std::uint8_t*>(v.data()), 2048});
    machine.writeSymbol("scalar", {reinterpret_cast<const std::uint8_t*>(&scalar), 8});
    DpuRunOptions options;
    options.tasklets = 1;
    ASSERT_FALSE(machine.run(options).error);
    const auto raw = machine.readSymbol("vectors", 1024, 2048);
    for (std::size_t i = 0; i < 128; ++i) {
      std::uint64_t c = 0;
      std::memcpy(&c, raw.data() + 8 * i, 8);
      const std::uint64_t a = v[i], b = v[128 + i];
      const std::uint64_t expected[] = {a, a + b, a * scalar, a + scalar * b};
      ASSERT_EQ(c, expected[operation]) << operation << " " << i;
    }
  }
}

}  // namespace
}  // namespace wattlas::dpu::test
