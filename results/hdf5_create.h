// Creating HDF5 objects that hold no times, so that equal content gives equal bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "models/base/hash.h"
#include "results/hdf5_handle.h"
#include "results/text_column.h"

namespace wattlas::h5 {

/// Creation properties of a dataset; `chunk` 0 = stored in one piece, without filters.
Handle datasetProperties(hsize_t chunk, unsigned level, bool shuffle);
/// A file that lives in memory.
Handle createFile();
/// A group whose links keep the order of their creation.
Handle createGroup(hid_t file, const char* name);
Handle space(hsize_t size);
Handle scalar();
void attribute(hid_t object, const char* name, const std::string& text);
void attribute(hid_t object, const char* name, std::int64_t value);
void attribute(hid_t object, const char* name, const std::vector<std::string>& texts);

// Columns of a results file: chunked, compressed, checksummed, and part of the content hash.

inline constexpr hsize_t rowsPerChunk = 4096;

class ColumnWriter {
 public:
  explicit ColumnWriter(Hasher& content) : content_(content) {}

  /// Writes `rows` cells in slabs; `slab(from, count)` gives their bytes. `unit` may be empty.
  template <class Slab>
  void write(hid_t group, const std::string& name, hid_t type, bool shuffle, hsize_t rows,
             const Slab& slab, const std::string& unit = {}) {
    const Handle properties =
        datasetProperties(rows == 0 ? 0 : std::min(rows, rowsPerChunk), 4, shuffle);
    const Handle shape = space(rows);
    const Handle data(
        H5Dcreate2(group, name.c_str(), type, shape, H5P_DEFAULT, properties, H5P_DEFAULT),
        H5Dclose, "create a column");
    content_.text(name);
    for (hsize_t from = 0; from < rows; from += rowsPerChunk) {
      const hsize_t count = std::min(rowsPerChunk, rows - from);
      const std::string bytes = slab(from, count);
      content_.add(hashText(bytes));
      check(H5Sselect_hyperslab(shape, H5S_SELECT_SET, &from, nullptr, &count, nullptr),
            "select a part");
      check(H5Dwrite(data, type, space(count), shape, H5P_DEFAULT, bytes.data()), "write a column");
    }
    if (!unit.empty()) attribute(data, "unit", unit);
  }

  void texts(hid_t group, const TextColumn& column) {
    write(group, column.name(), textType(column.width()), false, column.rows(),
          [&](std::size_t from, std::size_t count) { return column.slab(from, count); });
  }

  template <class T>
  void values(hid_t group, const std::string& name, hid_t type, const std::vector<T>& values,
              const std::string& unit = {}) {
    write(
        group, name, type, sizeof(T) > 1, values.size(),
        [&](std::size_t from, std::size_t count) {
          return std::string(reinterpret_cast<const char*>(values.data() + from),
                             count * sizeof(T));
        },
        unit);
  }

 private:
  Hasher& content_;
};

}  // namespace wattlas::h5
