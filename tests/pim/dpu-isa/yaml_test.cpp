// The table through YAML.
#include <sstream>

#include "pim/dpu/isa/isa_report.h"
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

InstructionSet extended(const std::string& yaml, const std::vector<std::string_view>& keys = {}) {
  InstructionSet set = InstructionSet::builtin();
  addForms(parseYaml(yaml, "isa.yaml"), set, keys);
  return set;
}

TEST(DpuIsaYaml, AnExportedTableReadsBackAsTheSame) {
  std::ostringstream out;
  isaExport(InstructionSet::builtin(), out);
  const auto set = extended(out.str());
  std::ostringstream again;
  isaExport(set, again);
  EXPECT_EQ(again.str(), out.str());
}

TEST(DpuIsaYaml, AFormWithAnOwnOperandKindWorks) {
  const auto set = extended(
      "operands: {imm.s6: {kind: imm, type: s6, fields: ['5:0@28']}}\n"
      "forms:\n  - {mnemonic: sa_mac, shape: ri, base: 0xa00000000000, mask: 0xff800fffffff,\n"
      "     operands: [ra, imm.s6], cycles: 4}\n",
      {"cycles"});
  AssembleOptions options;
  options.set = &set;
  const auto instruction = set.decode(assembled("sa_mac r3, -5", options).text.at(0));
  ASSERT_TRUE(instruction);
  EXPECT_EQ(instruction->imm, -5);
  EXPECT_EQ(instruction->ra, 3);
}

TEST(DpuIsaYaml, ProblemsHaveTheirLines) {
  const auto error = errorOf([] {
    extended(
        "forms:\n  - {mnemonic: a, shape: r, base: 0xa0, mask: 0xff}\n"
        "  - {mnemonic: add, shape: xyz, base: 0x0c0000c00000, mask: 0xcc00fff1ffff,\n"
        "     operands: [rcx, ra, rb], cycles: 3}\n");
  });
  EXPECT_NE(error.find("isa.yaml:2: forms.a"), std::string::npos) << error;
  EXPECT_NE(error.find("collides with 'ADDrrr'"), std::string::npos) << error;
  EXPECT_NE(error.find("forms.cycles: unknown key"), std::string::npos) << error;
}

}  // namespace
}  // namespace wattlas::dpu
