// Instructions, labels, expressions and what the assembler says when they are wrong.
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;
using ::testing::Test;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(DpuAssembler, TheReferenceProgramsAssemble) {
  const std::pair<const char*, std::size_t> programs[] = {
      {"alu.s", 13}, {"alu_same_bank.s", 13}, {"dma.s", 11}, {"gemv_int8.s", 24}};
  AssembleOptions options;
  options.tasklets = 16;
  addDefine("COUNT=2000", options.defines);
  addDefine("SIZE=2048", options.defines);
  for (const auto& [file, count] : programs) {
    const auto program = assembleFile(dataFile(file), options);
    EXPECT_EQ(program.text.size(), count) << file;
    EXPECT_TRUE(program.boots()) << file;
    EXPECT_NE(program.symbol("main"), nullptr) << file;
  }
}

TEST(DpuAssembler, CommentsAndLabelsMayStandAnywhere) {
  const auto program = assembled(
      "; one\n# two\n// three\n/* four\n five */ a: b: nop ; x\nc:\n nop # \";\"\n nop // y\n");
  EXPECT_EQ(program.text.size(), 3u);
  EXPECT_EQ(program.symbol("a")->address, 0x80000000u);
  EXPECT_EQ(program.symbol("c")->address, 0x80000008u);
}

TEST(DpuAssembler, ExpressionsFollowThePrecedenceOfC) {
  const auto value = [](const std::string& text) {
    return decode(wordOf("move r0, " + text))->imm;
  };
  EXPECT_EQ(value("1 + 2 * 3"), 7);
  EXPECT_EQ(value("(1 + 2) * 3"), 9);
  EXPECT_EQ(value("1 << 4 | 3 & 2 ^ 1"), 19);
  EXPECT_EQ(value("10 - 4 - 3"), 3);
  EXPECT_EQ(value("-7 / 2"), -3);
  EXPECT_EQ(value("-7 % 4"), -3);
  EXPECT_EQ(value("~0 >> 1"), -1);
  EXPECT_EQ(value("'A' + 0x10 + 0b11 + 010"), 65 + 16 + 3 + 8);
  EXPECT_EQ(value("'\\n'"), 10);
}

TEST(DpuAssembler, LabelsCountInstructionsAndDotIsHere) {
  const auto program = assembled("nop\nl: jump . + 2\nnop\n jz r1, l\n");
  EXPECT_EQ(decode(program.text[1])->offset, 3);
  EXPECT_EQ(decode(program.text[3])->target, 1);
}

TEST(DpuAssembler, NumericLabelsReachBackAndForth) {
  const auto program = assembled("1: jump 1f\n jump 1b\n1: jump 1b\n");
  EXPECT_EQ(decode(program.text[0])->offset, 2);
  EXPECT_EQ(decode(program.text[1])->offset, 0);
  EXPECT_EQ(decode(program.text[2])->offset, 2);
}

TEST(DpuAssembler, DefinesAndTaskletsAreSymbols) {
  AssembleOptions options;
  options.tasklets = 12;
  addDefine("SIZE=0x40*2", options.defines);
  addDefine("FLAG", options.defines);
  const auto program = assembled("move r0, NTASKLETS\nmove r1, SIZE/8-1\nmove r2, FLAG", options);
  EXPECT_EQ(decode(program.text[0])->imm, 12);
  EXPECT_EQ(decode(program.text[1])->imm, 15);
  EXPECT_EQ(decode(program.text[2])->imm, 1);
}

TEST(DpuAssembler, WithoutTaskletsTheErrorSaysWhatToDo) {
  const auto error = assemblyError("move r0, NTASKLETS");
  EXPECT_TRUE(contains(error, "test.s:1:")) << error;
  EXPECT_TRUE(contains(error, "--tasklets")) << error;
}

TEST(DpuAssembler, SugarGivesTheWordsOfTheFormsBehindIt) {
  EXPECT_EQ(wordOf("move r3, r4"), wordOf("or r3, r4, 0, false"));
  EXPECT_EQ(wordOf("jeq r1, 5, 7"), wordOf("sub zero, r1, 5, z, 7"));
  EXPECT_EQ(wordOf("jltu r1, r2, 7"), wordOf("sub zero, r1, r2, ltu, 7"));
  EXPECT_EQ(wordOf("jump 9"), wordOf("call zero, zero, 9"));
  EXPECT_EQ(wordOf("jump r23"), wordOf("call zero, r23, 0"));
  EXPECT_EQ(wordOf("neg r1, r2"), wordOf("sub r1, 0, r2"));
  EXPECT_EQ(wordOf("boot id, 1"), wordOf("boot id, 1, false, 0"));
  EXPECT_EQ(wordOf("stop"), wordOf("stop false, 0"));
  EXPECT_EQ(wordOf("lw !little, r1, r2, 8"), wordOf("lw r1, r2, 8"));
  EXPECT_NE(wordOf("lw !big, r1, r2, 8"), wordOf("lw r1, r2, 8"));
}

TEST(DpuAssembler, AFormWithAFalseConditionStandsInWhereThereIsNoOther) {
  EXPECT_EQ(wordOf("sub r0, r1, 5"), wordOf("sub r0, r1, 5, false"));
  EXPECT_NE(wordOf("add r0, r1, 5"), wordOf("add r0, r1, 5, false"));
}

TEST(DpuAssembler, AddressesOfTheElfFileAreBranchTargetsToo) {
  EXPECT_EQ(wordOf("jz r1, 0x80000030"), wordOf("jz r1, 6"));
  EXPECT_TRUE(contains(assemblyError("jz r1, 0x80000031"), "multiple of 8"));
}

TEST(DpuAssembler, LockSymbolsAreTheirNumbersInAcquireAndRelease) {
  const auto program = assembled(
      ".atomic\na: .byte 0\nb: .byte 0\n.text\nx: acquire zero, b, nz, x\nrelease zero, b, nz, . + "
      "1");
  EXPECT_EQ(decode(program.text[0])->imm, 1);
  EXPECT_EQ(decode(program.text[1])->target, 2);
  EXPECT_EQ(program.atomicBits, 2u);
}

TEST(DpuAssembler, AllProblemsOfASourceAreReported) {
  const auto error = assemblyError("ad r0, r1, 2\n lsl r0, r1, 32\n move r0, nowhere\n");
  EXPECT_TRUE(contains(error, "test.s:1: unknown instruction 'ad' (did you mean 'add'?)")) << error;
  EXPECT_TRUE(
      contains(error, "test.s:2: operand 3 of 'lsl': shift 32 does not fit (expected 0..31)"))
      << error;
  EXPECT_TRUE(contains(error, "test.s:3: 'nowhere' is not defined")) << error;
}

TEST(DpuAssembler, WrongOperandsNameTheOperandAndTheForms) {
  const auto pair = assemblyError("mul_step d1, r0, d2, 0");
  EXPECT_TRUE(contains(pair, "operand 1") && contains(pair, "even pair")) << pair;
  const auto condition = assemblyError("and r0, r1, r2, ov, 5");
  EXPECT_TRUE(contains(condition, "'ov' is not a condition here")) << condition;
  EXPECT_TRUE(contains(condition, "nz")) << condition;
  const auto missing = assemblyError("add r0, r1");
  EXPECT_TRUE(contains(missing, "add rc, ra, rb")) << missing;
  EXPECT_TRUE(contains(assemblyError("ldma r1, r2, 256"), "0..255"));
  EXPECT_TRUE(contains(assemblyError("ldma r1, zero, 0"), "r0..r23"));
}

TEST(DpuAssembler, EveryConditionOfAClassAssembles) {
  for (const auto& form : InstructionSet::builtin().forms()) {
    if (form->key != "SUBzrici" && form->key != "LSLrrrci" && form->key != "ADDrrrci" &&
        form->key != "CLZrrci" && form->key != "MUL_SL_SLrrrci") {
      continue;
    }
    for (const auto& entry : conditionCodes(form->conditionClass)) {
      Instruction made;
      made.form = form.get();
      made.condition = entry.condition;
      const auto word = encode(made);
      ASSERT_TRUE(word);
      EXPECT_EQ(wordOf(disassemble(made, false)), *word) << disassemble(made, false);
      EXPECT_EQ(*codeOf(form->conditionClass, decode(*word)->condition), entry.code);
    }
  }
}

TEST(DpuAssembler, DefinitionsMustBeUnique) {
  EXPECT_TRUE(contains(assemblyError("a: nop\na: nop"), "first defined on line 1"));
  EXPECT_TRUE(contains(assemblyError("r5: nop"), "is a register"));
  AssembleOptions options;
  options.defines["N"] = 3;
  EXPECT_TRUE(contains(assemblyError(".equ N, 4\nnop", options), ".ifndef"));
}

TEST(DpuAssembler, MalformedExpressionsAreProblemsNotCrashes) {
  for (const char* text : {"1 +", "(1", "1)", "1 2", "1 / 0", "1 << 64", "\"x\"", "0x",
                           "99999999999999999999", "'ab'", "'", "nz", "!big", "5 % 0", "r1 + 1"}) {
    EXPECT_NE(assemblyError("move r0, " + std::string(text)), "") << text;
  }
  const std::string deep(5000, '(');
  EXPECT_TRUE(contains(assemblyError("move r0, " + deep), "nested too deeply"));
}

TEST(DpuAssembler, CircularDefinitionsAreFound) {
  EXPECT_TRUE(contains(assemblyError(".equ a, b\n.equ b, a\nmove r0, a"), "defined by itself"));
}

TEST(DpuAssembler, DoublingDefinitionsTakeNoExponentialTime) {
  std::string source;
  for (int i = 0; i < 60; ++i) {
    source += ".equ a" + std::to_string(i) + ", a" + std::to_string(i + 1) + " + a" +
              std::to_string(i + 1) + "\n";
  }
  EXPECT_EQ(decode(wordOf(source + ".equ a60, 0\nmove r0, a0"))->imm, 0);
}

TEST(DpuAssembler, LimitsOfTheMemoriesAreNamed) {
  std::string code;
  for (int i = 0; i < 4097; ++i) code += "nop\n";
  EXPECT_TRUE(contains(assemblyError(code), "at most 4096 instructions"));
  EXPECT_TRUE(contains(assemblyError(".data\n.space 65537\n.text\nnop"), "at most 65536 bytes"));
  EXPECT_TRUE(contains(assemblyError(".mram\n.space 64 << 20\n.byte 1\n.text\nnop"), "67108864"));
  EXPECT_EQ(assemblyError(".data\n.space 65536\n.mram\n.space 64 << 20\n.text\nnop"), "");
  EXPECT_TRUE(contains(assemblyError(".atomic\n.space 257\n.text\nnop"), "256"));
}

TEST(DpuAssembler, ASourceWithoutInstructionsIsRefused) {
  EXPECT_TRUE(contains(assemblyError("; nothing"), "no instruction"));
}

TEST(DpuAssembler, ManyProblemsAreCutShort) {
  std::string source;
  for (int i = 0; i < 5000; ++i) source += "nonsense\n";
  const auto error = assemblyError(source);
  EXPECT_TRUE(contains(error, "more problems"));
  EXPECT_LT(error.size(), 20000u);
}

TEST(DpuAssembler, DefineNeedsANameAndAValue) {
  Defines defines;
  for (const char* text : {"=3", "1A=3", "A=", "A=x", "A B=2", "A=1+"}) {
    EXPECT_NE(errorOf([&] { addDefine(text, defines); }), "") << text;
  }
}

}  // namespace
}  // namespace wattlas::dpu
