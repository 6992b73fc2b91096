// HDF5 files of design points (layout: docs/results.md). The same content gives the same bytes: no
// path, host or time goes in, columns have a fixed order. A file is built in memory, gets an end
// mark with its checksum, and appears under its name complete or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "results/point.h"
#include "results/store_table.h"

namespace wattlas {

inline constexpr int storeSchema = 1;

struct StoreHeader {
  std::string name;               ///< of the study, or of the one platform that was run
  std::string scope, energyMode;  ///< common to all points
  std::string study;              ///< YAML that reproduces the file; may be empty
  std::vector<std::string> parameters =
      {};  ///< the study's design parameters in its order, for that of columns
};

/// Collects points, then writes them. Memory: about 400 bytes a row plus compressed JSON.
class StoreWriter {
 public:
  explicit StoreWriter(StoreHeader header);
  StoreWriter(StoreWriter&&) noexcept;
  ~StoreWriter();
  /// Adds a row; `json` is its result without host part (may be empty). Rows stand in the file in
  /// the order of the calls. Throws InputError when a row has another scope than the header.
  void append(const PointRow& row, std::string_view json = {});
  std::size_t size() const;
  /// Adds a table beside the points; tables stand in the file in the order of the calls. Throws
  /// std::invalid_argument (checkTable) and for a group that is there already.
  void addTable(StoreTable table);
  /// The bytes of the finished file. Nothing can be added afterwards.
  std::string finish();
  /// finish() into a file. Throws InputError when it cannot be written.
  void commit(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A file that was read and found sound.
class Store {
 public:
  /// Throws InputError naming the file: missing, not HDF5, truncated, damaged, from another
  /// program, or of a newer schema.
  explicit Store(const std::string& path);
  ~Store();
  const StoreHeader& header() const;
  const std::string& version() const;      ///< of the wattlas that wrote it
  const std::string& contentHash() const;  ///< equal for equal content
  const std::vector<PointRow>& rows() const;
  const std::string& path() const;
  /// Tables beside the points, in the order of the file; `table` gives nullptr when there is none.
  const std::vector<StoreTable>& tables() const;
  const StoreTable* table(const std::string& group) const;
  /// Result of a row as JSON text; empty when it was stored without one.
  std::string json(std::size_t index) const;
  /// The same as a record; throws InputError when it was stored without one.
  RunResult result(std::size_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `run -o F.h5`: one result, its configuration hash as its point id. Throws InputError.
void writeRunStore(const std::string& path, const RunResult& result);

}  // namespace wattlas
