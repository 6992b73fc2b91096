// Meeting points as programs use them. Each runs in both engines and must do its job.
#include <gtest/gtest.h>

#include "engines.h"
#include "programs.h"
#include "random_programs.h"

namespace wattlas::dpu::test {
namespace {

std::uint32_t word(const DpuMachine& machine, std::uint32_t address) {
  std::array<std::uint8_t, 4> b{};
  machine.readWram(address, b);
  return static_cast<std::uint32_t>(b[0] | b[1] << 8 | b[2] << 16) | std::uint32_t{b[3]} << 24;
}

DpuRunOptions tasklets(unsigned n) {
  DpuRunOptions options;
  options.tasklets = n;
  options.maxCycles = 5000000;
  return options;
}

void wait(Builder& b, int reg, const char* label) {
  b.label(label);
  b.add("SUBrrici", {.rc = reg, .ra = reg, .imm = 1, .cc = nz, .to = label});
}

TEST(Barrier, HoldsWhenOneTaskletStopsLate) {
  // Between opening the lock and stopping, tasklet 1 is slow: the last one must retry its resume.
  constexpr unsigned n = 6;
  Builder d;
  d.label("aspin");
  d.add("ACQUIRErici", {.ra = kZero, .imm = 0, .cc = nz, .to = "aspin"});
  d.add("LWerri", {.rc = 20, .ra = kZero, .off = 256});
  d.add("ADDrri", {.rc = 20, .ra = 20, .imm = 1});
  d.add("SWerir", {.ra = kZero, .rb = 20, .off = 256});
  d.add("SUBzrici", {.ra = 20, .imm = n, .cc = eq, .to = "last"});
  d.add("RELEASErici", {.ra = kZero, .imm = 0, .cc = nz, .to = "slow"});
  d.label("slow");
  d.add("SUBzrici", {.ra = kId, .imm = 1, .cc = neq, .to = "sleep"});
  move(d, 1, 500);
  wait(d, 1, "delay");
  d.label("sleep");
  d.add("STOPci", {.cc = true_, .to = "out"});
  d.label("last");
  d.add("RELEASErici", {.ra = kZero, .imm = 0, .cc = nz, .to = "wake"});
  d.label("wake");
  move(d, 21, 0);
  d.label("next");
  d.add("SUBzrrci", {.ra = kId, .rb = 21, .cc = eq, .to = "skip"});
  d.label("retry");
  d.add("RESUMErici", {.ra = 21, .imm = 0, .cc = nz, .to = "retry"});
  d.label("skip");
  d.add("ADDrri", {.rc = 21, .ra = 21, .imm = 1});
  d.add("SUBzrici", {.ra = 21, .imm = n, .cc = neq, .to = "next"});
  d.label("out");
  d.add("SWerir", {.ra = kId4, .rb = 20, .off = 512});
  finish(d);
  const auto result = expectSameInBothEngines(d.build(), tasklets(n), "late stop");
  std::uint64_t retries = 0;
  for (const auto& t : result.tasklets) retries += t.syncRetries;
  EXPECT_GT(retries, 100U);  // the resume of tasklet 1 spins while it counts to 500
  // Tasklet 0 is woken before the resume of tasklet 1 blocks; the others after it.
  for (const auto& t : result.tasklets) {
    if (t.id != 0) {
      EXPECT_GT(t.stopCycle, 500U * 11) << t.id;
    }
  }
}

TEST(Barrier, NobodyPassesBeforeTheLastArrives) {
  for (const unsigned n : {2U, 11U, 16U, 24U}) {
    Builder b;
    b.add("LSLrri", {.rc = 1, .ra = kId, .imm = 6});
    b.add("ADDrri", {.rc = 1, .ra = 1, .imm = 1});
    wait(b, 1, "work");
    barrier(b, "a", n, 0, 256);
    b.add("TIMEr", {.rc = 2});
    finish(b);
    DpuMachine machine(b.build());
    const auto result = machine.run(tasklets(n));
    ASSERT_FALSE(result.error) << result.error->text();
    const std::uint64_t slowest = (64ULL * (n - 1) + 1) * 11;
    for (unsigned t = 0; t < n; ++t) EXPECT_GE(16ULL * machine.registerValue(t, 2) + 16, slowest);
    EXPECT_EQ(word(machine, 256), n);
    expectSameInBothEngines(b.build(), tasklets(n), std::to_string(n));
  }
}

/// Tasklet 1 waits for a notice of tasklet 0 (a data word behind a lock, then stop/resume).
Program handshake(std::int64_t delayOfNotifier, std::int64_t delayOfWaiter) {
  Builder b;
  b.add("SUBzrici", {.ra = kId, .imm = 0, .cc = neq, .to = "waiter"});
  move(b, 1, delayOfNotifier);
  wait(b, 1, "d0");
  b.label("spin0");
  b.add("ACQUIRErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "spin0"});
  b.add("LWerri", {.rc = 2, .ra = kZero, .off = 128});
  b.add("SUBzrici", {.ra = 2, .imm = 0, .cc = neq, .to = "waits"});
  move(b, 3, 2);  // notice left, nobody waits
  b.add("SWerir", {.ra = kZero, .rb = 3, .off = 128});
  b.add("RELEASErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "sleep0"});
  b.label("sleep0");
  b.add("STOPci", {.cc = true_, .to = "done"});
  b.label("waits");
  b.add("RELEASErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "wake1"});
  b.label("wake1");
  b.add("RESUMErici", {.ra = kOne, .imm = 0, .cc = nz, .to = "wake1"});
  b.add("CALLzri", {.ra = kZero, .to = "done"});
  b.label("waiter");
  move(b, 1, delayOfWaiter);
  wait(b, 1, "d1");
  b.label("spin1");
  b.add("ACQUIRErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "spin1"});
  b.add("LWerri", {.rc = 2, .ra = kZero, .off = 128});
  b.add("SUBzrici", {.ra = 2, .imm = 2, .cc = eq, .to = "noticed"});
  move(b, 3, 1);  // waiting
  b.add("SWerir", {.ra = kZero, .rb = 3, .off = 128});
  b.add("RELEASErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "sleep1"});
  b.label("sleep1");
  b.add("STOPci", {.cc = true_, .to = "done"});
  b.label("noticed");
  b.add("RELEASErici", {.ra = kZero, .imm = 9, .cc = nz, .to = "wake0"});
  b.label("wake0");
  b.add("RESUMErici", {.ra = kZero, .imm = 0, .cc = nz, .to = "wake0"});
  b.label("done");
  b.add("SWerir", {.ra = kId4, .rb = 1, .off = 512});
  b.add("ADDrri", {.rc = 7, .ra = kZero, .imm = 1});
  finish(b);
  return b.build();
}

TEST(Handshake, WorksWhicheverSideComesFirst) {
  for (const auto& [notifier, waiter] :
       {std::pair{1, 300}, std::pair{300, 1}, std::pair{10, 10}, std::pair{11, 10}}) {
    const Program program = handshake(notifier, waiter);
    expectSameInBothEngines(program, tasklets(2), std::to_string(notifier));
    DpuMachine machine(program);
    machine.run(tasklets(2));
    EXPECT_EQ(machine.registerValue(0, 7), 1U);
    EXPECT_EQ(machine.registerValue(1, 7), 1U);
  }
}

TEST(Resume, OfARunningTaskletWaitsForItsStop) {
  Builder b;
  b.add("SUBzrici", {.ra = kId, .imm = 0, .cc = neq, .to = "one"});
  b.label("retry");
  b.add("RESUMErici", {.ra = kOne, .imm = 0, .cc = nz, .to = "retry"});
  b.add("STOPci", {.cc = true_, .to = "retry"});
  b.label("one");
  move(b, 1, 200);
  wait(b, 1, "busy");
  b.add("STOPci", {.cc = true_, .to = "after"});
  b.label("after");
  b.add("ADDrri", {.rc = 5, .ra = kZero, .imm = 77});
  finish(b);
  const auto result = expectSameInBothEngines(b.build(), tasklets(2), "resume before stop");
  EXPECT_NEAR(static_cast<double>(result.tasklets[0].syncRetries), 200, 5);
  DpuMachine machine(b.build());
  machine.run(tasklets(2));
  EXPECT_EQ(machine.registerValue(1, 5), 77U);
}

TEST(FlagSpin, ProgressesThoughTheWriterRunsLater) {
  // A data race: noticed by the fast engine, which then gives way to lockstep.
  Builder b;
  b.add("SUBzrici", {.ra = kId, .imm = 0, .cc = eq, .to = "reader"});
  move(b, 1, 1000);
  wait(b, 1, "work");
  b.add("SWerii", {.ra = kZero, .imm = 1, .off = 256});
  b.add("STOPci", {.cc = true_, .to = "reader"});
  b.label("reader");
  b.add("LWerri", {.rc = 2, .ra = kZero, .off = 256});
  b.add("SUBzrici", {.ra = 2, .imm = 0, .cc = eq, .to = "reader"});
  finish(b);
  DpuRunOptions options = tasklets(2);
  const auto fast = runDpu(b.build(), options);
  options.mode = EngineMode::lockstep;
  const auto exact = runDpu(b.build(), options);
  EXPECT_FALSE(fast.error);
  EXPECT_EQ(fast.cycles, exact.cycles);
  EXPECT_EQ(fast.instructionMix, exact.instructionMix);
  EXPECT_EQ(fast.notes.size(), 1U);
}

TEST(LockConvoy, CostsTheCriticalSectionTimesTheRunnableTasklets) {
  // Reference model: instructions inside times max(11, runnable tasklets) for each passage.
  for (const unsigned n : {4U, 16U, 24U}) {
    Builder b;
    move(b, 1, 50);
    b.label("again");
    b.add("ACQUIRErici", {.ra = kZero, .imm = 2, .cc = nz, .to = "again"});
    b.add("LWerri", {.rc = 2, .ra = kZero, .off = 256});
    for (int i = 0; i < 10; ++i) b.add("ADDrri", {.rc = 2, .ra = 2, .imm = 1});
    b.add("SWerir", {.ra = kZero, .rb = 2, .off = 256});
    b.add("RELEASErici", {.ra = kZero, .imm = 2, .cc = nz, .to = "count"});
    b.label("count");
    b.add("SUBrrici", {.rc = 1, .ra = 1, .imm = 1, .cc = nz, .to = "again"});
    finish(b);
    const auto result = expectSameInBothEngines(b.build(), tasklets(n), std::to_string(n));
    const double law = 50.0 * n * 14 * std::max(11U, n);
    EXPECT_NEAR(static_cast<double>(result.cycles), law, 0.15 * law) << n;
    DpuMachine machine(b.build());
    machine.run(tasklets(n));
    EXPECT_EQ(word(machine, 256), 500U * n);
  }
}

TEST(DmaContention, AgreesForMixedSizesAndDirections) {
  Builder b;
  move(b, 0, 40);
  b.add("LSLrri", {.rc = 1, .ra = kId, .imm = 11});
  b.add("LSLrri", {.rc = 2, .ra = kId, .imm = 20});
  b.add("LSLrri", {.rc = 3, .ra = kId, .imm = 27});  // transfer size by tasklet
  b.add("ADDrrr", {.rc = 3, .ra = 3, .rb = 1});
  b.label("loop");
  b.add("LDMArri", {.ra = 3, .rb = 2, .imm = 3});
  b.add("SDMArri", {.ra = 1, .rb = 2, .imm = 0});
  b.add("SUBrrici", {.rc = 0, .ra = 0, .imm = 1, .cc = nz, .to = "loop"});
  finish(b);
  for (const unsigned n : {1U, 2U, 9U, 24U}) {
    const auto result = expectSameInBothEngines(b.build(), tasklets(n), std::to_string(n));
    EXPECT_GE(static_cast<double>(result.cycles), result.dma.busyCycles);
    EXPECT_EQ(result.dma.reads, 40U * n);
    EXPECT_EQ(result.dma.writes, 40U * n);
  }
}

TEST(Boot, StartsAtInstructionZeroAndOnlyStoppedTasklets) {
  Builder b;
  b.add("ADDrri", {.rc = 4, .ra = 4, .imm = 1});
  b.add("SUBzrici", {.ra = kId, .imm = 0, .cc = neq, .to = "end"});
  b.add("BOOTrici", {.ra = kZero, .imm = 5, .cc = nz, .to = "failed"});
  b.add("BOOTrici", {.ra = kZero, .imm = 0, .cc = z, .to = "end"});  // itself runs: fails
  b.add("ADDrri", {.rc = 5, .ra = kZero, .imm = 9});
  finish(b);
  b.label("failed");
  b.add("FAULTi", {.imm = 1});
  DpuMachine machine(b.build());
  const auto result = machine.run({});
  ASSERT_FALSE(result.error) << result.error->text();
  EXPECT_EQ(result.tasklets.size(), 2U);
  EXPECT_EQ(machine.registerValue(5, 4), 1U);
  EXPECT_EQ(machine.registerValue(0, 5), 9U);
}

TEST(ReadRun, SeesWhoRuns) {
  Builder b;
  b.add("READ_RUNrici", {.ra = kZero, .imm = 0, .cc = nz, .to = "self"});
  b.add("FAULTi", {.imm = 1});
  b.label("self");
  b.add("READ_RUNrici", {.ra = kZero, .imm = 7, .cc = z, .to = "end"});
  b.add("FAULTi", {.imm = 2});
  finish(b);
  const auto result = runDpu(b.build(), tasklets(1));
  EXPECT_FALSE(result.error) << result.error->text();
}

TEST(ClrRun, StopsAnotherTaskletAndRunsInLockstep) {
  Builder b;
  b.add("SUBzrici", {.ra = kId, .imm = 0, .cc = neq, .to = "forever"});
  move(b, 1, 20);
  wait(b, 1, "work");
  b.add("CLR_RUNrici", {.ra = kOne, .imm = 0, .cc = nz, .to = "end"});
  b.add("FAULTi", {.imm = 1});
  finish(b);
  b.label("forever");
  b.add("ADDrrici", {.rc = 2, .ra = 2, .imm = 1, .cc = true_, .to = "forever"});
  const auto result = runDpu(b.build(), tasklets(2));
  EXPECT_FALSE(result.error) << result.error->text();
  EXPECT_EQ(result.mode, "lockstep");
}

TEST(InstructionDma, LoadsCodeThatThenRuns) {
  Builder code;
  code.add("ADDrri", {.rc = 6, .ra = kZero, .imm = 123});
  const std::uint64_t wordToLoad = code.build().text[0];
  Builder b;
  move(b, 1, 8 * 4);
  move(b, 2, 4096);
  b.add("LDMAIrri", {.ra = 1, .rb = 2, .imm = 0});
  b.add("NOP");
  b.add("FAULTi", {.imm = 1});  // instruction 4: replaced
  finish(b);
  DpuMachine machine(b.build());
  std::vector<std::uint8_t> bytes(8);
  for (unsigned i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(wordToLoad >> 8 * i);
  machine.writeMram(4096, bytes);
  const auto result = machine.run(tasklets(1));
  ASSERT_FALSE(result.error) << result.error->text();
  EXPECT_EQ(machine.registerValue(0, 6), 123U);
  EXPECT_EQ(result.dma.instructionReads, 1U);
}

}  // namespace
}  // namespace wattlas::dpu::test
