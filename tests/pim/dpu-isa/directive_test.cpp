// Sections, data and symbols.
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

TEST(DpuDirectives, DataOfEveryWidthIsLittleEndian) {
  const auto program = assembled(
      ".data\n.byte 1, -1\n.half 0x203\n.word 0x04050607\n.quad 0x08090a0b0c0d0e0f\n.text\nnop");
  const std::vector<std::uint8_t> expected = {1,    0xFF, 3,    2,    7,    6,    5,    4,
                                              0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08};
  EXPECT_EQ(program.wram, expected);
}

TEST(DpuDirectives, StringsResolveEscapes) {
  const auto program = assembled(".data\n.ascii \"a\\n\"\n.asciz \"\\x41\\101\"\n.text\nnop");
  const std::vector<std::uint8_t> expected = {'a', '\n', 'A', 'A', 0};
  EXPECT_EQ(program.wram, expected);
}

TEST(DpuDirectives, ValuesThatDoNotFitAreProblems) {
  EXPECT_NE(assemblyError(".data\n.byte 256\n.text\nnop").find("-128..255"), std::string::npos);
  EXPECT_NE(assemblyError(".data\n.half x\n.text\n.equ x, 70000\nnop").find("does not fit"),
            std::string::npos);
}

TEST(DpuDirectives, AlignmentAndSpaceMoveLabels) {
  const auto program =
      assembled(".data\n.byte 1\n.align 8\na: .byte 2\n.p2align 2\nb: .space 3, 7\nc:\n.text\nnop");
  EXPECT_EQ(program.symbol("a")->address, 8u);
  EXPECT_EQ(program.symbol("b")->address, 12u);
  EXPECT_EQ(program.symbol("c")->address, 15u);
  EXPECT_EQ(program.wram[13], 7);
}

TEST(DpuDirectives, BssFollowsAllOtherWramAndTakesNoBytes) {
  const auto program =
      assembled(".bss\nz: .space 16\n.data\na: .word 5\n.section .rodata\nr: .word 6\n.text\nnop");
  EXPECT_EQ(program.symbol("a")->address, 0u);
  EXPECT_EQ(program.symbol("r")->address, 8u);
  EXPECT_EQ(program.symbol("z")->address, 16u);
  EXPECT_EQ(program.wram.size(), 12u);
  EXPECT_EQ(program.wramUsed, 32u);
}

TEST(DpuDirectives, MramIsSparse) {
  const auto program = assembled(
      ".mram\na: .quad 1\n.space 48 << 20\nb: .quad 2\n.text\nmove r0, b\nmove r1, b - a");
  ASSERT_EQ(program.mram.size(), 2u);
  EXPECT_EQ(program.mram[1].offset, 8u + (48u << 20));
  EXPECT_EQ(program.mram[1].bytes.size(), 8u);
  EXPECT_EQ(decode(program.text[0])->imm, 0x08000008 + (48 << 20));
  EXPECT_EQ(decode(program.text[1])->imm, 8 + (48 << 20));
}

TEST(DpuDirectives, DataMayHoldAddresses) {
  const auto program = assembled(".data\nt: .word f, t + 4, e\n.equ e, 9\n.text\nnop\nf: nop");
  EXPECT_EQ(program.wram[0], 1);  // instruction index of f
  EXPECT_EQ(program.wram[4], 4);
  EXPECT_EQ(program.wram[8], 9);
}

TEST(DpuDirectives, SymbolsHaveKindSizeAndBinding) {
  const auto program = assembled(
      ".globl main\n.type main,@function\nmain: nop\nnop\n.size main, .-main\n"
      ".data\nbuf: .space 24\n.globl buf\nnext: .word 1\n.type next, @object\n.size next, 4\n");
  const auto* main = program.symbol("main");
  EXPECT_EQ(main->size, 16u);
  EXPECT_EQ(main->kind, SymbolKind::function);
  EXPECT_TRUE(main->global);
  EXPECT_EQ(program.symbol("buf")->size, 24u);  // up to the next label
  EXPECT_EQ(program.symbol("buf")->memory, Memory::wram);
  EXPECT_EQ(program.symbol("next")->kind, SymbolKind::object);
  EXPECT_FALSE(program.symbol("next")->global);
}

TEST(DpuDirectives, ConditionsChooseBranches) {
  AssembleOptions options;
  options.defines["N"] = 2;
  const std::string source =
      ".ifndef N\n.equ N, 7\n.endif\n.ifndef M\n.equ M, 5\n.endif\n"
      ".if N == 2 && M > 4\nmove r0, 1\n.else\nnonsense here\n.endif\n"
      ".if 0\n.if 1\nbad\n.else\nbad\n.endif\n.endif\n";
  EXPECT_EQ(assembled(source, options).text.size(), 1u);
  EXPECT_NE(assemblyError(".if 1\nnop"), "");
  EXPECT_NE(assemblyError(".endif\nnop"), "");
}

TEST(DpuDirectives, CompilerOutputIsAccepted) {
  const char* source = R"(
	.text
	.file	"task.c"
	.section	.text.main,"ax",@progbits
	.globl	main                            // -- Begin function main
	.type	main,@function
main:                                   // @main
	.cfi_startproc
// %bb.0:
	sd r22, 16, d22
	add r22, r22, 24
	.cfi_def_cfa_offset -24
	move r0, .L.str
	call r23, helper
.LBB0_1:                                // =>This Inner Loop Header: Depth=1
	lw r1, r22, -20
	jneq r1, 0, .LBB0_1
	ld d22, r22, -8
	jump r23
.Lfunc_end0:
	.size	main, .Lfunc_end0-main
	.cfi_endproc
                                        // -- End function
	.section	.text.helper,"ax",@progbits
	.type	helper,@function
helper:
	jump r23
	.type	.L.str,@object
	.section	.rodata.str1.1,"aMS",@progbits,1
.L.str:
	.asciz	"hello"
	.size	.L.str, 6
	.type	counter,@object
	.section	.data.__sys_host,"aw",@progbits
	.globl	counter
	.p2align	3
counter:
	.long	7
	.size	counter, 4
	.section	.debug_info,"",@progbits
	.long	.Linfo
	.uleb128 5
	.section	".note.GNU-stack","",@progbits
	.ident	"clang version 12"
	.addrsig
)";
  const auto program = assembled(source);
  EXPECT_EQ(program.text.size(), 9u);
  EXPECT_EQ(program.symbol("main")->size, 64u);
  EXPECT_EQ(program.symbol("counter")->address % 8, 0u);
  EXPECT_EQ(program.symbol(".LBB0_1"), nullptr);
  EXPECT_EQ(program.symbol("helper")->address, 0x80000040u);
}

TEST(DpuDirectives, InstructionsAndDataKeepToTheirSections) {
  EXPECT_NE(assemblyError(".data\nnop").find("put .text"), std::string::npos);
  EXPECT_NE(assemblyError(".word 1\nnop").find("instructions only"), std::string::npos);
  EXPECT_NE(assemblyError(".section .strange\nnop").find("unknown section"), std::string::npos);
  EXPECT_NE(assemblyError(".worrd 1\nnop").find("did you mean '.word'"), std::string::npos);
}

TEST(DpuDirectives, SectionsCanBeLeftAndComeBackTo) {
  const auto program = assembled(
      "nop\n.pushsection .data\n.byte 1\n.popsection\nnop\n.data\n.byte 2\n.previous\nnop\n");
  EXPECT_EQ(program.text.size(), 3u);
  EXPECT_EQ(program.wram, (std::vector<std::uint8_t>{1, 2}));
}

}  // namespace
}  // namespace wattlas::dpu
