#include "results/store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "models/base/error.h"
#include "models/base/random.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::infeasibleResult;
using test::sampleResult;

const StoreHeader header{"quickstart", "node", "activity", "name: quickstart\n"};

/// `onFront`: the point that is flagged.
StoreWriter sampleWriter(std::size_t points, std::size_t onFront = SIZE_MAX) {
  StoreWriter writer(header);
  for (std::size_t i = 0; i < points; ++i) {
    RunResult r = i % 5 == 4 ? infeasibleResult()
                             : sampleResult("upmem-dimm", 1.0 + 0.001 * static_cast<double>(i));
    std::vector<std::pair<std::string, std::string>> parameters;
    if (i >= 2) parameters = {{"dpu.clock", fmt::format("{} MHz", 300 + i)}};
    PointRow row = makePointRow(fmt::format("{:032x}", i), r, parameters);
    row.pareto = i == onFront;
    writer.append(row, toJson(r, false, -1));
  }
  return writer;
}

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string refusalOf(const std::string& path) {
  try {
    const Store store(path);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "";
}

TEST(Store, GivesBackWhatWasWritten) {
  const Folder folder;
  StoreWriter writer = sampleWriter(7, 3);
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  EXPECT_EQ(store.header().name, "quickstart");
  EXPECT_EQ(store.header().scope, "node");
  EXPECT_EQ(store.header().energyMode, "activity");
  EXPECT_EQ(store.header().study, "name: quickstart\n");
  ASSERT_EQ(store.rows().size(), 7u);
  const PointRow& row = store.rows()[3];
  EXPECT_EQ(row.id, "00000000000000000000000000000003");
  EXPECT_EQ(row[metricTime], 1.25 * 1.003);
  EXPECT_TRUE(row.pareto);
  EXPECT_EQ(row.parameters, (decltype(row.parameters){{"dpu.clock", "303 MHz"}}));
  EXPECT_TRUE(store.rows()[1].parameters.empty());
  EXPECT_EQ(row.bound, "memory");
  EXPECT_FALSE(store.rows()[4].feasible);
  EXPECT_TRUE(std::isnan(store.rows()[4][metricTime]));
  EXPECT_EQ(store.rows()[4].reason, "weights need 140 GB, the device has 80 GB; no ternary units");
  EXPECT_EQ(store.json(3), toJson(sampleResult("upmem-dimm", 1.003), false, -1));
  EXPECT_EQ(store.result(3).operators.size(), 3u);
}

TEST(Store, TheCsvOfAReadFileIsTheCsvOfItsRows) {
  const Folder folder;
  std::vector<PointRow> rows;
  StoreWriter writer(header);
  for (int i = 0; i < 5; ++i) {
    rows.push_back(makePointRow(fmt::format("{}", i), sampleResult("p", 1.0 / (3 + i)),
                                {{"gene", fmt::format("{}", i)}}));
    writer.append(rows.back());
  }
  writer.commit(folder / "a.h5");
  EXPECT_EQ(pointCsv(Store(folder / "a.h5").rows()), pointCsv(rows));
}

TEST(Store, ParameterColumnsFollowTheStudyWhicheverRowComesFirst) {
  const Folder folder;
  StoreHeader ordered = header;
  ordered.parameters = {"platform", "never.active", "first", "second", "third"};
  const std::vector<PointRow> rows = {
      makePointRow("0", sampleResult("p", 1), {{"second", "b"}, {"third", "c"}}),
      makePointRow("1", sampleResult("p", 1), {{"first", "a"}, {"third", "c"}})};
  StoreWriter writer(ordered);
  for (const PointRow& row : rows) writer.append(row);
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  EXPECT_THAT(store.header().parameters, testing::ElementsAre("first", "second", "third"));
  EXPECT_EQ(store.rows()[1].parameters, rows[1].parameters);
  const std::string csv = pointCsv(rows, ordered.parameters);
  EXPECT_THAT(csv, testing::HasSubstr(",format,first,second,third,fidelity,"));
  EXPECT_EQ(pointCsv(store.rows(), store.header().parameters), csv);
  EXPECT_THAT(pointCsv(rows), testing::HasSubstr(",format,second,third,first,fidelity,"));
}

TEST(Store, EqualContentGivesEqualBytesAtAnyTime) {
  const std::string first = sampleWriter(100).finish();
  timespec pause{1, 10000000};  // HDF5 would store whole seconds
  nanosleep(&pause, nullptr);
  EXPECT_EQ(first, sampleWriter(100).finish());
}

TEST(Store, OtherContentGivesAnotherContentHash) {
  const Folder folder;
  sampleWriter(4).commit(folder / "a.h5");
  sampleWriter(4, 0).commit(folder / "b.h5");
  EXPECT_NE(Store(folder / "a.h5").contentHash(), Store(folder / "b.h5").contentHash());
}

TEST(Store, HoldsNoHostAndNoPath) {
  const Folder folder;
  writeRunStore(folder / "run.h5", sampleResult());
  const Store store(folder / "run.h5");
  EXPECT_EQ(store.json(0).find("some processor"), std::string::npos);
  EXPECT_EQ(contentOf(folder / "run.h5").find("run.h5"), std::string::npos);
  EXPECT_EQ(store.rows()[0].id, sampleResult().configHash);
  EXPECT_EQ(store.header().study, sampleResult().config);
}

TEST(Store, AnEmptyStudyIsAFileToo) {
  const Folder folder;
  StoreWriter(header).commit(folder / "none.h5");
  EXPECT_TRUE(Store(folder / "none.h5").rows().empty());
}

TEST(Store, RowsWithoutJsonHaveNoResult) {
  const Folder folder;
  StoreWriter writer(header);
  writer.append(makePointRow("a", sampleResult()));
  writer.commit(folder / "a.h5");
  const Store store(folder / "a.h5");
  EXPECT_EQ(store.json(0), "");
  EXPECT_THROW(store.result(0), InputError);
}

TEST(Store, AnotherScopeIsRefused) {
  StoreWriter writer(header);
  RunResult r = sampleResult();
  r.scope = "chip";
  EXPECT_THROW(writer.append(makePointRow("a", r)), InputError);
  EXPECT_EQ(writer.size(), 0u);
}

TEST(Store, AParameterNameThatHdf5CannotHoldIsRefused) {
  StoreWriter writer(header);
  EXPECT_THROW(writer.append(makePointRow("a", sampleResult(), {{"a/b", "1"}})), InputError);
}

TEST(Store, ForeignAndMissingFilesAreRefusedInWords) {
  const Folder folder;
  EXPECT_NE(refusalOf(folder / "missing.h5").find("No such file"), std::string::npos);
  put(folder / "empty.h5", "");
  EXPECT_NE(refusalOf(folder / "empty.h5").find("is empty"), std::string::npos);
  put(folder / "text.h5", "point_id,platform\n");
  EXPECT_NE(refusalOf(folder / "text.h5").find("is not an HDF5 file"), std::string::npos);
  put(folder / "other.h5", "\x89HDF\r\n\x1a\n" + std::string(2000, 'x'));
  EXPECT_NE(refusalOf(folder / "other.h5").find("no end mark"), std::string::npos);
}

TEST(Store, EveryTruncationIsFound) {
  const Folder folder;
  const std::string bytes = sampleWriter(3).finish();
  for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 97) {
    put(folder / "cut.h5", bytes.substr(0, size));
    EXPECT_NE(refusalOf(folder / "cut.h5"), "") << size;
  }
}

TEST(Store, EveryFlippedBitIsFound) {
  const Folder folder;
  const std::string bytes = sampleWriter(3).finish();
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    std::string damaged = bytes;
    damaged[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
    put(folder / "flip.h5", damaged);
    EXPECT_NE(refusalOf(folder / "flip.h5"), "") << i;
  }
}

TEST(Store, AnInterruptedWriteLeavesNoFile) {
  const Folder folder;
  {
    StoreWriter writer = sampleWriter(3);
    EXPECT_EQ(folder.files(), 0u);
  }
  EXPECT_THROW(sampleWriter(1).commit(folder / "no/such/a.h5"), InputError);
  EXPECT_EQ(folder.files(), 0u);
}

TEST(Store, TenThousandPointsStaySmall) {
  StoreWriter writer(header);
  const RunResult base = sampleResult();
  const std::string json = toJson(base, false, -1);
  PointRow row = makePointRow("", base, {{"dpu.clock", ""}});
  for (int i = 0; i < 10000; ++i) {
    row.id = fmt::format("{:032x}", i);
    row[metricTime] = 1.0 + i;
    row.parameters[0].second = fmt::format("{} MHz", 300 + i % 100);
    writer.append(row, json);
  }
  const std::size_t size = writer.finish().size();
  EXPECT_LT(size, 10000u * 250u);  // raw text alone would be more than 3 kB a point
}

}  // namespace
}  // namespace wattlas
