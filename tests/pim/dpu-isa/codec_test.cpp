// Encoding and decoding of single words.
#include <random>

#include "pim/dpu/isa/instruction_set.h"
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

/// An instruction of the form with random legal operands.
Instruction randomInstruction(const Form& form, std::mt19937_64& random) {
  Instruction made;
  made.form = &form;
  for (const auto& operand : form.operands) {
    const auto values = legalValues(form, operand);
    const auto bits = static_cast<std::uint32_t>(random());
    const auto pick = values.empty() ? bits % 32 : values[bits % values.size()];
    const auto number = static_cast<std::uint8_t>(pick);
    switch (operand.kind) {
      case OperandKind::rc:
      case OperandKind::dc:
        made.rc = number;
        break;
      case OperandKind::ra:
        made.ra = number;
        break;
      case OperandKind::rb:
      case OperandKind::db:
        made.rb = number;
        break;
      case OperandKind::cc:
        made.condition = *conditionOf(form.conditionClass, pick);
        break;
      case OperandKind::endian:
        made.bigEndian = bits % 2 != 0;
        break;
      case OperandKind::pc:
        made.target = static_cast<std::uint16_t>(bits);
        break;
      case OperandKind::zero:
        break;
      default: {
        const auto value =
            operand.type == OperandType::unsignedValue
                ? static_cast<std::int32_t>(bits & ones(operand.bits))
                : signExtend(bits & static_cast<std::uint32_t>(ones(operand.bits)), operand.bits);
        (operand.kind == OperandKind::off ? made.offset : made.imm) = value;
      }
    }
  }
  return made;
}

bool sameOperands(const Instruction& a, const Instruction& b) {
  return a.rc == b.rc && a.ra == b.ra && a.rb == b.rb && a.condition == b.condition &&
         a.bigEndian == b.bigEndian && a.target == b.target && a.imm == b.imm &&
         a.offset == b.offset;
}

TEST(DpuCodec, DecodeUndoesEncodeForEveryForm) {
  std::mt19937_64 random(7);
  for (const auto& form : InstructionSet::builtin().forms()) {
    for (int trial = 0; trial < 60; ++trial) {
      const auto made = randomInstruction(*form, random);
      const auto word = encode(made);
      ASSERT_TRUE(word) << form->key << ": " << word.error().reason;
      const auto own = extract(*form, *word);
      ASSERT_TRUE(own) << form->key;
      EXPECT_TRUE(sameOperands(*own, made)) << form->key;
      const auto decoded = decode(*word);
      ASSERT_TRUE(decoded) << form->key;
      EXPECT_FALSE(decoded->form->alias) << form->key;
      const auto again = encode(*decoded);
      ASSERT_TRUE(again) << form->key;
      EXPECT_EQ(*again, *word) << form->key << " decoded as " << decoded->form->key;
    }
  }
}

TEST(DpuCodec, RandomWordsAreRefusedOrEncodeToThemselves) {
  std::mt19937_64 random(11);
  int legal = 0;
  for (int trial = 0; trial < 200000; ++trial) {
    const std::uint64_t word = random() & ones(48);
    const auto instruction = decode(word);
    if (!instruction) {
      ASSERT_NE(instruction.error().reason.find("is not an instruction"), std::string::npos);
      continue;
    }
    ++legal;
    const auto back = encode(*instruction);
    ASSERT_TRUE(back);
    ASSERT_EQ(*back, word);
  }
  EXPECT_GT(legal, 1000);
}

TEST(DpuCodec, IllegalRegistersMakeNoInstruction) {
  const auto word = wordOf("add r3, r2, r4");
  EXPECT_TRUE(decode(word));
  EXPECT_FALSE(decode(word | (std::uint64_t{3} << 44)));  // rc 27
  const auto pair = wordOf("ld d22, r1, 0");
  EXPECT_FALSE(decode(pair | (std::uint64_t{1} << 39)));  // odd pair 23
}

TEST(DpuCodec, BitsAbove47AreRefused) {
  const auto result = decode(std::uint64_t{1} << 48);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().reason.find("above bit 47"), std::string::npos);
}

TEST(DpuCodec, ImmediateOutsideItsRangeNamesOperandValueAndRange) {
  Instruction i;
  i.form = InstructionSet::builtin().form("ADDrrici");
  i.condition = Condition::true_;
  i.imm = 128;
  const auto word = encode(i);
  ASSERT_FALSE(word);
  EXPECT_EQ(word.error().operand, "imm");
  EXPECT_NE(word.error().reason.find("128"), std::string::npos);
  EXPECT_NE(word.error().reason.find("-128..127"), std::string::npos);
}

TEST(DpuCodec, ConditionOutsideTheClassIsRefused) {
  Instruction i;
  i.form = InstructionSet::builtin().form("ANDrrici");
  i.condition = Condition::c;
  const auto word = encode(i);
  ASSERT_FALSE(word);
  EXPECT_EQ(word.error().operand, "cc");
}

TEST(DpuCodec, ImmediatesAreExtendedByTheirType) {
  EXPECT_EQ(decode(wordOf("add r1, r2, -1, true, 0"))->imm, -1);
  EXPECT_EQ(decode(wordOf("or r1, r2, -8388608, false"))->imm, -8388608);
  EXPECT_EQ(decode(wordOf("lsl r1, r2, 31"))->imm, 31);
  EXPECT_EQ(decode(wordOf("ldma r1, r2, 255"))->imm, 255);
  EXPECT_EQ(decode(wordOf("add r1, r2, 0xffffffff"))->imm, -1);
  EXPECT_EQ(decode(wordOf("sw r1, -2048, -32768"))->imm, -32768);
  EXPECT_EQ(decode(wordOf("sw r1, -2048, 7"))->offset, -2048);
}

TEST(DpuCodec, FormsTellTheExecutorWhatTheyDo) {
  const auto fact = [](const char* text) { return decode(wordOf(text)); };
  const auto fused = fact("sub r0, r0, 1, nz, 3");
  EXPECT_TRUE(fused->form->branches);
  EXPECT_EQ(fused->form->write, WriteMode::result);
  EXPECT_EQ(fused->condition, Condition::nz);
  const auto set = fact("sub r0, r1, r2, ltu");
  EXPECT_EQ(set->form->write, WriteMode::setOnCondition);
  EXPECT_FALSE(set->form->branches);
  const auto reversed = fact("sub r0, 5, r1");
  EXPECT_EQ(reversed->form->first, Source::immediate);
  EXPECT_EQ(reversed->form->second, Source::ra);
  const auto shiftAdd = fact("lsl_add r0, r1, r2, 3");
  EXPECT_EQ(shiftAdd->form->first, Source::rb);
  EXPECT_EQ(shiftAdd->form->second, Source::ra);
  EXPECT_EQ(shiftAdd->form->third, Source::immediate);
  EXPECT_EQ(fact("add.s d0, r1, r2")->form->pair, PairMode::signExtend);
  EXPECT_EQ(fact("mul_step d0, r2, d0, 3")->form->pair, PairMode::full);
  EXPECT_EQ(fact("add zero, r1, r2")->form->destination, Destination::none);
  EXPECT_EQ(fact("or r0, r1, 5, false")->form->write, WriteMode::result);
  EXPECT_TRUE(fact("lws r0, r1, 5")->form->safe);
  EXPECT_FALSE(fact("lw r0, r1, 5")->form->safe);
  EXPECT_EQ(fact("sd r0, 0, d2")->form->second, Source::dbPair);
}

}  // namespace
}  // namespace wattlas::dpu
