// What a program does wrong ends the run with place and reason, in both engines alike.
#include <gtest/gtest.h>

#include "pim/dpu/exec/machine.h"
#include "programs.h"

namespace wattlas::dpu::test {
namespace {

RunError errorOf(const Program& program, EngineMode mode, std::uint64_t maxCycles = 100000) {
  DpuRunOptions options;
  options.tasklets = 2;
  options.mode = mode;
  options.maxCycles = maxCycles;
  const auto result = runDpu(program, options);
  EXPECT_TRUE(result.error.has_value());
  return result.error.value_or(RunError{});
}

void expectError(const Program& program, RunErrorKind kind, std::uint32_t pc) {
  const RunError a = errorOf(program, EngineMode::decoupled);
  const RunError b = errorOf(program, EngineMode::lockstep);
  EXPECT_EQ(a.kind, kind) << a.text();
  EXPECT_EQ(a.pc, pc) << a.text();
  EXPECT_FALSE(a.reason.empty());
  EXPECT_EQ(a.text(), b.text());
}

Builder started() {
  Builder b;
  b.label("start");
  move(b, 1, 64);
  return b;
}

TEST(Errors, IllegalWord) {
  Program program = started().build();
  program.text.push_back(0x7E6300000000ULL | 0x00FF00000000ULL);
  ASSERT_FALSE(decode(program.text.back()));
  expectError(program, RunErrorKind::illegalInstruction, 1);
  EXPECT_EQ(errorOf(program, EngineMode::decoupled).word, program.text.back());
  EXPECT_EQ(errorOf(program, EngineMode::decoupled).symbol, "start+1");
}

TEST(Errors, RunningOffTheProgram) {
  expectError(started().build(), RunErrorKind::pcRange, 1);
}

TEST(Errors, BranchBeyondIram) {
  Builder b = started();
  b.add("CALLzri", {.ra = kZero, .off = 5000});
  expectError(b.build(), RunErrorKind::pcRange, 1);
}

TEST(Errors, OrderingInstructionsThatBranchBeyondIram) {
  for (const char* key : {"RELEASErici", "ACQUIRErici"}) {
    Builder b = started();
    b.add(key, {.ra = kZero, .imm = 3, .cc = key[0] == 'R' ? nz : z});
    Program program = b.build();
    Instruction in = *decode(program.text.back());
    in.target = 60000;
    program.text.back() = *encode(in);
    // The lock is taken first, so that its release branches.
    if (key[0] == 'R') {
      Builder c = started();
      c.add("ACQUIRErici", {.ra = kZero, .imm = 3, .cc = nz, .to = "start"});
      program.text.insert(program.text.end() - 1, c.build().text.back());
    }
    const auto error = errorOf(program, EngineMode::decoupled);
    EXPECT_EQ(error.kind, RunErrorKind::pcRange) << error.text();
    EXPECT_EQ(error.pc, 60000U);
    EXPECT_EQ(error.text(), errorOf(program, EngineMode::lockstep).text());
    DpuRunOptions options;
    options.timing.registerFile = RegisterFileRule::compat;
    EXPECT_EQ(runDpu(program, options).error->kind, RunErrorKind::pcRange);
  }
}

TEST(Errors, CodeThatLoadsOverItself) {
  // MRAM is empty: the load puts an empty word in its own place, and goes on to the next.
  Builder b;
  b.label("start");
  move(b, 1, 8);
  b.add("LDMAIrri", {.ra = 1, .rb = 2, .imm = 1});
  b.add("STOPci", {.cc = true_, .to = "start"});
  for (const auto rule : {RegisterFileRule::none, RegisterFileRule::compat}) {
    for (const auto mode : {EngineMode::decoupled, EngineMode::lockstep}) {
      DpuRunOptions options;
      options.tasklets = 1;
      options.timing.registerFile = rule;
      options.mode = mode;
      const auto result = runDpu(b.build(), options);
      ASSERT_TRUE(result.error);
      EXPECT_EQ(result.error->kind, RunErrorKind::pcRange) << result.error->text();
      EXPECT_EQ(result.error->pc, 2U);
    }
  }
}

TEST(Errors, StoreOutsideWram) {
  Builder b = started();
  move(b, 2, 65536);
  b.add("SWerir", {.ra = 2, .rb = 1});
  expectError(b.build(), RunErrorKind::wramRange, 2);
}

TEST(Errors, MisalignedLoad) {
  Builder b = started();
  b.add("LWerri", {.rc = 3, .ra = 1, .off = 2});
  expectError(b.build(), RunErrorKind::wramRange, 1);
}

TEST(Errors, MisalignedDma) {
  for (const bool inMram : {false, true}) {
    Builder b;
    move(b, 1, inMram ? 64 : 68);
    move(b, 2, inMram ? 4 : 0);
    b.add("LDMArri", {.ra = 1, .rb = 2});
    expectError(b.build(), RunErrorKind::dmaAlignment, 2);
  }
}

TEST(Errors, DmaOutsideItsMemories) {
  struct Case {
    const char* form;
    std::int64_t local, mram;
  };
  for (const auto& c : {Case{"LDMArri", 65536 - 8, 0}, Case{"SDMArri", 0, (64 << 20) - 8},
                        Case{"LDMAIrri", 4096 * 8 - 8, 0}, Case{"LDMArri", 0, 0x40000000}}) {
    Builder b;
    move(b, 1, c.local);
    move(b, 2, c.mram);
    b.add(c.form, {.ra = 1, .rb = 2, .imm = 1});
    expectError(b.build(), RunErrorKind::dmaRange, 2);
  }
}

TEST(Errors, Fault) {
  Builder b = started();
  b.add("FAULTi", {.imm = 4});
  expectError(b.build(), RunErrorKind::fault, 1);
  EXPECT_NE(errorOf(b.build(), EngineMode::decoupled).reason.find('4'), std::string::npos);
}

TEST(Errors, BootOfATaskletThatDoesNotExist) {
  Builder b = started();
  b.add("BOOTri", {.ra = 1, .imm = 0});
  Program program = b.build();
  expectError(program, RunErrorKind::threadNumber, 1);
}

TEST(Errors, LockNeverReleasedIsADeadlock) {
  Builder b;
  b.label("again");
  b.add("ACQUIRErici", {.ra = kZero, .imm = 3, .cc = nz, .to = "again"});
  b.add("STOPci", {.cc = true_, .to = "again"});
  expectError(b.build(), RunErrorKind::deadlock, 0);
}

TEST(Errors, EndlessLoopMeetsTheCycleLimit) {
  Builder b;
  b.label("loop");
  b.add("ADDrrici", {.rc = 1, .ra = 1, .imm = 1, .cc = true_, .to = "loop"});
  for (const auto mode : {EngineMode::decoupled, EngineMode::lockstep}) {
    const RunError e = errorOf(b.build(), mode, 5000);
    EXPECT_EQ(e.kind, RunErrorKind::maxCycles);
    EXPECT_EQ(e.cycle, 5000U);
    EXPECT_EQ(e.pc, 0U);
  }
}

TEST(Errors, WritingConstantRegistersIsImpossibleByEncoding) {
  Builder b;
  move(b, 1, 5);
  b.add("ADDzrr", {.ra = 1, .rb = 1});
  b.add("ADDrri", {.rc = 2, .ra = kZero, .imm = 0});
  finish(b);
  DpuMachine machine(b.build());
  machine.run({});
  EXPECT_EQ(machine.registerValue(0, 2), 0U);
}

}  // namespace
}  // namespace wattlas::dpu::test
