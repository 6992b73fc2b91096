// Programs as text.
#include <sstream>

#include "pim/dpu/isa/isa_report.h"
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

using namespace test;

const char* kSource =
    "main: move r0, 5\nloop: sub r0, r0, 1, nz, loop\n call r23, f\n stop true, .\nf: jump r23\n";

TEST(DpuObjdump, ShowsAddressWordTextAndTargetsByName) {
  std::ostringstream out;
  objdump(loadElf(elfImage(assembled(kSource)), "x"), out);
  const auto text = out.str();
  EXPECT_NE(text.find("main:\n    0  80000000  606300500000  move r0, 5\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("sub r0, r0, 1, nz, 1  ; loop\n"), std::string::npos) << text;
  EXPECT_NE(text.find("call r23, 4  ; f\n"), std::string::npos) << text;
  EXPECT_NE(text.find("80000020        0  iram     label    f\n"), std::string::npos) << text;
}

TEST(DpuObjdump, IllegalWordsAreMarked) {
  Program program;
  program.text = {0x7c6300000000, 0x123456789abc};
  std::ostringstream out;
  objdump(program, out);
  EXPECT_NE(out.str().find("123456789abc  (illegal word)"), std::string::npos) << out.str();
}

TEST(DpuObjdump, ListingHasTheSourceLines) {
  std::ostringstream out;
  listing(assembled(kSource), out);
  EXPECT_NE(out.str().find("2  loop: sub r0, r0, 1, nz, loop"), std::string::npos) << out.str();
}

TEST(DpuObjdump, PlacesAreNamedByTheNearestLabel) {
  const auto program = assembled(kSource);
  EXPECT_EQ(program.where(0), "main");
  EXPECT_EQ(program.where(2), "loop+1");
  EXPECT_EQ(program.where(4), "f");
}

TEST(DpuObjdump, TheReportCountsFormsMnemonicsAndFreeSpace) {
  std::ostringstream out;
  isaReport(InstructionSet::builtin(), out);
  EXPECT_NE(out.str().find("1080 forms"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("217 mnemonics"), std::string::npos) << out.str();
}

TEST(DpuObjdump, TheExportNamesEveryForm) {
  std::ostringstream out;
  isaExport(InstructionSet::builtin(), out);
  for (const auto& form : InstructionSet::builtin().forms()) {
    ASSERT_NE(out.str().find("{key: " + form->key + ","), std::string::npos) << form->key;
  }
}

}  // namespace
}  // namespace wattlas::dpu
