// Does `validate` say what passed, and does a missed gate show in the exit code?
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/system/command.h"

namespace wattlas::system {
namespace {

struct Summary {
  int pass = -1, gap = -1, fail = -1;
};

/// Reads the last line, which is for scripts.
Summary summaryOf(const Output& o) {
  const std::size_t end = o.out.find_last_not_of('\n');
  const std::size_t start = o.out.rfind('\n', end) + 1;
  const std::string line = o.out.substr(start, end + 1 - start);
  std::smatch found;
  if (!std::regex_search(line, found, std::regex("^(\\d+) pass, (\\d+) GAP, (\\d+) fail.*blind"))) {
    ADD_FAILURE() << "no summary: " << line;
    return {};
  }
  return {std::stoi(found[1]), std::stoi(found[2]), std::stoi(found[3])};
}

TEST(Validate, LastLineCountsTheRows) {
  const Output o = wattlas({"validate", "banks"});
  EXPECT_EQ(o.exitCode, 0) << o.out;
  const Summary s = summaryOf(o);
  EXPECT_GT(s.pass, 0);
  EXPECT_EQ(s.fail, 0);
}

TEST(Validate, StrictTurnsKnownGapsIntoFailures) {
  for (const char* group : {"fpga", "banks"}) {
    const Summary normal = summaryOf(wattlas({"validate", group}));
    const Output strict = wattlas({"validate", group, "--strict"});
    const Summary s = summaryOf(strict);
    EXPECT_EQ(s.gap, 0);
    EXPECT_EQ(s.fail, normal.fail + normal.gap) << group;
    EXPECT_EQ(strict.exitCode, s.fail > 0 ? 4 : 0) << group;
  }
}

TEST(Validate, PrintsOneJsonObject) {
  const Output o = wattlas({"validate", "banks", "--json"});
  EXPECT_EQ(o.exitCode, 0);
  const auto all = nlohmann::json::parse(o.out, nullptr, false);
  ASSERT_FALSE(all.is_discarded()) << o.out.substr(0, 200);
  ASSERT_TRUE(all["rows"].is_array());
  for (const auto& row : all["rows"])
    for (const char* key : {"group", "id", "kind", "quantity", "unit", "ours", "reference", "error",
                            "gate", "target", "pass", "source"})
      EXPECT_TRUE(row.contains(key)) << key;
}

TEST(Validate, GivesTheSameBytesTwice) {
  EXPECT_EQ(wattlas({"validate", "banks"}).out, wattlas({"validate", "banks"}).out);
}

}  // namespace
}  // namespace wattlas::system
