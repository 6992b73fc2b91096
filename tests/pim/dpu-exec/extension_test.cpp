// Instructions from configuration execute as the operation they name.
#include <gtest/gtest.h>

#include "models/base/config.h"
#include "pim/dpu/exec/machine.h"
#include "pim/dpu/isa/isa_yaml.h"
#include "pim/dpu/program/program_files.h"

namespace wattlas::dpu::test {
namespace {

ConfigNode extended(const std::string& semantics) {
  return parseYaml(
      "forms:\n"
      "  - {mnemonic: blend, shape: rrr, base: 0xa00000000000, mask: 0xf000fff1ffff,\n"
      "     operands: [rc, ra, rb], semantics: " +
          semantics + "}\n",
      "isa.yaml");
}

Program assembled(const IsaExtension& extension) {
  AssembleOptions options;
  options.set = &extension.set();
  return assemble("move r1, 300\nmove r2, 5\nblend r3, r1, r2\nend: stop true, end\n", "t.s",
                  options);
}

TEST(Extension, ExecutesAsItsOperationAndIsCountedByItsName) {
  for (const auto& [semantics, expected] :
       {std::pair{"add", 305U}, std::pair{"rsub", 5U - 300U}, std::pair{"mul_ul_ul", 44U * 5U}}) {
    const auto extension = IsaExtension::read(extended(semantics));
    DpuMachine machine(assembled(*extension), extension);
    DpuRunOptions options;
    options.tasklets = 1;
    const auto result = machine.run(options);
    ASSERT_FALSE(result.error) << result.error->text();
    EXPECT_EQ(machine.registerValue(0, 3), expected) << semantics;
    EXPECT_EQ(result.instructionMix.at("blend"), 1U);
  }
}

TEST(Extension, WithoutItTheWordIsIllegal) {
  const auto extension = IsaExtension::read(extended("add"));
  const auto result = runDpu(assembled(*extension), {});
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->kind, RunErrorKind::illegalInstruction);
  EXPECT_EQ(result.error->pc, 2U);
}

TEST(Extension, UnknownOrMissingSemanticsAreRefused) {
  EXPECT_THROW(IsaExtension::read(extended("lsl_ad")), InputError);
  EXPECT_THROW(IsaExtension::read(extended("''")), InputError);
}

}  // namespace
}  // namespace wattlas::dpu::test
