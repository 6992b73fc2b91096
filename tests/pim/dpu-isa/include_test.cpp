// .include: sources beside sources, and what can go wrong with them.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "models/base/error.h"
#include "tests/pim/dpu-isa/isa_fixture.h"

namespace wattlas::dpu {
namespace {

class Include : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("wattlas-include-" + std::to_string(getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_ / "lib");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  Program assembledMain() { return assembleFile(folder_ / "main.s", {}); }
  std::string complaint() {
    try {
      assembledMain();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no complaint";
  }
  std::filesystem::path folder_;
};

TEST_F(Include, PutsTheOtherSourceInItsPlace) {
  file("main.s", "call r23, f\nend: stop true, end\n.include \"lib/f.s\"\n.include \"lib/g.s\"\n");
  file("lib/f.s", "f: call r22, g\n jump r23\n");
  file("lib/g.s", "g: jump r22\n.data\nx: .word 7\n");
  const auto program = assembledMain();
  EXPECT_EQ(program.text, assemble("call r23, f\nend: stop true, end\nf: call r22, g\njump r23\n"
                                   "g: jump r22\n",
                                   "x", {})
                              .text);
  EXPECT_EQ(program.wram, (std::vector<std::uint8_t>{7, 0, 0, 0}));
  ASSERT_EQ(program.files.size(), 3U);
  EXPECT_EQ(program.lines[4].file, 2U);
  EXPECT_EQ(program.lines[4].line, 1U);
}

TEST_F(Include, IsRelativeToTheFileThatIncludes) {
  file("main.s", ".include \"lib/f.s\"\n");
  file("lib/f.s", ".include \"g.s\"\n");
  file("lib/g.s", "g: stop true, g\n");
  EXPECT_EQ(assembledMain().text.size(), 1U);
}

TEST_F(Include, SeesConditionsAndSymbolsOfItsSurroundings) {
  file("main.s", "N = 3\n.if N == 4\n.include \"missing.s\"\n.endif\n.include \"lib/f.s\"\n");
  file("lib/f.s", ".if N == 3\nmove r0, N\n.endif\nf: stop true, f\n");
  EXPECT_EQ(assembledMain().text.size(), 2U);
}

TEST_F(Include, ProblemsNameTheFileTheyAreIn) {
  file("main.s", "f: nop\n.include \"lib/f.s\"\nnop\n");
  file("lib/f.s", "nop\nf: nop\nfrob r1\n");
  const auto text = complaint();
  EXPECT_NE(text.find("lib/f.s:2: 'f' is defined twice"), std::string::npos) << text;
  EXPECT_NE(text.find("first defined on line 1 of"), std::string::npos) << text;
  EXPECT_NE(text.find("lib/f.s:3: unknown instruction 'frob'"), std::string::npos) << text;
}

TEST_F(Include, AMissingFileIsAnErrorAtTheDirective) {
  file("main.s", "nop\n.include \"nowhere.s\"\n");
  const auto text = complaint();
  EXPECT_NE(text.find("main.s:2:"), std::string::npos) << text;
  EXPECT_NE(text.find("nowhere.s' cannot be included"), std::string::npos) << text;
}

TEST_F(Include, AFileThatIncludesItselfIsFound) {
  file("main.s", "nop\n.include \"main.s\"\n");
  EXPECT_NE(complaint().find("nested too deeply"), std::string::npos);
}

TEST_F(Include, BlocksEndInTheFileTheyBeginIn) {
  file("main.s", ".include \"lib/f.s\"\n.endif\nnop\n");
  file("lib/f.s", "nop\n.if 1\nnop\n");
  const auto text = complaint();
  EXPECT_NE(text.find("lib/f.s:2: .if without .endif"), std::string::npos) << text;
  EXPECT_NE(text.find("main.s:2: .endif without .if"), std::string::npos) << text;
  file("main.s", ".if 1\n.include \"lib/f.s\"\n.endif\nnop\n");
  file("lib/f.s", ".endif\n");
  EXPECT_NE(complaint().find("lib/f.s:1: .endif without .if"), std::string::npos);
}

TEST_F(Include, SourcesThatAreNoFilesHaveNone) {
  EXPECT_THROW(assemble("nop\n.include \"x.s\"\n", "text", {}), InputError);
  EXPECT_THROW(assemble("nop\n.include x\n", "text", {}), InputError);
}

TEST_F(Include, TheListingNamesTheFile) {
  file("main.s", "nop\n.include \"lib/f.s\"\n");
  file("lib/f.s", "nop\n");
  std::ostringstream out;
  listing(assembledMain(), out);
  EXPECT_NE(out.str().find("lib/f.s\n"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace wattlas::dpu
