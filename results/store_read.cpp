#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "models/base/error.h"
#include "models/base/hash.h"
#include "results/hdf5_read.h"
#include "results/store.h"
#include "results/store_layout.h"
#include "results/store_tables_io.h"

namespace wattlas {
namespace {

using namespace h5;  // check, Handle, openData, texts, values, ...

[[noreturn]] void refuse(const std::string& path, std::string what, std::string hint) {
  throw InputError(
      Problem{{path, 0}, "", std::move(what), "a results file of wattlas", std::move(hint)});
}

/// Looks at every byte before HDF5 sees one: the library is not made for damaged files.
void checkEndMark(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(path, std::string("cannot be opened: ") + std::strerror(errno), "");
  std::ostringstream collected;
  collected << in.rdbuf();
  const std::string bytes = std::move(collected).str();
  if (in.bad()) refuse(path, "cannot be read", "");
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  if (!bytes.starts_with(signature))
    refuse(path, bytes.empty() ? "is empty" : "is not an HDF5 file", "");
  const std::size_t body = bytes.size() - std::min(bytes.size(), layout::endSize);
  const std::string_view all(bytes);
  if (!all.substr(body).starts_with("\nWATTLAS END "))
    refuse(path, "has no end mark: it is truncated, was changed, or is of another program",
           "write it again with 'explore' or 'run -o'");
  if (all.substr(body) != layout::endMark(all.substr(0, body)))
    refuse(path, "is damaged: its bytes do not match their checksum",
           "restore it from a copy or write it again");
}

Handle openFile(const std::string& path) {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create properties");
#if H5_VERSION_GE(1, 10, 7)
  // Locks fail on some network file systems, and nobody changes a finished file.
  check(H5Pset_file_locking(access, false, true), "work without locks");
#endif
  return Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, "open the file");
}

std::string column(const char* name) {
  return std::string(layout::points) + "/" + name;
}

}  // namespace

struct Store::State {
  std::string path, version, contentHash;
  StoreHeader header;
  std::vector<PointRow> rows;
  std::vector<std::uint64_t> offsets;  ///< end of each JSON text; empty = none stored
  std::vector<StoreTable> tables;
  std::optional<Handle> file, text;

  void readHeader() {
    if (const std::int64_t schema = integerAttribute(*file, "schema"); schema != storeSchema)
      refuse(path,
             "has layout " + std::to_string(schema) + ", this program reads layout " +
                 std::to_string(storeSchema),
             "use the wattlas that wrote it (version " + textAttributes(*file, "version").front() +
                 ")");
    version = textAttributes(*file, "version").front();
    contentHash = textAttributes(*file, "content_hash").front();
    header.name = textAttributes(*file, "name").front();
    header.scope = textAttributes(*file, "scope").front();
    header.energyMode = textAttributes(*file, "energy_mode").front();
    if (check(H5Lexists(*file, layout::study, H5P_DEFAULT), "look for the study") > 0)
      texts(*file, layout::study, [&](std::size_t, std::string t) { header.study = std::move(t); });
    rows.resize(static_cast<std::size_t>(integerAttribute(*file, "points")));
  }

  void readText(const layout::TextField& field) {
    texts(*file, column(field.name),
          [&](std::size_t i, std::string t) { rows.at(i).*field.member = std::move(t); });
  }

  void readRows() {
    for (const layout::TextField& field : layout::textFields) readText(field);
    readText(layout::energyCategory);
    const Handle group(H5Gopen2(*file, layout::points, H5P_DEFAULT), H5Gclose, "open the points");
    if (check(H5Aexists(group, "genes"), "look for genes") > 0)
      header.parameters = textAttributes(group, "genes");
    for (const std::string& parameter : header.parameters)
      texts(*file, column(parameter.c_str()), [&](std::size_t i, std::string t) {
        if (!t.empty()) rows.at(i).parameters.emplace_back(parameter, std::move(t));
      });
    for (const NumberColumn& number : layout::numbers()) {
      const auto all = values<double>(*file, column(number.name), H5T_NATIVE_DOUBLE);
      for (std::size_t i = 0; i < all.size(); ++i) rows.at(i).*number.member = all[i];
    }
    if (check(H5Aexists(group, "extra"), "look for more numbers") > 0)
      for (const std::string& name : textAttributes(group, "extra")) {
        const auto all = values<double>(*file, column(name.c_str()), H5T_NATIVE_DOUBLE);
        for (std::size_t i = 0; i < all.size(); ++i) rows.at(i).extra.emplace_back(name, all[i]);
      }
    readFlags("feasible", &PointRow::feasible);
    readFlags("pareto", &PointRow::pareto);
    if (check(H5Lexists(*file, "/results", H5P_DEFAULT), "look for results") > 0) {
      offsets = values<std::uint64_t>(*file, layout::jsonOffset, H5T_NATIVE_UINT64);
      text.emplace(openData(*file, layout::jsonText));
    }
  }

  void readFlags(const char* name, bool PointRow::*member) {
    const auto all = values<signed char>(*file, column(name), h5::boolType());
    for (std::size_t i = 0; i < all.size(); ++i) rows.at(i).*member = all[i] != 0;
  }
};

Store::Store(const std::string& path) : state_(std::make_unique<State>()) {
  const h5::Quiet quiet;
  State& s = *state_;
  s.path = path;
  checkEndMark(path);
  try {
    s.file.emplace(openFile(path));
    if (check(H5Aexists(*s.file, "kind"), "look for the kind") == 0 ||
        textAttributes(*s.file, "kind").front() != layout::kind)
      refuse(path, "is an HDF5 file of another program", "");
    s.readHeader();
    s.readRows();
    s.tables = readTables(*s.file);
  } catch (const h5::Failure& failure) {
    refuse(path, std::string("cannot be read: ") + failure.what(), "write it again");
  } catch (const std::out_of_range&) {
    refuse(path, "contradicts itself: its columns differ in length", "write it again");
  }
}

Store::~Store() = default;

const StoreHeader& Store::header() const {
  return state_->header;
}
const std::string& Store::version() const {
  return state_->version;
}
const std::string& Store::contentHash() const {
  return state_->contentHash;
}
const std::vector<PointRow>& Store::rows() const {
  return state_->rows;
}

const std::string& Store::path() const {
  return state_->path;
}
const std::vector<StoreTable>& Store::tables() const {
  return state_->tables;
}
const StoreTable* Store::table(const std::string& group) const {
  for (const StoreTable& table : state_->tables)
    if (table.group == group) return &table;
  return nullptr;
}

std::string Store::json(std::size_t index) const {
  const State& s = *state_;
  static_cast<void>(s.rows.at(index));
  if (!s.text || index >= s.offsets.size()) return {};
  const hsize_t from = index == 0 ? 0 : s.offsets[index - 1], to = s.offsets[index];
  if (to <= from) return {};
  const h5::Quiet quiet;
  try {
    const hsize_t count = to - from;
    const Handle source(H5Dget_space(*s.text), H5Sclose, "get a space");
    check(H5Sselect_hyperslab(source, H5S_SELECT_SET, &from, nullptr, &count, nullptr),
          "select a part");
    const Handle target(H5Screate_simple(1, &count, nullptr), H5Sclose, "create a space");
    std::string text(count, '\0');
    check(H5Dread(*s.text, H5T_NATIVE_UINT8, target, source, H5P_DEFAULT, text.data()),
          "read a result");
    return text;
  } catch (const h5::Failure& failure) {
    refuse(s.path, std::string("cannot be read: ") + failure.what(), "write it again");
  }
}

RunResult Store::result(std::size_t index) const {
  const std::string text = json(index);
  if (text.empty())
    refuse(state_->path, "holds no full result for point '" + rows().at(index).id + "'",
           "only its numbers were stored");
  try {
    return resultFromJson(text);
  } catch (const std::runtime_error& problem) {
    refuse(state_->path, problem.what(), "write it again");
  }
}

}  // namespace wattlas
