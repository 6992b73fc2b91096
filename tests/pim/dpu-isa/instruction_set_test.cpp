// Forms added at run time.
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

constexpr const char* kAdded = "sa_mac rri 7e8000000000 ff800000ffff - ra rb";

InstructionSet extended(const std::string& line) {
  InstructionSet set = InstructionSet::builtin();
  set.add(line);
  return set;
}

TEST(DpuInstructionSet, AnAddedFormDecodesAssemblesAndPrints) {
  const auto set = extended("sa_mac rri 7e0000c00000 ff80fff10000 - ra rb pc");
  AssembleOptions options;
  options.set = &set;
  const auto program = assembled("x: sa_mac r3, r5, x", options);
  const auto instruction = set.decode(program.text.at(0));
  ASSERT_TRUE(instruction);
  EXPECT_EQ(instruction->form->key, "SA_MACrri");
  EXPECT_EQ(instruction->form->operation, Operation::custom);
  EXPECT_EQ(instruction->ra, 3);
  EXPECT_EQ(instruction->rb, 5);
  EXPECT_EQ(disassemble(*instruction), "sa_mac r3, r5, 0");
}

TEST(DpuInstructionSet, TheBuiltInSetStaysAsItIs) {
  const auto set = extended("sa_mac rri 7e0000c00000 ff80fff10000 - ra rb pc");
  EXPECT_EQ(set.forms().size(), 1081u);
  EXPECT_EQ(InstructionSet::builtin().forms().size(), 1080u);
  EXPECT_FALSE(decode(0x7e0000c00000));
}

TEST(DpuInstructionSet, ACollisionNamesTheOtherFormAndAWord) {
  const auto error = errorOf([] { extended("mine rrr 0c0000c00000 cc00fff1ffff - rcx ra rb"); });
  EXPECT_NE(error.find("collides with 'ADDrrr'"), std::string::npos) << error;
  EXPECT_NE(error.find("0x"), std::string::npos) << error;
}

TEST(DpuInstructionSet, APartialCollisionIsFoundToo) {
  // Overlaps `move`-like words only for some register numbers.
  const auto error = errorOf([] { extended("mine ri 7c6300000000 fffff0000000 - imm.s24 cc4"); });
  EXPECT_NE(error, "");
}

TEST(DpuInstructionSet, BitsThatBelongToNothingAreRefused) {
  const auto error = errorOf([] { extended(kAdded); });
  EXPECT_NE(error.find("belong to no operand"), std::string::npos) << error;
}

TEST(DpuInstructionSet, OperandsOnFixedBitsAreRefused) {
  const auto error = errorOf([] { extended("mine r 7e0000c00000 ffffffffffff - ra"); });
  EXPECT_NE(error.find("overlap"), std::string::npos) << error;
}

TEST(DpuInstructionSet, UnknownOperandNamesAreRefused) {
  const auto error = errorOf([] { extended("mine r 7e0000c00000 ffffffffffff - rq"); });
  EXPECT_NE(error.find("unknown operand 'rq'"), std::string::npos) << error;
}

TEST(DpuInstructionSet, AFormTextReadsBackTheSame) {
  const auto& set = InstructionSet::builtin();
  for (const auto& form : set.forms()) {
    const auto text = formText(*form, set.operandNames());
    const auto again = readForm(text, set.operandNames());
    EXPECT_EQ(again.key, form->key);
    EXPECT_EQ(formText(again, set.operandNames()), text);
  }
}

}  // namespace
}  // namespace wattlas::dpu
