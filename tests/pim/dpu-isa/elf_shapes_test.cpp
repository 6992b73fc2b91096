// Executables as linkers and strippers leave them: segments only, many segments a memory, leftovers
// of other tools. Each loads, or is refused with a reason.
#include <gmock/gmock.h>

#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

using Bytes = std::vector<std::uint8_t>;

void put(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct Segment {
  std::uint32_t address = 0;
  Bytes bytes;
  std::uint32_t memory = 0;  ///< bytes in memory beyond those in the file
  std::uint32_t type = 1;
};

Bytes code(const std::string& source, int bytesPerWord = 8) {
  Bytes bytes;
  for (const auto word : assembled(source).text) put(bytes, word, bytesPerWord);
  return bytes;
}

/// A stripped executable: program headers and contents, nothing else.
Bytes stripped(const std::vector<Segment>& segments, std::uint32_t entry = 0x80000000,
               std::uint16_t type = 2) {
  Bytes out = {0x7F, 'E', 'L', 'F', 1, 1, 1};
  out.resize(16);
  put(out, type, 2);
  put(out, 245, 2);
  put(out, 1, 4);
  put(out, entry, 4);
  put(out, 52, 4);
  put(out, 0, 4);
  put(out, 0x2800000, 4);
  for (const unsigned v : {52U, 32U, static_cast<unsigned>(segments.size()), 0U, 0U, 0U}) {
    put(out, v, 2);
  }
  auto offset = static_cast<std::uint32_t>(52 + 32 * segments.size());
  for (const auto& s : segments) {
    const auto size = static_cast<std::uint32_t>(s.bytes.size());
    for (const std::uint32_t v :
         {s.type, offset, s.address, s.address, size, size + s.memory, 7U, 8U}) {
      put(out, v, 4);
    }
    offset += size;
  }
  for (const auto& s : segments) out.insert(out.end(), s.bytes.begin(), s.bytes.end());
  return out;
}

const char* const kProgram = "move r0, 1\nend: stop true, end\n";
constexpr std::uint32_t kText = 0x80000000, kMram = 0x08000000;

std::string refusal(const Bytes& file) {
  try {
    loadElf(file, "x.elf");
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(ElfShapes, AStrippedExecutableLoads) {
  const auto program = loadElf(stripped({{kText, code(kProgram)}}), "x.elf");
  EXPECT_EQ(program.text, assembled(kProgram).text);
  EXPECT_TRUE(program.symbols.empty());
  EXPECT_FALSE(program.vendorRuntime);
  EXPECT_EQ(program.where(1), "");
}

TEST(ElfShapes, SeveralSegmentsOfEveryMemoryComeTogether) {
  const auto program = loadElf(stripped({{kText, code("nop\n")},
                                         {kText + 80, code(kProgram)},
                                         {0, {1, 2, 3}},
                                         {0x1000, {4, 5}, 30},
                                         {kMram, {6}},
                                         {kMram + 0x100000, {7, 8}, 16}}),
                               "x.elf");
  ASSERT_EQ(program.text.size(), 12U);
  EXPECT_EQ(program.text[1], 0U);  // the gap is empty
  EXPECT_EQ(program.text[10], assembled(kProgram).text[0]);
  ASSERT_EQ(program.wram.size(), 0x1002U);
  EXPECT_EQ(program.wram[0x1001], 5);
  EXPECT_EQ(program.wram[0x800], 0);
  EXPECT_EQ(program.wramUsed, 0x1000U + 32);
  ASSERT_EQ(program.mram.size(), 2U);
  EXPECT_EQ(program.mram[1].offset, 0x100000U);
  EXPECT_EQ(program.mramUsed, 0x100000U + 18);
}

TEST(ElfShapes, SegmentsWithoutContentsClaimMemoryAndReadZero) {
  const auto program =
      loadElf(stripped({{kText, code(kProgram)}, {64, {}, 4096}, {kMram, {}, 64 << 20}}), "x.elf");
  EXPECT_EQ(program.wramUsed, 64U + 4096);
  EXPECT_TRUE(program.wram.empty());
  EXPECT_TRUE(program.mram.empty());
  EXPECT_EQ(program.mramUsed, 64U << 20);
}

TEST(ElfShapes, OtherKindsOfSegmentsAreLeftOut) {
  const auto program = loadElf(stripped({{0x12345678, {1, 2, 3}, 0, 4},
                                         {kText, code(kProgram)},
                                         {0, {9}, 0, 0x6474E551},
                                         {0x40000000, {}, 0}}),
                               "x.elf");
  EXPECT_EQ(program.text.size(), 2U);
  EXPECT_TRUE(program.wram.empty());
}

TEST(ElfShapes, TheEntryMayLieAnywhereInTheProgram) {
  EXPECT_EQ(loadElf(stripped({{kText, code(kProgram)}}, kText + 8), "x.elf").entry, 1U);
  EXPECT_EQ(loadElf(stripped({{kText, code(kProgram)}}, 0), "x.elf").entry, 0U);
  EXPECT_THAT(refusal(stripped({{kText, code(kProgram)}}, kText + 4)),
              ::testing::HasSubstr("entry 0x80000004"));
  EXPECT_THAT(refusal(stripped({{kText, code(kProgram)}}, kText + 800)),
              ::testing::HasSubstr("not an instruction"));
}

TEST(ElfShapes, InstructionsPackedInSixBytesAreRefused) {
  EXPECT_THAT(refusal(stripped({{kText, code(kProgram, 6)}})),
              ::testing::HasSubstr("whole instructions"));
  // Four of them are 24 bytes: whole 8-byte words, and yet not instructions.
  const std::string four = "move r0, 1\nmove r1, 2\nmove r2, 3\nend: stop true, end\n";
  EXPECT_THAT(refusal(stripped({{kText, code(four, 6)}})), ::testing::HasSubstr("48 bits"));
}

TEST(ElfShapes, WhatDoesNotFitIsRefusedWithItsPlace) {
  const auto with = [](Segment s) { return refusal(stripped({{kText, code(kProgram)}, s})); };
  EXPECT_THAT(with({kMram + (64U << 20) - 8, {}, 16}), ::testing::HasSubstr("does not fit"));
  EXPECT_THAT(with({kMram + (64U << 20), {}, 8}), ::testing::HasSubstr("no memory of a DPU"));
  EXPECT_THAT(with({65530, {1}, 8}), ::testing::HasSubstr("does not fit"));
  EXPECT_THAT(with({kText + 8 * 4095, Bytes(16), 0}), ::testing::HasSubstr("does not fit"));
  EXPECT_THAT(with({0xF0000000, {}, 257}), ::testing::HasSubstr("does not fit"));
}

TEST(ElfShapes, ObjectFilesAndEmptyOnesAreRefused) {
  EXPECT_THAT(refusal(stripped({{kText, code(kProgram)}}, kText, 1)),
              ::testing::HasSubstr("object file"));
  EXPECT_THAT(refusal(stripped({{0, {1}}})), ::testing::HasSubstr("no code"));
  EXPECT_THAT(refusal(stripped({})), ::testing::HasSubstr("no code"));
}

}  // namespace
}  // namespace wattlas::dpu
