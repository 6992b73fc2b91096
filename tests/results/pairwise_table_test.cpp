#include <gtest/gtest.h>

#include "models/base/error.h"
#include "results/store.h"
#include "results/store_table.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

TEST(ComparisonTable, ComesBackFromTheFile) {
  const test::Folder folder;
  const std::string path = folder / "d.h5";
  StoreWriter writer({"s", "node", "activity", "name: s\n"});
  writer.append(makePointRow("p", test::sampleResult()));
  const ComparisonRow row{"p", "q", "time_s", 0.75, 0.5, 0.25, 1.5, "device.x", "device.x = 3 us"};
  writer.addTable(tableOf<ComparisonRow>({row}));
  writer.commit(path);
  const std::vector<ComparisonRow> back = rowsOf<ComparisonRow>(Store(path));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].winner, "p");
  EXPECT_EQ(back[0].other, "q");
  EXPECT_EQ(back[0].metric, "time_s");
  EXPECT_EQ(back[0].probability, 0.75);
  EXPECT_EQ(back[0].ratio, 0.5);
  EXPECT_EQ(back[0].low, 0.25);
  EXPECT_EQ(back[0].high, 1.5);
  EXPECT_EQ(back[0].decidedBy, "device.x");
  EXPECT_EQ(back[0].level, "device.x = 3 us");
}

TEST(ComparisonTable, OtherColumnsAreNamed) {
  const test::Folder folder;
  const std::string path = folder / "d.h5";
  StoreWriter writer({"s", "node", "activity", "name: s\n"});
  StoreTable table = tableOf<ComparisonRow>({{}});
  table.columns.pop_back();
  writer.addTable(table);
  writer.commit(path);
  EXPECT_THROW(rowsOf<ComparisonRow>(Store(path)), InputError);
}

}  // namespace
}  // namespace wattlas
