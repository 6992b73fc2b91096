// Results files made to do harm: valid files of which one object was replaced, with a right end
// mark.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "models/base/error.h"
#include "results/store.h"
#include "results/store_layout.h"
#include "tests/results/sample.h"

namespace wattlas {
namespace {

using test::Folder;
using test::sampleResult;
using Change = std::function<void(hid_t file)>;

constexpr hsize_t points = 5;

std::string validBytes() {
  StoreWriter writer({"quickstart", "node", "activity", "name: quickstart\n"});
  for (hsize_t i = 0; i < points; ++i) {
    const RunResult r = sampleResult("upmem-dimm", 1.0 + static_cast<double>(i));
    PointRow row = makePointRow("id" + std::to_string(i), r, {{"dpu.clock", "350 MHz"}});
    row.extra = {{"decode.energy_j", 1.5}};
    writer.append(row, toJson(r, false, -1));
  }
  writer.addTable(tableOf<HistoryStep>({{1, 0.5, 1, "net"}, {2, 0.75, 1, "net"}}));
  return writer.finish();
}

std::string contentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// A valid file with `change` made to it and the mark renewed.
void forge(const std::string& path, const Change& change) {
  std::string bytes = validBytes();
  bytes.resize(bytes.size() - layout::endSize);
  std::ofstream(path, std::ios::binary) << bytes;
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  change(file);
  H5Fclose(file);
  bytes = contentOf(path);
  std::ofstream(path, std::ios::binary) << bytes << layout::endMark(bytes);
}

std::string answerTo(const std::string& path) {
  try {
    const Store store(path);
    for (std::size_t i = 0; i < store.rows().size(); ++i) static_cast<void>(store.json(i));
    static_cast<void>(rowsOf<HistoryStep>(store));
  } catch (const InputError& refused) {
    return refused.what();
  }
  return "accepted";
}

struct Dataset {
  hid_t type = H5T_IEEE_F64LE;
  std::vector<hsize_t> shape = {points};
  hid_t creation = H5P_DEFAULT;
  bool grows = false;  ///< chunks may be larger than the data
};

void replace(hid_t file, const std::string& name, const Dataset& with) {
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  const hsize_t unlimited = H5S_UNLIMITED;
  const hid_t shape = H5Screate_simple(static_cast<int>(with.shape.size()), with.shape.data(),
                                       with.grows ? &unlimited : nullptr);
  const hid_t made =
      H5Dcreate2(file, name.c_str(), with.type, shape, H5P_DEFAULT, with.creation, H5P_DEFAULT);
  ASSERT_GE(made, 0) << name;
  H5Dclose(made);
  H5Sclose(shape);
}

void replaceAttribute(hid_t file, const std::string& object, const std::string& name, hid_t type,
                      const std::vector<hsize_t>& shape) {
  const hid_t at = H5Oopen(file, object.c_str(), H5P_DEFAULT);
  if (H5Aexists(at, name.c_str()) > 0) H5Adelete(at, name.c_str());
  const hid_t space = shape.empty()
                          ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t made = H5Acreate2(at, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(made, 0) << name;
  std::size_t bytes = H5Tget_size(type);
  for (const hsize_t n : shape) bytes *= n;
  const std::vector<char> fives(bytes, '\x05');
  if (H5Tis_variable_str(type) <= 0) H5Awrite(made, type, fives.data());
  H5Aclose(made);
  H5Sclose(space);
  H5Oclose(at);
}

hid_t textOf(std::size_t width) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, width);
  return type;
}

hid_t chunksOf(hsize_t cells) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &cells);
  return creation;
}

hid_t storedIn(const char* otherFile) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(creation, otherFile, 0, H5F_UNLIMITED);
  return creation;
}

hid_t packedWith(H5Z_filter_t filter) {
  const hid_t creation = chunksOf(points);
  H5Pset_filter(creation, filter, H5Z_FLAG_OPTIONAL, 0, nullptr);
  return creation;
}

struct Case {
  std::string what, object;  ///< the answer must name `object`
  Change change;
};

std::vector<Case> columnCases(const std::string& name, bool isText) {
  const auto put = [&](const std::string& what, Dataset with) {
    return Case{what, name, [=](hid_t f) { replace(f, name, with); }};
  };
  const hid_t own = isText ? textOf(8) : H5T_IEEE_F64LE;
  return {put("of another kind", {isText ? H5T_IEEE_F64LE : textOf(8)}),
          put("of references", {H5T_STD_REF_OBJ}),
          put("of texts of any length", {textOf(H5T_VARIABLE)}),
          put("longer than the points", {own, {points + 1}}),
          put("longer than all memory", {own, {1ULL << 40}}),
          put("of more dimensions", {own, {points, 2}}),
          put("in chunks of gigabytes", {own, {points}, chunksOf(1U << 28), true}),
          put("in another file", {own, {points}, storedIn("/etc/passwd")}),
          put("with a filter of others", {own, {points}, packedWith(32000)}),
          {"that is missing", name, [=](hid_t f) { H5Ldelete(f, name.c_str(), H5P_DEFAULT); }},
          {"that is a soft link", name,
           [=](hid_t f) {
             H5Ldelete(f, name.c_str(), H5P_DEFAULT);
             H5Lcreate_soft("/points/time_s", f, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
           }},
          {"that links into another file", name,
           [=](hid_t f) {
             H5Ldelete(f, name.c_str(), H5P_DEFAULT);
             H5Lcreate_external("/etc/passwd", "/points/time_s", f, name.c_str(), H5P_DEFAULT,
                                H5P_DEFAULT);
           }},
          {"that is a group", name, [=](hid_t f) {
             H5Ldelete(f, name.c_str(), H5P_DEFAULT);
             H5Gclose(H5Gcreate2(f, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
           }}};
}

std::vector<Case> attributeCases(const std::string& object, const std::string& name) {
  const auto put = [&](const std::string& what, hid_t type, std::vector<hsize_t> shape) {
    return Case{what, name, [=](hid_t f) { replaceAttribute(f, object, name, type, shape); }};
  };
  std::vector<Case> cases = {put("of 8,000 numbers", H5T_STD_I64LE, {8000}),
                             put("of any length", textOf(H5T_VARIABLE), {}),
                             put("that is a real number", H5T_IEEE_F64LE, {}),
                             put("of two dimensions", H5T_STD_I64LE, {2, 2}),
                             put("of short integers", H5T_STD_I16LE, {})};
  if (object == "/")
    cases.push_back({"that is missing", name, [=](hid_t f) { H5Adelete(f, name.c_str()); }});
  return cases;
}

std::vector<Case> allCases() {
  std::vector<Case> all;
  const auto add = [&](const std::vector<Case>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (const char* name : {"/points/point_id", "/points/reason", "/points/dpu.clock"})
    add(columnCases(name, true));
  for (const char* name : {"/points/time_s", "/points/decode.energy_j", "/points/pareto",
                           "/results/offset", "/results/text", "/search/history/hypervolume"})
    add(columnCases(name, false));
  for (const char* name :
       {"version", "schema", "content_hash", "name", "scope", "energy_mode", "points"})
    add(attributeCases("/", name));
  for (const char* name : {"genes", "extra"}) add(attributeCases("/points", name));
  add(attributeCases("/search/history", "columns"));
  return all;
}

TEST(HostileStore, AValidFileMadeTheSameWayIsRead) {
  const Folder folder;
  forge(folder / "a.h5", [](hid_t) {});
  EXPECT_EQ(answerTo(folder / "a.h5"), "accepted");
}

TEST(HostileStore, EveryReplacedObjectIsRefusedByName) {
  const Folder folder;
  std::size_t refused = 0;
  for (const Case& c : allCases()) {
    forge(folder / "a.h5", c.change);
    const std::string answer = answerTo(folder / "a.h5");
    const std::string bare = c.object.substr(c.object.rfind('/') + 1);
    EXPECT_NE(answer.find(bare), std::string::npos) << c.object << " " << c.what << ": " << answer;
    refused += answer.find(bare) != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(refused, 100U);
}

TEST(HostileStore, CountsOfPointsThatNoColumnHasAreRefused) {
  const Folder folder;
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{4}, std::int64_t{6},
                                   std::int64_t{1} << 40, INT64_MIN, INT64_MAX}) {
    forge(folder / "a.h5", [&](hid_t f) {
      const hid_t attribute = H5Aopen(f, "points", H5P_DEFAULT);
      H5Awrite(attribute, H5T_NATIVE_INT64, &count);
      H5Aclose(attribute);
    });
    EXPECT_NE(answerTo(folder / "a.h5").find("point"), std::string::npos) << count;
  }
}

TEST(HostileStore, OffsetsThatLeadOutsideTheTextAreRefused) {
  const Folder folder;
  for (const std::uint64_t bad : {std::uint64_t{0}, std::uint64_t{1} << 40, UINT64_MAX}) {
    forge(folder / "a.h5", [&](hid_t f) {
      std::vector<std::uint64_t> ends(points);
      const hid_t data = H5Dopen2(f, "/results/offset", H5P_DEFAULT);
      H5Dread(data, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ends.data());
      ends[2] = bad;
      H5Dwrite(data, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ends.data());
      H5Dclose(data);
    });
    EXPECT_NE(answerTo(folder / "a.h5").find("offset"), std::string::npos) << bad;
  }
}

TEST(HostileStore, AResultThatIsNoJsonIsRefusedWithItsPoint) {
  const Folder folder;
  forge(folder / "a.h5", [](hid_t f) {
    const hid_t data = H5Dopen2(f, "/results/text", H5P_DEFAULT);
    const hid_t shape = H5Dget_space(data);
    const std::vector<unsigned char> brackets(
        static_cast<std::size_t>(H5Sget_simple_extent_npoints(shape)), '[');
    H5Dwrite(data, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, brackets.data());
    H5Sclose(shape);
    H5Dclose(data);
  });
  const Store store(folder / "a.h5");
  try {
    static_cast<void>(store.result(3));
    FAIL() << "accepted";
  } catch (const InputError& refused) {
    EXPECT_NE(std::string(refused.what()).find("'id3'"), std::string::npos) << refused.what();
  }
}

TEST(HostileStore, TextsThatATerminalWouldObeyAreRefused) {
  const Folder folder;
  forge(folder / "a.h5", [](hid_t f) {
    replace(f, "/points/reason", {textOf(8)});
    const hid_t data = H5Dopen2(f, "/points/reason", H5P_DEFAULT);
    const std::string cells(8 * points, '\x1b');
    H5Dwrite(data, textOf(8), H5S_ALL, H5S_ALL, H5P_DEFAULT, cells.data());
    H5Dclose(data);
  });
  EXPECT_NE(answerTo(folder / "a.h5").find("'/points/reason' holds control characters"),
            std::string::npos);
}

TEST(HostileStore, DevicesAndFoldersAreRefusedAtOnce) {
  const Folder folder;
  EXPECT_NE(answerTo("/dev/zero").find("device"), std::string::npos);
  EXPECT_NE(answerTo(folder / "").find("folder"), std::string::npos);
}

/// Whatever stands in the bytes of the library's own tables: an answer, no crash.
TEST(HostileStore, FlippedBytesBehindARightMarkNeverEndTheProgram) {
  const Folder folder;
  const std::string valid = validBytes();
  const std::size_t body = valid.size() - layout::endSize;
  std::uint64_t state = 12345;
  const auto next = [&](std::uint64_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % below;
  };
  for (int i = 0; i < 400; ++i) {
    std::string bytes = valid.substr(0, body);
    for (std::uint64_t n = 1 + next(4); n > 0; --n)
      bytes[next(body)] = static_cast<char>(next(3) == 0 ? 0xFF : next(256));
    std::ofstream(folder / "a.h5", std::ios::binary) << bytes << layout::endMark(bytes);
    EXPECT_NE(answerTo(folder / "a.h5"), "") << i;
  }
}

}  // namespace
}  // namespace wattlas
