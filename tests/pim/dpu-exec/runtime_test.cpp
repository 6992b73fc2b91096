// Programs in the shape of vendor executables: start-up code that boots the other tasklets, stack
// frames, mutexes, barriers with wait queues, semaphores, handshakes, heap, counter, print buffer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "engines.h"
#include "pim/dpu/program/program_files.h"
#include "tests/paths.h"

namespace wattlas::dpu::test {
namespace {

constexpr unsigned kRounds = 4, kWords = 32;

Program vendorProgram(unsigned tasklets) {
  AssembleOptions options;
  options.tasklets = static_cast<int>(tasklets);
  options.defines["ROUNDS"] = kRounds;
  return assembleFile(std::string(wattlas::test::dataFolder()) + "/dpu/runtime/program.s", options);
}

/// Word `i` of the input.
std::uint32_t inputWord(std::uint32_t i) {
  return i * 2654435761U >> 8;
}

std::uint32_t wordAt(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

struct Expected {
  std::vector<std::uint32_t> sums;
  std::uint32_t total = 0;
};

Expected expectedOf(unsigned tasklets) {
  Expected e;
  e.sums.resize(tasklets);
  for (std::uint32_t i = 0; i < tasklets * kRounds * kWords; ++i) {
    e.sums[i / kWords % tasklets] += inputWord(i);
    e.total += inputWord(i);
  }
  return e;
}

void feed(DpuMachine& machine, unsigned tasklets) {
  std::vector<std::uint8_t> input(std::size_t{4} * tasklets * kRounds * kWords);
  for (std::uint32_t i = 0; i < input.size() / 4; ++i) {
    const std::uint32_t value = inputWord(i);
    std::memcpy(input.data() + 4 * std::size_t{i}, &value, 4);
  }
  machine.writeSymbol("input", input);
}

/// Everything that the program left, against the same sums in C++.
void expectResults(const DpuMachine& machine, unsigned tasklets, std::uint64_t cycles) {
  const Expected e = expectedOf(tasklets);
  EXPECT_EQ(wordAt(machine.readSymbol("total", 4), 0), e.total);
  EXPECT_LE(wordAt(machine.readSymbol("most_inside", 4), 0), 2U);
  if (tasklets > 2) {
    EXPECT_EQ(wordAt(machine.readSymbol("most_inside", 4), 0), 2U);
  }
  const auto running = machine.readSymbol("running", 4 * tasklets);
  const auto lines = machine.readSymbol("__stdout_buffer", 16 * tasklets);
  std::uint32_t sum = 0;
  std::set<unsigned> printed;
  for (unsigned t = 0; t < tasklets; ++t) {
    sum += e.sums[t];
    EXPECT_EQ(wordAt(running, 4 * std::size_t{t}), sum) << t;
    const std::size_t line = 16 * std::size_t{t};
    EXPECT_EQ(lines[line], 't');
    ASSERT_LT(lines[line + 1], tasklets);
    printed.insert(lines[line + 1]);
    EXPECT_EQ(wordAt(lines, line + 4), e.sums[lines[line + 1]]);
    EXPECT_EQ(wordAt(lines, line + 8), wordAt(running, 4 * std::size_t{lines[line + 1]}));
  }
  EXPECT_EQ(printed.size(), tasklets);
  const auto counted = machine.readSymbol("cycles", 8);
  EXPECT_GT(wordAt(counted, 0), cycles / 2);
  EXPECT_LT(wordAt(counted, 0), cycles);
  EXPECT_EQ(wordAt(counted, 4), 0U);
}

class VendorRuntime : public ::testing::TestWithParam<unsigned> {};

TEST_P(VendorRuntime, RunsToCompletionWithTheRightResults) {
  const unsigned tasklets = GetParam();
  for (const auto rule :
       {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
    DpuMachine fast(loadElf(elfImage(vendorProgram(tasklets)), "program.elf"));
    DpuMachine exact(vendorProgram(tasklets));
    feed(fast, tasklets);
    feed(exact, tasklets);
    DpuRunOptions options;
    options.timing.registerFile = rule;
    options.maxCycles = 10000000;
    const auto a = fast.run(options);
    options.mode = EngineMode::lockstep;
    const auto b = exact.run(options);
    ASSERT_FALSE(a.error) << a.error->text();
    EXPECT_EQ(a.mode, "decoupled");
    EXPECT_EQ(a.cycles, b.cycles);
    EXPECT_EQ(a.instructionMix, b.instructionMix);
    EXPECT_EQ(a.dma.waitCycles, b.dma.waitCycles);
    EXPECT_EQ(a.stalls.registerFile, b.stalls.registerFile);
    EXPECT_TRUE(fast.sameMemories(exact));
    EXPECT_EQ(a.tasklets.size(), tasklets);
    expectResults(fast, tasklets, a.cycles);
  }
}
INSTANTIATE_TEST_SUITE_P(OneToAll, VendorRuntime, ::testing::Values(1, 2, 3, 8, 11, 12, 16, 24));

TEST(VendorRuntime, HasNoDataRaces) {
  DpuMachine machine(vendorProgram(12));
  feed(machine, 12);
  DpuRunOptions options;
  options.raceCheck = true;
  const auto result = machine.run(options);
  ASSERT_FALSE(result.error) << result.error->text();
  EXPECT_TRUE(result.races.empty()) << result.races[0].firstSymbol << result.races[0].secondSymbol;
}

TEST(VendorRuntime, AgreesWithAnyTimingOfRowsWakingAndRevolver) {
  for (const int revolver : {4, 14}) {
    for (const int wake : {1, 30}) {
      DpuRunOptions options;
      options.timing.revolver = revolver;
      options.timing.wakeLatency = wake;
      options.timing.bankDetail = true;
      expectSameInBothEngines(vendorProgram(13), options, "revolver and wake");
    }
  }
}

/// A barrier whose last arrival wakes a tasklet first and reads who is next after that, with the
/// lock number as a signed byte: what compiled run-times do, though the woken one may already be on
/// its way to another barrier, whose queue uses the same table.
const char* const kLateReader = R"(
        jeq   id, NTASKLETS - 1, main
        boot  id, 1
main:   move  r8, ROUNDS
        lsl   r9, id, 1
        add   r9, r9, 1
round:  move  r0, first
        call  r23, wait
        move  r1, r9
busy:   sub   r1, r1, 1, nz, busy       ; a different time in every tasklet
        move  r0, second
        call  r23, wait
        lw    r1, id4, passed
        add   r1, r1, 1
        sw    id4, passed, r1
        sub   r8, r8, 1, nz, round
end:    stop  true, end
wait:   lbs   r1, r0, 3
        acquire r1, 0, nz, .
        lbu   r3, r0, 1
        lbu   r2, r0, 0
        jeq   r3, 1, 4f
        move  r4, id
        jeq   r2, 255, 3f
        lbs   r5, r2, queue
        sb    r4, queue, r5
        sb    r2, queue, r4
2:      sb    r0, 0, r4
        add   r2, r3, -1
        sb    r0, 1, r2
        release r1, 0, nz, .+1
        stop
        jump  r23
3:      sb    r4, queue, r4
        jump  2b
4:      jeq   r2, 255, 7f
        lbu   r3, r2, queue
        jeq   r3, r2, 6f
5:      resume r3, 0, nz, .
        and   r3, r3, 255
        lbu   r3, r3, queue
        jneq  r3, r2, 5b
6:      resume r2, 0, nz, .
        sb    r0, 0, -1
        lbs   r2, r0, 2
        sb    r0, 1, r2
7:      release r1, 0, nz, .+1
        jump  r23
        .data
first:  .byte 255, NTASKLETS, NTASKLETS, 201
second: .byte 255, NTASKLETS, NTASKLETS, 203
queue:  .space 24, 255
        .balign 4
        .globl passed
passed: .space 4 * NTASKLETS
)";

TEST(VendorRuntime, ABarrierThatReadsItsQueueAfterWakingWorksInBothEngines) {
  for (const unsigned tasklets : {1U, 2U, 7U, 11U, 12U, 16U, 24U}) {
    AssembleOptions assembly;
    assembly.tasklets = static_cast<int>(tasklets);
    assembly.defines["ROUNDS"] = 9;
    const Program program = assemble(kLateReader, "late.s", assembly);
    for (const auto rule :
         {RegisterFileRule::none, RegisterFileRule::sameBank, RegisterFileRule::compat}) {
      DpuRunOptions options;
      options.timing.registerFile = rule;
      options.maxCycles = 5000000;
      expectSameInBothEngines(program, options, std::to_string(tasklets) + nameOf(rule));
    }
    DpuMachine machine(program);
    ASSERT_FALSE(machine.run({}).error);
    const auto passed = machine.readSymbol("passed", 4 * tasklets);
    for (unsigned t = 0; t < tasklets; ++t) EXPECT_EQ(wordAt(passed, 4 * std::size_t{t}), 9U) << t;
  }
}

TEST(MramHeap, IsWrittenByTheHostsNameForIt) {
  // The linker's symbol when there is one, else the end of the sections, a multiple of 8.
  for (const bool named : {false, true}) {
    const std::string end = named ? ".globl __sys_used_mram_end\n__sys_used_mram_end:\n" : "";
    DpuMachine machine(
        assemble("e: stop true, e\n.mram\n.space 13\n.balign 16\n.space 1\n" + end, "x.s", {}));
    const std::uint32_t at = named ? 17 : 24;
    machine.writeSymbol("DPU_MRAM_HEAP_POINTER_NAME", std::vector<std::uint8_t>{1, 2, 3});
    EXPECT_EQ(machine.readSymbol("__sys_used_mram_end", 3), (std::vector<std::uint8_t>{1, 2, 3}));
    std::array<std::uint8_t, 1> byte{};
    machine.readMram(at, byte);
    EXPECT_EQ(byte[0], 1) << named;
  }
}

TEST(VendorRuntime, ALockThatNobodyOpensIsReportedByBothEngines) {
  // Tasklet 1 stops with the lock: the others spin on it for ever, in the same cycles.
  const std::string source =
      "jeq id, NTASKLETS-1, m\nboot id, 1\nm: acquire zero, 5, nz, .\njeq id, 1, e\n"
      "release zero, 5, nz, e\ne: stop true, e\n";
  AssembleOptions assembly;
  assembly.tasklets = 4;
  DpuRunOptions options;
  const auto result =
      expectSameInBothEngines(assemble(source, "x.s", assembly), options, "x", true);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind, RunErrorKind::deadlock);
}

}  // namespace
}  // namespace wattlas::dpu::test
