// Reading HDF5 objects as plain values. All functions throw h5::Failure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "results/hdf5_handle.h"

namespace wattlas::h5 {

inline Handle openData(hid_t file, const std::string& name) {
  return Handle(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose,
                ("open '" + name + "'").c_str());
}
std::size_t sizeOf(hid_t data);
std::vector<std::string> textAttributes(hid_t object, const char* name);
std::int64_t integerAttribute(hid_t object, const char* name);

template <class T>
std::vector<T> values(hid_t data, hid_t type) {
  std::vector<T> all(sizeOf(data));
  check(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()), "read a column");
  return all;
}
template <class T>
std::vector<T> values(hid_t file, const std::string& name, hid_t type) {
  return values<T>(openData(file, name), type);
}

/// Calls `take(row, text)` for each cell of a text column.
template <class Take>
void texts(hid_t data, const Take& take) {
  const Handle type(H5Dget_type(data), H5Tclose, "get a type");
  const std::size_t rows = sizeOf(data), width = H5Tget_size(type);
  std::vector<char> bytes(rows * width);
  check(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), "read a column");
  for (std::size_t i = 0; i < rows; ++i) {
    const char* text = bytes.data() + i * width;
    take(i, std::string(text, ::strnlen(text, width)));
  }
}
template <class Take>
void texts(hid_t file, const std::string& name, const Take& take) {
  texts(openData(file, name), take);
}

}  // namespace wattlas::h5
