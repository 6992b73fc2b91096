// The built-in table: complete, consistent, unambiguous, and equal to an independent encoding.
#include <set>
#include <sstream>

#include "pim/dpu/isa/instruction_set.h"
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

struct FormLine {
  std::uint64_t word;
  std::string written, decoded, text;
};

std::vector<FormLine> formLines() {
  std::ifstream file(dataFile("forms.txt"));
  std::vector<FormLine> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream in(line);
    FormLine made;
    std::string word;
    std::getline(in, word, '|');
    std::getline(in, made.written, '|');
    std::getline(in, made.decoded, '|');
    std::getline(in, made.text);
    made.word = std::stoull(word, nullptr, 16);
    lines.push_back(made);
  }
  return lines;
}

TEST(DpuTable, HoldsEveryFormAndMnemonic) {
  const auto& set = InstructionSet::builtin();
  EXPECT_EQ(set.forms().size(), 1080u);
  EXPECT_EQ(set.mnemonics().size(), 217u);
  std::set<std::string> written;
  for (const auto& line : formLines()) written.insert(line.written);
  EXPECT_EQ(written.size(), 1080u);
  for (const auto& key : written) EXPECT_NE(set.form(key), nullptr) << key;
}

TEST(DpuTable, OperationsMatchTheTable) {
  std::set<std::string> operations;
  for (const auto& form : InstructionSet::builtin().forms()) {
    EXPECT_NE(form->operation, Operation::custom) << form->key;
    EXPECT_EQ(name(form->operation), form->operationText);
    operations.insert(form->operationText);
  }
  EXPECT_EQ(operations.size(), static_cast<std::size_t>(Operation::custom));
}

TEST(DpuTable, EveryBitOfEveryFormIsFixedOrAnOperand) {
  for (const auto& form : InstructionSet::builtin().forms()) {
    std::uint64_t covered = form->mask;
    for (const auto& operand : form->operands) {
      EXPECT_EQ(covered & coverage(operand.fields), 0u) << form->key;
      covered |= coverage(operand.fields);
    }
    EXPECT_EQ(covered, ones(48)) << form->key;
    EXPECT_EQ(form->base & ~form->mask, 0u) << form->key;
  }
}

TEST(DpuTable, AssemblyGivesTheWordsOfTheIndependentEncoder) {
  for (const auto& line : formLines()) {
    std::uint64_t word = 0;
    const auto error = errorOf([&] { word = wordOf(line.text); });
    ASSERT_EQ(error, "") << line.text;
    ASSERT_EQ(word, line.word) << line.written << ": " << line.text;
  }
}

TEST(DpuTable, DecodesToTheFormOfTheDecodeRule) {
  for (const auto& line : formLines()) {
    const auto instruction = decode(line.word);
    ASSERT_TRUE(instruction) << line.text << ": " << instruction.error().reason;
    ASSERT_EQ(instruction->form->key, line.decoded) << line.text;
  }
}

TEST(DpuTable, DisassemblyAssemblesBack) {
  for (const auto& line : formLines()) {
    const auto instruction = decode(line.word);
    ASSERT_TRUE(instruction);
    for (const bool sugar : {false, true}) {
      const auto text = disassemble(*instruction, sugar);
      std::uint64_t word = 0;
      const auto error = errorOf([&] { word = wordOf(text); });
      ASSERT_EQ(error, "") << text;
      ASSERT_EQ(word, line.word) << line.text << " printed as " << text;
    }
  }
}

// Words that two forms could decode; in each pair both forms mean the same there.
TEST(DpuTable, OnlyTheKnownPairsOverlap) {
  std::set<std::string> pairs;
  const auto& forms = InstructionSet::builtin().forms();
  for (std::size_t i = 0; i < forms.size(); ++i) {
    for (std::size_t k = i + 1; k < forms.size(); ++k) {
      if (forms[i]->alias || forms[k]->alias || !commonWord(*forms[i], *forms[k])) continue;
      pairs.insert(forms[i]->key + " " + forms[k]->key);
    }
  }
  const std::set<std::string> known = {"BKP FAULTi", "DIV_STEPrrri DIV_STEPrrrici",
                                       "MOVDrr MOVDrrci", "MUL_STEPrrri MUL_STEPrrrici",
                                       "SWAPDrr SWAPDrrci"};
  EXPECT_EQ(pairs, known);
}

struct Golden {
  const char* text;
  std::uint64_t word;
};

// Words read from executables made by the vendor's tool chain.
constexpr Golden kGolden[] = {
    {"jnz id, 6", 0x3c7383000006},
    {"sd zero, 16, 0", 0x7ce346000000},
    {"move r23, 202", 0x6be300ac0000},
    {"release r23, 0, nz, 5", 0x7c5f80000005},
    {"boot id, 1", 0x7df320100000},
    {"add r23, r23, -1, true, 3", 0x2fdf01ff0003},
    {"ld d22, id8, 24", 0x7b7f46810000},
    {"call r23, 187", 0x8be300bb0000},
    {"stop true, 10", 0x7ef32100000a},
    {"lsl r16, r17, 10", 0x884740a40000},
    {"nop", 0x7c6300000000},
    {"lw r14, r2, 4", 0x770b44400000},
    {"sw r22, -32, r2", 0x7f584504ffff},
};

TEST(DpuTable, GoldenWordsBothWays) {
  for (const auto& golden : kGolden) {
    EXPECT_EQ(wordOf(golden.text), golden.word) << golden.text;
    const auto instruction = decode(golden.word);
    ASSERT_TRUE(instruction) << golden.text;
    EXPECT_EQ(disassemble(*instruction), golden.text);
  }
}

}  // namespace
}  // namespace wattlas::dpu
