// Does the page about formats say what the devices do?
#include "tests/contract/formats_matrix.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/paths.h"

namespace wattlas {
namespace {

TEST(FormatsPage, IsFresh) {
  std::ifstream file(std::string(wattlas::test::sourceRoot()) + "/docs/formats.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string page = suite::formatsPage();
  std::size_t line = 1;
  for (std::size_t i = 0; i < std::min(page.size(), text.str().size()); ++i) {
    if (page[i] != text.str()[i]) break;
    line += page[i] == '\n' ? 1 : 0;
  }
  EXPECT_TRUE(page == text.str()) << "docs/formats.md differs at line " << line
                                  << ": run wattlas_formats_matrix > docs/formats.md";
}

TEST(FormatsPage, NoNoteIsEmpty) {
  std::istringstream lines(suite::formatsPage());
  for (std::string line; std::getline(lines, line);)
    if (!line.empty() && line[0] >= '1' && line[0] <= '9') {
      EXPECT_GT(line.size(), 8u) << "a device refuses or emulates without saying why: " << line;
    }
}

}  // namespace
}  // namespace wattlas
