// Numbers and tables beyond the fixed columns of a results file.
#include "results/store_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "models/base/error.h"
#include "results/store.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::sampleResult;
using testing::HasSubstr;

const StoreHeader header{"study", "node", "activity", ""};

PointRow rowWith(const std::string& id, std::vector<std::pair<std::string, double>> extra) {
  PointRow row = makePointRow(id, sampleResult());
  row.extra = std::move(extra);
  return row;
}

TEST(FurtherNumbers, ComeBackAndAreMissingWhereNotGiven) {
  const Folder folder;
  StoreWriter writer(header);
  writer.append(rowWith("a", {}));
  writer.append(rowWith("b", {{"time_s.p5", 1.0}, {"time_s.p95", 2.0}}));
  writer.append(rowWith("c", {{"time_s.p95", 4.0}}));
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  EXPECT_EQ(columnsOf(store.rows()).extras, (std::vector<std::string>{"time_s.p5", "time_s.p95"}));
  EXPECT_TRUE(std::isnan(numberOf(store.rows()[0], "time_s.p5")));
  EXPECT_EQ(numberOf(store.rows()[1], "time_s.p5"), 1.0);
  EXPECT_EQ(numberOf(store.rows()[1], "time_s.p95"), 2.0);
  EXPECT_TRUE(std::isnan(numberOf(store.rows()[2], "time_s.p5")));
  EXPECT_EQ(numberOf(store.rows()[2], "time_s.p95"), 4.0);
}

TEST(FurtherNumbers, StandBehindTheColumnsOfTheContractInCsv) {
  const std::string csv = pointCsv({rowWith("a", {{"time_s.p5", 3.5}}), rowWith("b", {})});
  EXPECT_THAT(csv, HasSubstr("config_hash,device,edp_js,tokens_per_s,"));
  EXPECT_THAT(csv, HasSubstr(",energy_breakdown_j.static,time_s.p5\n"));
  EXPECT_THAT(csv, HasSubstr(",6,3.5\n"));
  EXPECT_THAT(csv, HasSubstr(",6,\n"));
}

TEST(FurtherNumbers, CannotTakeTheNameOfAnotherColumn) {
  StoreWriter writer(header);
  for (const char* name : {"time_s", "platform", "feasible", "bound", "", "a/b"})
    EXPECT_THROW(writer.append(rowWith("a", {{name, 1.0}})), InputError) << name;
  EXPECT_EQ(writer.size(), 0u);
}

TEST(FurtherNumbers, ChangeTheContentHash) {
  const Folder folder;
  for (const double value : {1.0, 2.0}) {
    StoreWriter writer(header);
    writer.append(rowWith("a", {{"x", value}}));
    writer.commit(folder / (value == 1.0 ? "a.h5" : "b.h5"));
  }
  EXPECT_NE(Store(folder / "a.h5").contentHash(), Store(folder / "b.h5").contentHash());
}

TEST(Tables, ComeBackWithTypesUnitsAndOrder) {
  const Folder folder;
  const StoreTable odd{"/odd/table",
                       {{"µ \"quoted\"", std::vector<std::string>{"</script>", "", "ß"}, ""},
                        {"n", std::vector<std::int64_t>{-1, 0, 9007199254740993}, ""},
                        {"x", std::vector<double>{0.1, 1e300, -0.0}, "J"}}};
  const StoreTable empty{"/odd/empty", {{"n", std::vector<double>{}, ""}}};
  StoreWriter writer(header);
  writer.append(rowWith("a", {}));
  writer.addTable(odd);
  writer.addTable(empty);
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  ASSERT_EQ(store.tables().size(), 2u);
  EXPECT_EQ(store.tables()[0], odd);
  ASSERT_NE(store.table("/odd/empty"), nullptr);
  EXPECT_EQ(store.table("/odd/empty")->rows(), 0u);
  EXPECT_EQ(store.table("/search/history"), nullptr);
}

TEST(Tables, OfTheProgramComeBackAsWhatTheyAre) {
  const Folder folder;
  StoreWriter writer(header);
  writer.addTable(tableOf<HistoryStep>({{100, 0.5, 1, "w"}, {200, 0.75, 2, "w"}}));
  writer.addTable(tableOf<ObjectiveInfo>({{"time_s", false}, {"tokens_per_s", true}}));
  writer.addTable(
      tableOf<ParameterInfluence>({{"dpu.clock", "upmem-dimm", 4, true}, {"l2", "gpu", 0, false}}));
  writer.addTable(tableOf<RefusedGroup>({{"too large", {"platform = a or b"}, 7, false}}));
  writer.addTable(tableOf<TornadoBar>({{"id", "host.idle", 1.0, 2.0, "energy_j", 1.1, 2.2}}));
  writer.addTable(tableOf<ScenarioValue>({{"id", 0, 1.5, 2.5}, {"id", 1, 1.6, 2.6}}));
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  const auto history = rowsOf<HistoryStep>(store);
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].evaluations, 200);
  EXPECT_EQ(history[1].hypervolume, 0.75);
  EXPECT_EQ(history[1].seed, 2);
  EXPECT_EQ(history[1].workload, "w");
  ASSERT_EQ(rowsOf<ObjectiveInfo>(store).size(), 2u);
  EXPECT_TRUE(rowsOf<ObjectiveInfo>(store)[1].maximise);
  ASSERT_EQ(rowsOf<ParameterInfluence>(store).size(), 2u);
  EXPECT_TRUE(rowsOf<ParameterInfluence>(store)[0].changes);
  EXPECT_EQ(rowsOf<ParameterInfluence>(store)[1].pairs, 0);
  ASSERT_EQ(rowsOf<RefusedGroup>(store).size(), 1u);
  EXPECT_EQ(rowsOf<RefusedGroup>(store)[0].common, std::vector<std::string>{"platform = a or b"});
  EXPECT_EQ(rowsOf<RefusedGroup>(store)[0].count, 7);
  ASSERT_EQ(rowsOf<TornadoBar>(store).size(), 1u);
  EXPECT_EQ(rowsOf<TornadoBar>(store)[0].high, 2.0);
  EXPECT_EQ(rowsOf<TornadoBar>(store)[0].metric, "energy_j");
  EXPECT_EQ(rowsOf<TornadoBar>(store)[0].simulatedLow, 1.1);
  EXPECT_EQ(rowsOf<TornadoBar>(store)[0].simulatedHigh, 2.2);
  ASSERT_EQ(rowsOf<ScenarioValue>(store).size(), 2u);
  EXPECT_EQ(rowsOf<ScenarioValue>(store)[1].energyJ, 2.6);
}

TEST(Tables, WinnersComeBack) {
  const Folder folder;
  StoreWriter writer({"study", "node", "activity", ""});
  writer.append(makePointRow("a", sampleResult()));
  WinnerRow winner{"w", "time_s", "a", "b", "device.link.launch", 0.16, 1, 2, 9};
  writer.addTable(tableOf<WinnerRow>({winner}));
  writer.commit(folder / "w.h5");
  const std::vector<WinnerRow> read = rowsOf<WinnerRow>(Store(folder / "w.h5"));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].rival, "b");
  EXPECT_EQ(read[0].restsOn, "device.link.launch");
  EXPECT_EQ(read[0].high, 9);
  EXPECT_TRUE(read[0].restsOnUnknown());
}

TEST(Tables, AFileWithoutThemGivesNone) {
  const Folder folder;
  writeRunStore(folder / "run.h5", sampleResult());
  const Store store(folder / "run.h5");
  EXPECT_TRUE(store.tables().empty());
  EXPECT_TRUE(rowsOf<HistoryStep>(store).empty());
  EXPECT_TRUE(rowsOf<TornadoBar>(store).empty());
}

TEST(Tables, OneWithoutANeededColumnIsRefusedWithItsName) {
  const Folder folder;
  StoreWriter writer(header);
  writer.addTable({"/search/history", {{"evaluations", std::vector<std::int64_t>{1}, ""}}});
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  try {
    rowsOf<HistoryStep>(store);
    FAIL() << "no error";
  } catch (const InputError& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("hypervolume"));
  }
}

TEST(Tables, ThatCannotBeColumnsOfOneTableAreRefused) {
  const StoreColumn one{"a", std::vector<double>{1}, ""}, two{"b", std::vector<double>{1, 2}, ""};
  StoreWriter writer(header);
  EXPECT_THROW(writer.addTable({"/t", {one, two}}), std::invalid_argument);
  EXPECT_THROW(writer.addTable({"/t", {one, one}}), std::invalid_argument);
  EXPECT_THROW(writer.addTable({"/points", {one}}), std::invalid_argument);
  EXPECT_THROW(writer.addTable({"/results/x", {one}}), std::invalid_argument);
  EXPECT_THROW(writer.addTable({"no-slash", {one}}), std::invalid_argument);
  writer.addTable({"/t", {one}});
  EXPECT_THROW(writer.addTable({"/t", {two}}), std::invalid_argument);
  EXPECT_THROW(writer.addTable({"/t/inside", {two}}), std::invalid_argument);
}

TEST(Tables, KeepTheFileTheSameAtAnyTimeAndChangeItsHash) {
  const auto bytes = [](double value) {
    StoreWriter writer(header);
    writer.append(rowWith("a", {}));
    writer.addTable(tableOf<HistoryStep>({{1, value, 1, ""}}));
    return writer.finish();
  };
  EXPECT_EQ(bytes(0.5), bytes(0.5));
  EXPECT_NE(bytes(0.5), bytes(0.6));
}

}  // namespace
}  // namespace wattlas
