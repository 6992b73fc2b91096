// Stack-checked arithmetic, loads and stores: as the plain ones inside WRAM, an error outside it.
#include <gtest/gtest.h>

#include <cstring>

#include "engines.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {
namespace {

Program source(const std::string& text) {
  return assemble(text + "\nend: stop true, end\n", "x.s", {});
}

std::uint32_t wordAt(const DpuMachine& machine, std::uint32_t address) {
  std::array<std::uint8_t, 4> bytes{};
  machine.readWram(address, bytes);
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), 4);
  return value;
}

DpuRunResult runOne(DpuMachine& machine, EngineMode mode = EngineMode::decoupled) {
  DpuRunOptions options;
  options.tasklets = 1;
  options.mode = mode;
  return machine.run(options);
}

TEST(StackChecked, InsideWramTheyDoWhatThePlainOnesDo) {
  const std::string body =
      "move r1, 4096\nmove r2, 0x12345678\nADD r3, r1, 8\nSW r3, 4, r2\nSW r3, 0, 9\n"
      "LW r4, r3, 4\nSUB r5, r3, 16\nmove r6, 24\nADD r7, r1, r6\nSUB r8, r7, r6\nSW r7, 0, r4\n";
  std::string checked = body, plain = body;
  const auto spell = [](std::string& text, const char* upper, const char* lower) {
    for (auto at = text.find(upper); at != std::string::npos; at = text.find(upper)) {
      text.replace(at, std::strlen(upper), lower);
    }
  };
  spell(checked, "ADD ", "adds ");
  spell(checked, "SUB ", "subs ");
  spell(checked, "LW ", "lws ");
  spell(checked, "SW ", "sws ");
  spell(plain, "ADD ", "add ");
  spell(plain, "SUB ", "sub ");
  spell(plain, "LW ", "lw ");
  spell(plain, "SW ", "sw ");
  DpuMachine a(source(checked)), b(source(plain));
  const auto x = runOne(a), y = runOne(b);
  ASSERT_FALSE(x.error) << x.error->text();
  EXPECT_NE(a.program().text, b.program().text);  // other words, of the stack-checked forms
  EXPECT_TRUE(a.sameMemories(b));
  for (unsigned r = 0; r < kRegisters; ++r) {
    EXPECT_EQ(a.registerValue(0, r), b.registerValue(0, r)) << r;
  }
  EXPECT_EQ(x.cycles, y.cycles);
  EXPECT_EQ(wordAt(a, 4096 + 8), 9U);
  EXPECT_EQ(wordAt(a, 4096 + 12), 0x12345678U);
  EXPECT_EQ(a.registerValue(0, 4), 0x12345678U);
  EXPECT_EQ(a.registerValue(0, 5), 4096U - 8);
}

TEST(StackChecked, OutsideWramEveryOneIsAnErrorInBothEngines) {
  const std::pair<const char*, const char*> cases[] = {
      {"adds r3, r1, 8", "WRAM"},      {"adds r3, r1, r2", "WRAM"},
      {"subs r3, r2, 4096", "WRAM"},   {"lws r3, r1, 4", "load of 4"},
      {"sws r1, 4, r2", "store of 4"}, {"sws r1, 8, 7", "store of 4"},
      {"lws r3, r2, 1", "not aligned"}};
  for (const auto& [text, reason] : cases) {
    const Program program = source(std::string("move r1, 65536\nmove r2, 64\n") + text);
    for (const auto mode : {EngineMode::decoupled, EngineMode::lockstep}) {
      DpuMachine machine(program);
      const auto result = runOne(machine, mode);
      ASSERT_TRUE(result.error) << text;
      EXPECT_EQ(result.error->kind, RunErrorKind::wramRange) << text;
      EXPECT_EQ(result.error->pc, 2U) << text;
      EXPECT_NE(result.error->reason.find(reason), std::string::npos) << result.error->reason;
    }
  }
}

TEST(StackChecked, TheEndOfWramIsStillAStackPointer) {
  DpuMachine machine(source("move r1, 65528\nadds r2, r1, 8\nsubs r3, r2, 8"));
  EXPECT_FALSE(runOne(machine).error);
  EXPECT_EQ(machine.registerValue(0, 2), 65536U);
}

TEST(StackChecked, FlagsOfCheckedSumsServeTheNextCarry) {
  DpuRunOptions options;
  options.tasklets = 3;
  const Program program = source(
      "move r1, -8\nmove r2, 24\nadds r3, r2, r1\naddc r4, zero, 0\nsubs r5, r2, 16\n"
      "subc r6, zero, 0\nlsl r7, id, 8\nadds r7, r7, 4096\nsws r7, 0, r4\nlws r8, r7, 0\n");
  expectSameInBothEngines(program, options, "checked");
  DpuMachine machine(program);
  runOne(machine);
  EXPECT_EQ(machine.registerValue(0, 3), 16U);
  EXPECT_EQ(machine.registerValue(0, 4), 1U);  // 24 + 0xfffffff8 carries
  EXPECT_EQ(machine.registerValue(0, 6), 0U);  // 24 - 16 does not borrow
}

}  // namespace
}  // namespace wattlas::dpu::test
