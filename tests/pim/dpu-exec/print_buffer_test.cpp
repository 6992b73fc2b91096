// Text that programs of the vendor's run-time print.
#include <gtest/gtest.h>

#include "pim/dpu/exec/machine.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {
namespace {

/// What a program printed whose buffer holds `data` (directives) of `bytes` bytes.
std::string printed(const std::string& data, unsigned bytes, unsigned wrapped = 0) {
  AssembleOptions options;
  options.tasklets = 1;
  const Program program = assemble(
      "end: stop true, end\n        .data\n        .balign 8\n"
      "__stdout_buffer_state: .word " +
          std::to_string(bytes) + ", " + std::to_string(wrapped) +
          "\n        .mram\n        .balign 8\n__stdout_buffer:\n" + data + "\n        .space 64\n",
      "print.s", options);
  DpuRunOptions run;
  run.tasklets = 1;
  return runDpu(program, run).printed;
}

TEST(PrintBuffer, FormatsConversionsWithTheirArguments) {
  EXPECT_EQ(printed(".asciz \"%s%d%s\"\n.asciz \"x = \"\n.word -7\n.asciz \"\\n\"\n", 24),
            "x = -7\n");
  EXPECT_EQ(printed(".asciz \"%08x%c\"\n.word 0xbeef\n.ascii \"!\"\n", 12), "0000beef!");
  EXPECT_EQ(printed(".asciz \"%ld\"\n.quad -5000000000\n", 12), "-5000000000");
}

TEST(PrintBuffer, SeveralMessagesFollowEachOther) {
  EXPECT_EQ(
      printed(".asciz \"%s\"\n.asciz \"a\\n\"\n.zero 2\n.asciz \"%s\"\n.asciz \"b\\n\"\n", 16),
      "a\nb\n");
}

TEST(PrintBuffer, SaysWhenTextIsLost) {
  EXPECT_NE(printed(".asciz \"%s\"\n", 8, 1).find("too small"), std::string::npos);
}

TEST(PrintBuffer, HostileFormatsAreNotFollowed) {
  EXPECT_EQ(printed(".asciz \"%n\"\n.word 1\n", 8), "%n");
  EXPECT_EQ(printed(".asciz \"%*d\"\n.word 1\n", 8), "%*d");
}

}  // namespace
}  // namespace wattlas::dpu::test
