// Instructions of configuration files: semantics, timing, energy, changes, hardware loops.
#include "pim/dpu/exec/extension.h"

#include <gtest/gtest.h>

#include "models/base/config.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {
namespace {

std::shared_ptr<const IsaExtension> extension(const std::string& yaml) {
  return IsaExtension::read(parseYaml(yaml, "isa.yaml"));
}

/// rrr instruction `mix` with a semantics.
std::shared_ptr<const IsaExtension> mix(const std::string& semantics,
                                        const std::string& more = "") {
  return extension("forms:\n  - {mnemonic: mix, operands: [rc, ra, rb], slot: 9, semantics: \"" +
                   semantics + "\"" + more + "}\n");
}

DpuRunResult execute(DpuMachine& machine, unsigned tasklets = 1,
                     EngineMode mode = EngineMode::decoupled) {
  DpuRunOptions options;
  options.tasklets = tasklets;
  options.mode = mode;
  return machine.run(options);
}

DpuMachine machineOf(const std::string& source, std::shared_ptr<const IsaExtension> isa,
                     unsigned tasklets = 1) {
  AssembleOptions options;
  options.tasklets = static_cast<int>(tasklets);
  if (isa) options.set = &isa->set();
  return DpuMachine(assemble(source, "t.s", options), std::move(isa));
}

/// r3 after `mix r3, r1, r2` with r3 = c.
std::uint32_t result(const std::string& semantics, std::uint32_t a, std::uint32_t b,
                     std::uint32_t c = 0) {
  auto machine =
      machineOf("move r1, " + std::to_string(a) + "\nmove r2, " + std::to_string(b) +
                    "\nmove r3, " + std::to_string(c) + "\nmix r3, r1, r2\nend: stop true, end\n",
                mix(semantics));
  const auto ran = execute(machine);
  EXPECT_FALSE(ran.error) << ran.error->text();
  EXPECT_EQ(ran.instructionMix.at("mix"), 1U);
  return machine.registerValue(0, 3);
}

TEST(Extension, ExecutesAStockOperationUnderAnotherName) {
  EXPECT_EQ(result("add", 300, 5), 305U);
  EXPECT_EQ(result("rsub", 300, 5), 5U - 300U);
  EXPECT_EQ(result("mul_ul_ul", 300, 5), 44U * 5U);
}

TEST(Extension, ComputesOverLanes) {
  EXPECT_EQ(result("rc = rc + sum(s8(ra) * s8(rb))", 0xff020304, 0x02010101, 10), 17U);
  EXPECT_EQ(result("rc = sum(u4(ra))", 0x12345678, 0), 36U);
  EXPECT_EQ(result("rc = pack(sat(s16(ra) + s16(rb), 8), 16)", 0x0064ff9c, 0x0064ff9c),
            0x007fff80U);
  EXPECT_EQ(result("rc = pack(select(u8(ra) > u8(rb), 1, 0), 8)", 0x05010501, 0x01050105),
            0x01000100U);
  EXPECT_EQ(result("rc = round(ra, 2)", 6, 0), 2U);
  EXPECT_EQ(result("rc = popcount(u32(ra) ^ ~u32(rb))", 0xf0f0f0f0, 0xf0f0f0f0), 32U);
  EXPECT_EQ(result("rc = sum(slice(s8(ra), 1, 2))", 0x04030201, 0), 5U);
  EXPECT_EQ(result("rc = ra > rb ? ra - rb : rb - ra", 3, 10), 7U);
  EXPECT_EQ(result("rc = sat(s32(rc) + (sum(s16(ra) * s16(rb)) >> 1), 32)", 0x7fff7fff, 0x7fff7fff,
                   0x7fffffff),
            0x7fffffffU);
}

TEST(Extension, RefusesWhatItCannotMean) {
  for (const char* bad :
       {"rc = s8(ra)", "rc = sum(s8(ra) * s16(rb))", "rc = dc", "rc = ra +", "rc = what(ra)",
        "imm = 3", "rc = s7(ra)", "rc = load24(ra)", "''", "lsl_ad"})
    EXPECT_THROW(mix(bad), InputError) << bad;
}

TEST(Extension, ACollisionNamesTheNearestFreeSlot) {
  try {
    extension(
        "forms:\n"
        "  - {mnemonic: one, operands: [rc, ra, rb], slot: 5, semantics: rc = ra}\n"
        "  - {mnemonic: two, operands: [rc, ra, db], slot: 5, semantics: rc = ra}\n");
    FAIL();
  } catch (const InputError& error) {
    const Problem& p = error.problems().front();
    EXPECT_EQ(p.place.line, 3);
    EXPECT_NE(p.what.find("ONE"), std::string::npos) << p.what;
    EXPECT_EQ(p.hint, "the nearest free slot is 6");
  }
}

TEST(Extension, WordsAssembleAndDisassemble) {
  const auto isa = mix("rc = ra");
  const auto machine = machineOf("mix r3, r1, r2\nend: stop true, end\n", isa);
  const auto decoded = isa->set().decode(machine.program().text[0]);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(disassemble(*decoded), "mix r3, r1, r2");
  const auto stock = runDpu(machine.program(), {});
  ASSERT_TRUE(stock.error);
  EXPECT_EQ(stock.error->kind, RunErrorKind::illegalInstruction);
}

TEST(Extension, LoadsStepTheirAddressAndStayInWram) {
  const auto isa = extension(
      "forms:\n  - {mnemonic: ldi, operands: [dc, ra], slot: 0, semantics: \"dc = load64(ra); ra = "
      "ra + 8\"}\n");
  const char* source =
      "move r1, cells\nldi d2, r1\nldi d4, r1\nend: stop true, end\n.data\n.balign 8\n"
      "cells: .word 1, 2, 3, 4\n";
  auto machine = machineOf(source, isa);
  ASSERT_FALSE(execute(machine).error);
  EXPECT_EQ(machine.registerValue(0, 3), 1U);  // the odd register is the low word
  EXPECT_EQ(machine.registerValue(0, 4), 4U);
  EXPECT_EQ(machine.registerValue(0, 1), 16U);
  auto bad = machineOf("move r1, 3\nldi d2, r1\nend: stop true, end\n", isa);
  const auto ran = execute(bad);
  ASSERT_TRUE(ran.error);
  EXPECT_EQ(ran.error->kind, RunErrorKind::wramRange);
}

TEST(Extension, AHardwareLoopCostsNothingARound) {
  const auto isa = extension(
      "forms:\n  - {mnemonic: repeat, operands: [ra, pc], slot: 0, semantics: \"loop(ra, pc)\"}\n");
  for (const EngineMode mode : {EngineMode::decoupled, EngineMode::lockstep}) {
    auto machine = machineOf(
        "move r1, 10\nmove r2, 0\nrepeat r1, after\nadd r2, r2, 3\nadd r2, r2, 1\n"
        "after: move r3, r2\nend: stop true, end\n",
        isa);
    const auto ran = execute(machine, 1, mode);
    ASSERT_FALSE(ran.error) << ran.error->text();
    EXPECT_EQ(machine.registerValue(0, 3), 40U);
    EXPECT_EQ(ran.instructions, 3U + 20U + 2U);
    auto none = machineOf(
        "repeat zero, after\nadd r2, r2, 3\nafter: move r3, r2\n"
        "end: stop true, end\n",
        isa);
    ASSERT_FALSE(execute(none, 1, mode).error);
    EXPECT_EQ(none.registerValue(0, 3), 0U);
  }
}

/// Cycles of 16 tasklets that each execute `mix` 100 times.
std::uint64_t cycles(const std::string& costs, EngineMode mode, unsigned tasklets = 16) {
  auto machine = machineOf(
      "move r1, 100\nloop: mix r3, r1, r2\nsub r1, r1, 1, nz, loop\n"
      "end: stop true, end\n",
      mix("rc = ra", costs), tasklets);
  const auto ran = execute(machine, tasklets, mode);
  EXPECT_FALSE(ran.error);
  return ran.cycles;
}

TEST(Extension, IssueSlotsLatencyAndOccupancyTakeTime) {
  for (const EngineMode mode : {EngineMode::decoupled, EngineMode::lockstep}) {
    const auto plain = static_cast<double>(cycles("", mode));
    EXPECT_NEAR(static_cast<double>(cycles(", issueSlots: 3", mode)) / plain, 2.0, 0.03);
    EXPECT_NEAR(static_cast<double>(cycles(", occupancy: 8", mode)) / plain, 4.0, 0.1);
    const auto one = static_cast<double>(cycles("", mode, 1));
    EXPECT_NEAR(static_cast<double>(cycles(", latency: 33", mode, 1)) / one, 2.0, 0.03);
  }
  for (const char* costs : {", issueSlots: 3", ", latency: 40", ", occupancy: 9"})
    EXPECT_EQ(cycles(costs, EngineMode::decoupled), cycles(costs, EngineMode::lockstep)) << costs;
}

TEST(Extension, EnergyIsCounted) {
  auto with =
      machineOf("mix r3, r1, r2\nend: stop true, end\n", mix("rc = ra", ", energy: 100 pJ"));
  auto without = machineOf("mix r3, r1, r2\nend: stop true, end\n", mix("rc = ra"));
  EXPECT_NEAR(execute(with).energyJ.value - execute(without).energyJ.value, 100e-12, 1e-15);
}

TEST(Extension, ChangesAnExistingInstruction) {
  const auto isa = extension("changes:\n  - {mnemonic: mul_ul_ul, semantics: rc = ra * rb}\n");
  auto machine =
      machineOf("move r1, 3000\nmove r2, 5000\nmul_ul_ul r3, r1, r2\nend: stop true, end\n", isa);
  ASSERT_FALSE(execute(machine).error);
  EXPECT_EQ(machine.registerValue(0, 3), 15000000U);
  const auto slow = extension("changes:\n  - {mnemonic: lsl, latency: 110}\n");
  const char* source = "lsl r1, r1, 1\nlsl r1, r1, 1\nend: stop true, end\n";
  auto later = machineOf(source, slow), now = machineOf(source, nullptr);
  EXPECT_EQ(execute(later).cycles - execute(now).cycles, 2U * 99U);
  EXPECT_THROW(extension("changes:\n  - {mnemonic: mul_slow, latency: 3}\n"), InputError);
}

TEST(Extension, ShippedFilesDoNotCollide) {
  const auto all =
      loadIsa({"dot4x8", "dot8x4", "ternary-add", "xnor32", "fast-mul", "vload-inc", "zero-loop"});
  EXPECT_GE(all->models().size(), 8U);
  EXPECT_GT(all->area().value, 0);
  EXPECT_THROW(loadIsa({"dot4x9"}), InputError);
}

}  // namespace
}  // namespace wattlas::dpu::test
