// Reading objects of a results file as plain values. A file from elsewhere may hold anything: each
// object is measured against what Wattlas writes (type, shape, storage, length) before anything is
// allocated or read for it. All functions throw h5::Failure, whose text names the object.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "results/hdf5_handle.h"

namespace wattlas::h5 {

/// Bytes that reading one file may take in all: in proportion to its size, so that a small forged
/// file cannot ask for all memory. Files of Wattlas unpack to less than a fifth of it.
class Budget {
 public:
  explicit Budget(std::uint64_t fileBytes) : left_(base + perByte * fileBytes) {}
  /// Throws Failure naming `object` when `count` x `bytesEach` is more than what is left.
  void take(const std::string& object, std::uint64_t count, std::uint64_t bytesEach);
  std::uint64_t left() const { return left_; }

 private:
  static constexpr std::uint64_t base = 128U << 20, perByte = 200;
  std::uint64_t left_;
};

/// How a column is stored.
enum class ColumnType { text, real, integer, offset, byte, flag };

/// A dataset that was found sound: its type is one of those above, at most one dimension, in
/// the file itself (no link elsewhere, no external or virtual storage), with filters of HDF5 only.
class Column {
 public:
  /// `name` is an absolute path or, below a group, one name.
  Column(hid_t place, const std::string& name, Budget& budget);
  ColumnType type() const { return type_; }
  std::uint64_t rows() const { return rows_; }
  hid_t id() const { return data_; }
  /// Throws Failure when the type or the number of rows is another one.
  void require(ColumnType type, std::uint64_t rows) const;

  std::vector<double> reals() const { return all<double>(H5T_NATIVE_DOUBLE); }
  std::vector<std::int64_t> integers() const { return all<std::int64_t>(H5T_NATIVE_INT64); }
  std::vector<std::uint64_t> offsets() const { return all<std::uint64_t>(H5T_NATIVE_UINT64); }
  std::vector<signed char> flags() const { return all<signed char>(boolType()); }
  /// Calls `take(row, text)` for each cell of a text column, a slab at a time.
  void texts(const std::function<void(std::size_t, std::string)>& take) const;
  /// Bytes [from, from + count) of a byte column.
  std::string bytes(std::uint64_t from, std::uint64_t count) const;

 private:
  template <class T>
  std::vector<T> all(hid_t memoryType) const {
    std::vector<T> values(rows_);
    read(memoryType, H5S_ALL, H5S_ALL, values.data());
    return values;
  }
  void read(hid_t memoryType, hid_t memory, hid_t file, void* into) const;
  void readPart(hid_t memoryType, std::uint64_t from, std::uint64_t count, void* into) const;
  void checkStorage();
  void checkBytes() const;
  std::uint64_t bytesOf(std::uint64_t at, std::uint64_t stored, unsigned skipped) const;
  ColumnType typeOf(hid_t type);

  std::string name_;
  Handle data_;
  ColumnType type_ = ColumnType::text;
  std::uint64_t rows_ = 0, width_ = 0;
  bool inHeader_ = false;         ///< compact storage
  std::uint64_t chunkBytes_ = 0;  ///< 0 = not in chunks
  std::vector<int> filters_;      ///< in the order of writing
};

/// A group in the file itself.
Handle openGroup(hid_t file, const std::string& name);
bool hasLink(hid_t file, const std::string& name);
bool hasAttribute(hid_t object, const char* name);
/// Fixed-length texts: one or a list.
std::string textAttribute(hid_t object, const char* name);
std::vector<std::string> textAttributes(hid_t object, const char* name);
/// One integer of 64 bits.
std::int64_t integerAttribute(hid_t object, const char* name);

}  // namespace wattlas::h5
