#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <set>

#include "models/base/error.h"
#include "models/base/hash.h"
#include "results/hdf5_read.h"
#include "results/store.h"
#include "results/store_layout.h"
#include "results/store_tables_io.h"

namespace wattlas {
namespace {

constexpr std::uint64_t spareBytes = 1ULL << 30;  // beside 400 bytes of memory a byte of the file
constexpr std::uint64_t spareSeconds = 5;         // beside a second a MB

void limit(decltype(RLIMIT_CPU) what, std::uint64_t most) {
  rlimit now{};
  ::getrlimit(what, &now);
  now.rlim_cur = std::min<rlim_t>(now.rlim_max, most);
  ::setrlimit(what, &now);
}

void limitAll([[maybe_unused]] std::uint64_t fileBytes) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, spareSeconds + (fileBytes >> 20));
#ifndef __SANITIZE_ADDRESS__  // its shadow memory is larger than any limit
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit(RLIMIT_AS,
        pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + spareBytes + 400 * fileBytes);
#endif
}

/// The allocator's own words about a damaged heap would look like ours.
void beSilent() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

/// Runs `read` in a child that may use memory and processor time in proportion to `fileBytes`: the
/// library was not made for hostile files. What makes it crash, run on or ask for all memory ends
/// the child; the answer then says so. Nothing when the child ended by itself, whether `read` threw
/// or not: reading again here then gives the data or a better message.
std::optional<std::string> readInChild(const std::function<void()>& read, std::uint64_t fileBytes) {
  const pid_t child = ::fork();
  if (child < 0) return std::string("cannot be read: no second process: ") + std::strerror(errno);
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU})
      ::signal(signal, SIG_DFL);
    beSilent();
    limitAll(fileBytes);
    try {
      read();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return "cannot be read: its reader is gone";
  if (!WIFSIGNALED(status)) return std::nullopt;
  if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
    return "takes the HDF5 library longer than any file of this size";
  return std::string("makes the HDF5 library crash (") + ::strsignal(WTERMSIG(status)) +
         "): it is damaged or was made to do so";
}

using namespace h5;  // check, Column, Handle, textAttribute, ...

[[noreturn]] void refuse(const std::string& path, std::string what, std::string hint) {
  throw InputError(
      Problem{{path, 0}, "", std::move(what), "a results file of wattlas", std::move(hint)});
}

/// The bytes of a regular file: a device or a pipe has no end to check.
std::string bytesOf(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) refuse(path, std::string("cannot be opened: ") + std::strerror(errno), "");
  struct stat status {};
  std::string bytes;
  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  if (regular) bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  for (ssize_t n = 1; n > 0 && have < bytes.size(); have += static_cast<std::size_t>(n)) {
    do n = ::read(file, bytes.data() + have, bytes.size() - have);
    while (n < 0 && errno == EINTR);
    if (n <= 0) break;
  }
  ::close(file);
  if (!regular) refuse(path, "is a folder, device or pipe", "");
  if (have < bytes.size()) refuse(path, "cannot be read to its end", "");
  return bytes;
}

/// Finds accidents (an interrupted copy, a failing disk) before HDF5 sees a byte. It is no
/// signature: whoever makes a file can make its mark. Returns the size of the file.
std::uint64_t checkEndMark(const std::string& path) {
  const std::string bytes = bytesOf(path);
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
  return bytes.size();
}

Handle openFile(const std::string& path) {
  // Filters are code: none is loaded because a file asks for it.
  check(H5PLset_loading_state(0), "switch plugins off");
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create properties");
#if H5_VERSION_GE(1, 10, 7)
  // Locks fail on some network file systems, and nobody changes a finished file.
  check(H5Pset_file_locking(access, false, true), "work without locks");
#endif
  return Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, "open the file");
}

std::string column(const std::string& name) {
  return std::string(layout::points) + "/" + name;
}

}  // namespace

struct Store::State {
  std::string path, version, contentHash;
  StoreHeader header;
  std::vector<PointRow> rows;
  std::vector<std::uint64_t> offsets;  ///< end of each JSON text; empty = none stored
  std::vector<StoreTable> tables;
  std::optional<Handle> file;
  std::optional<h5::Column> text;

  /// Everything but the JSON texts.
  void read(std::uint64_t fileBytes) {
    Budget budget(fileBytes);
    file.emplace(openFile(path));
    if (!hasAttribute(*file, "kind") || textAttribute(*file, "kind") != layout::kind)
      refuse(path, "is an HDF5 file of another program", "");
    readHeader(budget);
    readRows(budget);
    tables = readTables(*file, budget);
  }

  void readHeader(Budget& budget) {
    version = textAttribute(*file, "version");
    if (const std::int64_t schema = integerAttribute(*file, "schema"); schema != storeSchema)
      refuse(path,
             "has layout " + std::to_string(schema) + ", this program reads layout " +
                 std::to_string(storeSchema),
             "use the wattlas that wrote it (version " + version + ")");
    contentHash = textAttribute(*file, "content_hash");
    header.name = textAttribute(*file, "name");
    header.scope = textAttribute(*file, "scope");
    header.energyMode = textAttribute(*file, "energy_mode");
    if (hasLink(*file, layout::study)) {
      const h5::Column study(*file, layout::study, budget);
      study.require(ColumnType::text, 1);
      study.texts([&](std::size_t, std::string t) { header.study = std::move(t); });
    }
    const std::int64_t points = integerAttribute(*file, "points");
    if (points < 0) throw Failure("'points' is negative");
    const auto count = static_cast<std::uint64_t>(points);
    budget.take("points", count, sizeof(PointRow));
    // The ids first: a count is believed when there is a column of that length.
    h5::Column(*file, column(layout::textFields[0].name), budget).require(ColumnType::text, count);
    rows.resize(count);
  }

  h5::Column open(const std::string& name, ColumnType type, Budget& budget) const {
    h5::Column found(*file, name, budget);
    found.require(type, rows.size());
    return found;
  }

  /// Files of older versions lack columns that came later.
  bool has(const std::string& name) const { return hasLink(*file, column(name)); }

  void readText(const layout::TextField& field, Budget& budget) {
    if (field.member == &PointRow::device && !has(field.name)) return;
    open(column(field.name), ColumnType::text, budget).texts([&](std::size_t i, std::string t) {
      rows[i].*field.member = std::move(t);
    });
  }

  /// Metrics that were further columns in files of older versions.
  static bool isLaterMetric(const std::string& name) {
    const auto metric = findMetric(name);
    return metric && *metric >= contractMetricCount && *metric < coreMetricCount;
  }

  /// Names of further columns: each once, none that another column has.
  static std::vector<std::string> namesIn(hid_t group, const char* list) {
    if (!hasAttribute(group, list)) return {};
    std::vector<std::string> names = textAttributes(group, list);
    std::set<std::string> seen;
    for (const std::string& name : names)
      if (name.empty() || name.find('/') != std::string::npos ||
          (layout::isColumn(name) && !isLaterMetric(name)) || !seen.insert(name).second)
        throw Failure(std::string("'") + list + "' names '" + name +
                      "', which is no further column");
    return names;
  }

  void readRows(Budget& budget) {
    for (const layout::TextField& field : layout::textFields) readText(field, budget);
    readText(layout::energyCategory, budget);
    const Handle group = openGroup(*file, layout::points);
    header.parameters = namesIn(group, "genes");
    for (const std::string& parameter : header.parameters)
      open(column(parameter), ColumnType::text, budget).texts([&](std::size_t i, std::string t) {
        if (!t.empty()) rows[i].parameters.emplace_back(parameter, std::move(t));
      });
    for (const layout::NumberField& number : layout::numbers()) {
      if (number.metric >= contractMetricCount && !has(number.name)) continue;
      const auto all = open(column(number.name), ColumnType::real, budget).reals();
      for (std::size_t i = 0; i < all.size(); ++i) number.set(rows[i], all[i]);
    }
    for (const std::string& name : namesIn(group, "extra")) {
      if (isLaterMetric(name)) continue;  // read as a metric
      budget.take(name, rows.size(), sizeof rows[0].extra[0]);
      const auto all = open(column(name), ColumnType::real, budget).reals();
      for (std::size_t i = 0; i < all.size(); ++i) rows[i].extra.emplace_back(name, all[i]);
    }
    readFlags("feasible", &PointRow::feasible, budget);
    readFlags("pareto", &PointRow::pareto, budget);
    if (hasLink(*file, "/results")) readOffsets(budget);
  }

  void readFlags(const char* name, bool PointRow::*member, Budget& budget) {
    const auto all = open(column(name), ColumnType::flag, budget).flags();
    for (std::size_t i = 0; i < all.size(); ++i) rows[i].*member = all[i] != 0;
  }

  void readOffsets(Budget& budget) {
    offsets = open(layout::jsonOffset, ColumnType::offset, budget).offsets();
    text.emplace(*file, layout::jsonText, budget);
    text->require(ColumnType::byte, offsets.empty() ? 0 : offsets.back());
    if (!std::is_sorted(offsets.begin(), offsets.end()))
      throw Failure(std::string("'") + layout::jsonOffset + "' does not ascend");
  }

  std::string json(std::size_t index) const {
    if (!text || index >= offsets.size()) return {};
    const std::uint64_t from = index == 0 ? 0 : offsets[index - 1];
    return text->bytes(from, offsets[index] - from);
  }
};

Store::Store(const std::string& path) : state_(std::make_unique<State>()) {
  const h5::Quiet quiet;
  State& s = *state_;
  s.path = path;
  const std::uint64_t size = checkEndMark(path);
  const auto failure = readInChild(
      [&] {
        State first;
        first.path = path;
        first.read(size);
        for (std::size_t i = 0; i < first.rows.size(); ++i) static_cast<void>(first.json(i));
      },
      size);
  if (failure) refuse(path, *failure, "write it again");
  try {
    s.read(size);
  } catch (const h5::Failure& reason) {
    refuse(path, std::string("cannot be read: ") + reason.what(), "write it again");
  } catch (const std::bad_alloc&) {
    refuse(path, "does not fit into memory", "");
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
  const h5::Quiet quiet;
  try {
    return s.json(index);
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
  } catch (const std::exception& problem) {
    refuse(state_->path, "point '" + rows().at(index).id + "': " + problem.what(),
           "write it again");
  }
}

}  // namespace wattlas
